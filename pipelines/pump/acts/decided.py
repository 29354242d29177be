"""What an insurer may draw up acts about: its cases in a closing."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import Connection

from pipelines.ground.sql import statement

COLUMNS = {
    "YEAR": "int64", "MONTH": "int64", "CODE": "int64", "NSCHET": "str", "DSCHET": "object", "SUMMAV": "str",
    "IDCASE": "int64", "LPU": "str", "SUMP": "int64", "DATE_Z_2": "object", "SL_ID": "str",
}  # fmt: skip
"""Columns of ``decided``, with dtypes: elements of the register (dates are ``date``), SUMP of the decision in kopecks."""


def decided(connection: Connection, closing: int, smo: str, code_mo: str) -> pd.DataFrame:
    """Cases of an organisation that the insurer pays by a closing: ``COLUMNS``, ``SL_ID`` is that of one of its visits."""
    rows = connection.execute(statement("pump/act_decided"), {"closing": closing, "smo": smo, "code_mo": code_mo}).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=list(COLUMNS)).astype(COLUMNS)
