"""Registers of acts of control of an insurer: an answer to the accounts (МЭК), a МЭЭ and an ЭКМП of a share of the cases."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.exchange.region import Region
from pipelines.formats.archive import write_archive
from pipelines.formats.layout import load
from pipelines.formats.tables import PARENT
from pipelines.formats.xml_writer import write_xml
from pipelines.ground.money import kopecks, roubles
from pipelines.synthetic.scenery import Row, Scenery

Rows = dict[str, list[dict[str, str | int | None]]]
"""Rows of the layout's tables; ``_parent`` is the row above."""

NORM = 500_000
"""Kopecks of the per-capita norm that fines (K_SH) are counted from."""
SCALE = 100_000
"""Coefficients of F014 have five decimals."""

_ACCOUNT = ["YEAR", "MONTH", "CODE", "NSCHET", "DSCHET", "SUMMAV"]


@dataclass(frozen=True)
class _Control:
    """A kind of control: КОNT, SKONT, S_TIP (F006), how its grounds (OSN of F014) begin."""

    kont: str
    skont: str
    s_tip: str
    grounds: str


_CONTROLS = (_Control("1", "0", "1", ""), _Control("2", "1", "50", "2."), _Control("3", "2", "70", "3."))


@dataclass(frozen=True)
class Fault:
    """A fault of a register of acts: ``plant`` changes its rows, ``rule`` must find it."""

    title: str
    rule: str
    plant: Callable[[Rows], None]


def generate_acts(
    region: Region,
    cases: pd.DataFrame,
    smo: str,
    code_mo: str,
    day: date,
    seed: int,
    *,
    share: float = 0.2,
    number: int = 1,
    faults: Sequence[str] = (),
) -> tuple[str, bytes]:
    """Name and bytes of a package of acts of ``day`` about decided cases (``pump.acts.decided.COLUMNS``).

    All cases are answered to (МЭК), a ``share`` of them is examined by МЭЭ and as many others by ЭКМП. The same arguments
    give the same bytes. Faults want two cases or more. Raises ``ValueError`` without cases, ``KeyError`` for unknown faults.
    """
    name = f"AS{smo}M{code_mo}_{day:%y%m}{number}"
    rows = draw(region, cases, smo, code_mo, day, seed, share=share, number=number)
    for fault in faults:
        FAULTS[fault].plant(rows)
    return packed(name, rows, day)


def packed(name: str, rows: Rows, day: date, **head: str) -> tuple[str, bytes]:
    """The package of rows; ``head`` changes elements of its header."""
    layout = load("RAK")
    header = {"VERSION": "1.0", "DATA": day.isoformat(), "FILENAME": name} | head
    tables = {"ZGLV": pa.Table.from_pylist([header])}
    for table, spec in layout.tables.items():
        if table != "ZGLV":
            fields = [(PARENT, pa.int64())] if spec.parent else []
            schema = pa.schema([*fields, *((element.column, pa.string()) for element in spec.columns)])
            tables[table] = pa.Table.from_pylist(rows[table], schema)
    return f"{name}.zip", write_archive({f"{name}.xml": write_xml(tables, layout)})


