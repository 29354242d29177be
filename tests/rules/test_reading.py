"""What the dictionary's own text says of random rows, read by ``witness``, against the findings of the compiled rules.

The texts are read as they stand in the published table, but for the typing slips and turns of phrase of ``SPELT``. Records
that are prose to the witness, or written by hand, are left out and counted: their records are in ``include/rules/examples``.
"""

from __future__ import annotations

import csv
import random
import re
from collections import defaultdict
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pipelines.checks import suites
from pipelines.checks.drafts import CODE, OTHER
from pipelines.checks.frames import Bulk
from pipelines.checks.joins import join_of
from pipelines.checks.readings import edition, handwritten
from pipelines.checks.runner import run_suite
from pipelines.checks.suites import Check, Suite
from pipelines.formats.layout import Layout, load
from pipelines.formats.tables import PARENT
from tests.checks.build import TODAY, Rows, tables
from tests.rules.fixtures import WRITTEN, day_of, never, nsi
from tests.rules.witness import File, Place, Prose, Tree, Truth, Witness, read

KINDS = ("H", "L", "C", "T", "X")
FILES = 4
SENDERS = ["M990001S99", "M990001T99", "S99T99", "S99M990001", "T99S99"]
SPELT = [
    (r"\xa0", " "),
    (r"(?i)\bтеги?\s+", ""),
    (r"в основном файле\s+", ""),
    (r"(\d)\s*;\s*(?=\d)", r"\1, "),
    (r"\bзаполнен\b", "присутствует"),
    (r"\b(присутствует|отсутствует)\s+([A-Z][A-Z0-9_.]*)", r"\2 \1"),
    (r"DATA_Z", "DATE_Z"),
    (r"(?:[A-Z_]+/)+([A-Z_]+/[A-Z_]+)", r"\1"),
    (r"USL_0K", "USL_OK"),
    (r"[;,]\s*Pi и Pp определяются по полю FILENAME", ""),
    (r"\b(P[ip]) ?= ?([MST])\b", r'\1 = "\2"'),
    (r"\b(P[ip]) ?= ?Т", r'\1 = "T"'),
    (r"(\w+)<>(\{[^}]*\}|\d+) во всех элементах (\w+)[^)]*$", r"count(\3, \1 = \2) = 0"),
    (r"(\w+)=(\{[^}]*\}|\d+) хотя бы в одном из элементов (\w+)[^)]*$", r"count(\3, \1 = \2) > 0"),
    (r"([A-Z_]+), ([A-Z_]+) и ([A-Z_О]+К?) отсутствуют", r"\1 отсутствует и \2 отсутствует и \3 отсутствует"),
    (r"([A-Z_]+) и ([A-Z_]+) отсутствуют", r"\1 отсутствует и \2 отсутствует"),
    (r"основной файл .* из множества \{H, C, T\}", 'KIND = {"H", "C", "T"}'),
    (r"больше или равен", ">="),
    (r"меньше", "<"),
    (r" на дату начала законченного случая \(DATE_Z_1\)", ""),
    (r"(?i)возраст(?: ЗЛ| пациента)?(?: на DATE_Z_1)?\s*(>=|<) ?18 лет", r"years(DR, DATE_Z_1) \1 18"),
    (r"последний символ (\w+) не равен (\d)", r'last(\1) <> "\2"'),
]
LETTERS = str.maketrans("АВЕКМНОРСТХ", "ABEKMHOPCTX")
WITH_MANY_ROWS = Witness(
    unequal=frozenset(["VPOLIS", "NOVOR", "FOR_POM", "IDSP", "NAPR_V", "NAZ_R", "USL_TIP", "REAB"]),
    none=frozenset(["DOST", "DOST_P", "S_IST", "P_PER", "USL_TIP"]),
)
"""What docs/rules-language.md says of «<>»."""


def spelt(text: str) -> str:
    """The text without slips; names that mix alphabets in Latin."""
    for pattern, instead in SPELT:
        text = re.sub(pattern, instead, text)
    mixed = r"[A-ZА-Я0-9_]*[A-Z][A-ZА-Я0-9_]*"
    return re.sub(mixed, lambda word: word[0].translate(LETTERS), text)


