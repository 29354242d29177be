"""Periods of dictionaries under their many names, and dates as they are written."""

from __future__ import annotations

from datetime import date

import pytest

from pipelines.reference.edition import Edition, Periods, dated, day_of, periods_of, version_number


@pytest.mark.parametrize(
    ("dictionary", "names", "expected"),
    [
        ("V002", ("IDPR", "DATEBEG", "DATEEND"), Periods("DATEBEG", "DATEEND")),
        ("X", ("KOD", "Datebeg", "d_end"), Periods("Datebeg", "d_end")),
        ("X", ("KOD", "D_BEGIN", "D_END"), Periods("D_BEGIN", "D_END")),
        ("X", ("KOD", "DATE_BEG", "DATEBEG"), Periods("DATEBEG", None)),
        ("X", ("KOD", "from", "to"), Periods(None, None)),
        ("BASE_RATES_VOLGOGRAD", ("USL_OK", "BS", "from", "to"), Periods("from", "to")),
        ("F001", ("tf_kod", "d_edit", "d_end"), Periods(None, "d_end")),
    ],
)
def test_columns_of_the_period(dictionary: str, names: tuple[str, ...], expected: Periods) -> None:
    assert periods_of(dictionary, names) == expected


def test_the_period_stands_beside_the_columns_that_name_it_otherwise() -> None:
    rows = [{"KOD": "1", "D_BEGIN": "31.12.2025", "D_END": ""}, {"KOD": "2", "D_BEGIN": "скоро", "D_END": "20260101"}]
    assert dated("X", rows) == (
        {"KOD": "1", "D_BEGIN": "31.12.2025", "D_END": "", "DATEBEG": "2025-12-31", "DATEEND": ""},
        {"KOD": "2", "D_BEGIN": "скоро", "D_END": "20260101", "DATEBEG": "скоро", "DATEEND": "2026-01-01"},
    )
    assert dated("X", []) == ()


@pytest.mark.parametrize("written", ["2026-02-03", "03.02.2026", "20260203", "03/02/2026"])
def test_ways_to_write_a_day(written: str) -> None:
    assert day_of(written) == date(2026, 2, 3)


@pytest.mark.parametrize(
    "written", ["", "2026.02.03", "3.2.2026", "2026-2-3", "31.02.2026", "20261301", "2026-02-03 ", "202602"]
)
def test_what_is_no_day(written: str) -> None:
    assert day_of(written) is None


def test_versions_compare_as_numbers_and_titles_name_them() -> None:
    assert (version_number("3.11") or ()) > (version_number("3.2") or ())
    assert version_number("вторая") is None
    assert Edition("V002", (), "NSI", "zap", version="5.2", day="12.02.2021").title == "V002 5.2 от 12.02.2021"
    assert Edition("MKB10", (), "NSI", "REC", version="2.27").title == "MKB10 2.27"
    assert Edition("T_KSG", (), "NSI", "REC").title == "T_KSG"
