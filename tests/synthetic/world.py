"""The demo territory and one register of it, joined for looking at."""

from __future__ import annotations

from datetime import date
from functools import cache

import pandas as pd

from pipelines.exchange.region import load
from pipelines.formats.tables import PARENT
from pipelines.ground.settings import ROOT
from pipelines.synthetic.model import Register
from pipelines.synthetic.registers import generate_register

REGION = load(ROOT / "include" / "region" / "demo")
OCTOBER = date(2026, 10, 1)


@cache
def register(
    organisation: str = "980001", payer: str = "98001", period: date = OCTOBER, cases: int = 4000, kind: str = "H"
) -> Register:
    return generate_register(REGION, organisation, payer, period, cases, seed=5, kind=kind)


_FRAMES: dict[tuple[int, str, str], tuple[Register, pd.DataFrame]] = {}


def frame(found: Register, table: str, role: str = "H") -> pd.DataFrame:
    """``_frame``, kept: the register is kept with it, so that its id stays its own."""
    key = (id(found), table, role)
    if key not in _FRAMES:
        _FRAMES[key] = (found, _frame(found, table, role))
    return _FRAMES[key][1]


def _frame(found: Register, table: str, role: str) -> pd.DataFrame:
    """The table with text columns as objects (None: absent) and, below the record, the columns of ``ZAP`` as ``Z.…``."""
    tables = found.files[role].tables
    rows = pd.DataFrame({name: tables[table][name].to_pylist() for name in tables[table].column_names}, dtype=object)
    above = table
    parents = rows.get(PARENT)
    layout = found.files[role].layout
    while role != "L" and parents is not None and above != "ZAP":
        up = layout.tables[above].parent
        assert up is not None
        above = up
        if above == "ZAP":
            case = frame(found, "ZAP", role).iloc[parents.astype(int)].add_prefix("Z.").reset_index(drop=True)
            return pd.concat([rows, case], axis=1)
        visit = frame(found, "SL", role).iloc[parents.astype(int)].reset_index(drop=True)
        return pd.concat([rows, visit.add_prefix("S.").rename(columns=lambda name: name.replace("S.Z.", "Z."))], axis=1)
    return rows
