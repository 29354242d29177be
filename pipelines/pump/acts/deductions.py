"""What acts withhold from the next settlement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from pipelines.ground.sql import statement
from pipelines.pump.settlement.lines import ITEM

CONTROLS = {1: "МЭК", 2: "МЭЭ", 3: "ЭКМП"}
"""What KONT means."""


def deductions(connection: Connection, acts: Sequence[int]) -> pd.DataFrame:
    """Deductions (``settlement.lines.ITEM``) by the accepted acts of these packages: sanctions and, apart, fines.

    In the order of packages and acts; acts without sanction or fine (accounts accepted as they are) withhold nothing.
    """
    rows = connection.execute(statement("pump/act_deductions"), {"packages": list(acts)}).all()
    made = [
        (row.smo, row.code_mo, what, f"Акт {CONTROLS[row.kont]} № {row.number} от {row.date:%d.%m.%Y}", row.date, amount)
        for row in rows
        for what, amount in (("sanction", row.sanction), ("fine", row.fine))
        if amount
    ]
    frame = pd.DataFrame(made, columns=list(ITEM))
    kinds: dict[str, Any] = {**dict.fromkeys(ITEM[:4], "str"), "date": "datetime64[ns]", "amount": np.int64}
    return frame.astype(kinds)


def waiting(connection: Connection, before: datetime) -> list[int]:
    """Packages with accepted acts, received up to that moment, that no closing of a month (rejected ones aside) took."""
    return list(connection.execute(statement("pump/act_waiting"), {"before": before}).scalars())