class Record:
    """A row of the table, and what it says of a row of a file: True (right), False (wrong), None (not judged)."""

    def __init__(self, fields: dict[str, str], check: Check) -> None:
        self.fields = fields
        self.element = check.element.rpartition("/")[2]
        self.column = check.columns[0]
        self.condition = read(spelt(fields["USL_TEST"])) if self._conditional(check) else None
        self.wanted = self._wanted(check)

    def _conditional(self, check: Check) -> bool:
        text = self.fields["USL_TEST"]
        own_group = re.fullmatch(r"(?i)тег ([A-Z_.]+) присутствует", text.strip())
        if own_group and f"/{check.element}".rpartition("/")[0].endswith("/" + own_group[1].replace(".", "/")):
            return False
        return bool(text) and "отчетного периода" not in text

    def _wanted(self, check: Check) -> Any:
        """What the value must be: a set, a tree, a kind of look-up or of form."""
        value, comment, category = self.fields["VAL_EL"], self.fields["COMMENT"], self.fields["ID_TEST"][:4]
        if category == "003F" and not value and (not comment or "должен отсутствовать" in comment.lower()):
            return "absent" if comment else "present"
        if category in ("002F", "006F") and value:
            if members := re.fullmatch(r"\{([^{}]*)\}", value.strip()):
                texts = {member.strip() for member in members[1].split(",")}
                if any("П" in text and "Г" in text for text in texts):
                    raise Prose(value)
                return texts
            if re.fullmatch(r"[0-9.]+|нет|V021", value.strip()):
                return {value.strip()}
            text = spelt(value)
            if re.fullmatch(r"[A-Z][A-Z0-9_]*(\.[A-Z][A-Z0-9_]*)?", text):
                return read(f"{self.element} = {text}")
            return read(f"{self.element} {text}" if text.startswith(("<", ">", "=")) else text)
        if category == "001F" and check.type == "expect_element_in_dictionary" and not check.parameters["by"]:
            return "code"
        if category == "004F" and not self.fields["NSI_OBJ"] and not comment:
            return "form"
        raise Prose(self.fields["ID_TEST"])

    def judge(self, row: Place) -> Truth:
        """None where the rule does not apply or cannot be told."""
        if self.condition is not None and self._witness().true(self.condition, row) is not True:
            return None
        if self.wanted in ("present", "absent"):
            return self._present(row)
        text = row.cells.get(self.column)
        if not text:
            return None
        if isinstance(self.wanted, set):
            plain = (re.sub(r"^0+(\d)", r"\1", text), text) if self._whole(row) else (text,)
            return bool(set(plain) & self.wanted)
        if self.wanted == "code":
            return (re.sub(r"^0+(\d)", r"\1", text) if self._whole(row) else text) == CODE
        if self.wanted == "form":
            return self._in_form(text)
        return self._witness().true(self.wanted, row)

    def _witness(self) -> Witness:
        return Witness(none=WITH_MANY_ROWS.none) if self.fields["ID_TEST"] in SKIPPED else WITH_MANY_ROWS

    def _whole(self, row: Place) -> bool:
        element = row.file.layout.element(row.table, self.column)
        return element.type == "N" and not element.scale

    def _present(self, row: Place) -> Truth:
        layout = row.file.layout
        element = layout.by_path[self.parent(layout) + "/" + self.element if self.parent(layout) else self.element]
        nothing = element.type == "S"  # a group without a flag is there
        found = bool(row.beside(element.table)) if element.table_head else bool(row.cells.get(element.column, nothing))
        if self.wanted == "absent":
            return not found
        parent = next((e for e in layout.elements if e.path == self.parent(layout)), None)
        inside = parent is None or parent.table_head or row.cells.get(parent.column, True)
        return found if inside else None

    def parent(self, layout: Layout) -> str:
        """Path of the group around the element."""
        return self.fields["ID_EL"].translate(LETTERS).replace(" ", "").partition("/")[2].rpartition("/")[0]

    def _in_form(self, text: str) -> bool:
        least, most = self.fields["MIN_LEN"], self.fields["MAX_LEN"]
        if (least and len(text) < int(least)) or (most and len(text) > int(most)):
            return False
        mask = self.fields["MASK_VAL"].strip()
        if mask.startswith("ГГГГ"):
            return is_day(text)
        return not mask or fits(text, mask.translate(str.maketrans("ХА", "XA")))


