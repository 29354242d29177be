"""The plain version that the benchmark compares with: iterparse, dicts, to_sql; no checks, no protocol."""

from __future__ import annotations

import io
import zipfile
from collections import defaultdict
from typing import Any

import pandas as pd
from lxml import etree
from sqlalchemy import create_engine

GROUPS = {"ZAP", "SL", "USL", "SANK", "PERS", "SL_KOEF"}


def load(content: bytes, url: str) -> None:
    """Parse both files of a register and write one text table a group."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            with archive.open(info) as file:
                for _, element in etree.iterparse(file, tag=("ZAP", "PERS")):
                    _collect(element, rows, len(rows[element.tag]))
                    element.clear()
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for name, data in rows.items():
            pd.DataFrame(data).to_sql(f"plain_{name.lower()}", connection, index=False, if_exists="append")
    engine.dispose()


def _collect(element: Any, rows: dict[str, list[dict[str, Any]]], parent: int) -> None:
    row: dict[str, Any] = {"parent": parent}
    rows[element.tag].append(row)
    _leaves(element, row, rows, len(rows[element.tag]) - 1)


def _leaves(element: Any, row: dict[str, Any], rows: dict[str, list[dict[str, Any]]], number: int) -> None:
    for child in element:
        if child.tag in GROUPS:
            _collect(child, rows, number)
        elif len(child):
            _leaves(child, row, rows, number)
        elif child.tag in row:
            row[child.tag] += f",{child.text}"
        else:
            row[child.tag] = child.text
