"""Cases that an economist can read: ``cases/cost.yaml`` and ``cases/stays.yaml``."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from pipelines.ground.money import kopecks
from pipelines.pump.tariffs import (
    applied,
    course_days,
    disease_class,
    interruption,
    interruption_share,
    ksg_cost,
    load_terms,
    method_on,
    paid_visits,
    stay_days,
)

FOLDER = Path(__file__).parent / "cases"
COST: list[dict[str, Any]] = yaml.safe_load((FOLDER / "cost.yaml").read_text(encoding="utf-8"))
STAYS: dict[str, Any] = yaml.safe_load((FOLDER / "stays.yaml").read_text(encoding="utf-8"))
TERMS = load_terms()


def story(case: dict[str, Any]) -> str:
    return str(case["story"])


@pytest.mark.parametrize("case", COST, ids=story)
def test_cost(case: dict[str, Any]) -> None:
    options = {name: case[name] for name in ("interrupted_kslp", "rounding") if name in case}
    method = replace(method_on(date(case.get("method", 2026), 6, 1)), **options)
    frame = pd.DataFrame([case["inputs"]])
    frame = applied(frame, TERMS) if case.get("terms") else frame
    assert ksg_cost(frame, method, scale=case.get("scale")).tolist() == [kopecks(case["expected"])]


@pytest.mark.parametrize("case", STAYS["interrupted"], ids=story)
def test_interrupted(case: dict[str, Any]) -> None:
    frame = pd.DataFrame([case["inputs"]])
    ground = interruption(frame, TERMS)
    assert ground.tolist() == [case["expected"]["ground"]]
    assert interruption_share(frame.assign(PR_PR=ground), TERMS).tolist() == [Decimal(case["expected"]["share"])]


@pytest.mark.parametrize("case", STAYS["two_groups"], ids=story)
def test_two_groups(case: dict[str, Any]) -> None:
    rules = replace(TERMS.two_groups, disease=case.get("disease", "class"))
    frame = pd.DataFrame(case["visits"]).assign(_parent=4, USL_OK="1")
    other = pd.DataFrame([{**case["visits"][0], "_parent": 2, "USL_OK": "1"}])  # another stay changes nothing
    both = pd.concat([other, frame], ignore_index=True)
    both["KD"] = stay_days(both)
    paid = paid_visits(both, replace(TERMS, two_groups=rules)).iloc[1:]
    assert paid["PAID"].tolist() == case["expected"]["paid"]
    assert paid["GROUND"].tolist() == case["expected"]["ground"]
    assert paid["MAIN"].sum() == 1


def test_two_groups_do_not_depend_on_the_order_of_rows() -> None:
    frames = [pd.DataFrame(case["visits"]).assign(_parent=number) for number, case in enumerate(STAYS["two_groups"])]
    frame = pd.concat(frames, ignore_index=True).assign(USL_OK="1")
    frame["KD"] = stay_days(frame)
    frame["GROUND"] = frame["GROUND"].fillna(0).astype("int8")
    expected = paid_visits(frame, TERMS)
    shuffled = frame.sample(frac=1, random_state=5)
    assert paid_visits(shuffled, TERMS).sort_index().equals(expected)


@pytest.mark.parametrize(
    ("usl_ok", "first", "last", "kd", "expected"),
    [
        ("1", "2026-03-01", "2026-03-01", "1", 1),
        ("1", "2026-03-01", "2026-03-02", "9", 1),
        ("1", "2024-02-28", "2024-03-01", None, 2),
        ("2", "2026-03-01", "2026-03-02", None, 2),
        ("2", "2026-03-01", "2026-03-10", "7", 7),
        ("2", "2026-03-01", "2026-03-10", "12", 10),
    ],
)
def test_days_of_a_stay(usl_ok: str, first: str, last: str, kd: str | None, expected: int) -> None:
    frame = pd.DataFrame({"USL_OK": [usl_ok], "DATE_1": [first], "DATE_2": [last], "KD": pd.array([kd], dtype="str")})
    assert stay_days(frame).tolist() == [expected]
    if first == last:
        assert stay_days(frame, same_day=0).tolist() == [0]


def test_days_that_criteria_name() -> None:
    crit = pd.DataFrame({"_parent": [0, 0, 2, 3], "CRIT": ["rb4d12", "rb4d14", "ykur3bd12d21", "derm2"]})
    assert course_days(crit, 4).tolist() == [14, 0, 21, 0]


def test_classes_of_diseases() -> None:
    codes = pd.Series(
        ["A00", "B99", "C00", "D48.9", "D50", "H59", "H60.1", "S00", "T98", "U07.1", "V01", "Y98", "Z00", None]
    )
    numbers = disease_class(codes).tolist()
    assert [numbers[0] == numbers[1], numbers[2] == numbers[3], numbers[7] == numbers[8], numbers[10] == numbers[11]] == [
        True
    ] * 4
    assert len(set(numbers)) == 10
    assert numbers[-1] == 0


def test_a_ground_without_share_is_an_error() -> None:
    with pytest.raises(LookupError):
        interruption_share(pd.DataFrame({"PR_PR": [12], "KD": [1], "N_KSG": ["st12.001"]}), TERMS)
