"""Header of a DBF file: dBase III/IV, FoxPro 2, Visual FoxPro.

Little endian, 32 bytes: version, date of update (3), records (4), size of the header (2) and of a record (2), …, code page
at byte 29. Then 32 bytes a field (name 11, type, displacement 4, width, decimals, flags) up to the byte 0x0D. Displacements
are not relied upon: many writers leave them 0.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from datetime import date

from pipelines.formats.layout import Element, Layout
from pipelines.formats.tables import FileFault

VERSIONS = {
    0x03: "",
    0x43: "",
    0x63: "",
    0x30: "fpt",
    0x31: "fpt",
    0x32: "fpt",
    0x83: "dbt3",
    0x8B: "dbt4",
    0xCB: "dbt4",
    0xF5: "fpt",
}
"""Version bytes that can be read, and the format of their memo file."""

VISUAL_FOXPRO = frozenset({0x30, 0x31, 0x32})

CODE_PAGES = {0x65: 866, 0x26: 866, 0xC9: 1251}
"""Language driver bytes and what they stand for; 0 means that the file does not say."""

DELETED = ord("*")
LIVE = ord(" ")
END = 0x1A
HEAD_SIZE = 32
FIELD_SIZE = 32
FIELDS_END = 0x0D
MEMO_FROM = 255
"""Texts of this length and longer do not fit a C field of dBase: they are written as memo."""

NULLABLE = 0x02
SYSTEM = 0x01

_FIXED_WIDTHS = {"D": 8, "L": 1, "I": 4, "B": 8, "Y": 8, "T": 8}


@dataclass(frozen=True)
class Field:
    """A field as the file declares it; ``start`` counts from the record's first byte, its deletion mark."""

    name: str
    type: str
    width: int
    decimals: int
    flags: int
    start: int

    @property
    def stop(self) -> int:
        return self.start + self.width


@dataclass(frozen=True)
class Header:
    """What the header says; ``code_page`` is 866 or 1251, ``dated`` the day of its update, "" for what is none."""

    version: int
    records: int
    size: int
    record_size: int
    code_page: int
    fields: tuple[Field, ...]
    dated: str = ""

    @property
    def memo(self) -> str:
        """Format of the memo file, as in ``VERSIONS``; "" for none."""
        return VERSIONS[self.version]


def damaged(role: str, reason: str, offset: int) -> FileFault:
    """The fault DBF.010 at a byte of the file."""
    return FileFault("DBF.010", str(offset), member=role, reason=reason)


def read_header(content: bytes, role: str, default_code_page: int) -> Header:
    """Header of a DBF file; raises ``FileFault`` DBF.010 (damaged), DBF.020 (size), DBF.030 (code page)."""
    if len(content) <= HEAD_SIZE:
        raise damaged(role, "файл короче заголовка", 0)
    version, records, size, record_size = struct.unpack_from("<B3xIHH", content)
    if version not in VERSIONS:
        raise damaged(role, f"версия 0x{version:02X} не поддерживается", 0)
    if not HEAD_SIZE < size <= len(content):
        raise damaged(role, "длина заголовка неверна", 8)
    if content[15] == 1:
        raise damaged(role, "файл зашифрован", 15)
    language = content[29]
    if language and language not in CODE_PAGES:
        raise FileFault("DBF.030", "29", member=role, found=f"0x{language:02X}")
    header = Header(
        version=version,
        records=records,
        size=size,
        record_size=record_size,
        code_page=CODE_PAGES.get(language, default_code_page),
        fields=_read_fields(content, size, record_size, role),
        dated=_dated(*content[1:4]),
    )
    end = size + records * record_size
    if len(content) != end and not (len(content) == end + 1 and content[end] == END):
        raise FileFault("DBF.020", str(min(end, len(content))), member=role)
    return header


def _dated(year: int, month: int, day: int) -> str:
    """Day of the update; years are counted from 1900, by some writers from 2000 again."""
    try:
        return date(year + (1900 if year >= 80 else 2000), month, day).isoformat()
    except ValueError:
        return ""


