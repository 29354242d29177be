"""The one way to the exchange's database: SQLAlchemy Core on psycopg 3, and COPY for bulk rows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pandas as pd
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


def read_frame(connection: Connection, query: str) -> pd.DataFrame:
    """Rows of a query by COPY, many times faster than through a cursor; ``query`` is SQL without parameters.

    Columns of whole numbers come as int64 (``Int64`` where one is absent), of date as
    ``datetime64[ms]``, all others as ``str``.
    """
    cursor = connection.connection.cursor()
    cursor.execute(f"select * from ({query}) as described limit 0")  # noqa: S608
    types = {str(name): _ARROW.get(str(code), pa.string()) for name, code, *_ in cursor.description}
    with cursor.copy(f"copy ({query}) to stdout (format csv)") as copy:
        content = b"".join(copy)
    if not content:
        table = pa.table({name: pa.array([], kind) for name, kind in types.items()})
    else:
        options = pacsv.ConvertOptions(
            column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""]
        )
        reading, parsing = pacsv.ReadOptions(column_names=list(types)), pacsv.ParseOptions(newlines_in_values=True)
        table = pacsv.read_csv(pa.py_buffer(content), reading, parsing, options)
    whole = [name for name, kind in types.items() if kind == pa.int64() and not table[name].null_count]
    frame: pd.DataFrame = table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get, date_as_object=False)
    return frame.astype(dict.fromkeys(whole, "int64"))


_ARROW = {"20": pa.int64(), "23": pa.int64(), "21": pa.int64(), "1082": pa.date32()}
"""Arrow types by PostgreSQL's own numbers of bigint, integer, smallint and date."""
