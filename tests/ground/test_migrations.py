"""Migrations go up, down to nothing, and up again; load tables are those of the layouts."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from pipelines.demo.servers.postgres import Postgres
from pipelines.formats import ddl
from pipelines.formats.layout import load
from pipelines.ground import database as db
from pipelines.ground import migrations

SHAPE = """
    select table_schema, table_name, column_name, data_type, numeric_precision, numeric_scale
    from information_schema.columns where table_schema not in ('pg_catalog', 'information_schema')
    order by 1, 2, ordinal_position
"""


def shape(url: str) -> list[tuple[object, ...]]:
    with db.transaction(url) as connection:
        return [tuple(row) for row in connection.execute(text(SHAPE))]


def test_up_down_up_gives_the_same_schema(postgres: Postgres) -> None:
    url = postgres.create_database("migrations_there_and_back")
    migrations.upgrade(url)
    first = shape(url)
    migrations.downgrade(url, "base")
    assert {row[0] for row in shape(url)} == {"public"}
    migrations.upgrade(url)
    assert shape(url) == first
    assert len(first) > 100


@pytest.mark.parametrize("code", ["H", "C", "T", "X", "L"])
def test_load_tables_are_those_of_the_layout(database: str, code: str) -> None:
    layout = load(code)
    found: dict[str, list[str]] = {}
    for _, table, column, *_ in shape(database):
        found.setdefault(str(table), []).append(str(column))
    for spec in layout.tables.values():
        assert found[ddl.table_name(layout, spec.name)] == list(ddl.columns(layout, spec))