def _read_fields(content: bytes, size: int, record_size: int, role: str) -> tuple[Field, ...]:
    fields: list[Field] = []
    offset = HEAD_SIZE
    while content[offset] != FIELDS_END:
        if offset + FIELD_SIZE >= size:
            raise damaged(role, "нет конца описания полей", offset)
        name, kind, width, decimals, flags = struct.unpack_from("<11sc4xBBB", content, offset)
        text = name.partition(b"\0")[0].decode("cp866").strip()
        if not text or not text.isprintable() or not kind.isalnum():
            raise damaged(role, f"описание поля № {len(fields) + 1} неверно", offset)
        fields.append(Field(text.upper(), kind.decode("ascii"), width, decimals, flags, 0))
        offset += FIELD_SIZE
    if len({field.name for field in fields}) < len(fields):
        raise damaged(role, "имя поля повторяется", HEAD_SIZE)
    # Clipper keeps the high byte of a C field's width in its decimals; others leave rubbish there: the record's size tells.
    for candidate in (fields, [_clipper(field) for field in fields]):
        if sum(field.width for field in candidate) + 1 == record_size:
            return _check_widths(_placed(candidate), role)
    raise damaged(role, "длина записи не равна сумме ширин полей", 10)


def _clipper(field: Field) -> Field:
    return replace(field, width=field.width + 256 * field.decimals, decimals=0) if field.type == "C" else field


def _placed(fields: list[Field]) -> tuple[Field, ...]:
    placed = []
    start = 1
    for field in fields:
        placed.append(replace(field, start=start))
        start += field.width
    return tuple(placed)


def _check_widths(fields: tuple[Field, ...], role: str) -> tuple[Field, ...]:
    if not fields:
        raise damaged(role, "в файле нет полей", HEAD_SIZE)
    for number, field in enumerate(fields):
        wrong_memo = field.type == "M" and field.width not in {4, 10}
        wrong = _FIXED_WIDTHS.get(field.type, field.width) != field.width and not (field.type == "B" and field.width == 10)
        if not field.width or wrong or wrong_memo:
            raise damaged(role, f"ширина поля {field.name} неверна", HEAD_SIZE + number * FIELD_SIZE + 16)
    return fields


def bind(header: Header, layout: Layout, role: str) -> tuple[dict[Element, Field], tuple[Field, ...]]:
    """Fields by the elements that they carry, and the fields that the layout does not know.

    Names are compared without regard to case, the order of fields is free. A Visual FoxPro file's hidden fields are not
    extra ones. Raises ``FileFault`` DBF.040 that names every field at fault.
    """
    by_name = {field.name: field for field in header.fields}
    bound: dict[Element, Field] = {}
    wrong: list[Element] = []
    for element in layout.tables[layout.record].columns:
        field = by_name.pop(element.column.upper(), None)
        if field is None or not _carries(field, element, header):
            wrong.append(element)
        else:
            bound[element] = field
    if wrong:
        names = ", ".join(element.column.upper() for element in wrong)
        raise FileFault("DBF.040", "", member=role, field=names, expected=", ".join(map(describe, wrong)))
    return bound, tuple(field for field in by_name.values() if not field.flags & SYSTEM)


def describe(element: Element) -> str:
    """The field that an element wants, as people of the trade write it: ``C(25)``, ``N(9,2)``, ``D``."""
    kind, width, decimals = dbase_type(element)
    if kind in "DM":
        return kind
    return f"{kind}({width},{decimals})" if decimals else f"{kind}({width})"


def dbase_type(element: Element) -> tuple[str, int, int]:
    """Type, width and decimals of the dBase field of an element; N widths have room for the point."""
    if element.type == "D":
        return "D", 8, 0
    if element.type == "N":
        return "N", element.length + (element.scale + 1 if element.scale else 0), element.scale
    return ("M", 10, 0) if element.length >= MEMO_FROM else ("C", element.length, 0)


def own_types(header: Header) -> dict[str, str]:
    """Types of a layout that takes the file's own fields as they are; fields of no readable type are left out."""
    return {field.name: own for field in header.fields if (own := _own_type(field)) and not field.flags & SYSTEM}


def _own_type(field: Field) -> str:
    if field.type == "C":
        return f"T{field.width}"
    if field.type in "NF":
        whole = field.width - field.decimals - 1 if field.decimals else field.width
        return f"N{max(whole, 0)}.{field.decimals}" if field.decimals else f"N{whole}"
    return {"D": "D", "T": "D", "L": "T1", "M": f"T{MEMO_FROM}", "I": "N10", "B": "N15.4", "Y": "N15.4"}.get(field.type, "")


def _carries(field: Field, element: Element, header: Header) -> bool:
    _, width, decimals = dbase_type(element)
    foxpro = header.version in VISUAL_FOXPRO
    if element.type == "D":
        return field.type == "D" or (field.type == "T" and foxpro)
    if element.type == "N":
        plain = field.type in "NF" and (field.width, field.decimals) == (width, decimals)
        return plain or (foxpro and field.type in "IBY")
    if field.type == "M":
        return header.memo != ""
    return (field.type == "C" and field.width == element.length) or (field.type == "L" and element.length == 1)
