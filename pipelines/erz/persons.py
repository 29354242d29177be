"""Snapshot of the insured: what the identification looks into."""

from __future__ import annotations

import pyarrow as pa
from sqlalchemy import Connection, text

from pipelines.ground.database import copy_table
from pipelines.ground.sql import statement


def load_persons(connection: Connection, persons: pa.Table) -> int:
    """Bring persons into ``erz.person`` by their ``id``; repeating it changes nothing. Returns their number.

    Columns are those of ``erz.person`` (dates as ``pa.date32()`` or text, the rest text). Raises SQLAlchemy's
    ``IntegrityError`` when two persons share a ЕНП.
    """
    connection.execute(statement("erz/person_arriving"))
    loaded = copy_table(connection, "person_arriving", persons)
    connection.execute(statement("erz/person_upsert"))
    connection.execute(text("truncate person_arriving"))
    return loaded
