"""Load tables made from a layout: one per table of the layout, partitioned by report month."""

from __future__ import annotations

from pipelines.formats.layout import Element, Layout, TableSpec

KEYS = {"report_month": "date", "package": "bigint", "row": "integer", "parent": "integer"}
"""Columns that every load table begins with; ``row`` and ``parent`` number the rows of the file's tables."""


def column_type(element: Element) -> str:
    """PostgreSQL type of an element: integers by their digits, exact numerics, dates, text (length is for ФЛК)."""
    if element.type == "D":
        return "date"
    if element.type == "T":
        return "text"
    if element.scale:
        return f"numeric({element.length + element.scale}, {element.scale})"
    return "smallint" if element.length <= 4 else "integer" if element.length <= 9 else "bigint"


def table_name(layout: Layout, table: str) -> str:
    return f"{layout.code}_{table}".lower()


def columns(layout: Layout, spec: TableSpec) -> dict[str, str]:
    """Names and types of a load table's columns, in order; element names in lower case."""
    named = {element.column.lower(): column_type(element) for element in spec.columns}
    return KEYS | named


def create_statements(layout: Layout, schema: str) -> str:
    """DDL of a layout's load tables."""
    statements = []
    for spec in layout.tables.values():
        name = f"{schema}.{table_name(layout, spec.name)}"
        lines = [f'    "{column}" {kind}' for column, kind in columns(layout, spec).items()]
        lines[:3] = [f"{line} not null" for line in lines[:3]]
        statements.append(
            f"create table {name} (\n"
            + ",\n".join(lines)
            + "\n) partition by list (report_month);\n"
            + f"create index on {name} using brin (package);\n"
        )
    return "\n".join(statements)


def drop_statements(layout: Layout, schema: str) -> str:
    """DDL that takes the load tables away, partitions included."""
    return "".join(f"drop table {schema}.{table_name(layout, table)} cascade;\n" for table in layout.tables)
