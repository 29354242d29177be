"""CSV of a dictionary to columns: a header of names, ``;`` or ``,`` between them, UTF-8 (with or without BOM) or cp1251.

Values are text without blanks around; blank is null. A line of blanks gives no row. A line with more values than the header
has names is an anomaly CSV.030 of its row; how many have fewer, the rest being null, is told once (CSV.040).
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from pipelines.formats.flat import LONGEST, RECORD, flat_layout, flat_tables
from pipelines.formats.tables import FileFault, Tables

MOST_COLUMNS = 500
_NO_TEXT = "содержимое не является текстом в UTF-8 или windows-1251"


def read_csv(content: Iterable[bytes], code: str, role: str) -> Tables:
    """Columns of a CSV under a layout ``code`` that is made for it.

    Raises ``FileFault`` CSV.010 (no text), CSV.020 (header), CSV.050 (quotes that do not close, values without end).
    """
    raw = b"".join(content)
    encoding = _encoding(raw, role)
    lines = _Lines(raw, encoding)
    reader = csv.reader(lines, delimiter=_delimiter(raw, encoding), strict=True)
    try:
        names = _header(next(reader, []), role)
        return _read(reader, lines, names, code)
    except csv.Error:
        raise FileFault("CSV.050", str(reader.line_num), member=role, line=reader.line_num) from None


class _Lines:
    """Lines of the file as text; ``taken`` counts the bytes given out."""

    def __init__(self, raw: bytes, encoding: str) -> None:
        self.taken = len(codecs.BOM_UTF8) if raw.startswith(codecs.BOM_UTF8) else 0
        self._lines = io.BytesIO(raw[self.taken :])
        self._encoding = encoding

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.taken += len(line)
            yield line.decode(self._encoding)


def _read(reader: Iterator[list[str]], lines: _Lines, names: list[str], code: str) -> Tables:
    rows: list[list[str | None]] = []
    offsets: list[int] = []
    long: list[Mapping[str, object]] = []
    short: list[int] = []
    width, start = len(names), lines.taken
    for values in reader:
        offset, start = start, lines.taken
        texts = [value.strip() or None for value in values]
        if not any(texts):
            continue
        line = reader.line_num  # type: ignore[attr-defined]
        if len(texts) > width:
            told = f"строка {line}: значений {len(texts)}, в заголовке {width}"
            long.append(_anomaly("CSV.030", told, RECORD, len(rows), offset))
        elif len(texts) < width:
            short.append(line)
        rows.append((texts + [None] * (width - len(texts)))[:width])
        offsets.append(offset)
    if short:
        long.append(_anomaly("CSV.040", f"строк {len(short)}, первая – {short[0]}"))
    layout = flat_layout(code, dict.fromkeys(names, LONGEST))
    return flat_tables(layout, list(zip(*rows, strict=True)) or [[]] * width, offsets, long)


def _anomaly(code: str, told: str, table: str = "", row: int = -1, offset: int = -1) -> Mapping[str, object]:
    return {"code": code, "table": table, "row": row, "element": table, "value": told, "offset": offset}


def _encoding(raw: bytes, role: str) -> str:
    if b"\0" in raw:
        raise FileFault("CSV.010", member=role, reason=_NO_TEXT)
    for encoding in ("utf-8", "cp1251"):
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise FileFault("CSV.010", member=role, reason=_NO_TEXT)


def _delimiter(raw: bytes, encoding: str) -> str:
    """The one of the two that parts the header into more names."""
    header = raw.removeprefix(codecs.BOM_UTF8).split(b"\n", 1)[0].decode(encoding)
    return max(";,", key=lambda delimiter: _count(header, delimiter))


def _count(header: str, delimiter: str) -> int:
    return len(next(csv.reader([header], delimiter=delimiter), []))


def _header(names: list[str], role: str) -> list[str]:
    """Names of the columns without blanks; raises ``FileFault`` CSV.020 for what cannot be one."""
    names = [" ".join(name.split()) for name in names]
    empty = [number for number, name in enumerate(names, 1) if not name]
    folded = [name.casefold() for name in names]
    twice = [number for number, name in enumerate(folded, 1) if name and name in folded[: number - 1]]
    reason = ""
    if not any(names):
        reason = "первая строка пуста"
    elif len(names) > MOST_COLUMNS:
        reason = f"столбцов больше {MOST_COLUMNS}"
    elif empty:
        reason = f"у столбца № {empty[0]} нет имени"
    elif twice:
        reason = f"имя столбца № {twice[0]} повторяется"
    if reason:
        raise FileFault("CSV.020", "1", member=role, reason=reason)
    return names
