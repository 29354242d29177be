"""МЭК once more, row by row: dictionaries, loops and Decimal, after the words of the order. Slow on purpose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

Row = dict[str, Any]
DIALYSIS, SCANS = ("A18.05", "A18.30"), ("A18.05", "A18.30", "A06.", "A05.")


def linked(rows: list[Row]) -> None:
    """``who`` of each case: by ЕНП, lent to those with the same name and birthday when it is the only one."""
    policies: dict[Any, set[str]] = defaultdict(set)
    for row in rows:
        row["policy"] = row["ENP"] or (row["NPOLIS"] if row["VPOLIS"] == "3" else None)
        born = row["DR_P"] if row["NOVOR"] != "0" else row["DR"]
        name = row["FAM_P"] if row["NOVOR"] != "0" else row["FAM"]
        row["name"] = (name, born)
        if row["policy"]:
            policies[row["name"]].add(row["policy"])
    for row in rows:
        if not row["policy"] and len(policies[row["name"]]) == 1:
            row["policy"] = next(iter(policies[row["name"]]))
        row["who"] = (row["policy"] or row["name"], row["NOVOR"])


def accepted(row: Row) -> bool:
    return row["OPLATA"] in ("1", "3") and row["SUMP"] > 0


def duplicates(
    cases: list[Row], past: list[Row], fallen: set[int], visits: Set[int] = frozenset()
) -> set[tuple[str, str, int, int]]:
    """(rule, ground, case, visit) of all copies; ``fallen`` cases and fallen ``visits`` do not keep others out."""
    hits: set[tuple[str, str, int, int]] = set()
    paid = [row for row in past if accepted(row)]
    for rule, key in (("MEK.H.1", first_key), ("MEK.H.3", full_key), ("MEK.H.5", number_key)):
        before = {key(row) for row in paid if key(row)}
        groups: dict[Any, list[Row]] = defaultdict(list)
        for row in cases:
            if key(row):
                groups[key(row)].append(row)
        for name, group in groups.items():
            if name in before:
                hits.update((rule, "1.10.1", row["case"], -1) for row in group)
            if rule != "MEK.H.5":
                stays = next((row for row in group if row["case"] not in fallen), group[0])
                hits.update((rule, "1.10.2", row["case"], -1) for row in group if row is not stays)
    for rule, visit_key in (("MEK.H.2", price_key), ("MEK.H.4", lambda row, visit: visit["SL_ID"])):
        before = {visit_key(row, visit) for row in paid for visit in row["visits"] if visit_key(row, visit)}
        together: dict[Any, list[tuple[Row, Row]]] = defaultdict(list)
        for row in cases:
            for visit in row["visits"]:
                if visit_key(row, visit):
                    together[visit_key(row, visit)].append((row, visit))
        for name, pairs in together.items():
            if name in before:
                hits.update((rule, "1.10.1", row["case"], visit["visit"]) for row, visit in pairs)
            firm = (visit for row, visit in pairs if row["case"] not in fallen and visit["visit"] not in visits)
            keeper = next(firm, pairs[0][1])
            hits.update((rule, "1.10.2", row["case"], visit["visit"]) for row, visit in pairs if visit is not keeper)
    return hits


def first_key(row: Row) -> Any:
    one_day = row["USL_OK"] == "3" and row["DATE_Z_1"] == row["DATE_Z_2"]
    if row["USL_OK"] in (None, "4") or row["IDSP"] == "28" or one_day:
        return None
    first = row["visits"][0]
    return row["who"], row["USL_OK"], row["DATE_Z_1"], row["DATE_Z_2"], first["PROFIL"], first["PRVS"]


def full_key(row: Row) -> Any:
    if row["USL_OK"] is None:
        return None
    first = row["visits"][0]
    own = [row[name] for name in ("who", "CODE_MO", "USL_OK", "DATE_Z_1", "DATE_Z_2", "IDSP", "SUMV")]
    return (*own, *(first[name] for name in ("PROFIL", "PRVS", "DS1", "IDDOKT", "P_CEL", "NHISTORY")))


def number_key(row: Row) -> Any:
    return row["who"], row["CODE_MO"], row["IDCASE"], row["DATE_Z_2"]


def price_key(row: Row, visit: Row) -> Any:
    one_day = row["USL_OK"] == "3" and visit["DATE_1"] == visit["DATE_2"]
    if row["USL_OK"] in (None, "4") or row["IDSP"] == "28" or one_day or visit["SUM_M"] <= 0:
        return None
    names = ("DATE_1", "DATE_2", "PROFIL", "PRVS", "SUM_M")
    return row["who"], row["USL_OK"], *(visit[name] for name in names)


def service_codes(row: Row) -> list[str]:
    return [
        code
        for visit in row["visits"]
        for service in visit["services"]
        for code in (service["CODE_USL"], service["VID_VME"])
        if code
    ]


def crossings(cases: list[Row], past: list[Row], fallen: set[int]) -> set[tuple[str, bool, int, int]]:
    """(rule, whether refused, case, visit) of care in the time of a stay."""
    hits: set[tuple[str, bool, int, int]] = set()
    down = set(fallen)
    old: dict[Any, list[Row]] = defaultdict(list)
    new: dict[Any, list[Row]] = defaultdict(list)
    for row in past:
        if accepted(row):
            old[row["who"]].append(row)
    for row in cases:
        new[row["who"]].append(row)
    for rule, kind in (("MEK.I.1", "1"), ("", ""), ("MEK.I.4", "2")):
        for who, own in new.items():
            if rule:
                hits |= among_stays(rule, kind, own, old[who], down)
            else:
                hits |= in_stays(own, old[who], down)
        if rule:
            down |= {case for found, refused, case, _ in hits if found == rule and refused}
    return hits


def overlap(one: Row, other: Row) -> bool:
    return one["DATE_Z_1"] < other["DATE_Z_2"] and other["DATE_Z_1"] < one["DATE_Z_2"]


def among_stays(rule: str, kind: str, own: list[Row], past: list[Row], down: set[int]) -> set[tuple[str, bool, int, int]]:
    hits = set()
    free = DIALYSIS if kind == "2" else ("-",)

    def counts(row: Row) -> bool:
        return row["USL_OK"] == kind and not any(code.startswith(free) for code in service_codes(row))

    kept = [row for row in past if counts(row)]
    for row in own:
        if counts(row):
            if any(overlap(row, other) for other in kept):
                hits.add((rule, True, row["case"], -1))
            elif row["case"] not in down:
                kept.append(row)
    return hits


def in_stays(own: list[Row], past: list[Row], down: set[int]) -> set[tuple[str, bool, int, int]]:
    hits: set[tuple[str, bool, int, int]] = set()
    firm = [row for row in past if row["USL_OK"] == "1"]
    firm += [row for row in own if row["USL_OK"] == "1" and row["case"] not in down]
    for row in own:
        if row["USL_OK"] in ("3", "4"):
            rule = "MEK.I.2" if row["USL_OK"] == "3" else "MEK.I.5"
            for visit in row["visits"]:
                if any(disturbs(row, visit, stay) for stay in firm):
                    hits.add((rule, rule == "MEK.I.2", row["case"], visit["visit"]))
        if row["USL_OK"] == "2" and not dialysis(row) and any(overlap(row, stay) for stay in firm):
            hits.add(("MEK.I.3", False, row["case"], -1))
        if row["USL_OK"] == "1":
            if any(disturbs(other, visit, row) for other in past if other["USL_OK"] == "3" for visit in other["visits"]):
                hits.add(("MEK.I.2", True, row["case"], -1))
            if any(disturbs(other, visit, row) for other in past if other["USL_OK"] == "4" for visit in other["visits"]):
                hits.add(("MEK.I.5", False, row["case"], -1))
            if any(other["USL_OK"] == "2" and not dialysis(other) and overlap(row, other) for other in past):
                hits.add(("MEK.I.3", False, row["case"], -1))
    return hits


def dialysis(row: Row) -> bool:
    return any(code.startswith(DIALYSIS) for code in service_codes(row))


def disturbs(row: Row, visit: Row, stay: Row) -> bool:
    if row["USL_OK"] == "3":
        codes = service_codes({"visits": [visit]})
        if any(code.startswith(SCANS) for code in codes):
            return False
        if row["FOR_POM"] in ("1", "2") and row["CODE_MO"] != stay["CODE_MO"]:
            return False
    return any(stay["DATE_Z_1"] < day < stay["DATE_Z_2"] for day in (visit["DATE_1"], visit["DATE_2"]))


def volumes(
    cases: list[Row], payable: dict[int, Decimal], plan: dict[tuple[str, str], Decimal], back_fill: bool
) -> set[int]:
    """Cases over the plan of (organisation, unit); the unit is the condition of care, a case is one."""
    over = set()
    rest = dict(plan)
    for row in sorted(cases, key=lambda row: (int(row["IDCASE"]), row["case"])):
        key = (row["CODE_MO"], row["USL_OK"])
        if row["case"] not in payable or row["IDSP"] in ("35", "36") or dialysis(row):
            continue
        left = rest.get(key, Decimal(0)) - 1
        if left < 0:
            over.add(row["case"])
        if left >= 0 or not back_fill:
            rest[key] = left
    return over


def decision(case: Row, hits: list[Row]) -> tuple[str, Decimal]:
    """OPLATA and SUMP of one case from its hits (case, visit, service, code, amount), roubles as Decimal."""
    refusing = [hit for hit in hits if hit["code"]]

    def refused(visit: int, service: int, worth: Decimal) -> Decimal:
        amounts = [hit["amount"] for hit in refusing if (hit["visit"], hit["service"]) == (visit, service)]
        return min(worth, max(amounts, default=Decimal(0)))

    total = Decimal(0)
    for visit in case["visits"]:
        parts = sum((refused(visit["visit"], one["service"], one["SUMV_USL"]) for one in visit["services"]), Decimal(0))
        total += max(refused(visit["visit"], -1, visit["SUM_M"]), min(parts, visit["SUM_M"]))
    loss = max(refused(-1, -1, case["SUMV"]), min(total, case["SUMV"]))
    paid: Decimal = case["SUMV"] - loss
    return ("1" if not loss else "3" if paid else "2"), paid


def rows_of(month: Any) -> list[Row]:
    """Frames as nested dictionaries, money in roubles."""
    cases = [clean(row) for row in month.cases.to_dict("records")]
    for case in cases:
        case["visits"] = []
    visits = [clean(row) for row in month.visits.to_dict("records")]
    for visit in visits:
        visit["services"] = []
        cases[visit["case"]]["visits"].append(visit)
    for service in month.services.to_dict("records"):
        visits[service["visit"]]["services"].append(clean(service))
    return cases


def clean(row: Row) -> Row:
    money = ("SUMV", "SUM_M", "SUMV_USL", "SUMP")
    result = {name: None if pd.isna(value) else value for name, value in row.items()}
    for name in money:
        if name in result:
            result[name] = Decimal(int(result[name])) / 100
    for name, value in result.items():
        if hasattr(value, "date"):
            result[name] = value.date()
    assert all(isinstance(result[name], date) for name in result if name in ("DATE_Z_1", "DATE_1"))
    return result
