"""Prices of generated cases one by one, in ``Decimal`` and plain loops: shares nothing with the pipeline."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

import yaml

from pipelines.ground.settings import ROOT
from tests.pump.pricing.generated import REGION

Row = Mapping[str, str]
# First codes of the classes of МКБ-10.
CLASSES = ["A00", "C00", "D50", "E00", "F00", "G00", "H00", "H60", "I00", "J00", "K00",
           "L00", "M00", "N00", "O00", "P00", "Q00", "R00", "S00", "U00", "V00", "Z00"]  # fmt: skip


@cache
def rows(name: str) -> list[Row]:
    with (REGION.folder / "nsi" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


@cache
def terms() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "include" / "tariffs" / "2026.yaml").read_text(encoding="utf-8"))
    return read


@cache
def row_on(name: str, day: date, **keys: str) -> Row | None:
    """The last row with those keys in force on the day."""
    found = None
    for row in rows(name):
        begin, end = row["DATEBEG"], row["DATEEND"] or "9999-12-31"
        if begin <= day.isoformat() <= end and all(row[key] == value for key, value in keys.items()):
            found = row
    return found


@dataclass
class Visit:
    case: dict[str, Any]
    visit: dict[str, Any]
    services: list[dict[str, Any]]
    criteria: list[str]
    koefs: list[str]


def kopecks(amount: Decimal) -> int:
    return int(amount.quantize(Decimal("0.01"), ROUND_HALF_UP) * 100)


def price_case(visits: list[Visit]) -> list[int]:
    """Kopecks of each visit of a case; raises where something is not found: generated cases have all tariffs."""
    case = visits[0].case
    if case["kind"] == "X":
        tariff = Decimal(row_on("T_DISP", case["DATE_Z_2"].date(), DISP=case["DISP"])["TARIF"])
        return [0 if case["P_OTK"] == "1" else kopecks(tariff) for _ in visits]
    if case["USL_OK"] in "34":
        return [sum(map(_service, one.services)) for one in visits]
    if case["kind"] == "T":
        return [_method(one) for one in visits]
    if len(visits) == 1:
        return [max(_group(visits[0], group, False) for group in _groups(visits[0]))]
    classes = {_disease(one.visit["DS1"]) for one in visits}
    assert len(classes) == len(visits), "the generator moves patients to another class only"
    last = max(one.visit["DATE_2"] for one in visits)
    return [max(_group(one, group, one.visit["DATE_2"] < last) for group in _groups(one)) for one in visits]


def _service(service: dict[str, Any]) -> int:
    row = row_on("T_USL", service["DATE_OUT"].date(), CODE_USL=service["CODE_USL"])
    return kopecks(Decimal(row["TARIF"]) * Decimal(service["KOL_USL"]))


def _method(one: Visit) -> int:
    day = one.case["DATE_Z_2"].date()
    method = row_on("V019", day, IDHM=one.visit["METOD_HMP"], HVID=one.visit["VID_HMP"])
    return kopecks(Decimal(row_on("T_VMP", day, HGR=method["HGR"])["TARIF"]))


def _disease(code: str) -> int:
    return sum(first <= code[:3] for first in CLASSES)


def _groups(one: Visit) -> list[str]:
    """Groups of the table's rows that the visit meets; surgery, rehabilitation and cancer before others."""
    prefix = "st" if one.case["USL_OK"] == "1" else "ds"
    done = {service["VID_VME"] for service in one.services}
    found = {}
    for row in rows("T_GROUPER"):
        if not row["N_KSG"].startswith(prefix) or row["DS1"] != one.visit["DS1"]:
            continue
        if row["CODE_USL"] and row["CODE_USL"] not in done:
            continue
        if any(row[name] and row[name] not in one.criteria for name in ("CRIT", "FRACTION")):
            continue
        special = row["N_KSG"][2:4] in ("37", "19") or row["CODE_USL"].startswith("A16.")
        found[row["N_KSG"]] = special
    first = [group for group, special in found.items() if special]
    return first or list(found)


def _group(one: Visit, group: str, later: bool) -> int:
    case, day = one.case, one.case["DATE_Z_2"].date()
    lists = {name: text.split() for name, text in terms()["lists"].items()}
    rate = Decimal(row_on("T_BZTSZ", day, USL_OK=case["USL_OK"])["BZTSZ"])
    weight = Decimal(row_on("V023", day, K_KSG=group)["KOEF_Z"])
    own = row_on("T_KSG", day, K_KSG=group)
    place = row_on("T_KOEF", day, MCOD=case["LPU"], USL_OK=case["USL_OK"])
    level = Decimal(1) if own["KUS"] == "0" or group in lists["no_level"] else Decimal(place["KOEF_U"])
    specific = Decimal(own["KOEF_UP"])
    if (specific > 1 and group in lists["no_raising"]) or group[:4] in lists["no_specifics"]:
        specific = Decimal(1)
    region = Decimal(place["KOEF_D"])
    added = sum((Decimal(row_on("T_KSLP", day, IDSL=code)["ZKOEF"]) for code in one.koefs), Decimal(0))
    nights = (one.visit["DATE_2"] - one.visit["DATE_1"]).days
    length = nights + 1 if case["USL_OK"] == "2" else max(nights, 1)
    share = _share(group, case["RSLT"], length, later, lists)
    return kopecks((rate * weight * specific * level * region + rate * region * added) * share)


def _share(group: str, result: str, length: int, later: bool, lists: Mapping[str, Iterable[str]]) -> Decimal:
    reasons = [text.split() for text in terms()["interruption"]["reasons"].values()]
    interrupted = later or any(result in codes for codes in reasons)
    interrupted = interrupted or (length <= 3 and group not in lists["short"])
    interrupted = interrupted or any(length < days for days, codes in terms()["min_days"].items() if group in codes.split())
    if not interrupted:
        return Decimal(1)
    if group in lists["surgical"]:
        return Decimal("0.80") if length <= 3 else Decimal(1)
    return Decimal("0.50") if length <= 3 else Decimal("0.80")
