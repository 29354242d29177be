"""ФФОМС's workbook of clinical groups as it is published: groups, the grouper's table, its reverse indexes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from python_calamine import CalamineWorkbook

from pipelines.formats.workbook import cell_text, squeezed

GROUPS, TABLE = "КСГ", "Группировщик"
REVERSE = {"МКБ 10": "Код по МКБ 10", "Номенклатура": "Код услуги", "ДКК": "Код ДКК"}
"""Sheets that tell the groups of a diagnosis, service or criterion, and the column of its code."""

_GROUP_COLUMNS = {
    "КСГ": "N_KSG",
    "Наименование КСГ": "TITLE",
    "КЗ": "KOEF_Z",
    "Профиль": "PROFILE",
    "Доля з/п и прочих расходов": "K_ZP",
}
_TABLE_COLUMNS = {
    "№": "ROW",
    "Код по МКБ 10": "DS1",
    "Код по МКБ 10(2)": "DS2",
    "Код по МКБ 10(3)": "DS3",
    "Код услуги": "CODE_USL",
    "Возраст": "AGE",
    "Пол": "W",
    "Длительность": "DURATION",
    "Иной классификационный критерий": "CRIT",
    "Диапазон фракций": "FRACTION",
    "КСГ": "N_KSG",
}
CELLS = tuple(_TABLE_COLUMNS.values())
"""Columns of the grouper's table."""
_CONDITIONS = {"st": "1", "ds": "2"}


@dataclass(frozen=True)
class Workbook:
    """One edition for one kind of hospital.

    ``groups``: N_KSG, TITLE, KOEF_Z, PROFILE, K_ZP (null where no share is set), numbers as text. ``table``: the rows of the
    grouper in their order, text, null for an empty cell. ``reverse``: sheet, code, groups as the workbook itself states
    them. ``usl_ok``: 1 round-the-clock, 2 day hospital. ``sha256`` is that of the file or, without one, of the rows.
    """

    usl_ok: str
    groups: pd.DataFrame
    table: pd.DataFrame
    reverse: Mapping[str, Mapping[str, frozenset[str]]]
    sha256: str

    @classmethod
    def read(cls, source: Path | bytes) -> Workbook:
        """Read XLSX; raises ``ValueError`` where a sheet or column is absent or the table names an unknown group."""
        content = source if isinstance(source, bytes) else source.read_bytes()
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        groups = _frame(book, GROUPS, _GROUP_COLUMNS)
        table = _frame(book, TABLE, _TABLE_COLUMNS)
        unknown = set(table["N_KSG"]) - set(groups["N_KSG"])
        kinds = {code[:2] for code in groups["N_KSG"]}
        if unknown or len(kinds) != 1 or not kinds <= _CONDITIONS.keys():
            raise ValueError(f"groups of the table are not those of the list: {len(unknown)} unknown")
        reverse = {sheet: dict(_reverse(book, sheet, code)) for sheet, code in REVERSE.items()}
        return cls(_CONDITIONS[kinds.pop()], groups, table, reverse, hashlib.sha256(content).hexdigest())

    @classmethod
    def of(cls, groups: pd.DataFrame, table: pd.DataFrame) -> tuple[Workbook, ...]:
        """Workbooks of the grouper's table and the groups as dictionaries keep them, one for each kind of hospital.

        ``groups``: N_KSG, KOEF_Z, optional TITLE, PROFILE, K_ZP; ``table``: N_KSG and any of ``CELLS``; text, null for an
        empty cell. Rows are numbered by ROW, or in their order. Raises ``ValueError`` where the table names an unknown group
        or one that is of no kind of hospital.
        """
        groups = groups.reindex(columns=list(_GROUP_COLUMNS.values())).astype("str")
        numbered = table if "ROW" in table else table.assign(ROW=np.arange(1, len(table) + 1).astype("str"))
        rows = numbered.reindex(columns=list(_TABLE_COLUMNS.values())).astype("str")
        kind = rows["N_KSG"].str.slice(0, 2).map(_CONDITIONS)
        unknown = kind.isna() | ~rows["N_KSG"].isin(groups["N_KSG"])
        if unknown.any():
            raise ValueError(
                f"groups of the table are not those of the list: {rows.loc[unknown, 'N_KSG'].nunique()} unknown"
            )
        books = []
        for prefix, usl_ok in _CONDITIONS.items():
            own = groups[groups["N_KSG"].str.startswith(prefix)].reset_index(drop=True)
            part = rows[kind == usl_ok].reset_index(drop=True)
            if len(part):
                content = own.to_csv(index=False) + part.to_csv(index=False)
                books.append(cls(usl_ok, own, part, {}, hashlib.sha256(content.encode()).hexdigest()))
        return tuple(books)


def _rows(book: CalamineWorkbook, sheet: str) -> tuple[list[str], list[list[object]]]:
    if sheet not in book.sheet_names:
        raise ValueError(f"the workbook has no sheet «{sheet}»")
    rows: list[list[object]] = book.get_sheet_by_name(sheet).to_python()
    return [squeezed(str(title)) for title in rows[0]], rows[1:]


def _frame(book: CalamineWorkbook, sheet: str, columns: Mapping[str, str]) -> pd.DataFrame:
    titles, rows = _rows(book, sheet)
    absent = [title for title in columns if squeezed(title) not in titles]
    if absent:
        raise ValueError(f"sheet «{sheet}» has no column {', '.join(absent)}")
    places = [titles.index(squeezed(title)) for title in columns]
    group = titles.index(squeezed("КСГ"))
    kept = [[cell_text(row[place]) for place in places] for row in rows if row[group] not in ("", None)]
    return pd.DataFrame(kept, columns=list(columns.values()), dtype="str")


def _reverse(book: CalamineWorkbook, sheet: str, code: str) -> Iterator[tuple[str, frozenset[str]]]:
    titles, rows = _rows(book, sheet)
    place = titles.index(squeezed(code))
    groups = [number for number, title in enumerate(titles) if title.startswith("КСГ")]
    for row in rows:
        named = frozenset(text for number in groups if (text := cell_text(row[number])))
        if named:
            yield str(cell_text(row[place])), named


def groups_by(table: pd.DataFrame, columns: Sequence[str]) -> dict[str, frozenset[str]]:
    """Groups of the table's rows by the exact text of any of the columns."""
    cells = pd.concat([table[[column, "N_KSG"]].set_axis(["code", "group"], axis=1).dropna() for column in columns])
    return {str(code): frozenset(groups) for code, groups in cells.groupby("code")["group"]}
