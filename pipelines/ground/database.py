"""The one way to the exchange's database: SQLAlchemy Core on psycopg 3, and COPY for bulk rows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pyarrow as pa
import pyarrow.csv as pacsv
from sqlalchemy import Connection, Engine, create_engine, text

COPY_ROWS = 16_384
"""Rows encoded at a time: bounds the memory that a COPY needs."""


@cache
def engine(url: str) -> Engine:
    """Engine of a ``postgresql://`` URL, one per process and URL."""
    driver_url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    return create_engine(driver_url, pool_size=2, max_overflow=6, pool_pre_ping=True, hide_parameters=True)


@contextmanager
def transaction(url: str, role: str | None = None, organisation: str | None = None) -> Iterator[Connection]:
    """A transaction: committed at the end, rolled back on an exception.

    ``role`` is one of the database roles ``oms_operator``, ``oms_auditor``, ``oms_organisation``; with the last,
    ``organisation`` is the code whose rows row-level security lets through.
    """
    with engine(url).begin() as connection:
        if role is not None:
            connection.execute(text("select set_config('role', :role, true)"), {"role": role})
            connection.execute(text("select set_config('oms.organisation', :code, true)"), {"code": organisation or ""})
        yield connection


def copy_table(connection: Connection, target: str, rows: pa.Table) -> int:
    """COPY an Arrow table into ``schema.table`` inside the connection's transaction; returns the number of rows.

    The table's column names are the target's; nulls arrive as NULL, empty strings as empty strings.
    """
    cursor = connection.connection.cursor()
    columns = ", ".join(f'"{name}"' for name in rows.column_names)
    options = pacsv.WriteOptions(include_header=False, quoting_style="all_valid")
    with cursor.copy(f"copy {target} ({columns}) from stdin (format csv)") as copy:
        for batch in rows.to_batches(max_chunksize=COPY_ROWS):
            sink = io.BytesIO()
            pacsv.write_csv(pa.Table.from_batches([batch]), sink, options)
            copy.write(sink.getbuffer())
    return int(rows.num_rows)
