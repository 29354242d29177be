"""Worked cases that an economist can read: ``cases/*.yaml``."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml

from pipelines.ground.money import kopecks
from pipelines.nsi.dictionaries import Dictionaries, Dictionary
from pipelines.pump.settlement import ACCEPTED, NORMS, Terms, advance, final, no_deductions, norms, settle
from tests.pump.pricing.generated import REGION

FOLDER = Path(__file__).parent / "cases"
LINES, NORMATIVE, APPLICATIONS = (
    yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")) for name in ("lines", "norms", "applications")
)
TERMS = Terms.load(REGION.folder)
KEYS = {"payer": "98001", "CODE_MO": "980001"}


def sums(values: dict[str, str], names: Any, prefix: str = "") -> pd.DataFrame:
    row = {name: kopecks(values.get(name.removeprefix(prefix), "0")) for name in names}
    return pd.DataFrame([{**KEYS, **row}])


def deductions(items: list[dict[str, Any]]) -> pd.DataFrame:
    rows = [{**KEYS, **item, "date": pd.Timestamp(item["date"]), "amount": kopecks(item["amount"])} for item in items]
    return pd.DataFrame(rows) if rows else no_deductions()


@pytest.mark.parametrize("case", LINES, ids=lambda case: case["story"])
def test_line(case: dict[str, Any]) -> None:
    assert case["act"]
    settled = settle(
        sums(case["accepted"], ACCEPTED, "accepted_"),
        sums(case.get("norms", {}), NORMS),
        deductions(case["deductions"]),
        TERMS,
    )
    line = settled.lines.iloc[0]
    assert {name: int(line[name]) for name in case["expected"]} == {
        name: kopecks(value) for name, value in case["expected"].items()
    }
    expected = [{**item, "amount": kopecks(item["amount"])} for item in case.get("carried", [])]
    assert settled.carried[["what", "act", "amount"]].to_dict("records") == expected


@pytest.mark.parametrize("case", NORMATIVE, ids=lambda case: case["story"])
def test_norm(case: dict[str, Any]) -> None:
    tables = []
    for name in ("T_PODUSH", "T_PRIKR", "T_FAP", "T_RD"):
        columns = sorted({key for row in case.get(name, []) for key in row})
        if columns:
            rows = {column: pa.array([row[column] for row in case[name]], pa.string()) for column in columns}
            tables.append(Dictionary.of(name, pa.table(rows)))
    terms = replace(TERMS, result_share=Decimal(case.get("share", "0.05")))
    found = norms(case["period"], Dictionaries(tables), terms)
    expected = [{"payer": row["payer"], "CODE_MO": row["CODE_MO"], **{n: kopecks(row.get(n, "0")) for n in NORMS}}
                for row in case["expected"]]  # fmt: skip
    assert found.to_dict("records") == expected


@pytest.mark.parametrize("case", APPLICATIONS["final"], ids=lambda case: case["story"])
def test_final_application(case: dict[str, Any]) -> None:
    names = ("gross", "advance", "debt", "sanction", "fine", "payable")
    lines = pd.DataFrame([{**KEYS, **{name: kopecks(case["line"].get(name, "0")) for name in names}}])
    limits = pd.DataFrame({"SMO": ["98001"], "LIMIT": [kopecks(case["limit"])]})
    received = pd.DataFrame({"SMO": ["98001"], "amount": [kopecks(case["received"])]})
    (row,) = final(lines, limits, received).to_dict("records")
    assert {name: row[name] for name in case["expected"]} == {name: kopecks(v) for name, v in case["expected"].items()}


@pytest.mark.parametrize("case", APPLICATIONS["advance"], ids=lambda case: case["story"])
def test_advance_application(case: dict[str, Any]) -> None:
    history = pd.DataFrame(
        {
            "payer": ["98001"] * len(case["history"]),
            "month": [pd.Timestamp(month) for month in case["history"]],
            "amount": np.array([kopecks(value) for value in case["history"].values()]),
        }
    )
    limits = pd.DataFrame({"SMO": ["98001"], "LIMIT": [kopecks(case["limit"])]})
    (row,) = advance(pd.Timestamp("2026-10-01").date(), limits, history, TERMS).to_dict("records")
    expected = case["expected"]
    assert row["basis"] == expected["basis"]
    assert [row["base"], row["amount"]] == [kopecks(expected["base"]), kopecks(expected["amount"])]
