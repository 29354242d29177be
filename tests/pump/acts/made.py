"""Acts made by hand, and a world in which a month is paid."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import text

from pipelines.exchange.processing import Outcome
from pipelines.formats.layout import load
from pipelines.formats.tables import PARENT
from pipelines.ground import database as db
from pipelines.ground.money import roubles
from pipelines.pump.acts import decided
from pipelines.synthetic.acts import Rows, packed
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.exchange.world import REGION, World

PERIOD = date(2026, 10, 1)
DAY = date(2026, 11, 16)
SMO, OTHER = "98001", "98002"
HOSPITAL, CLINIC = "980001", "980003"
ACCOUNTS = [("H", HOSPITAL, SMO), ("H", HOSPITAL, OTHER), ("X", CLINIC, SMO)]
"""Registers of the month: kind, organisation, payer."""
GROUND = {"1": "207", "2": "242", "3": "256"}
"""A ground (Kod of F014) by KONT."""
S_TIP = {"1": "1", "2": "50", "3": "70"}


def noon() -> datetime:
    return datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def paid_world(url: str, root: Path) -> World:
    """A world whose October is approved for payment in full."""
    world = World(url, root, noon).set_up()
    for kind, organisation, payer in ACCOUNTS:
        world.drop(organisation, *package(generate_register(REGION, organisation, payer, PERIOD, 12, 3, kind=kind)))
    world.run()
    with db.transaction(url) as connection:
        connection.execute(text((Path(__file__).parent / "approved.sql").read_text(encoding="utf-8")))
    return world


def cases(world: World, smo: str = SMO, organisation: str = HOSPITAL) -> pd.DataFrame:
    """The decided cases of an organisation, the dearest first."""
    [closing] = world.rows("select id from pump.closing")
    with db.transaction(world.url) as connection:
        found = decided(connection, closing["id"], smo, organisation)
    return found.sort_values("SUMP", ascending=False, ignore_index=True)


def act(
    found: pd.DataFrame, number: str, *given: tuple[int, int, int], kont: str = "2", smo: str = SMO, **changes: Any
) -> Rows:
    """An act about cases of one account: (place in ``found``, sanction, fine) in kopecks; no sanction where both are 0.

    ``before``: kopecks that earlier acts withheld of its first case. Other ``changes`` are of AKT.
    """
    before = changes.pop("before", 0)
    rows: Rows = {table: [] for table in load("RAK").tables if table != "ZGLV"}
    head = {
        "CODEA": "1", "NAKT": number, "DAKT": DAY.isoformat(), "KONT": kont, "TYPEK": "1",
        "SKONT": "0" if kont == "1" else "1", "S_TIP": S_TIP[kont],
    }  # fmt: skip
    rows["AKT"].append(head | changes)
    if kont == "3":
        rows["CODE_EXP"].append({PARENT: 0, "CODE_EXP": "9800001"})
    account = found.iloc[given[0][0]]
    rows["SCHET"].append({
        PARENT: 0, "CODE_MO": account["LPU"], "PLAT": smo, "SANK_SUM": roubles(sum(sanction for _, sanction, _ in given)),
        "PENALTY_SUM": roubles(sum(fine for *_, fine in given)),
        **{name: str(account[name]) for name in ("CODE", "YEAR", "MONTH", "NSCHET", "DSCHET")},
    })  # fmt: skip
    for place, (case, sanction, fine) in enumerate(given):
        rest = int(found["SUMP"][case]) - sanction - (0 if place else before)
        rows["SLUCH"].append({
            PARENT: 0, "IDCASE": str(found["IDCASE"][case]), "OPLATA": "1" if not sanction else "3" if rest else "2",
            "SUMP": roubles(rest), "SANK_IT": roubles(sanction), "PENALTY": roubles(fine),
        })  # fmt: skip
        if sanction or fine:
            rows["SANK"].append({
                PARENT: place, "S_CODE": f"{number}:{place}", "S_SUM": roubles(sanction), "S_OSN": GROUND[kont],
                "FIN_PENALTY": roubles(fine) if fine else None,
            })  # fmt: skip
            rows["SL_ID"].append({PARENT: len(rows["SANK"]) - 1, "SL_ID": found["SL_ID"][case]})
    return rows


def together(*acts: Rows) -> Rows:
    """Several acts as one file; records are numbered."""
    layout = load("RAK")
    whole: Rows = {table: [] for table in acts[0]}
    for number, one in enumerate(acts, start=1):
        offsets = {table: len(rows) for table, rows in whole.items()}
        for table, rows in one.items():
            above = layout.tables[table].parent
            for row in rows:
                moved = {PARENT: int(str(row[PARENT])) + offsets[above]} if above else {"CODEA": str(number)}
                whole[table].append({**row, **moved})
    return whole


def drop(world: World, rows: Rows, serial: int = 1, smo: str = SMO, organisation: str = HOSPITAL, **head: str) -> str:
    """Drop a package of acts; its name."""
    name, content = packed(f"AS{smo}M{organisation}_2611{serial}", rows, DAY, **head)
    world.drop(smo, name, content)
    return name


def send(world: World, rows: Rows, serial: int = 1, smo: str = SMO, organisation: str = HOSPITAL) -> Outcome:
    """Drop a package of acts and process it."""
    drop(world, rows, serial, smo, organisation)
    [outcome] = world.run()
    return outcome


def rules(world: World, package_id: int) -> list[str]:
    """Rules of a package's findings in order."""
    found = world.rows("select rule from exchange.finding where package = :id order by ordinal", id=package_id)
    return [row["rule"] for row in found]
