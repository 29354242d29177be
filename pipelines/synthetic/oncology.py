"""The main file of a register C: cancer and its suspicion, with ONK_SL, consilia, referrals and drugs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.synthetic import columns as col
from pipelines.synthetic.columns import Bools, Ints
from pipelines.synthetic.writer import Writer

SUSPICION = "Z03.1"
SURGERY, DRUGS, RAYS = "1", "2", "3"
"""Kinds of treatment (N013)."""
FRACTION = 200
"""Dose of one fraction of radiotherapy, in 0.01 Gy."""


def cancer(diagnosis: str) -> bool:
    """Whether a diagnosis is a malignant neoplasm in the sense of Q015 (003F.00.0882)."""
    return "C00.0" <= diagnosis < "D10" or "D45" <= diagnosis < "D48"


@dataclass(frozen=True)
class OncologyWriter(Writer):
    """From arrays to the tables of file C."""

    def visit_columns(self) -> dict[str, pa.Array]:
        count, rng = len(self.drawn.visits), self.rng
        reason, treated = self._reason, self._treatment
        staged = self._staged
        first = staged & (reason == 0)
        drugs, rays = treated == DRUGS, treated == RAYS
        weight, height = rng.integers(500, 1000, count), rng.integers(150, 190, count)
        surface = np.sqrt(weight / 10 * height / 3600) * 100
        fractions = rng.integers(3, 6, count)
        return {
            "C_ZAB": col.integers(rng.integers(1, 4, count), where=self._known),
            "DS_ONK": col.integers(self._suspected.astype(np.int64)),
            "DS1_T": col.integers(reason, where=self._known),
            "STAD": self._graded("N002", "St", staged & (reason <= 4)),
            "ONK_T": self._graded("N003", "T", first),
            "ONK_N": self._graded("N004", "N", first),
            "ONK_M": self._graded("N005", "M", first),
            "MTSTZ": col.same("1", count, self._known & np.isin(reason, [1, 2]) & (rng.random(count) < 0.4)),
            "SOD": col.decimals(fractions * FRACTION, 2, rays),
            "K_FR": col.integers(fractions, where=rays),
            "WEI": col.decimals(weight, 1, drugs),
            "HEI": col.integers(height, where=drugs),
            "BSA": col.decimals(surface.astype(np.int64), 2, drugs),
        }

    def visit_groups(self) -> dict[str, Bools]:
        return {**super().visit_groups(), "ONK_SL": self._known}

    def children(self) -> dict[str, pa.Table]:
        return {
            "NAPR": self._referrals(),
            "CONS": self._consilia(),
            "B_DIAG": self._diagnostics(),
            "B_PROT": self._contraindications(),
            **self._treatments(),
        }

    @property
    def _recipe(self) -> Mapping[str, Any]:
        recipe: Mapping[str, Any] = self.scenery.recipe["oncology"]
        return recipe

    @cached_property
    def _known(self) -> Bools:
        """Visits with an established cancer: all of them have ONK_SL."""
        return np.array([cancer(entry.ds1) for entry in self.templates])[self.drawn.visits.template]

    @cached_property
    def _suspected(self) -> Bools:
        return np.array([entry.ds1 == SUSPICION for entry in self.templates])[self.drawn.visits.template]

    @cached_property
    def _treatment(self) -> np.ndarray[Any, Any]:
        return np.array([entry.treatment for entry in self.templates])[self.drawn.visits.template]

    @cached_property
    def _reason(self) -> Ints:
        """DS1_T: first treatment, recurrence or progress in hospitals; observation and diagnostics of outpatients."""
        visits, cases, rng = self.drawn.visits, self.drawn.cases, self.rng
        count = len(visits)
        watched = np.array([purpose == "1.3" for purpose in cases.purposes])[cases.purpose[visits.case]]
        outpatient = np.where(watched, 4, np.where(rng.random(count) < 0.6, 5, 3))
        return np.where(self._treatment == "", outpatient, rng.choice(3, size=count, p=[0.75, 0.1, 0.15]))

    @cached_property
    def _topographies(self) -> list[str]:
        """Topography of the DS1 of each template, empty where M002 has none that is staged by TNM (edition of 2026)."""
        staged = {row["ICD10"]: row["ICDOTopography"] for row in self.scenery.open("M002") if row["TNM_8"] == "true"}
        return [staged.get(entry.ds1, "") for entry in self.templates]

    @cached_property
    def _staged(self) -> Bools:
        staged: Bools = np.array([bool(code) for code in self._topographies])[self.drawn.visits.template]
        return self._known & staged

    def _graded(self, dictionary: str, field: str, where: Bools) -> pa.Array:
        """A code of the dictionary for the topography of DS1."""
        by_topography: dict[str, list[str]] = {}
        for row in self.scenery.open(dictionary):
            by_topography.setdefault(row[f"DS_{field}"], []).append(row[f"ID_{field}"])
        codes = [by_topography[code] for code in self._topographies]
        flat = [code for choice in codes for code in choice]
        sizes = np.array([len(choice) for choice in codes])
        start = np.cumsum(sizes) - sizes
        template = self.drawn.visits.template
        return col.pick(flat, start[template] + self.rng.integers(0, 1 << 30, len(template)) % sizes[template], where)

    def _referrals(self) -> pa.Table:
        """NAPR of every suspicion: to the oncologist, now and then for a biopsy before."""
        visits, rng = self.drawn.visits, self.rng
        rows = np.flatnonzero(self._suspected)
        parent = np.repeat(rows, np.where(rng.random(len(rows)) < 0.3, 2, 1))
        count = len(parent)
        examined = np.append(False, parent[1:] == parent[:-1])[:count]
        columns = {
            "NAPR_DATE": col.days(visits.end[parent]),
            "NAPR_MO": col.same(
                self._recipe["adviser"], count, np.full(count, self.organisation != self._recipe["adviser"])
            ),
            "NAPR_V": col.integers(np.where(examined, 3, 1)),
            "MET_ISSL": col.same("2", count, examined),
            "NAPR_USL": col.same(self._recipe["biopsy"], count, examined),
        }
        return self.fitted("NAPR", columns, count, parent)

    def _consilia(self) -> pa.Table:
        parent = np.flatnonzero(self._known)
        held = (self._treatment[parent] != "") | (self.rng.random(len(parent)) < 0.3)
        columns = {
            "PR_CONS": col.integers(np.where(held, 2, 0)),
            "DT_CONS": col.days(self.drawn.visits.begin[parent], held),
        }
        return self.fitted("CONS", columns, len(parent), parent)

    def _diagnostics(self) -> pa.Table:
        """B_DIAG: histology, and a marker where the localisation has one."""
        parents, kinds, tests, results = [], [], [], []
        histology, markers = self._recipe["histology"], self._recipe["markers"]
        answers = {"1": self._answers("N008", "ID_Mrf", "ID_R_M"), "2": self._answers("N011", "ID_Igh", "ID_R_I")}
        chosen = np.flatnonzero(self._known & (self.rng.random(len(self._known)) < 0.7))
        rolls = self.rng.integers(0, 1 << 30, len(chosen))
        for row, roll in zip(chosen.tolist(), rolls.tolist(), strict=True):
            rubric = self.templates[self.drawn.visits.template[row]].ds1[:3]
            for kind, test in (("1", histology.get(rubric, histology["other"])), ("2", markers.get(rubric))):
                if test is not None:
                    choice = answers[kind][test]
                    parents.append(row)
                    kinds.append(kind)
                    tests.append(test)
                    results.append(choice[roll % len(choice)])
        parent = np.array(parents, np.int64)
        count = len(parent)
        columns = {
            "DIAG_DATE": col.days(self.drawn.visits.begin[parent]),
            "DIAG_TIP": pa.array(kinds, pa.string()),
            "DIAG_CODE": pa.array(tests, pa.string()),
            "DIAG_RSLT": pa.array(results, pa.string()),
            "REC_RSLT": col.same("1", count),
        }
        return self.fitted("B_DIAG", columns, count, parent)

    def _answers(self, dictionary: str, test: str, result: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for row in self.scenery.open(dictionary):
            found.setdefault(row[test], []).append(row[result])
        return found

    def _contraindications(self) -> pa.Table:
        parent = np.flatnonzero(self._known & (self.rng.random(len(self._known)) < 0.05))
        codes = [row["ID_PrOt"] for row in self.scenery.open("N001")]
        columns = {
            "PROT": col.pick(codes, self.rng.integers(len(codes), size=len(parent))),
            "D_PROT": col.days(self.drawn.visits.begin[parent]),
        }
        return self.fitted("B_PROT", columns, len(parent), parent)

    def _treatments(self) -> dict[str, pa.Table]:
        """ONK_USL of inpatients with LEK_PR and the days of its injections."""
        rng, visits = self.rng, self.drawn.visits
        parent = np.flatnonzero(self._known & (self._treatment != ""))
        kind, count = self._treatment[parent], len(parent)
        drugs = kind == DRUGS
        usl = {
            "USL_TIP": pa.array(kind.tolist(), pa.string()),
            "HIR_TIP": col.integers(rng.integers(1, 4, count), where=kind == SURGERY),
            "LEK_TIP_L": col.integers(rng.integers(1, 4, count), where=drugs),
            "LEK_TIP_V": col.integers(rng.integers(1, 5, count), where=drugs),
            "PPTR": col.same("1", count, drugs & (rng.random(count) < 0.5)),
            "LUCH_TIP": col.integers(rng.integers(1, 3, count), where=kind == RAYS),
        }
        schemes = [entry.criteria[0] if entry.treatment == DRUGS else None for entry in self.templates]
        medicine: Mapping[str, list[str]] = self._recipe["drugs"]
        holder: list[int] = []
        names: list[tuple[str, str]] = []
        for row in np.flatnonzero(drugs).tolist():
            scheme = schemes[visits.template[parent[row]]]
            assert scheme is not None
            holder += [row] * len(medicine[scheme])
            names += [(scheme, code) for code in medicine[scheme]]
        held = np.array(holder, np.int64)
        begin, end = visits.begin[parent[held]], visits.end[parent[held]]
        twice = end - begin >= np.timedelta64(7, "D")
        injection = np.repeat(np.arange(len(held)), np.where(twice, 2, 1))
        later = np.append(False, injection[1:] == injection[:-1])[: len(injection)]
        days = begin[injection] + np.where(later, 7, 0)
        return {
            "ONK_USL": self.fitted("ONK_USL", usl, count, parent),
            "LEK_PR": self.fitted(
                "LEK_PR",
                {
                    "REGNUM": pa.array([code for _, code in names], pa.string()),
                    "CODE_SH": pa.array([scheme for scheme, _ in names], pa.string()),
                },
                len(held),
                held,
            ),
            "DATE_INJ": self.fitted("DATE_INJ", {"DATE_INJ": col.days(days)}, len(injection), injection),
        }
