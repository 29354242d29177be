"""Values of a DBF's fields as text, column by column, and the rows whose value is not what the layout wants.

A dirty value is never mended and never stops the file: its text stays as it arrived, and its row is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.formats.dbf_header import Field
from pipelines.formats.dbf_memo import Memo, MemoError
from pipelines.formats.dbf_text import Bytes, CodePage, Rows, string_array, texts
from pipelines.formats.layout import Element

_UNIX_EPOCH = 2440588
"""Julian day of 1970-01-01: Visual FoxPro counts days from there back to 4713 BC."""

_DAY_MS = 86_400_000
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)


@dataclass(frozen=True)
class Values:
    """Texts of a column (null: blank) and, by code of the message, the rows at fault.

    ``spelled`` are texts for the report that differ from ``texts``, by row.
    """

    texts: pa.StringArray
    faults: Mapping[str, Rows]
    spelled: Mapping[int, str] = field(default_factory=dict)


def read_values(block: Bytes, source: Field, element: Element, page: CodePage, memo: Memo) -> Values:
    """Values of one field: ``block`` is (rows, width), contiguous."""
    if source.type in _BINARY:
        return _checked(_BINARY[source.type](block), element)
    if source.type == "M":
        return _memo_values(block, element, page, memo)
    if source.type == "D":
        return _dates(block, page)
    if source.type in "NF":
        return _checked(texts(block, page, both_ends=True)[0], element)
    if source.type == "L":  # ? is dBase's own sign of a logical that nobody has set
        block = np.where(block == ord("?"), np.uint8(ord(" ")), block)
    values, bad = texts(block, page)
    spelled = {int(row): page.spell(block[row].tobytes()) for row in bad}
    return Values(values, {"VAL.040": bad}, spelled)


def _checked(values: pa.StringArray, element: Element) -> Values:
    """Faults of texts that stand for a number or a date of the element."""
    valid = pc.match_substring_regex(values, _pattern(element))
    bad = np.flatnonzero(np.asarray(pc.invert(pc.fill_null(valid, True))))
    return Values(values, {"VAL.010" if element.type == "D" else "VAL.020": bad})


def _pattern(element: Element) -> str:
    if element.type == "D":
        return r"^\d{4}-\d\d-\d\d$"
    fraction = rf"(\.\d{{1,{element.scale}}})?" if element.scale else ""
    return rf"^-?\d{{1,{element.length}}}{fraction}$"


def _dates(block: Bytes, page: CodePage) -> Values:
    """``YYYYMMDD`` as ``YYYY-MM-DD``; what is no day of the calendar stays as it is."""
    digits = block.astype(np.int64) - ord("0")
    year = digits[:, 0] * 1000 + digits[:, 1] * 100 + digits[:, 2] * 10 + digits[:, 3]
    month = digits[:, 4] * 10 + digits[:, 5]
    day = digits[:, 6] * 10 + digits[:, 7]
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    in_range = (month >= 1) & (month <= 12)
    last = _MONTH_DAYS[np.where(in_range, month, 0)] + (leap & (month == 2))
    all_digits = ((digits >= 0) & (digits <= 9)).all(axis=1)
    valid = all_digits & in_range & (year >= 1) & (day >= 1) & (day <= last)
    iso = np.full((len(block), 10), ord("-"), np.uint8)
    iso[:, :4], iso[:, 5:7], iso[:, 8:] = block[:, :4], block[:, 4:6], block[:, 6:]
    offsets = np.zeros(len(block) + 1, np.int32)
    np.cumsum(np.where(valid, 10, 0), out=offsets[1:])
    values = string_array(offsets, iso[valid] if not valid.all() else iso)
    if valid.all():
        return Values(values, {})
    raw, _ = texts(block, page)
    kept = pc.if_else(pa.array(valid), values, raw)
    return Values(kept, {"VAL.010": np.flatnonzero(~valid & np.asarray(pc.is_valid(raw)))})


def _integers(block: Bytes) -> pa.StringArray:
    return pa.array(_as(block, "<i4")).cast(pa.string())


def _doubles(block: Bytes) -> pa.StringArray:
    """Doubles in their shortest decimal form without exponent, whole ones without point."""
    return pa.array([_plain(value) for value in _as(block, "<f8").tolist()], pa.string())


def _plain(value: float) -> str:
    if not np.isfinite(value):
        return str(value)
    return np.format_float_positional(value, trim="-")


def _money(block: Bytes) -> pa.StringArray:
    """Currency: ten-thousandths as an integer of 8 bytes; trailing zeros of the fraction are not written."""
    found = []
    for units in _as(block, "<i8").tolist():
        whole, fraction = divmod(abs(units), 10_000)
        text = f"{whole}.{fraction:04d}".rstrip("0").rstrip(".")
        found.append(f"-{text}" if units < 0 else text)
    return pa.array(found, pa.string())


def _moments(block: Bytes) -> pa.StringArray:
    """Date and time of Visual FoxPro: Julian day and milliseconds, 4 bytes each. Midnight is written as the date alone."""
    parts = _as(block, "<u4").reshape(-1, 2).astype(np.int64)
    blank = (block == ord(" ")).all(axis=1) | (parts[:, 0] == 0)
    days, clock = parts[:, 0] - _UNIX_EPOCH, parts[:, 1]
    first, last = np.array(["0001-01-01", "9999-12-31"], "datetime64[D]").astype(np.int64)
    valid = (days >= first) & (days <= last) & (clock < _DAY_MS)
    found: list[str | None] = []
    for index in range(len(block)):
        if blank[index]:
            found.append(None)
        elif not valid[index]:
            found.append("0x" + block[index].tobytes().hex())
        else:
            text = str(np.datetime64(int(days[index]) * _DAY_MS + int(clock[index]), "ms"))
            found.append(text.removesuffix(".000").removesuffix("T00:00:00"))
    return pa.array(found, pa.string())


def _as(block: Bytes, kind: str) -> npt.NDArray[np.generic]:
    return np.frombuffer(block.tobytes(), kind)


_BINARY: Mapping[str, Callable[[Bytes], pa.StringArray]] = {"I": _integers, "B": _doubles, "Y": _money, "T": _moments}


def _memo_values(block: Bytes, element: Element, page: CodePage, memo: Memo) -> Values:
    found: list[str | None] = []
    lost, no_text, long, spelled = [], [], [], {}
    for row, pointer in enumerate(block):
        raw = pointer.tobytes()
        try:
            data = memo.text(raw)
        except MemoError:
            found.append(page.spell(raw))
            lost.append(row)
            continue
        text = page.decode(data) if data else None
        found.append(text)
        if text is not None and len(text) > element.length:
            long.append(row)
        if data and page.no_text[np.frombuffer(data, np.uint8)].any():
            no_text.append(row)
            spelled[row] = page.spell(data)
    codes = {"DBF.060": lost, "VAL.030": long, "VAL.040": no_text}
    return Values(
        pa.array(found, pa.string()), {code: np.array(rows, np.int64) for code, rows in codes.items() if rows}, spelled
    )
