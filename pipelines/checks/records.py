"""Records of the rule dictionaries Q015, Q016, Q022, Q023 as the federal fund publishes them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lxml import etree

LOOK_ALIKES = str.maketrans("АВЕКМНОРСТУХ", "ABEKMHOPCTYX")
"""Cyrillic capitals that the dictionaries hold in place of Latin ones."""

_COLUMNS = ("DESC_TEST", "NSI_OBJ", "NSI_EL", "VAL_EL", "MIN_LEN", "MAX_LEN", "MASK_VAL")  # not in every dictionary
_MASK = re.compile(r"[9XХAА0.\- ]+")
_WORD = re.compile(r"[A-ZА-Я][A-ZА-Я0-9_]*")
_LATIN = re.compile(r"[A-Z]")


@dataclass(frozen=True)
class RuleRecord:
    """A rule under the dictionary's own field names, its text normalised (see ``record``).

    ``TYPE_D`` letters of the file kinds; ``ID_EL`` path of the element with the root; DATEBEG and DATEEND are included.
    """

    ID_TEST: str
    ID_EL: str
    TYPE_D: tuple[str, ...]
    NSI_OBJ: str
    NSI_EL: str
    USL_TEST: str
    VAL_EL: str
    MIN_LEN: int | None
    MAX_LEN: int | None
    MASK_VAL: str
    COMMENT: str
    DATEBEG: date | None
    DATEEND: date | None
    DESC_TEST: str = ""

    @property
    def category(self) -> str:
        """``001F`` of ``001F.00.0160``."""
        return self.ID_TEST.partition(".")[0]

    @property
    def region(self) -> str:
        """``45`` of ``002F.45.1000``, ``00`` of a federal rule."""
        return region_of(self.ID_TEST)


@dataclass(frozen=True)
class Packet:
    """An edition of a rule dictionary: its name, number and date as they stand in the header, and the records by id."""

    dictionary: str
    version: str
    issued: date | None
    records: tuple[RuleRecord, ...]


def region_of(rule: str) -> str:
    """Second group of a rule's id: number of the region that wrote it, ``00`` for the federal fund."""
    return rule.split(".")[1] if rule.count(".") >= 2 else ""


def record(fields: Mapping[str, str], kinds: Iterable[str]) -> RuleRecord:
    """Record from raw texts: blanks joined, ``_`` as nothing, Cyrillic look-alikes made Latin in paths, masks and names.

    Raises ``ValueError`` for a date that is not DD.MM.YYYY or a length that is no number, naming the rule.
    """
    text = dict.fromkeys(_COLUMNS, "") | {name: _plain(value) for name, value in fields.items()}
    try:
        return RuleRecord(
            ID_TEST=text["ID_TEST"],
            ID_EL=text["ID_EL"].translate(LOOK_ALIKES).replace(" ", ""),
            TYPE_D=tuple(sorted(kind.strip().translate(LOOK_ALIKES) for kind in kinds if kind.strip())),
            NSI_OBJ=text["NSI_OBJ"].translate(LOOK_ALIKES),
            NSI_EL=text["NSI_EL"],
            USL_TEST=_latin_names(text["USL_TEST"]),
            VAL_EL=_latin_names(text["VAL_EL"]),
            MIN_LEN=int(text["MIN_LEN"]) if text["MIN_LEN"] else None,
            MAX_LEN=int(text["MAX_LEN"]) if text["MAX_LEN"] else None,
            MASK_VAL=_mask(text["MASK_VAL"]),
            COMMENT=text["COMMENT"],
            DATEBEG=_day(text["DATEBEG"]),
            DATEEND=_day(text["DATEEND"]),
            DESC_TEST=text["DESC_TEST"],
        )
    except ValueError as error:
        raise ValueError(f"rule {text['ID_TEST']}: {error}") from error


def read_packet(path: Path) -> Packet:
    """The published XML packet (windows-1251 as its declaration says); raises ``ValueError`` for a file of another form."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.parse(path, parser).getroot()
    header = root.find("zglv")
    if root.tag != "packet" or header is None:
        raise ValueError("not a packet of a rule dictionary")
    records = []
    for row in root.iter("zap"):
        fields = {str(cell.tag): cell.text or "" for cell in row}
        records.append(record(fields, [cell.text or "" for cell in row.iter("TYPE_D")]))
    return Packet(
        dictionary=path.stem.partition("_")[0],
        version=header.findtext("version", "").strip(),
        issued=_day(header.findtext("date", "").strip()),
        records=_sorted(records),
    )


def read_csv(path: Path) -> Packet:
    """The flat CSV (utf-8, ``;``, kinds joined by commas in TYPE_D); ``<dictionary>_<version>….csv`` names its edition."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines, delimiter=";")
        records = [record(row, row["TYPE_D"].split(",")) for row in rows]
    dictionary, version, *_ = (*path.stem.split("_"), "")
    return Packet(dictionary=dictionary, version=version, issued=None, records=_sorted(records))


def read(path: Path) -> Packet:
    """A dictionary in either form, told by the file's extension."""
    return read_packet(path) if path.suffix.lower() == ".xml" else read_csv(path)


def _plain(value: str | None) -> str:
    text = " ".join((value or "").split())
    return "" if text == "_" else text


def as_row(rule: RuleRecord) -> dict[str, str]:
    """The record as texts by field: kinds joined by commas, days ISO, what is not there empty."""
    return {name: _text(value) for name, value in vars(rule).items()}


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value)


def _sorted(records: list[RuleRecord]) -> tuple[RuleRecord, ...]:
    return tuple(sorted(records, key=lambda rule: rule.ID_TEST))


def _mask(text: str) -> str:
    return text.translate(LOOK_ALIKES) if _MASK.fullmatch(text) else text


def _latin_names(text: str) -> str:
    """Element names with a Cyrillic letter among Latin ones become Latin; Russian words stay."""
    return _WORD.sub(lambda word: word[0].translate(LOOK_ALIKES) if _LATIN.search(word[0]) else word[0], text)


def _day(text: str) -> date | None:
    if not text:
        return None
    day, month, year = text.split(".")
    return date(int(year), int(month), int(day))
