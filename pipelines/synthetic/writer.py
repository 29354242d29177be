"""The main file of a register: from the arrays of synthetic cases to the tables of its layout.

What all kinds have is here, and the whole of H; a kind with more of its own extends ``Writer``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.formats.layout import Layout
from pipelines.synthetic import cases as cs
from pipelines.synthetic import columns as col
from pipelines.synthetic import people as pp
from pipelines.synthetic.columns import Bools, Ints
from pipelines.synthetic.scenery import Department, Scenery, Template


@dataclass(frozen=True)
class Drawn:
    """What was drawn for a register; ``person`` is the row in ``people`` of each case."""

    cases: cs.Cases
    visits: cs.Visits
    services: cs.Services
    people: pp.People
    person: Ints


@dataclass(frozen=True)
class Writer:
    """From arrays to the tables of the main file; columns that the layout does not have are left out."""

    layout: Layout
    rng: np.random.Generator
    scenery: Scenery
    drawn: Drawn
    organisation: str
    payer: str
    period: date
    number: int
    templates: tuple[Template, ...]
    departments: tuple[Department, ...]
    stem: str

    @property
    def billed(self) -> date:
        """Date of the bill: the third day after the month."""
        return self.scenery.last + timedelta(days=3)

    @property
    def created(self) -> date:
        return self.billed + timedelta(days=1)

    @property
    def letters(self) -> str:
        """What tells numbers of this kind from those of H: the letters of the file's name, none for H."""
        return self.stem.partition("M")[0].removeprefix("H")

    @property
    def person_prefix(self) -> str:
        return f"{self.organisation}-{self.letters}{self.stem.rpartition('_')[2]}-{self.payer}-"

    def account(self) -> dict[str, str | None]:
        """Elements of the account that only this kind has."""
        return {}

    def case_columns(self) -> dict[str, pa.Array]:
        """Elements of the case that this kind adds or has otherwise."""
        return {}

    def visit_columns(self) -> dict[str, pa.Array]:
        """Elements of the visit that this kind adds or has otherwise."""
        return {}

    def visit_groups(self) -> dict[str, Bools]:
        """Which visits have the groups that occur once."""
        return {"KSG_KPG": self.drawn.visits.grouped}

    def service_columns(self) -> dict[str, pa.Array]:
        """Elements of the service that this kind adds or has otherwise."""
        return {}

    def children(self) -> dict[str, pa.Table]:
        """Tables below the visit that only this kind has."""
        return {}

    def tables(self, version: str) -> dict[str, pa.Table]:
        """All tables of the file, those without rows too."""
        cases, visits, services = self.drawn.cases, self.drawn.visits, self.drawn.services
        sums = cs.visit_sums(visits, services)
        totals = np.bincount(visits.case, weights=sums, minlength=len(cases)).astype(np.int64)
        child = np.array([t.band in ("child", pp.NEWBORN) for t in self.templates])
        total = int(totals.sum())
        found = {
            "ZGLV": col.line(
                self.layout,
                "ZGLV",
                {"VERSION": version, "DATA": self.created.isoformat(), "FILENAME": self.stem, "SD_Z": str(len(cases))},
            ),
            "SCHET": col.line(
                self.layout,
                "SCHET",
                {
                    "CODE": f"{self.period:%y%m}{self.organisation[-2:]}{self.number:02d}",
                    "CODE_MO": self.organisation,
                    "YEAR": str(self.period.year),
                    "MONTH": str(self.period.month),
                    "NSCHET": f"{self.period:%y%m}-{self.payer}-{self.letters}{self.number}",
                    "DSCHET": self.billed.isoformat(),
                    "PLAT": None if self.payer == self.scenery.region.code else self.payer,
                    "SUMMAV": f"{total // 100}.{total % 100:02d}",
                }
                | self.account(),
            ),
            "ZAP": self._zap(totals),
            "OS_SLUCH": self._special(self.drawn.people, self.drawn.person),
            **self._visits(sums, child),
            "USL": self._services(child),
            **self.children(),
        }
        return {name: found[name] if name in found else col.table(self.layout, name, {}, 0) for name in self.layout.tables}

    def fitted(
        self,
        name: str,
        columns: Mapping[str, Any],
        rows: int,
        parent: Ints | None = None,
        groups: Mapping[str, Bools] | None = None,
    ) -> pa.Table:
        """The layout's table of the columns that it knows."""
        own = {element.column for element in self.layout.tables[name].columns}
        kept = {column: values for column, values in columns.items() if column in own}
        return col.table(self.layout, name, kept, rows, parent, groups)

    def _zap(self, totals: Ints) -> pa.Table:
        cases, visits, people, person = self.drawn.cases, self.drawn.visits, self.drawn.people, self.drawn.person
        count = len(cases)
        rates = self.scenery.recipe["rates"]
        rng = self.rng
        row = np.arange(count)
        insurers = self.scenery.open("F002")
        insurer = people.insurer[person]
        known = insurer >= 0
        local = self.payer != self.scenery.region.code
        # Where the insurer's code is not known, its ОГРН and territory are.
        guess = np.where(
            known, insurer, next((i for i, r in enumerate(insurers) if r["tf_okato"] != self.scenery.region.okato), 0)
        )
        policy = people.policy[person]
        okato = col.pick([entry["tf_okato"] for entry in insurers], guess)
        referred = ((cases.urgency == 3) & (cases.usl_ok == 1)) | (cases.usl_ok == 2)
        senders = [r["mcod"] for r in self.scenery.open("F003") if r["tf_okato"] == self.scenery.region.okato]
        newborn = people.newborn[person]
        stationary = cases.usl_ok <= 2
        moved = np.bincount(visits.case, minlength=count) > 1
        purpose = np.array([name == "3.0" for name in cases.purposes])[cases.purpose]
        pay = np.where(stationary, 0, np.where(cases.usl_ok == 4, 1, np.where(purpose, 2, 3)))
        columns = {
            "N_ZAP": col.integers(row + 1),
            "PR_NOV": col.same("0", count),
            "ID_PAC": col.join(self.person_prefix, col.integers(person + 1, 6)),
            "VPOLIS": col.integers(policy),
            "SPOLIS": col.same("ЗРК", count, policy == 1),
            "NPOLIS": people.policy_number.take(pa.array(person)),
            "ST_OKATO": col.blank(okato, policy != 3),
            "SMO": col.pick([entry["smocod"] for entry in insurers], guess, known),
            "SMO_OGRN": col.pick([entry["Ogrn"] for entry in insurers], guess, ~known),
            "SMO_OK": col.blank(okato, ~known | (policy != 3)) if not local else col.blank(okato, policy != 3),
            "INV": col.integers(rng.integers(1, 4, count), where=(rng.random(count) < rates["disability"]) & ~newborn),
            "MSE": col.same("1", count, (rng.random(count) < rates["commission"]) & ~newborn),
            "NOVOR": people.novor.take(pa.array(person)),
            "VNOV_D": col.integers(
                rng.integers(1200, 2500, count), where=newborn & (rng.random(count) < rates["low_weight"])
            ),
            "IDCASE": col.join(
                f"{self.period:%y%m}"[1:] + self.organisation[-2:], col.integers((self.number - 1) * 100_000 + row + 1, 6)
            ),
            "USL_OK": col.integers(cases.usl_ok),
            "VIDPOM": col.pick([template.vidpom for template in self.templates], cases.template),
            "FOR_POM": col.integers(cases.urgency),
            "NPR_MO": col.pick(senders, rng.integers(len(senders), size=count), referred),
            "NPR_DATE": col.days(cases.begin - rng.integers(0, 15, count), referred),
            "LPU": col.same(self.organisation, count),
            "DATE_Z_1": col.days(cases.begin),
            "DATE_Z_2": col.days(cases.end),
            "KD_Z": col.integers(cases.stay, where=stationary),
            "RSLT": col.pick([outcome[0] for outcome in cases.outcomes], cases.outcome),
            "ISHOD": col.pick([outcome[1] for outcome in cases.outcomes], cases.outcome),
            "VB_P": col.same("1", count, moved),
            "IDSP": col.pick(["33", "24", "30", "29"], pay),
            "SUMV": col.decimals(totals, 2),
        }
        return self.fitted("ZAP", columns | self.case_columns(), count)

    def _special(self, people: pp.People, person: Ints) -> pa.Table:
        """OS_SLUCH: 1 a child of a multiple birth, 2 no patronymic in the document."""
        twin = people.number[person] > 1
        nameless = people.lacks[person] == 1
        parent = np.concatenate([np.flatnonzero(twin), np.flatnonzero(nameless)])
        value = np.concatenate([np.ones(int(twin.sum()), np.int64), np.full(int(nameless.sum()), 2)])
        order = np.argsort(parent, kind="stable")
        return self.fitted("OS_SLUCH", {"OS_SLUCH": col.integers(value[order])}, len(parent), parent[order])

    def _visits(self, sums: Ints, child: np.ndarray[Any, Any]) -> dict[str, pa.Table]:
        cases, visits = self.drawn.cases, self.drawn.visits
        count = len(visits)
        rng = self.rng
        rates = self.scenery.recipe["rates"]
        usl_ok = cases.usl_ok[visits.case]
        stationary = usl_ok <= 2
        outpatient = usl_ok == 3
        diagnoses = [template.ds1 for template in self.templates]
        disease = np.array([code < "Z00.0" for code in diagnoses])[visits.template]
        doctors = [doctor for department in self.departments for doctor in department.doctors]
        purpose = cases.purpose[visits.case]
        watched = outpatient & np.array([name == "1.3" for name in cases.purposes])[purpose]
        rehabilitation = np.array([template.rehabilitation for template in self.templates])[visits.template]
        complex_ = visits.grouped & (visits.complexity > 0)
        identifiers = rng.bytes(16 * count).hex()
        columns = {
            "SL_ID": pa.array([_guid(identifiers[32 * row : 32 * row + 32]) for row in range(count)], pa.string()),
            "LPU_1": col.pick([department.lpu_1 for department in self.departments], visits.department),
            "PODR": col.pick([department.podr for department in self.departments], visits.department),
            "PROFIL": col.pick([template.profil for template in self.templates], visits.template),
            "PROFIL_K": col.pick([d.profil_k or None for d in self.departments], visits.department, stationary),
            "DET": col.integers(child.astype(np.int64)[visits.template]),
            "P_CEL": col.pick(cases.purposes, purpose, outpatient),
            "NHISTORY": col.join(f"{self.period:%y}/", col.integers(rng.permutation(count) + 1, 6)),
            "P_PER": col.integers(
                np.where(visits.ordinal > 0, 4, np.where(usl_ok == 1, cases.urgency[visits.case] == 1, 0) + 1),
                where=stationary,
            ),
            "DATE_1": col.days(visits.begin),
            "DATE_2": col.days(visits.end),
            "KD": col.integers(visits.stay, where=stationary),
            "DS0": col.pick(diagnoses, visits.template, stationary & (rng.random(count) < 0.5)),
            "DS1": col.pick(diagnoses, visits.template),
            "C_ZAB": col.integers(rng.integers(1, 4, count), where=outpatient & disease),
            "DN": col.pick(["1", "2", "4", "6"], rng.integers(4, size=count), watched),
            "N_KSG": col.pick([template.ksg or None for template in self.templates], visits.template, visits.grouped),
            "VER_KSG": col.same(str(self.period.year), count, visits.grouped),
            "KSG_PG": col.same("0", count, visits.grouped),
            "KOEF_Z": col.decimals(visits.weight, 5, visits.grouped),
            "KOEF_UP": col.decimals(visits.manage, 5, visits.grouped),
            "BZTSZ": col.decimals(visits.base, 2, visits.grouped),
            "KOEF_D": col.decimals(visits.region, 5, visits.grouped),
            "KOEF_U": col.decimals(visits.level, 5, visits.grouped),
            "SL_K": col.integers(complex_.astype(np.int64), where=visits.grouped),
            "IT_SL": col.decimals(visits.complexity_sum, 5, complex_),
            "REAB": col.same("1", count, rehabilitation),
            "PRVS": col.pick([doctor[1] for doctor in doctors], visits.doctor),
            "VERS_SPEC": col.same("V021", count),
            "IDDOKT": col.pick([doctor[0] for doctor in doctors], visits.doctor),
            "ED_COL": col.same("1.00", count),
            "TARIF": col.decimals(sums, 2),
            "SUM_M": col.decimals(sums, 2),
        }
        young = child[visits.template]
        secondary = self.scenery.recipe["secondary"]
        found = {
            "SL": self.fitted("SL", columns | self.visit_columns(), count, visits.case, self.visit_groups()),
        }
        if "DS2" in self.layout.tables:
            found["DS2"] = self._diagnoses(
                "DS2", visits, secondary["ds2"], secondary["ds2_child"], young, rates["secondary"]
            )
            found["DS3"] = self._diagnoses("DS3", visits, secondary["ds3"], [], young, rates["complication"])
        if "CRIT" in self.layout.tables:
            found |= self._criteria(visits)
        return found

    def _diagnoses(
        self, name: str, visits: cs.Visits, adult: list[str], young: list[str], child: Bools, share: float
    ) -> pa.Table:
        """Repeated diagnoses beside the main one, never equal to it: one, now and then two."""
        pool = {row["IDDS"] for row in self.scenery.open("M001")}
        adult, young = [code for code in adult if code in pool], [code for code in young if code in pool]
        chosen = np.flatnonzero((self.rng.random(len(visits)) < share) & (~child if not young else True))
        twice = self.rng.random(len(chosen)) < (0.2 if name == "DS2" else 0)
        parent = np.repeat(chosen, np.where(twice, 2, 1))
        again = np.zeros(len(parent), np.int64)
        again[1:][parent[1:] == parent[:-1]] = 1
        codes = adult + young
        size = np.where(child[parent], max(len(young), 1), len(adult))
        start = self.rng.integers(0, 1 << 30, len(visits))[parent]
        index = (start + again) % size + np.where(child[parent], len(adult), 0)
        main = np.array([template.ds1 for template in self.templates])[visits.template[parent]]
        keep = np.array(codes)[index] != main
        return self.fitted(name, {name: col.pick(codes, index[keep])}, int(keep.sum()), parent[keep])

    def _criteria(self, visits: cs.Visits) -> dict[str, pa.Table]:
        """CRIT and SL_KOEF: children of КСГ, in document order."""
        parent: list[int] = []
        value: list[str] = []
        for row, template in zip(*_with_criteria(self.templates, visits.template), strict=True):
            parent += [row] * len(self.templates[template].criteria)
            value += self.templates[template].criteria
        coefficients = self.scenery.open("T_KSLP")
        grid = (visits.complexity[:, None] >> np.arange(len(coefficients))) & 1
        holder, which = np.nonzero(grid)
        return {
            "CRIT": self.fitted("CRIT", {"CRIT": pa.array(value, pa.string())}, len(value), np.array(parent, np.int64)),
            "SL_KOEF": self.fitted(
                "SL_KOEF",
                {
                    "IDSL": col.pick([row["IDSL"] for row in coefficients], which),
                    "Z_SL": col.pick([row["ZKOEF"] for row in coefficients], which),
                },
                len(holder),
                holder,
            ),
        }

    def _services(self, child: np.ndarray[Any, Any]) -> pa.Table:
        visits, services = self.drawn.visits, self.drawn.services
        count = len(services)
        visit = services.visit
        department, doctor, template = visits.department[visit], visits.doctor[visit], visits.template[visit]
        doctors = [entry for place in self.departments for entry in place.doctors]
        kinds = {row["CODE_USL"]: row["VID_VME"] for row in self.scenery.rows("T_USL")}
        price = col.decimals(services.tariff, 2)
        columns = {
            "IDSERV": col.integers(np.arange(1, count + 1)),
            "LPU": col.same(self.organisation, count),
            "LPU_1": col.pick([place.lpu_1 for place in self.departments], department),
            "PODR": col.pick([place.podr for place in self.departments], department),
            "PROFIL": col.pick([entry.profil for entry in self.templates], template),
            "VID_VME": col.pick([kinds[code] or None for code in services.codes], services.code),
            "DET": col.integers(child.astype(np.int64)[template]),
            "DATE_IN": col.days(services.day),
            "DATE_OUT": col.days(services.day),
            "DS": col.pick([entry.ds1 for entry in self.templates], template),
            "CODE_USL": col.pick(services.codes, services.code),
            "KOL_USL": col.same("1.00", count),
            "TARIF": price,
            "SUMV_USL": price,
            "PRVS": col.pick([entry[1] for entry in doctors], doctor),
            "CODE_MD": col.pick([entry[0] for entry in doctors], doctor),
        }
        return self.fitted("USL", columns | self.service_columns(), count, visit)


def _with_criteria(templates: tuple[Template, ...], template: Ints) -> tuple[list[int], list[int]]:
    rows = np.flatnonzero(np.array([bool(entry.criteria) for entry in templates])[template])
    return rows.tolist(), template[rows].tolist()


def _guid(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
