"""Choice of a group, on a table of a few rows; the cases are read by economists in ``cases/grouping.yaml``."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.pump.grouper import Grouper, Workbook, load_rules
from pipelines.pump.grouper.rules import Regional
from pipelines.pump.tariffs import candidate_price, ksg_cost, load_terms

CASES: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "cases" / "grouping.yaml").read_text(encoding="utf-8"))
COLUMNS = ("DS1", "DS2", "DS3", "CODE_USL", "AGE", "W", "DURATION", "CRIT", "FRACTION", "N_KSG")
VISIT = {"USL_OK": "1", "DATE_1": "2026-03-01", "DATE_2": "2026-03-10", "W": "1", "DR": "1980-05-05", "RSLT": "101"}


def workbook(usl_ok: str, table: list[dict[str, str]], groups: dict[str, list[str | None]]) -> Workbook:
    rows = pd.DataFrame([{name: row.get(name) for name in COLUMNS} for row in table], dtype="str")
    rows.insert(0, "ROW", [str(number + 1) for number in range(len(rows))])
    listed = [
        {"N_KSG": code, "TITLE": code, "KOEF_Z": weight, "PROFILE": "", "K_ZP": share}
        for code, (weight, share) in groups.items()
    ]
    return Workbook(usl_ok, pd.DataFrame(listed, dtype="str"), rows, {}, "")


def books() -> list[Workbook]:
    prefixes = {"1": "st", "2": "ds"}
    return [
        workbook(
            usl_ok,
            [row for row in CASES["table"] if row["N_KSG"].startswith(prefix)],
            {code: [*values, None][:2] for code, values in CASES["groups"].items() if code.startswith(prefix)},
        )
        for usl_ok, prefix in prefixes.items()
    ]


@cache
def small() -> Grouper:
    return Grouper(*books())


def grouped(grouper: Grouper, stays: list[list[dict[str, Any]]], **options: Any) -> Any:
    """Stays as lists of visits; codes that repeat (DS2, DS3, CRIT, services) stand in the visit as text with blanks."""
    visits = [{**VISIT, **visit, "_parent": number} for number, stay in enumerate(stays) for visit in stay]
    frame = pd.DataFrame(visits)
    long = {}
    for name in ("DS2", "DS3", "CRIT", "CODE_USL"):
        pairs = [(number, code) for number, visit in enumerate(visits) for code in str(visit.get(name, "")).split()]
        long[name] = pd.DataFrame(
            {"_parent": [pair[0] for pair in pairs], name: pd.array([pair[1] for pair in pairs], dtype="str")}
        )
    services = long.pop("CODE_USL")
    plain = frame.drop(columns=[name for name in ("DS2", "DS3", "CRIT", "CODE_USL") if name in frame])
    return grouper.group(plain, services, ds2=long["DS2"], ds3=long["DS3"], crit=long["CRIT"], **options)


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["story"])
def test_case(case: dict[str, Any]) -> None:
    rules = replace(load_rules(), **case.get("rules", {}))
    grouping = grouped(Grouper(*books(), rules=rules), [case["visits"]])
    expected = case["expected"]
    assert [None if pd.isna(code) else code for code in grouping.chosen["N_KSG"]] == expected["chosen"]
    if "candidates" in expected:
        first = grouping.candidates[grouping.candidates["_parent"] == 0]
        assert sorted(first["N_KSG"]) == sorted(expected["candidates"])
    if "reason" in expected:
        assert grouping.chosen["REASON_CODE"].iloc[-1] == expected["reason"]


def test_reasons_are_told_in_russian() -> None:
    grouping = grouped(Grouper(*books()), [[{"DS1": "K35.8", "CODE_USL": "A16.18.009"}], [{"DS1": "Z99.9"}]])
    assert grouping.chosen["REASON"].tolist() == [
        "Приоритет: хирургическая операция; среди приоритетных — наибольший КЗ, всего подходящих групп 2",
        "Ни одна строка группировщика не подходит",
    ]
    assert grouping.chosen["ROW"].tolist()[0] > 0


def test_the_dearest_is_chosen_where_prices_are_given() -> None:
    """A share of an interrupted case can make the group with the lower КЗ the dearer one."""

    def price(candidates: pd.DataFrame) -> pd.Series:
        share = candidates["N_KSG"].map({"st13.001": "0.2"}).fillna("1")
        return ksg_cost(candidates.assign(BZTSZ="30000", KOEF_PR=share))

    stay = [[{"DS1": "I20.0"}]]
    assert grouped(Grouper(*books()), stay).chosen["N_KSG"].tolist() == ["st13.001"]
    priced = grouped(Grouper(*books()), stay, price=price)
    assert priced.chosen["N_KSG"].tolist() == ["st13.004"]
    assert priced.chosen["REASON_CODE"].tolist() == ["cost"]
    assert priced.candidates["COST"].tolist() == [30000 * 20 * 2, 30000 * 100]


def test_a_short_stay_makes_a_dear_group_cheaper_than_a_short_one() -> None:
    """3 days: st36.025 is among the short groups, st17.001 is interrupted by ground 8 and paid by half."""
    visits = pd.DataFrame([{**VISIT, "DS1": "P07.0", "DR": "2026-02-20", "KD": 3, "BZTSZ": "30000", "DATE_2": "2026-03-04"}])
    table = [{"DS1": "P07.0", "N_KSG": "st17.001"}, {"DS1": "P07.0", "N_KSG": "st36.025"}]
    groups: dict[str, list[str | None]] = {"st17.001": ["1.00", None], "st36.025": ["0.60", None]}
    grouper = Grouper(workbook("1", table, groups))
    grouping = grouper.group(visits, price=candidate_price(visits, load_terms()))
    assert grouping.candidates["COST"].tolist() == [1500000, 1800000]
    assert grouping.chosen["N_KSG"].tolist() == ["st36.025"]
    dear = grouper.group(visits, price=candidate_price(visits, load_terms(), {"st17.001": "1.4"}))
    assert dear.candidates["COST"].tolist() == [2100000, 1800000]


def test_a_region_gives_rows_priority() -> None:
    regional = (Regional(ds1=frozenset({"I20.0"}), age="5"), Regional(ds1=frozenset({"C50.1"}), crit=frozenset({"derm4"})))
    table = [
        {"DS1": "I20.0", "AGE": "5", "N_KSG": "st13.004"},
        {"DS1": "I20.0", "N_KSG": "st13.001"},
        {"DS1": "C50.1", "CRIT": "derm4", "N_KSG": "st13.004"},
        {"DS1": "C50.1", "N_KSG": "st13.001"},
    ]
    groups: dict[str, list[str | None]] = {"st13.001": ["2", None], "st13.004": ["1", None]}
    grouper = Grouper(workbook("1", table, groups), rules=replace(load_rules(), regional=regional))
    stays = [
        [{"DS1": "I20.0", "DR": "2015-01-01"}],
        [{"DS1": "I20.0"}],
        [{"DS1": "C50.1", "CRIT": "derm4"}],
        [{"DS1": "C50.1"}],
    ]
    assert grouped(grouper, stays).chosen["N_KSG"].tolist() == ["st13.004", "st13.001", "st13.004", "st13.001"]


def test_what_the_register_bills() -> None:
    grouping = grouped(Grouper(*books()), [[{"DS1": "I20.0"}]] * 4 + [[{"DS1": "Z99.9"}]])
    billed = grouping.billed(pd.Series(["st13.001", "st13.004", "st13.001.2", "st12.001", "st13.001"]))
    assert billed.tolist() == ["same", "other", "same", "none", "none"]


def test_absent_dates_are_refused() -> None:
    with pytest.raises(ValueError, match="1 dates are absent"):
        small().group(pd.DataFrame([{**VISIT, "DS1": "I20.0"}, {**VISIT, "DS1": "I20.0", "DR": None}]))


def test_other_conditions_have_no_group_and_the_index_is_kept() -> None:
    visits = pd.DataFrame([{**VISIT, "DS1": "I20.0", "USL_OK": "3"}, {**VISIT, "DS1": "I20.0"}], index=[70, 50])
    chosen = Grouper(*books()).group(visits).chosen
    assert chosen["REASON_CODE"].to_dict() == {70: "none", 50: "weight"}
    nothing = Grouper(*books()).group(visits.iloc[:0])
    assert len(nothing.chosen) == len(nothing.candidates) == 0


def test_tables_of_a_register_in_arrow_give_the_same() -> None:
    visits = pd.DataFrame([{**VISIT, "DS1": "K35.8"}, {**VISIT, "DS1": "C50.1"}])
    services = pd.DataFrame(
        {"_parent": [0, 0, 1], "VID_VME": ["A16.18.009", None, None], "CODE_USL": [None, "1234", "A06.10"]}
    )
    crit = pd.DataFrame({"_parent": [1], "CRIT": ["sh0001"]})
    grouper = Grouper(*books())
    plain = grouper.group(visits, services, crit=crit)
    arrow = grouper.group(visits, pa.Table.from_pandas(services), crit=pa.Table.from_pandas(crit))
    assert plain.candidates.equals(arrow.candidates)
    assert plain.chosen["N_KSG"].tolist() == ["st32.001", "st19.001"]


codes = st.sampled_from(["I20.0", "K35.8", "C50.1", "O80.0", "P07.0", "Z99.9", "T20.0"])
visit = st.fixed_dictionaries(
    {
        "DS1": codes,
        "CODE_USL": st.sampled_from(["", "A16.18.009", "B01.001.006", "A16.20.005 A16.18.009"]),
        "CRIT": st.sampled_from(["", "sh0001", "rb4d14", "sh0001 rb4d14"]),
        "DR": st.sampled_from(["1980-05-05", "2026-02-20", "2015-01-01"]),
        "USL_OK": st.sampled_from(["1", "2"]),
    }
)


@settings(max_examples=6, deadline=None)
@given(st.lists(visit, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_visits_do_not_depend_on_one_another(visits: list[dict[str, Any]], random: Any) -> None:
    """Each alone, all together and all in another order get the same group."""
    grouper = small()
    together = grouped(grouper, [[item] for item in visits]).chosen
    order = list(range(len(visits)))
    random.shuffle(order)
    shuffled = grouped(grouper, [[visits[number]] for number in order]).chosen
    assert shuffled["N_KSG"].tolist() == together["N_KSG"].iloc[order].tolist()
    alone = [grouped(grouper, [[item]]).chosen["N_KSG"].iloc[0] for item in visits]
    assert np.array_equal(pd.isna(alone), together["N_KSG"].isna())
    assert [code for code in alone if not pd.isna(code)] == together["N_KSG"].dropna().tolist()


def test_a_chunk_ends_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    stays = [
        [{"DS1": code, "CODE_USL": "A16.18.009", "CRIT": "sh0001"}] for code in ("K35.8", "C50.1", "I20.0", "K35.8", "C50.1")
    ]
    whole = grouped(Grouper(*books()), stays)
    monkeypatch.setattr("pipelines.pump.grouper.grouping.CHUNK", 2)
    assert grouped(Grouper(*books()), stays).candidates.equals(whole.candidates)