def draw(
    region: Region, cases: pd.DataFrame, smo: str, code_mo: str, day: date, seed: int, *, share: float, number: int
) -> Rows:
    """Rows of a register of acts without faults."""
    if not len(cases):
        raise ValueError(f"no cases of {code_mo} that {smo} pays for")
    rng = np.random.default_rng([seed, number, zlib.crc32(f"{smo}{code_mo}{day}".encode())])
    scenery = Scenery(region, day, day)
    count = min(max(1, round(len(cases) * share)), len(cases) // 2)
    chosen = rng.permutation(len(cases))
    examined = (np.arange(len(cases)), np.sort(chosen[:count]), np.sort(chosen[count : 2 * count]))
    drawn = _Drawn(rng, scenery, smo, code_mo, day, number)
    for control, places in zip(_CONTROLS, examined, strict=True):
        if len(places):
            drawn.act(control, cases.iloc[places])
    return drawn.rows


class _Drawn:
    """Rows as they are drawn."""

    def __init__(self, rng: np.random.Generator, scenery: Scenery, smo: str, code_mo: str, day: date, number: int) -> None:
        self.rows: Rows = {name: [] for name in load("RAK").tables if name != "ZGLV"}
        self._rng, self._scenery = rng, scenery
        self._smo, self._code_mo, self._day, self._number = smo, code_mo, day, number

    def act(self, control: _Control, cases: pd.DataFrame) -> None:
        """An act about cases; those of one account stand together."""
        numbered = f"{self._code_mo}/{self._day:%y%m}/{self._number}-{control.kont}"
        act = self._add(
            "AKT", CODEA=str(len(self.rows["AKT"]) + 1), NAKT=numbered,
            DAKT=self._day.isoformat(), KONT=control.kont, TYPEK="1", SKONT=control.skont, S_TIP=control.s_tip,
        )  # fmt: skip
        if control.kont == "3":
            experts = [row["UIDEKMP"] for row in self._scenery.open("F042")]
            self._add("CODE_EXP", act, CODE_EXP=str(self._rng.choice(experts)))
        known = [row for row in self._scenery.open("F014") if control.grounds and row["Osn"].startswith(control.grounds)]
        for key, of_account in cases.groupby(_ACCOUNT, sort=False):
            self._account(act, dict(zip(_ACCOUNT, key, strict=True)), of_account, known)

    def _account(self, act: int, account: Mapping[str, Any], cases: pd.DataFrame, grounds: Sequence[Row]) -> None:
        row = self._add(
            "SCHET", act, CODE_MO=self._code_mo, PLAT=self._smo, **{name: str(value) for name, value in account.items()}
        )
        first = len(self.rows["SLUCH"])
        for case in cases.to_dict("records"):
            ground = int(self._rng.choice(len(grounds))) if grounds else None
            self._case(row, {str(name): value for name, value in case.items()}, ground, grounds)
        made = self.rows["SLUCH"][first:]
        for total, part in (("SUMMAP", "SUMP"), ("SANK_SUM", "SANK_IT"), ("PENALTY_SUM", "PENALTY")):
            self.rows["SCHET"][row][total] = roubles(sum(kopecks(str(case[part])) for case in made))

    def _case(self, account: int, case: Mapping[str, Any], ground: int | None, grounds: Sequence[Row]) -> None:
        withheld = fine = 0
        if ground is not None:
            withheld = (case["SUMP"] * _units(grounds[ground]["K_NO"]) + SCALE // 2) // SCALE
            fine = (NORM * _units(grounds[ground]["K_SH"]) + SCALE // 2) // SCALE
        rest = case["SUMP"] - withheld
        oplata = "1" if not withheld else "3" if rest else "2"
        row = self._add(
            "SLUCH", account, IDCASE=str(case["IDCASE"]), LPU=case["LPU"], OPLATA=oplata,
            SUMP=roubles(rest), SANK_IT=roubles(withheld), PENALTY=roubles(fine),
            REFREASON=None if ground is None else grounds[ground]["Kod"],
        )  # fmt: skip
        if ground is None:
            return
        code = f"{self._code_mo}-{self._day:%y%m}-{self._number}-{len(self.rows['SANK']) + 1}"
        sanction = self._add(
            "SANK", row, S_CODE=code, S_SUM=roubles(withheld), S_OSN=grounds[ground]["Kod"],
            FIN_PENALTY=roubles(fine) if fine else None,
        )  # fmt: skip
        self._add("SL_ID", sanction, SL_ID=case["SL_ID"])

    def _add(self, table: str, parent: int | None = None, **values: str | None) -> int:
        """Add a row; its number."""
        above = {} if parent is None else {PARENT: parent}
        self.rows[table].append({**above, **values})
        return len(self.rows[table]) - 1


def _units(coefficient: str) -> int:
    """A coefficient of F014 in its last decimals."""
    whole, _, decimals = coefficient.partition(".")
    return int(whole + decimals.ljust(5, "0"))


def _setting(table: str, row: int, **values: str) -> Callable[[Rows], None]:
    def plant(rows: Rows) -> None:
        rows[table][row].update(values)

    return plant


def _account(**values: str) -> Callable[[Rows], None]:
    """Change the first account of the МЭЭ."""

    def plant(rows: Rows) -> None:
        next(row for row in rows["SCHET"] if row[PARENT] == 1).update(values)

    return plant


def _no_expert(rows: Rows) -> None:
    rows["CODE_EXP"].clear()


def _later(rows: Rows) -> None:
    day = date.fromisoformat(str(rows["AKT"][1]["DAKT"]))
    rows["AKT"][1]["DAKT"] = (day + timedelta(days=36_500)).isoformat()


def _earlier(rows: Rows) -> None:
    month = date(int(str(rows["SCHET"][0]["YEAR"])), int(str(rows["SCHET"][0]["MONTH"])), 1)
    rows["AKT"][1]["DAKT"] = (month - timedelta(days=200)).isoformat()


def _same_number(rows: Rows) -> None:
    rows["AKT"][2]["NAKT"] = rows["AKT"][1]["NAKT"]


def _same_sanction(rows: Rows) -> None:
    rows["SANK"][1]["S_CODE"] = rows["SANK"][0]["S_CODE"]


def _beyond(rows: Rows) -> None:
    """A sanction beyond the payment, with the sums above it."""
    sanction = rows["SANK"][0]
    case = rows["SLUCH"][int(str(sanction[PARENT]))]
    account = rows["SCHET"][int(str(case[PARENT]))]
    more = kopecks(str(case["SUMP"])) + 1
    for row, name in ((sanction, "S_SUM"), (case, "SANK_IT"), (account, "SANK_SUM")):
        row[name] = roubles(kopecks(str(row[name])) + more)
    case.update(SUMP="0.00", OPLATA="2")


FAULTS: Mapping[str, Fault] = {
    "ground": Fault("Основания нет в F014", "RAK.048", _setting("SANK", 0, S_OSN="999")),
    "control": Fault("Вид контроля F006 не того контроля", "RAK.045", _setting("AKT", 1, S_TIP="70")),
    "expert": Fault("В акте ЭКМП нет эксперта", "RAK.046", _no_expert),
    "future": Fault("Дата акта в будущем", "RAK.050", _later),
    "early": Fault("Акт составлен до окончания лечения", "RAK.085", _earlier),
    "sum": Fault("Сумма по счёту не равна сумме по случаям", "RAK.062", _account(SANK_SUM="0.01")),
    "organisation": Fault("Чужая организация", "RAK.070", _account(CODE_MO="980099")),
    "number": Fault("Номер акта повторяется", "RAK.073", _same_number),
    "code": Fault("Идентификатор санкции повторяется", "RAK.074", _same_sanction),
    "account": Fault("Неизвестный счёт", "RAK.080", _account(NSCHET="НЕТ-ТАКОГО")),
    "case": Fault("Неизвестный случай", "RAK.081", _setting("SLUCH", -1, IDCASE="99999999999")),
    "visit": Fault("Неизвестный SL_ID", "RAK.086", _setting("SL_ID", 0, SL_ID="НЕТ-ТАКОГО")),
    "beyond": Fault("Санкции больше оплаты", "RAK.090", _beyond),
}
"""Every fault by name; each spoils one act, and the ones of the number and the code two."""
