"""Reports on an edition for people: what changed against the one before, and what became of every rule."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter

from pipelines.checks.compiler import NOT_SUPPORTED, STATUS_TITLES, Outcome
from pipelines.checks.records import as_row
from pipelines.formats import sheets
from pipelines.nsi import Edition as Kept
from pipelines.nsi.compare import CHANGE_TITLES, CLOSED, GONE, NEW, Change, compare
from pipelines.reference.edition import Before, Edition

_CELL = 2000
_RULE_TITLES = {NEW: "новое", "changed": "изменено", CLOSED: "закрыто", GONE: "исключено"}

Column = tuple[str, int]


def dictionary(edition: Edition, before: Before) -> bytes:
    """Book on an edition of a dictionary: sheets «Сводка» and «Изменения». The same edition gives the same bytes."""
    changes = compare(before.rows, edition.rows, edition.key.key, edition.key.order)
    with _Book(edition.title) as book:
        book.lines("Сводка", f"Редакция справочника {edition.title}", _summary(edition, before, changes, CHANGE_TITLES))
        book.table("Изменения", _CHANGES, _changes(changes, CHANGE_TITLES))
    return book.content


def rules(edition: Edition, before: Before, proposed: int, outcomes: Sequence[Outcome]) -> bytes:
    """Book on an edition of a rule dictionary, with «Правила»: what became of every rule in every kind of file."""
    changes = compare(before.rows, edition.rows, ("ID_TEST",))
    counts = Counter(outcome.status for outcome in outcomes)
    lines = [
        *_summary(edition, before, changes, _RULE_TITLES),
        ("Предложена под номером", str(proposed)),
        ("Ввести в действие", f"python -m pipelines checks enable {proposed} --since ГГГГ-ММ-ДД --reason «основание»"),
        *((f"Правило и вид файла: {title}", str(counts[status])) for status, title in STATUS_TITLES.items()),
    ]
    left = Counter(outcome.reason for outcome in outcomes if outcome.status == NOT_SUPPORTED)
    with _Book(edition.title) as book:
        book.lines("Сводка", f"Редакция правил {edition.title}", lines)
        book.table("Изменения", _CHANGES, _changes(changes, _RULE_TITLES))
        book.table("Правила", _RULES, _outcomes(outcomes))
        book.table("Причины", (("Почему не исполняется", 90), ("Правил и видов", 16)), _counted(left))
    return book.content


_CHANGES: Sequence[Column] = (("Ключ", 24), ("Что", 12), ("Поле", 16), ("Было", 50), ("Стало", 50))
_RULES: Sequence[Column] = (
    ("Правило", 14),
    ("Вид файла", 10),
    ("Элемент", 36),
    ("Действует с", 12),
    ("по", 12),
    ("Состояние", 18),
    ("Почему не исполняется", 60),
    ("Степень", 10),
    ("Сообщение", 80),
)


def _summary(
    edition: Edition, before: Before, changes: Sequence[Change], titles: Mapping[str, str]
) -> list[tuple[str, str]]:
    counts = Counter(change.kind for change in changes)
    older = before.rows
    fields, known = list(edition.rows[0]), list(older[0]) if older else []
    return [
        *([("Тип в заголовке", edition.type)] if edition.type else []),
        ("Записей", str(len(edition.rows))),
        ("Предыдущая редакция", _named(before.kept) if before.kept else "нет: все записи новые"),
        ("Записей в ней", str(len(older))),
        *((f"Из них {title}", str(counts[kind])) for kind, title in titles.items()),
        ("Поля, которых не было", ", ".join(name for name in fields if older and name not in known) or "нет"),
        ("Поля, которых не стало", ", ".join(name for name in known if name not in fields) or "нет"),
    ]


def _named(kept: Kept) -> str:
    if not kept.version:
        return f"{kept.dictionary} из {kept.source}, загружен {kept.loaded_at:%d.%m.%Y}"
    return f"{kept.dictionary} {kept.version}" + (f" от {kept.issued:%d.%m.%Y}" if kept.issued else "")


def _changes(changes: Iterable[Change], titles: Mapping[str, str]) -> Iterable[Sequence[str]]:
    """A row for each field that changed; what is new or gone is told in one."""
    for change in changes:
        named = " · ".join(change.key), titles[change.kind]
        if change.kind in (NEW, GONE):
            whole = "; ".join(f"{name}: {was or now}" for name, was, now in change.fields)
            yield (*named, "", "", whole) if change.kind == NEW else (*named, "", whole, "")
            continue
        for name, was, now in change.fields:
            yield (*named, name, was, now)


def _outcomes(outcomes: Iterable[Outcome]) -> Iterable[Sequence[str]]:
    for outcome in outcomes:
        row = as_row(outcome.record)
        check = outcome.check
        yield (
            row["ID_TEST"],
            outcome.kind,
            row["ID_EL"],
            row["DATEBEG"],
            row["DATEEND"],
            STATUS_TITLES[outcome.status],
            outcome.reason,
            check.severity if check else "",
            check.text if check else "",
        )


def _counted(counts: Mapping[str, int]) -> Iterable[Sequence[str]]:
    return ((reason, str(count)) for reason, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


class _Book:
    """An XLSX of sheets of text: a title with lines under it, or a table."""

    def __init__(self, title: str) -> None:
        self._target = io.BytesIO()
        self._title = title
        self._book = xlsxwriter.Workbook(
            self._target, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self._book.set_properties({"title": title, "created": datetime(2000, 1, 1)})
        self._styles = sheets.styles(self._book)

    def __enter__(self) -> _Book:
        return self

    def __exit__(self, *_: object) -> None:
        self._book.close()
        self.content = self._target.getvalue()

    def lines(self, name: str, title: str, lines: Iterable[tuple[str, str]]) -> None:
        """A sheet of labels and texts."""
        sheet = self._sheet(name, (36, 90))
        sheet.set_row(0, 20)
        sheet.write_string(0, 0, title, self._styles["title_line"])
        for row, (label, text) in enumerate(lines, start=2):
            self._row(sheet, row, (label, text), (36, 90), ("label", "value"))

    def table(self, name: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
        """A sheet of rows under titles, which stay when it is scrolled and printed."""
        widths = [width for _, width in columns]
        sheet = self._sheet(name, widths)
        self._row(sheet, 0, [title for title, _ in columns], widths, ["head"] * len(columns))
        last = 1
        for last, row in enumerate(rows, start=1):
            self._row(sheet, last, row, widths, ["text"] * len(columns))
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, last, len(columns) - 1)
        sheet.repeat_rows(0)

    def _sheet(self, name: str, widths: Sequence[int]) -> Any:
        sheet = self._book.add_worksheet(name)
        sheets.print_setup(sheet, self._title)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width)
        return sheet

    def _row(self, sheet: Any, row: int, texts: Sequence[str], widths: Sequence[int], styles: Sequence[str]) -> None:
        """Texts of a row, which is as high as they take: rows are written one after another and never again."""
        cut = [text[:_CELL] for text in texts]
        sheet.set_row(row, sheets.height(cut, widths))
        for place, (text, style) in enumerate(zip(cut, styles, strict=True)):
            sheet.write_string(row, place, sheets.clean(text), self._styles[style])