SKIPPED = {
    *("003F.00.1300", "003F.00.1380", "003F.00.1310", "003F.00.1320", "003F.00.1330", "003F.00.1340"),
    *("003F.00.1350", "003F.00.1360", "003F.00.1480", "003F.00.1500"),
}
"""Rules that pass over absent elements, against the habit of the others."""


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar, ГГГГ-ММ-ДД."""
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text)) and date.fromisoformat(text) is not None
    except ValueError:
        return False


def fits(text: str, mask: str) -> bool:
    """Sign by sign: 9 a digit, X a digit or nothing, A a Latin capital; a last part of X goes with its separator."""
    if not mask:
        return not text
    if re.fullmatch(r"[.\- ]X+", mask) and not text:
        return True
    if re.fullmatch(r"[.\- ]X+", mask):
        return text[0] == mask[0] and 1 < len(text) <= len(mask) and text[1:].isdecimal()
    first = {"9": "0123456789", "X": "0123456789", "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}.get(mask[0], mask[0])
    return (mask[0] == "X" and fits(text, mask[1:])) or (text[:1] != "" and text[0] in first and fits(text[1:], mask[1:]))


def constants(tree: Any) -> list[str]:
    """Constants of a tree."""
    if isinstance(tree, tuple | list):
        if tree and tree[0] == "constant":
            return [tree[1]]
        return [text for part in tree for text in constants(part)]
    return []


def names(tree: Any) -> set[str]:
    """Elements of a tree."""
    if isinstance(tree, tuple | list):
        if tree and tree[0] == "name":
            return set(re.split(r"[./]", tree[1]))
        return {name for part in tree for name in names(part)}
    return set()


def samples(record: Record, trees: list[Tree]) -> list[str]:
    """Texts that may decide: constants, their neighbours, codes, forms."""
    texts = [text for tree in trees for text in constants(tree)]
    texts += sorted(record.wanted) if isinstance(record.wanted, set) else []
    texts += [str(int(text) + step) for text in texts if text.isdigit() for step in (-1, 1) if int(text) + step >= 0]
    texts += [text + "1" for text in texts if not text.isdigit()] + [text[:-1] for text in texts if len(text) > 2]
    return [*texts, "1"]


def world(record: Record, check: Check, layout: Layout, table: str, chance: random.Random) -> list[tuple[Rows, Rows]]:
    """Random files: rows in the rule's table, those above and those that its texts name."""
    trees = [tree for tree in (record.condition, record.wanted) if isinstance(tree, tuple)]
    texts = samples(record, trees)
    if record.wanted == "code":
        texts += [CODE, "0" + CODE, OTHER]
    if record.wanted == "form":
        size = int(record.fields["MAX_LEN"] or 5)
        texts += ["2026-02-28", "2026-02-30", "1" * size, "1" * (size + 1), "1" * max(size - 1, 1), *WRITTEN["texts"]]
    spoken = {record.element, *(name for tree in trees for name in names(tree))}
    join = join_of(layout.code)
    made = []
    for _ in range(FILES):
        own = scatter(layout, table, spoken, texts, chance)
        other: Rows = {}
        if join:
            other = scatter(join.layout, join.table, spoken, texts, chance)
            for row in [*own.get(join.own, []), *other.get(join.table, [])]:
                row[join.key] = chance.choice(["p-1", "p-2", "p-3"])
        made.append((own, other))
    return made


