"""The main file of a register X: examinations of adults and children, their results and what was prescribed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.synthetic import cases as cs
from pipelines.synthetic import columns as col
from pipelines.synthetic.columns import Bools, Ints
from pipelines.synthetic.scenery import Scenery, Template
from pipelines.synthetic.writer import Drawn, Writer

PRESCRIBED = frozenset({"3", "4", "5", "31", "32"})
"""Results (V017) after which something is prescribed (Q015, 003F.00.3051)."""
KINDS_OF_PRESCRIPTION = 6


@dataclass(frozen=True)
class Examined(Drawn):
    """Examinations with what came of them: ``codes[code]`` of V017 by case, refusals by case and service, suspicions.

    ``suspected`` marks cases in which cancer is suspected; a refused case has no services and costs nothing.
    """

    codes: tuple[str, ...]
    code: Ints
    refused: Bools
    refused_service: Bools
    suspected: Bools


def examine(rng: np.random.Generator, scenery: Scenery, templates: tuple[Template, ...], drawn: Drawn) -> Examined:
    """Draw the results of examinations: one visit a case."""
    recipe: Mapping[str, Any] = scenery.recipe["examined"]
    visits, services, count = drawn.visits, drawn.services, len(drawn.cases)
    refused = rng.random(count) < recipe["refused"]
    kept = ~refused[visits.case][services.visit]
    visit = services.visit[kept]
    first = np.append(True, visit[1:] != visit[:-1])[: len(visit)]
    day = np.where(first, visits.end[visit], services.day[kept])  # the physician's visit concludes the examination
    ill = np.array([entry.ds1 < "Z00.0" for entry in templates])[drawn.cases.template]
    band = np.array([entry.band for entry in templates])[drawn.cases.template]
    codes: list[str] = []
    code = np.zeros(count, np.int64)
    for rows, shares in ((~ill, recipe["healthy"]), *((ill & (band == name), part) for name, part in recipe["ill"].items())):
        where = np.flatnonzero(rows)
        weight = np.array(list(shares.values()), float)
        code[where] = len(codes) + rng.choice(len(shares), size=len(where), p=weight / weight.sum())
        codes += list(shares)
    return Examined(
        cases=drawn.cases,
        visits=replace(visits, cost=np.where(refused[visits.case], 0, visits.cost)),
        services=cs.Services(visit, services.code[kept], services.codes, day, services.tariff[kept]),
        people=drawn.people,
        person=drawn.person,
        codes=tuple(codes),
        code=code,
        refused=refused,
        refused_service=~first & (rng.random(len(visit)) < recipe["service_refused"]),
        suspected=ill & ~refused & (rng.random(count) < recipe["suspected"]),
    )


@dataclass(frozen=True)
class ExaminationWriter(Writer):
    """From arrays to the tables of file X."""

    drawn: Examined
    disp: str

    def account(self) -> dict[str, str | None]:
        return {"DISP": self.disp}

    def case_columns(self) -> dict[str, pa.Array]:
        count = len(self.drawn.cases)
        refused = self.drawn.refused
        return {
            "VBR": col.integers((self.rng.random(count) < self._recipe["brigade"]).astype(np.int64)),
            "P_OTK": col.integers(refused.astype(np.int64)),
            "RSLT_D": col.pick(self.drawn.codes, self.drawn.code, ~refused),
            "IDSP": col.same("30", count),
        }

    def visit_columns(self) -> dict[str, pa.Array]:
        visits, rng = self.drawn.visits, self.rng
        count = len(visits)
        shown = ~self.drawn.refused[visits.case]
        ill = np.array([entry.ds1 < "Z00.0" for entry in self.templates])[visits.template]
        return {
            "DS1": col.pick([entry.ds1 for entry in self.templates], visits.template, shown),
            "DS1_PR": col.same("1", count, shown & ill & (rng.random(count) < self._recipe["first_time"])),
            "DS_ONK": col.integers(self._suspected.astype(np.int64)),
            "PR_D_N": col.integers(np.where(ill, rng.integers(1, 3, count), 3), where=shown),
        }

    def visit_groups(self) -> dict[str, Bools]:
        return {}

    def service_columns(self) -> dict[str, pa.Array]:
        services, refused = self.drawn.services, self.drawn.refused_service
        doctors = [doctor for place in self.departments for doctor in place.doctors]
        doctor = self.drawn.visits.doctor[services.visit]
        return {
            "P_OTK": col.integers(refused.astype(np.int64)),
            "PRVS": col.pick([entry[1] for entry in doctors], doctor, ~refused),
            "CODE_MD": col.pick([entry[0] for entry in doctors], doctor, ~refused),
        }

    def children(self) -> dict[str, pa.Table]:
        return {"DS2_N": self._secondary(), "NAZ": self._prescriptions()}

    @property
    def _recipe(self) -> Mapping[str, Any]:
        recipe: Mapping[str, Any] = self.scenery.recipe["examined"]
        return recipe

    @property
    def _suspected(self) -> Bools:
        found: Bools = self.drawn.suspected[self.drawn.visits.case]
        return found

    def _secondary(self) -> pa.Table:
        visits, rng = self.drawn.visits, self.rng
        mixed = self.scenery.recipe["secondary"]
        known = {row["IDDS"] for row in self.scenery.open("M001")}
        child = np.array([entry.band == "child" for entry in self.templates])[visits.template]
        adults, children = ([code for code in mixed[name] if code in known] for name in ("ds2", "ds2_child"))
        chosen = (rng.random(len(visits)) < self._recipe["second"]) & ~self.drawn.refused[visits.case]
        parent = np.flatnonzero(chosen)
        count = len(parent)
        index = np.where(
            child[parent], len(adults) + rng.integers(len(children), size=count), rng.integers(len(adults), size=count)
        )
        columns = {
            "DS2": col.pick(adults + children, index),
            "DS2_PR": col.same("1", count, rng.random(count) < self._recipe["first_time"]),
            "PR_DS2_N": col.integers(rng.integers(1, 4, count)),
        }
        return self.fitted("DS2_N", columns, count, parent)

    def _prescriptions(self) -> pa.Table:
        """NAZ: one or two where the result asks for them; a suspicion is sent on for examination."""
        visits, rng = self.drawn.visits, self.rng
        asked = np.isin(np.array(self.drawn.codes)[self.drawn.code], list(PRESCRIBED)) & ~self.drawn.refused
        rows = np.flatnonzero(asked[visits.case] | self._suspected)
        parent = np.repeat(rows, rng.integers(1, 3, len(rows)))
        count = len(parent)
        again = np.append(False, parent[1:] == parent[:-1])[:count]
        suspected = self._suspected[parent]
        kind = np.where(suspected & ~again, 3, rng.integers(1, KINDS_OF_PRESCRIPTION + 1, count))
        sent = suspected & np.isin(kind, [2, 3])
        oncology = self.scenery.recipe["oncology"]
        specialities = [row["IDSPEC"] for row in self.scenery.open("V021")]
        profiles = [row["IDPR"] for row in self.scenery.open("V002")]
        beds = [row["IDK_PR"] for row in self.scenery.open("V020")]
        columns = {
            "NAZ_N": col.integers(again + 1),
            "NAZ_R": col.integers(kind),
            "NAZ_SP": col.pick(specialities, rng.integers(len(specialities), size=count), np.isin(kind, [1, 2])),
            "NAZ_V": col.integers(rng.integers(1, 4, count), where=kind == 3),
            "NAZ_USL": col.same(oncology["biopsy"], count, suspected & (kind == 3)),
            "NAPR_DATE": col.days(visits.end[parent], sent),
            "NAPR_MO": col.same(oncology["adviser"], count, sent),
            "NAZ_PMP": col.pick(profiles, rng.integers(len(profiles), size=count), np.isin(kind, [4, 5])),
            "NAZ_PK": col.pick(beds, rng.integers(len(beds), size=count), kind == 6),
        }
        return self.fitted("NAZ", columns, count, parent)
