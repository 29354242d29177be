"""Cases that an economist can read: ``cases/*.yaml``, each with what МЭК finds and what is paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import yaml

from pipelines.ground.money import kopecks
from pipelines.ground.settings import ROOT
from pipelines.nsi.dictionaries import Dictionaries, Dictionary
from pipelines.pump.mek import Conclusion, Given, control, load_terms
from pipelines.pump.month import Month
from tests.exchange.world import REGION
from tests.pump.mek.made import frame

DEMO = Dictionaries.from_folder(ROOT / "include" / "region" / "demo" / "nsi")
FILES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
CASES: list[dict[str, Any]] = [case for path in FILES for case in yaml.safe_load(path.read_text(encoding="utf-8"))]
DAY = "2026-10-12"
USUAL = {
    "package": 1, "kind": "H", "CODE_MO": "980001", "LPU": "980001", "NSCHET": "10-1", "DSCHET": "2026-11-02",
    "PLAT": "98001", "SMO": "98001", "N_ZAP": "1",
    "PR_NOV": "0", "VPOLIS": "3", "NOVOR": "0", "IDCASE": "1", "USL_OK": "3", "VIDPOM": "12",
    "FOR_POM": "3", "RSLT": "301", "ISHOD": "301", "IDSP": "29", "DATE_Z_2": DAY, "FAM": "Учебный", "IM": "Пример",
    "OT": "Образцович",
    "W": "1", "DR": "1980-05-05",
}  # fmt: skip
STAY = {"USL_OK": "1", "VIDPOM": "31", "RSLT": "101", "ISHOD": "101", "IDSP": "33"}
DAYTIME = {"USL_OK": "2", "VIDPOM": "12", "RSLT": "201", "ISHOD": "201", "IDSP": "33"}
VISIT = {"LPU_1": "01", "PROFIL": "97", "PRVS": "49", "IDDOKT": "d1", "DS1": "I10", "P_CEL": "1.0", "NHISTORY": "n1"}
SERVICE = {"CODE_USL": "2.97.01", "VID_VME": "B01.047.001", "KOL_USL": "1.00", "PRVS": "49"}
UNIT = {"UNIT": "ед", "MEASURE": "volume", "COUNT": "case", "KIND": None, "USL_OK": None, "IDSP": None, "PROFIL": None}
PLAN = {"MCOD": "980001", "UNIT": "ед", "YEAR": "2026", "QUARTER": "4", "MONTH": None, "VOLUME": None, "MONEY": None}


def month(inputs: list[Mapping[str, Any]]) -> Month:
    """A month of the records of a case, completed with what is usual."""
    cases, visits, services = [], [], []
    for number, given in enumerate(inputs):
        row: dict[str, Any] = {**USUAL, "row": number, **(STAY if given.get("stay") else {})}
        row |= {**(DAYTIME if given.get("day") else {}), "ID_PAC": "p", "NPOLIS": f"98{given.get('who', 0):014}", **given}
        row["FAM"] = f"{row['FAM']}{given.get('who', '')}"
        row = {"DATE_Z_1": row["DATE_Z_2"], **row}
        row["SUMV"] = kopecks(row.get("SUMV", "500.00"))
        one = given.get("visits", [{}])
        for at, part in enumerate(one):
            visit = {**VISIT, "DATE_1": row["DATE_Z_1"], "DATE_2": row["DATE_Z_2"], "ED_COL": "1.00", **part}
            visit |= {"case": number, "visit": len(visits), "row": len(visits), "package": row["package"]}
            visit = {"SL_ID": f"{given.get('id', id(given))}-{at}", **visit}
            visit["SUM_M"] = kopecks(visit.get("SUM_M", str(Decimal(row["SUMV"]) / 100)))
            visit["TARIF"] = kopecks(visit["TARIF"]) if "TARIF" in visit else visit["SUM_M"]
            for piece in part.get("services", [{}]):
                service = {**SERVICE, "DATE_IN": visit["DATE_1"], "DATE_OUT": visit["DATE_1"], **piece}
                service |= {"case": number, "visit": len(visits), "service": len(services), "row": len(services)}
                service |= {
                    "package": row["package"],
                    "IDSERV": str(len(services)),
                    "SUMV_USL": kopecks(piece.get("SUMV_USL", "0.00")),
                }
                service["TARIF"] = kopecks(piece["TARIF"]) if "TARIF" in piece else service["SUMV_USL"]
                services.append(service)
            visits.append(visit)
        cases.append(row)
    total = sum(row["SUMV"] for row in cases)
    for number, row in enumerate(cases):
        row |= {"case": number, "SUMMAV": kopecks(row["SUMMAV"]) if "SUMMAV" in row else total}
    nothing = pd.DataFrame({"visit": pd.Series(dtype="int64")})
    parts = [rows_frame(level, rows) for level, rows in (("case", cases), ("visit", visits), ("service", services))]
    return Month(date(2026, 10, 1), *parts, nothing, nothing, nothing)


def rows_frame(level: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    left_out = {"visits", "services", "stay", "day", "who", "id"}
    names = {name for row in rows for name in row} - left_out
    return frame(level, len(rows), **{name: [row.get(name) for row in rows] for name in sorted(names)})


def table(name: str, rows: list[dict[str, Any]]) -> Dictionary:
    fields = sorted({field for row in rows for field in row} | {"DATEBEG", "DATEEND"})
    arrays = [pa.array([row.get(field) for row in rows], type=pa.string()) for field in fields]
    return Dictionary.of(name, pa.table(arrays, names=fields))


def tables(case: dict[str, Any]) -> list[Dictionary]:
    found = [table(name, rows) for name, rows in case.get("nsi", {}).items()]
    if "volume" in case:
        given = dict(case["volume"])
        unit = {**UNIT, **{name: given.pop(name) for name in ("COUNT", "MEASURE") if name in given}}
        more = given.pop("more", [])
        found += [table("T_UNIT", [unit]), table("T_VOLUME", [{**PLAN, **given}, *({**PLAN, **row} for row in more)])]
    return found


def concluded(case: dict[str, Any]) -> Conclusion:
    given = Given(
        month(case["inputs"]),
        Dictionaries([DEMO["F014"], DEMO["F032"], *tables(case)]),
        replace(load_terms(REGION.folder), **case.get("settings", {})),
        date(2026, 11, 20),
        refused={1: kopecks(case.get("refused", "0.00"))},
        earlier=frozenset(map(tuple, case.get("earlier", []))),
    )
    if "answers" in case:
        rows = [{"case": at, "person": None, "payer": None, "by": "ENP", **row} for at, row in enumerate(case["answers"])]
        given = replace(given, answers=pd.DataFrame(rows).astype({"person": "Int64", "payer": "str"}))
    if "prices" in case:
        due = [None if price is None else kopecks(price) for price in case["prices"]]
        given = replace(given, prices=pd.DataFrame({"visit": range(len(due)), "due": pd.array(due, dtype="Int64")}))
    if "paid" in case:
        past = month(case["paid"])
        sums = [kopecks(row["SUMP"]) for row in case["paid"]]
        given = replace(given, history=replace(past, cases=past.cases.assign(SUMP=sums)))
    if "consumed" in case:
        used = pd.DataFrame([{"CODE_MO": "980001", "UNIT": "ед", **case["consumed"]}])
        given = replace(given, consumed=used)
    if "attached" in case:
        given = replace(given, attached=pd.Series(case["attached"], dtype="str"))
    return control(given, "1")


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["story"]))
def test_case(case: dict[str, Any]) -> None:
    conclusion = concluded(case)
    hits, decided, expected = conclusion.hits, conclusion.decision.cases, case["expected"]
    shown = hits["osn"].where(hits["code"] != "", "~" + hits["osn"])
    assert [sorted(shown[hits["case"] == number]) for number in range(len(decided))] == expected["osn"], list(hits["detail"])
    assert decided["SUMP"].tolist() == [kopecks(text) for text in expected["sump"]]
    if "oplata" in expected:
        assert decided["OPLATA"].tolist() == expected["oplata"]
    if "applied" in expected:
        applied = conclusion.decision.sanctions["hit"]
        assert hits["osn"].iloc[applied].tolist() == expected["applied"]
    for detail in hits["detail"]:
        assert any(letter in detail for letter in "абвгд")
        assert "{" not in detail


def test_every_ground_that_the_control_uses_has_a_case() -> None:
    used = {osn.strip("~") for case in CASES for row in case["expected"]["osn"] for osn in row}
    grounds = (
        "1.4.1 1.4.2 1.4.4 1.4.5 1.4.6 1.5 1.6.1 1.6.2 1.6.3 1.6.4 1.7.1 1.7.2 1.8.1 1.8.2 1.8.3 1.9 1.10.1 1.10.2 1.10.3"
    )
    assert used == {*grounds.split(), "1.10.4", "1.10.5", "1.10.6", "2.8"}
