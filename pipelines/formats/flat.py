"""Files of rows whose columns are known only from the file: a layout is made of them, with one table ``REC``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from pipelines.formats.layout import Layout, parse
from pipelines.formats.tables import ANOMALIES, Tables, table_schema

RECORD = "REC"
LONGEST = "T100000"


def flat_layout(code: str, columns: Mapping[str, str]) -> Layout:
    """Layout of a file with these columns and their types; raises ``ValueError`` for names that make no layout."""
    declared: list[list[object]] = [[RECORD, "S", "ОМ", "Запись"]]
    declared += [[f"{RECORD}/{_step(name)}", kind, "У", name, {"column": name}] for name, kind in columns.items()]
    return parse(
        {
            "code": code,
            "title": f"Справочник {code}",
            "source": "Столбцы самого файла",
            "root": code,
            "versions": [],
            "record": RECORD,
            "elements": declared,
        }
    )


def flat_tables(
    layout: Layout,
    columns: Sequence[Sequence[str | None]],
    offsets: Sequence[int],
    anomalies: Iterable[Mapping[str, object]] = (),
) -> Tables:
    """Tables of a flat layout from its columns in their order; ``offsets`` of the records in the file."""
    arrays = [pa.array(offsets, pa.int64()), *(pa.array(column, pa.string()) for column in columns)]
    table = pa.table(arrays, schema=table_schema(layout, layout.record))
    return Tables(layout, {layout.record: table}, pa.Table.from_pylist(list(anomalies), ANOMALIES))


def flat_rows(tables: Tables, table: str = "") -> list[dict[str, str]]:
    """Records as fields and texts without blanks around; an absent value is an empty text."""
    data = tables.data[table or tables.layout.record]
    spec = tables.layout.tables[table or tables.layout.record]
    names = [element.column for element in spec.columns]
    texts = [[(value or "").strip() for value in data[name].to_pylist()] for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*texts, strict=True)]


def no_offsets(count: int) -> list[int]:
    """Offsets of records that stand nowhere by themselves in the file (cells of a workbook)."""
    return [-1] * count


def _step(name: str) -> str:
    """A column's name as one step of a path."""
    return name.replace("/", "\N{DIVISION SLASH}")
