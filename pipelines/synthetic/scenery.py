"""What synthetic cases are made of: dated dictionaries of a territory and its mixes of cases (``synthetic.yaml``)."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.exchange.region import Region

Row = Mapping[str, str]


@cache
def _dictionary(file: Path) -> tuple[Row, ...]:
    with file.open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream, delimiter=";"))


@cache
def _recipe(file: Path) -> Mapping[str, Any]:
    recipe: Mapping[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return recipe


@dataclass(frozen=True)
class Template:
    """One way in which a case may look: condition, profile, diagnosis, group (КСГ) and what may be done in it.

    ``more`` are further services beside ``first``; ``days`` of stay, from – to; ``weight`` within its condition.
    ``treatment`` is the kind of treatment of a cancer (N013), ``method`` of high-technology care (V019), ``tariff`` the row
    of the price list for cases that are paid neither by group nor by service; "" where there is none.
    """

    usl_ok: str
    profil: str
    vidpom: str
    band: str
    ds1: str
    ksg: str
    criteria: tuple[str, ...]
    days: tuple[int, int]
    first: str
    more: tuple[str, ...]
    rehabilitation: bool
    weight: float
    treatment: str = ""
    method: str = ""
    tariff: str = ""


@dataclass(frozen=True)
class Department:
    """A department of an organisation with the doctors who work there: (code, speciality)."""

    lpu_1: str
    podr: str
    usl_ok: str
    profil: str
    profil_k: str
    doctors: tuple[tuple[str, str], ...]


class Scenery:
    """Dictionaries and mixes of one territory, as they stand during the whole window ``first`` … ``last``."""

    def __init__(self, region: Region, first: date, last: date) -> None:
        self.region = region
        self.first = first
        self.last = last
        self.recipe = _recipe(region.folder / "synthetic.yaml")

    def rows(self, dictionary: str) -> tuple[Row, ...]:
        """All rows of a dictionary, closed ones too."""
        return _dictionary(self.region.folder / "nsi" / f"{dictionary}.csv")

    def open(self, dictionary: str) -> tuple[Row, ...]:
        """Rows valid on every day of the window."""
        first, last = self.first.isoformat(), self.last.isoformat()
        return tuple(
            row
            for row in self.rows(dictionary)
            if row["DATEBEG"] <= first and (not row["DATEEND"] or row["DATEEND"] >= last)
        )

    def covered(self, dictionary: str, key: str) -> set[str]:
        """Keys with a row valid on the first day and a row valid on the last one, such as a КСГ with a yearly weight."""
        ends = (self.first.isoformat(), self.last.isoformat())
        found = [
            {row[key] for row in self.rows(dictionary) if row["DATEBEG"] <= day <= (row["DATEEND"] or day)} for day in ends
        ]
        return found[0] & found[1]

    def departments(self, organisation: str) -> tuple[Department, ...]:
        """Open departments of an organisation; those without a doctor in office are left out."""
        doctors: dict[str, list[tuple[str, str]]] = {}
        for row in self.open("T_DOKT"):
            if row["MCOD"] == organisation:
                doctors.setdefault(row["PODR"], []).append((row["IDDOKT"], row["PRVS"]))
        return tuple(
            Department(row["LPU_1"], row["PODR"], row["USL_OK"], row["PROFIL"], row["PROFIL_K"], tuple(doctors[row["PODR"]]))
            for row in self.open("T_PODR")
            if row["MCOD"] == organisation and row["PODR"] in doctors
        )

    def templates(self, departments: tuple[Department, ...], mixes: Sequence[Mapping[str, Any]]) -> tuple[Template, ...]:
        """Templates of the mixes that those departments can treat, with codes valid in the window."""
        diagnoses = {row["IDDS"] for row in self.open("M001")}
        criteria = {row["IDDKK"] for row in self.open("V024")}
        groups = self.covered("V023", "K_KSG")
        services = self.covered("T_USL", "CODE_USL")
        places = {(department.usl_ok, department.profil) for department in departments}
        found: list[Template] = []
        for mix in mixes:
            if (mix["usl_ok"], mix["profil"]) not in places or mix["first"] not in services:
                continue
            variants = mix.get("groups") or [{"ksg": "", "ds1": mix["ds1"], "days": [0, 14]}]
            count = sum(len(variant["ds1"]) for variant in variants)
            found += [
                Template(
                    usl_ok=mix["usl_ok"],
                    profil=mix["profil"],
                    vidpom=mix["vidpom"],
                    band=mix["band"],
                    ds1=ds1,
                    ksg=variant.get("ksg", ""),
                    criteria=tuple(variant.get("crit", ())),
                    days=(variant["days"][0], variant["days"][1]),
                    first=mix["first"],
                    more=tuple(code for code in mix["more"] if code in services),
                    rehabilitation=bool(mix.get("rehabilitation")),
                    weight=mix["share"] / count,
                    treatment=variant.get("treatment", ""),
                    method=variant.get("method", ""),
                    tariff=variant.get("tariff", ""),
                )
                for variant in variants
                for ds1 in variant["ds1"]
                if ds1 in diagnoses
                and (not variant.get("ksg") or variant["ksg"] in groups)
                and criteria.issuperset(variant.get("crit", ()))
            ]
        return tuple(found)
