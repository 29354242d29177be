"""Invariants of the decision over random hits, and findings of rule suites as hits."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from pipelines.checks import findings
from pipelines.ground.settings import ROOT
from pipelines.nsi.dictionaries import Dictionaries
from pipelines.pump.mek import Bases, Decision, Given, decide, from_findings, load_terms
from pipelines.pump.mek import hits as frames
from tests.exchange.world import REGION
from tests.pump.mek import made

ACT = (date(2026, 11, 20), "98001-10")
MONTH = made.month(60, 3)
OSN = ("1.1", "1.4.4", "1.5", "1.7.2", "1.10.6")
DEMO = Dictionaries.from_folder(ROOT / "include" / "region" / "demo" / "nsi")
BASES = Bases.on(DEMO, ACT[0])
FACTS = Given(MONTH, DEMO, load_terms(REGION.folder), ACT[0]).facts


@cache
def one(level: str, row: int, osn: str, share: int) -> pd.DataFrame:
    """A hit on a case, visit or service for a share (quarters) of its sum."""
    rows = np.array([row])
    objects = {"case": FACTS.of_cases, "visit": FACTS.of_visits, "service": FACTS.of_services}[level](rows)
    made_hit = frames.make(BASES, "D", osn, f"TEST.{share}", "проверка", objects)
    return made_hit.assign(amount=made_hit["amount"] * share // 4)


def level_hits(level: str, count: int) -> st.SearchStrategy[tuple[str, int, str, int]]:
    return st.tuples(st.just(level), st.integers(0, count - 1), st.sampled_from(OSN), st.integers(0, 6))


HITS = st.lists(
    level_hits("case", 12) | level_hits("visit", len(MONTH.visits)) | level_hits("service", len(MONTH.services)), max_size=25
)


def decided(chosen: list[tuple[str, int, str, int]]) -> Decision:
    return decide(MONTH, frames.concat(one(*hit) for hit in chosen), BASES, ACT)


@settings(max_examples=60, deadline=None)
@drawn(HITS)
def test_sums_and_codes_agree(chosen) -> None:
    result = decided(chosen)
    cases, sanctions, billed = result.cases, result.sanctions, MONTH.cases["SUMV"]
    assert cases["SUMP"].sum() == billed.sum() - sanctions["S_SUM"].sum()
    by_case = sanctions.groupby("case")["S_SUM"].sum().reindex(cases["case"], fill_value=0)
    assert (cases["SANK_IT"] == by_case).all()
    assert cases["SUMP"].between(0, billed).all()
    paid, sumv = cases["SUMP"], billed
    assert ((cases["OPLATA"] == "1") == (paid == sumv)).all()
    assert ((cases["OPLATA"] == "2") == ((paid == 0) & (sumv > 0))).all()
    assert ((cases["OPLATA"] == "3") == ((paid > 0) & (paid < sumv))).all()
    assert (sanctions["S_SUM"] > 0).all()
    assert (sanctions["visit"] >= 0).all()  # S_SUM needs SL_ID
    assert (MONTH.visits["case"].to_numpy()[sanctions["visit"]] == sanctions["case"]).all()
    assert sanctions["S_OSN"].isin(BASES.rows["Kod"]).all()
    assert sanctions["S_CODE"].is_unique
    assert not sanctions.duplicated(["case", "visit", "service", "whole"]).any()


@settings(max_examples=60, deadline=None)
@drawn(HITS, HITS)
def test_refusing_more_never_pays_more(chosen, more) -> None:
    assert (decided([*chosen, *more]).cases["SUMP"] <= decided(chosen).cases["SUMP"]).all()


@settings(max_examples=40, deadline=None)
@drawn(HITS, st.randoms(use_true_random=False))
def test_the_order_of_hits_changes_no_sum(chosen, random) -> None:
    turned = list(chosen)
    random.shuffle(turned)
    pd.testing.assert_frame_equal(decided(chosen).cases, decided(turned).cases)


@settings(max_examples=40, deadline=None)
@drawn(HITS)
def test_other_organisations_are_not_touched(chosen) -> None:
    result = decided(chosen).cases
    touched = {MONTH.cases["case"].iloc[hit] for part in chosen for hit in one(*part)["case"]}
    rest = result[~result["case"].isin(touched)]
    assert (rest["OPLATA"] == "1").all()
    assert (rest["SUMP"] == MONTH.cases["SUMV"].iloc[rest.index]).all()


def test_notes_refuse_nothing() -> None:
    note = frames.make(BASES, "I", "2.8", "TEST", "проверка", FACTS.of_cases(np.array([1])), note=True)
    assert (decide(MONTH, note, BASES, ACT).cases["OPLATA"] == "1").all()


def test_of_equal_sums_the_larger_fine_counts_then_the_lower_code() -> None:
    row = int(np.flatnonzero(FACTS.sums > 0)[0])
    both = frames.concat([one("case", row, "1.7.2", 4), one("case", row, "1.4.4", 4)])
    assert decide(MONTH, both, BASES, ACT).sanctions["S_OSN"].tolist() == ["207"]
    rows = BASES.rows.copy()
    rows.loc["1.7.2", "K_SH"] = 30_000
    assert decide(MONTH, both, Bases(rows), ACT).sanctions["S_OSN"].tolist() == ["216"]


def test_the_same_sanction_has_the_same_code_again() -> None:
    row = int(np.flatnonzero(FACTS.sums > 0)[0])
    again = [decide(MONTH, one("case", row, "1.5", 4), BASES, ACT).sanctions for _ in range(2)]
    pd.testing.assert_frame_equal(*again)
    assert len(again[0]["S_CODE"].iloc[0]) == 36


def test_findings_of_rules_become_hits_on_their_objects() -> None:
    given = Given(MONTH, DEMO, load_terms(REGION.folder), ACT[0])
    cases, visits = MONTH.cases, MONTH.visits
    package = int(cases["package"].iloc[0])
    one_visit = visits[visits["package"] == package].iloc[0]
    common = {"member": "H", "severity": "error", "element": "ZAP/X", "value": "7", "message": "ожидается 8"}
    rows = [
        {**common, "rule": "006F.00.0010", "table": "SL", "row": int(one_visit["row"])},
        {**common, "rule": "006F.00.0020", "table": "SCHET", "row": 0, "severity": "warning"},
        {**common, "rule": "006F.00.0030", "table": "USL", "row": 10**6},
        {**common, "rule": "003K.00.0040", "table": "SL", "row": int(one_visit["row"])},
        {**common, "rule": "003K.00.0420", "table": "SL", "row": int(one_visit["row"])},
    ]
    found = from_findings(given, package, findings.frame(rows))
    exact = found[found["rule"] == "006F.00.0010"].iloc[0]
    assert (exact["visit"], exact["osn"], exact["amount"]) == (one_visit["visit"], "1.4.4", one_visit["SUM_M"])
    assert exact["detail"] == "ZAP/X = 7: ожидается 8"
    noted = found[found["rule"] == "006F.00.0020"]
    assert len(noted) == (cases["package"] == package).sum()
    assert set(noted["code"]) == {""}
    assert "006F.00.0030" not in set(found["rule"])
    empty, copy = (found[found["rule"] == rule].iloc[0] for rule in ("003K.00.0040", "003K.00.0420"))
    assert (empty["osn"], empty["amount"]) == ("1.4.3", one_visit["SUM_M"])
    assert (copy["osn"], copy["code"], copy["amount"]) == ("1.10.2", "", 0)
    with pytest.raises(LookupError):
        from_findings(given, package, findings.frame([{**common, "rule": "r", "table": "NOTHING", "row": 0}]))
