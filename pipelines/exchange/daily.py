"""The day's journal for auditors: every package and every event, with the head of the chain, as XLSX and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import fsspec
from sqlalchemy import Connection, Row

from pipelines.exchange import journal
from pipelines.exchange.model import RESULT_TITLES, Result
from pipelines.exchange.protocol import LOCAL
from pipelines.formats.sheets import Book, Column
from pipelines.ground.money import roubles
from pipelines.ground.sql import statement
from pipelines.ground.store import Store

COLUMNS: Sequence[tuple[str, str, int]] = (
    ("id", "№ в журнале", 10),
    ("received_at", "Получен", 19),
    ("sender", "Отправитель", 24),
    ("sender_code", "Код", 8),
    ("channel", "Канал", 8),
    ("name", "Пакет", 32),
    ("kind", "Вид", 10),
    ("size", "Размер, байт", 12),
    ("result", "Результат", 16),
    ("duplicate_of", "Повтор пакета", 10),
    ("period", "Отчётный месяц", 12),
    ("records", "Записей", 10),
    ("accepted", "Принято", 10),
    ("findings", "Замечаний", 10),
    ("sum_accepted", "Сумма принятых, руб.", 16),
    ("answered_at", "Обработан", 19),
    ("sent_at", "Ответ отправлен", 19),
    ("sha256", "SHA-256", 66),
)
EVENT_COLUMNS: Sequence[tuple[str, str, int]] = (
    ("seq", "№", 10),
    ("at", "Время", 19),
    ("package", "Пакет", 10),
    ("name", "Событие", 14),
    ("actor", "Кто", 16),
    ("hash", "Хеш", 66),
)


_COUNTS = frozenset(("id", "size", "duplicate_of", "records", "accepted", "findings", "seq", "package"))
_NARROW = {"received_at": 12, "answered_at": 12, "sent_at": 12, "sha256": 36, "hash": 36}
"""Columns whose texts stand in two lines, so that a printed page is readable."""


def make(connection: Connection, store: Store, folder_url: str, day: date) -> list[str]:
    """Make the journal of a local day in ``<folder_url>/<year>/``, keep it in the store and note it in the chain.

    Returns the paths of the files. Made again, it replaces them; earlier issues stay in the store under their hash.
    """
    since = datetime.combine(day, time.min, LOCAL)
    bounds = {"since": since, "until": since + timedelta(days=1)}
    packages = connection.execute(statement("exchange/daily_packages"), bounds).all()
    events = connection.execute(statement("exchange/daily_events"), bounds).all()
    seq, head = journal.head(connection)
    files = {
        f"journal_{day:%Y%m%d}.xlsx": _workbook(day, packages, events, seq, head),
        f"journal_{day:%Y%m%d}.csv": _csv(packages),
    }
    details = {"day": day, "files": {name: store.put(content) for name, content in files.items()}, "head": head, "seq": seq}
    journal.append(connection, None, journal.Event("DAILY_JOURNAL", datetime.now(UTC), details))
    return [publish(f"{folder_url}/{day:%Y}/{name}", content) for name, content in files.items()]


def publish(url: str, content: bytes) -> str:
    """Put a file at an fsspec URL, whole or not at all; returns its path."""
    filesystem, path = fsspec.core.url_to_fs(url)
    filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
    filesystem.pipe_file(f"{path}.part", content)
    filesystem.mv(f"{path}.part", path)
    return str(path)


def cell(row: Row[tuple[object, ...]], column: str) -> str | int | None:
    """Value of a column of ``COLUMNS`` as the journal shows it."""
    value = getattr(row, column)
    if column == "result":
        return RESULT_TITLES[Result(value)] if value else "в обработке"
    if column == "sum_accepted":
        return None if value is None else roubles(value)
    if isinstance(value, datetime):
        return value.astimezone(LOCAL).strftime("%d.%m.%Y %H:%M:%S")
    if isinstance(value, date):
        return value.strftime("%m.%Y")
    return value if isinstance(value, int) else None if value is None else str(value)


def harmless(value: str | int | None) -> str | int | None:
    """The value of a CSV: text that a spreadsheet would take for a formula gets an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value


def _csv(packages: Sequence[Row[tuple[object, ...]]]) -> bytes:
    """``;``-separated UTF-8 with a byte order mark, its text harmless."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=";", quoting=csv.QUOTE_MINIMAL)
    writer.writerow([title for _, title, _ in COLUMNS])
    for row in packages:
        writer.writerow([harmless(cell(row, column)) for column, _, _ in COLUMNS])
    return target.getvalue().encode("utf-8-sig")


def _workbook(
    day: date, packages: Sequence[Row[tuple[object, ...]]], events: Sequence[Row[tuple[object, ...]]], seq: int, head: str
) -> bytes:
    title = f"Журнал обмена за {day:%d.%m.%Y}"
    counts = {name: sum(row.result == result for row in packages) for result, name in RESULT_TITLES.items()}
    lines = [("Пакетов за день", len(packages)), *counts.items(), ("Ещё в обработке", len(packages) - sum(counts.values()))]
    with Book(title) as book:
        sheet = book.sheet("Итоги")
        sheet.heading(title, [("Последнее событие цепочки", f"№ {seq}"), ("Его хеш", head)])
        sheet.table(
            (
                Column("Результат", 40),
                Column("Пакетов", 14, "count"),
            ),
            lines,
            main=True,
        )
        for name, columns, rows in (("Пакеты", COLUMNS, packages), ("События", EVENT_COLUMNS, events)):
            sheet = book.sheet(name)
            sheet.table([_column(*column) for column in columns], (_values(row, columns) for row in rows), main=True)
    return book.content()


def _column(name: str, title: str, width: int) -> Column:
    if name == "sum_accepted":
        return Column(title, width, "money")
    return Column(title, _NARROW.get(name, width), "count" if name in _COUNTS else "text")


def _values(row: Row[tuple[object, ...]], columns: Sequence[tuple[str, str, int]]) -> list[object]:
    """Cells of a row; sums are kopecks, as columns of money take them."""
    return [row.sum_accepted if name == "sum_accepted" else cell(row, name) for name, _, _ in columns]