def scatter(layout: Layout, table: str, spoken: set[str], texts: list[str], chance: random.Random) -> Rows:
    """Rows with values for the elements that are spoken of, one to four in each table concerned."""
    rows: Rows = {}
    above = {table, *layout.ancestors(table)} if table in layout.tables else set()
    concerned = [name for name, spec in layout.tables.items() if {column.column for column in spec.columns} & spoken]
    for name, spec in layout.tables.items():
        columns = [c for c in spec.columns if c.column in spoken or c.name in spoken]
        groups = [g.column for g in spec.groups]
        if (
            not columns
            and name not in spoken | above | {"ZGLV"}
            and not any(name in layout.ancestors(below) for below in concerned)
        ):
            continue
        once = spec.parent is None and not layout.by_path[spec.path].repeated
        parents = len(rows.get(spec.parent, [])) if spec.parent else 1
        count = 1 if once else chance.randint(1, 8)
        rows[name] = [{PARENT: chance.randrange(parents)} for _ in range(count if parents else 0)]
        rows[name].sort(key=lambda row: row[PARENT])
        for row in rows[name]:
            row |= {group: chance.random() < 0.7 for group in groups}
            for column in columns:
                row[column.column] = value(column.type, texts, chance)
    name_of_file = f"{chance.choice('HX')}{chance.choice(SENDERS)}_26021"
    rows["ZGLV"][0].update(FILENAME=name_of_file, FILENAME1=name_of_file, VERSION=layout.versions[-1])
    return rows


def value(kind: str, texts: list[str], chance: random.Random) -> str | None:
    """A text of the element's type, or none."""
    if chance.random() < 0.2:
        return None
    if kind == "D":
        days = [text for text in texts if text.startswith("2026")]
        return chance.choice([*days, "2026-02-01", "2026-02-02", "2026-02-03", "2008-02-02", "2008-02-03"])
    if kind == "N":
        return chance.choice([text for text in texts if re.fullmatch(r"\d+", text)] or ["1"])
    return chance.choice(texts)


TEXTS = {"2.2": "Q015.csv", "2026": "Q015_2026_records.csv"}
"""Published tables by edition."""


@cache
def published(shared: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Rows of the published tables by edition and rule."""
    found = {}
    for version, name in TEXTS.items():
        with (shared / "data" / "rules" / name).open(encoding="utf-8-sig", newline="") as lines:
            found |= {(version, row["ID_TEST"]): row for row in csv.DictReader(lines, delimiter=";")}
    return found


def of_the_table(check: Check, rows: dict[tuple[str, str], dict[str, str]]) -> bool:
    """Whether the check was made from a published row and nothing was written by hand in its place."""
    by_hand = check.rule in handwritten() or check.rule in edition("Q015", check.edition).rules
    return (check.edition, check.rule) in rows and not by_hand and not never(check)


def disagreements(suite: Suite, check: Check, record: Record, seed: str) -> list[object]:
    """Rows of random files on which the two readings differ."""
    layout = load(suite.layout)
    join = join_of(layout.code)
    made = world(record, check, layout, suite.table, random.Random(seed))
    bulk = Bulk([tables(layout, own) for own, _ in made], TODAY)
    if join:
        bulk.partner = Bulk([tables(join.layout, other) for _, other in made], TODAY)
    alone = Suite(suite.name, suite.layout, suite.table, (check,))
    hit = {row for f in run_suite(bulk, alone, nsi([check]), [day_of(check)] * FILES) for row in f.rows.tolist()}
    wrong: list[object] = []
    starts = bulk.starts(suite.table)
    for number, (own, other) in enumerate(made):
        beside = File(join.layout, other) if join else None
        for index in range(starts[number + 1] - starts[number]):
            says = record.judge(Place(File(layout, own), suite.table, index, beside, join))
            if (says is False) != (int(starts[number]) + index in hit):
                wrong.append((check.rule, suite.table, index, says, own, other))
    return wrong


@pytest.mark.parametrize("kind", KINDS)
def test_the_compiled_rules_say_what_the_published_texts_say(kind: str, shared: Path) -> None:
    rows = published(shared)
    read_by: dict[str, list[str]] = defaultdict(list)
    wrong: list[object] = []
    for suite in suites.load(f"pump/{kind}"):
        for check in suite.checks:
            if not of_the_table(check, rows):
                continue
            try:
                record = Record(rows[check.edition, check.rule], check)
                wrong += disagreements(suite, check, record, check.rule)[:1]
            except Prose:
                read_by["prose"].append(check.rule)
            else:
                read_by["read"].append(check.rule)
    assert wrong == []
    assert len(read_by["read"]) > 3 * len(read_by["prose"]), read_by["prose"]
