"""Evaluators one by one, on columns."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from pipelines.checks.evaluate import evaluate
from pipelines.nsi import Dictionaries
from tests.checks.build import dictionary

NOTHING = Dictionaries([])
FORM = {"pattern": None, "min_length": None, "max_length": None, "calendar": False, "mask": None}
CODE = {"dictionary": "V000", "field": "CODE", "by": [], "dated": False, "numeric": False}


def judge(kind: str, columns: list[list[Any]], parameters: dict[str, Any], nsi: Dictionaries = NOTHING) -> list[bool]:
    """Verdicts of an expectation on columns of text, of flags or of counts."""
    return evaluate(f"expect_element_{kind}", [pa.array(column) for column in columns], parameters, nsi).tolist()


def codes(*rows: dict[str, str | None]) -> Dictionaries:
    """A dictionary V000 of rows."""
    return Dictionaries([dictionary("V000", rows)])


def test_presence_of_values_groups_and_rows() -> None:
    assert judge("present", [["x", None]], {}) == [True, False]
    assert judge("present", [[0, 1, 2]], {}) == [False, True, True]
    assert judge("present", [[True, False, None]], {}) == [True, False, False]
    assert judge("present", [["x", None, None], [True, True, False]], {}) == [True, False, True]
    assert judge("absent", [["x", None]], {}) == [False, True]


def test_presence_of_a_value_once() -> None:
    assert judge("present", [["a", "b", None], [1, 2, None]], {"once": True}) == [True, False, False]
    assert judge("present", [["a", "b", None], [True, True, False], [1, 2, None]], {"once": True}) == [True, False, True]
    assert judge("present", [["a", None], [True, False]], {"once": False}) == [True, True]


def test_presence_of_a_number_that_is_not_zero() -> None:
    column = ["0", "0.00", "00", ".0", "1", "0.10", "x", None]
    assert judge("present", [column], {"nonzero": True}) == [False, False, False, False, True, True, True, False]
    assert judge("present", [column], {}) == [True] * 7 + [False]


def test_a_set_of_texts_or_of_numbers() -> None:
    column = ["1", "01", "1.0", "2", "x", None]
    assert judge("in_set", [column], {"values": ["1", "x"], "numeric": False}) == [True, False, False, False, True, True]
    assert judge("in_set", [column], {"values": ["1", "3.00"], "numeric": True}) == [True, True, True, False, False, True]


def test_a_code_in_force_on_the_day_of_its_row() -> None:
    nsi = codes({"CODE": "1", "DATEBEG": "2026-01-01", "DATEEND": "2026-01-31"}, {"CODE": "2", "DATEBEG": "2026-01-01"})
    days = ["2025-12-31", "2026-01-01", "2026-01-31", "2026-02-01", None]
    assert judge("in_dictionary", [["1"] * 5, days], CODE | {"dated": True}, nsi) == [False, True, True, False, True]
    assert judge("in_dictionary", [["3", "3"], ["2026-01-01", None]], CODE | {"dated": True}, nsi) == [False, False]
    assert judge("in_dictionary", [["1", "3", None]], CODE, nsi) == [True, False, True]


def test_a_code_of_the_row_that_other_values_choose() -> None:
    period = {"DATEBEG": "2026-01-01", "DATEEND": "2026-01-31"}
    nsi = codes({"CODE": "1", "A": "x", "B": "y"} | period, {"CODE": "2", "A": "x", "B": "z"} | period)
    by = CODE | {"by": ["A", "B"], "dated": True}
    columns = [
        ["1", "2", "1", "1", "1"],
        ["x", "x", "x", None, "x"],
        ["y", "y", "z", "y", "y"],
        ["2026-01-01"] * 4 + ["2026-02-01"],
    ]
    assert judge("in_dictionary", columns, by, nsi) == [True, False, False, True, False]
    assert judge("in_dictionary", columns[:3], by | {"dated": False}, nsi) == [True, False, False, True, True]


def test_a_code_looked_up_through_another_dictionary() -> None:
    nsi = Dictionaries(
        [
            dictionary("V000", [{"CODE": "1", "PLACE": "p"}, {"CODE": "2", "PLACE": "q"}]),
            dictionary("V001", [{"DS": "C34", "AT": "p", "KIND": "a"}, {"DS": "C50", "AT": "q", "KIND": "b"}]),
        ]
    )
    through = {"dictionary": "V001", "match": {"PLACE": "AT"}, "where": {"KIND": "a"}}
    parameters = CODE | {"by": ["DS"], "through": through}
    assert judge("in_dictionary", [["1", "2", "2", None], ["C34", "C34", "C50", "C34"]], parameters, nsi) == [
        True,
        False,
        False,
        True,
    ]


def test_numbers_are_looked_up_as_numbers() -> None:
    nsi = codes({"CODE": "1.50"})
    column = ["1.5", "1.500", "01.5", "15", None]
    assert judge("in_dictionary", [column], CODE | {"numeric": True}, nsi) == [True, True, True, False, True]
    assert judge("in_dictionary", [column], CODE, nsi) == [False, False, False, False, True]


def test_lengths_are_counted_in_characters() -> None:
    column = ["", "я", "яя", "яяя", "яяяя", None]
    assert judge("in_format", [column], FORM | {"min_length": 2, "max_length": 3}) == [False, False, True, True, False, True]
    assert judge("in_format", [column], FORM | {"min_length": 2}) == [False, False, True, True, True, True]
    assert judge("in_format", [column], FORM | {"max_length": 3}) == [True, True, True, True, False, True]


def test_a_form_is_that_of_the_whole_text() -> None:
    column = ["a", "b", "ab", "xa", "a\n", None]
    assert judge("in_format", [column], FORM | {"pattern": "a|b"}) == [True, True, False, False, False, True]
    assert judge("in_format", [column], FORM | {"pattern": "[ab]*", "max_length": 1}) == [
        True,
        True,
        False,
        False,
        False,
        True,
    ]


def test_a_date_of_the_calendar() -> None:
    column = ["2026-02-28", "2026-02-29", "2024-02-29", "26-02-28", None]
    assert judge("in_format", [column], FORM | {"calendar": True}) == [True, False, True, False, True]
    assert judge("in_format", [column], FORM | {"calendar": True, "min_length": 10}) == [True, False, True, False, True]


def test_the_mask_of_the_documents_type() -> None:
    mask = {"dictionary": "V000", "key": "CODE", "field": "MASK"}
    nsi = codes(
        {"CODE": "1", "MASK": "99"}, {"CODE": "2", "MASK": "S"}, {"CODE": "3", "MASK": "9"}, {"CODE": "4", "MASK": None}
    )
    texts = ["12", "1", "123", "1", "12", "x", "x", "x", None]
    types = ["1", "1", "2", "3", "3", "4", "5", None, "1"]
    assert judge("in_format", [texts, types], FORM | {"mask": mask}, nsi) == [
        True,
        False,
        True,
        True,
        False,
        True,
        True,
        True,
        True,
    ]
    longest = judge("in_format", [texts, types], FORM | {"mask": mask, "max_length": 2}, nsi)
    assert longest == [True, False, False, True, False, True, True, True, True]
    other_order = judge("in_format", [["x", "x", "x", "12"], ["2", "1", None, "1"]], FORM | {"mask": mask}, nsi)
    assert other_order == [True, False, True, True]
    with pytest.raises(LookupError, match="dictionary V000 is not loaded"):
        judge("in_format", [texts, types], FORM | {"mask": mask})


def test_a_condition_chooses_the_rows() -> None:
    condition = {"relation": "B = 1", "types": {"A": "T", "B": "N0"}, "own": 1}
    assert judge("present", [[None, None, None, "x"], ["1", "2", None, "1"]], {"condition": condition}) == [
        False,
        True,
        True,
        True,
    ]


def test_an_unknown_expectation() -> None:
    with pytest.raises(KeyError, match="expect_element_odd"):
        judge("odd", [["x"]], {})
