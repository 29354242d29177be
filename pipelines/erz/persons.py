"""First load of the insured: what the identification looks into before insurers tell of changes."""

from __future__ import annotations

import pyarrow as pa
from sqlalchemy import Connection, text

from pipelines.ground.database import copy_table
from pipelines.ground.sql import statement

_STEPS = ("person_upsert", "policy_forget", "policy_load", "document_forget", "document_load")
_TABLES = ("erz.person", "erz.policy", "erz.document")


def load_persons(connection: Connection, persons: pa.Table) -> int:
    """Bring persons with their policies and documents into ``erz`` by ``id``; repeating it changes nothing.

    One row a policy, so that a person who changed the insurer has two: ``id``, ``enp``, ``fam``, ``im``, ``ot``,
    ``dr``, ``w``, ``snils``, ``dead_on`` of the person; ``smo`` (insurer of this territory) or ``okato`` (another
    territory), ``valid_from``, ``valid_to`` and, where they are told, ``kind``, ``series``, ``number`` of the policy
    (default: paper under the ЕНП); ``doctype``, ``docser``, ``docnum``. Dates as ``pa.date32()`` or text, the rest
    text. What earlier first loads told of these persons' policies and documents is replaced. Returns the number of
    rows. Raises SQLAlchemy's ``IntegrityError`` when two persons share a ЕНП or a policy has no known insurer.
    """
    connection.execute(statement("erz/person_arriving"))
    loaded = copy_table(connection, "person_arriving", persons)
    connection.execute(text("analyze person_arriving"))
    for step in _STEPS:
        connection.execute(statement(f"erz/{step}"))
    connection.execute(text("truncate person_arriving"))
    for table in _TABLES:
        connection.execute(text(f"analyze {table}"))
    return loaded
