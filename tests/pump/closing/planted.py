"""Two months of registers with everything in them that control finds after the format: mistakes planted case by case.

A register is opened into nested records, which are edited and copied one at a time, and closed into tables again.
"""

from __future__ import annotations

import copy
import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.formats.tables import PARENT
from pipelines.synthetic.model import Register
from pipelines.synthetic.planting import plant

HEADS = ("ZGLV", "SCHET")
DATES = ("DATE_Z_1", "DATE_Z_2", "NPR_DATE", "DATE_1", "DATE_2", "DATE_IN", "DATE_OUT", "TAL_D", "TAL_P")
POLICY = ("VPOLIS", "SPOLIS", "NPOLIS", "ENP", "ST_OKATO", "SMO", "SMO_OGRN", "SMO_OK", "SMO_NAM", "NOVOR")


@dataclass
class Node:
    """A row of a table with the rows under it."""

    table: str
    row: dict[str, Any]
    below: list[Node] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        return self.row.get(name)

    def __setitem__(self, name: str, value: Any) -> None:
        self.row[name] = value

    def of(self, table: str) -> list[Node]:
        return [node for node in self.below if node.table == table]

    def every(self) -> Iterator[Node]:
        yield self
        for node in self.below:
            yield from node.every()

    def add(self, name: str, amount: str) -> None:
        self[name] = f"{Decimal(self[name]) + Decimal(amount):.2f}"


@dataclass
class Book:
    """A register as nested records; ``person`` of each ID_PAC."""

    register: Register
    kind: str
    heads: dict[str, dict[str, Any]]
    records: list[Node]
    persons: dict[str, Node]
    touched: set[int] = field(default_factory=set)

    @property
    def name(self) -> tuple[str, str, str]:
        return self.kind, self.register.organisation, self.register.payer

    def appended(self, record: Node, person: Node) -> Node:
        """A copy of a record and its person under numbers of their own, at the end of the register."""
        new, who = copy.deepcopy(record), copy.deepcopy(person)
        number = len(self.records) + 1
        new["N_ZAP"] = str(number)
        new["IDCASE"] = str(max(int(other["IDCASE"]) for other in self.records) + 1)
        new["ID_PAC"] = who["ID_PAC"] = f"{self.records[0]['ID_PAC'][:-6]}9{number:05d}"
        for visit in new.of("SL"):
            visit["SL_ID"] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.register.name}{number}{visit['SL_ID']}"))
        self.persons[new["ID_PAC"]] = who
        self.records.append(new)
        return new

    def given(self, record: Node, person: Node, named: Node) -> None:
        """Make a record that of another person, with the policy that ``named`` has."""
        own, who = record["ID_PAC"], copy.deepcopy(person)
        record["ID_PAC"] = who["ID_PAC"] = f"{own[:-6]}8{len(self.persons):05d}"
        self.persons[who["ID_PAC"]] = who
        if all(other["ID_PAC"] != own for other in self.records):
            del self.persons[own]
        for name in POLICY:
            record[name] = named[name]


def opened(register: Register) -> Book:
    """A register as nested records."""
    (kind,) = register.files.keys() - {"L"}
    heads: dict[str, dict[str, Any]] = {}
    roots: dict[str, list[Node]] = {}
    for role, record in ((kind, "ZAP"), ("L", "PERS")):
        file = register.files[role]
        nodes: dict[str, list[Node]] = {}
        for name, table in file.tables.items():
            if name in HEADS:
                heads[f"{role}/{name}"] = table.to_pylist()[0]
                continue
            nodes[name] = [Node(name, row) for row in table.to_pylist()]
            parent = file.layout.tables[name].parent
            if name != record and parent is not None:
                for node in nodes[name]:
                    nodes[parent][node.row.pop(PARENT)].below.append(node)
        roots[role] = nodes[record]
    return Book(register, kind, heads, roots[kind], {node["ID_PAC"]: node for node in roots["L"]})


def closed(book: Book) -> Register:
    """The register with its edited records, and the totals that they add up to."""
    total = sum((Decimal(record["SUMV"]) for record in book.records), Decimal(0))
    book.heads[f"{book.kind}/SCHET"]["SUMMAV"] = str(total)
    book.heads[f"{book.kind}/ZGLV"]["SD_Z"] = str(len(book.records))
    files = dict(book.register.files)
    for role, roots in ((book.kind, book.records), ("L", list(book.persons.values()))):
        file = files[role]
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in file.tables}
        for name in HEADS:
            if f"{role}/{name}" in book.heads:
                rows[name] = [book.heads[f"{role}/{name}"]]
        for root in roots:
            _collect(root, None, rows)
        tables = {name: pa.Table.from_pylist(rows[name], schema=table.schema) for name, table in file.tables.items()}
        files[role] = replace(file, tables=tables)
    return replace(book.register, files=files)


def _collect(node: Node, parent: int | None, rows: dict[str, list[dict[str, Any]]]) -> None:
    rows[node.table].append(node.row if parent is None else node.row | {PARENT: parent})
    own = len(rows[node.table]) - 1
    for child in node.below:
        _collect(child, own, rows)


def moved(node: Node, days: int) -> None:
    """All days of a record, so many days later."""
    for one in node.every():
        for name in DATES:
            if one[name]:
                one[name] = (date.fromisoformat(one[name]) + timedelta(days)).isoformat()


def visits(record: Node) -> list[Node]:
    return record.of("SL")


def services(record: Node) -> list[Node]:
    return [service for visit in visits(record) for service in visit.of("USL")]


def outpatient(record: Node) -> bool:
    return record["USL_OK"] == "3"


def stay(record: Node) -> bool:
    return record["USL_OK"] == "1"


def paid_apart(record: Node) -> bool:
    """Several services with sums of their own in one visit."""
    return outpatient(record) and len(visits(record)) == 1 and len(services(record)) > 1


def dearer(record: Node) -> None:
    """A price above the tariff, consistent in itself."""
    last = visits(record)[-1]
    for node, names in ((record, ["SUMV"]), (last, ["SUM_M", "TARIF"])):
        for name in names:
            node.add(name, "10.00")


def cheaper(record: Node) -> None:
    for node, names in ((record, ["SUMV"]), (visits(record)[0], ["SUM_M", "TARIF"])):
        for name in names:
            node.add(name, "-1.00")


def wrong_product(record: Node) -> None:
    """A service whose sum is not tariff × quantity."""
    services(record)[-1].add("SUMV_USL", "1.00")


def wrong_visit_product(record: Node) -> None:
    visits(record)[0].add("TARIF", "-0.01")


def other_sex(record: Node) -> None:
    """A diagnosis of women in a man, or of men in a woman, as the service of the other sex would name it."""
    visits(record)[0]["DS1"] = "N76.0" if visits(record)[0]["DS1"][:1] != "N" else "N40"


def stranger(record: Node) -> None:
    """A speciality that the worker has no certificate for."""
    visits(record)[0]["PRVS"] = "60" if visits(record)[0]["PRVS"] == "22" else "22"


def strange_service(record: Node) -> None:
    service = services(record)[-1]
    service["PRVS"] = "60" if service["PRVS"] == "22" else "22"


def elsewhere(record: Node) -> None:
    """A place that the licence does not name."""
    visits(record)[0]["LPU_1"] = "01" if visits(record)[0]["LPU_1"] != "01" else "02"


def other_activity(record: Node) -> None:
    visits(record)[0]["PROFIL"] = "100"


def attached(record: Node) -> None:
    record["MO_PR"] = record["LPU"]


def per_head(record: Node) -> None:
    """Paid by the norm, and billed all the same."""
    record["IDSP"] = "25"


def per_head_free(record: Node) -> None:
    """Paid by the norm: nothing for the case itself."""
    per_head(record)
    for node in (record, *visits(record)):
        for name in ("SUMV", "SUM_M", "TARIF"):
            if node[name]:
                node[name] = "0.00"


def without_group(record: Node) -> None:
    """A stay for which no group is known."""
    visits(record)[0]["DS1"] = "M81.0"


def overdue(record: Node) -> None:
    moved(record, -130)


def two_services(record: Node) -> None:
    """Twice as many as one, billed as two."""
    service = services(record)[-1]
    amount = Decimal(service["TARIF"])
    service["KOL_USL"], service["SUMV_USL"] = "2.00", str(2 * amount)
    record.add("SUMV", str(amount))
    for name in ("SUM_M", "TARIF"):
        visits(record)[0].add(name, str(amount))


@dataclass(frozen=True)
class Mistake:
    """An edit of single cases: in registers of these kinds and organisations (all: empty), so many of each."""

    edit: Callable[[Node], None]
    count: int
    where: Callable[[Node], bool] = lambda record: True
    kinds: str = "HC"
    organisations: Sequence[str] = ()


MISTAKES = (
    Mistake(dearer, 4, lambda record: len(visits(record)) == 1, "HCTX"),
    Mistake(dearer, 2, lambda record: len(visits(record)) == 2),
    Mistake(cheaper, 2, lambda record: stay(record) and len(visits(record)) == 1, "HT"),
    Mistake(wrong_product, 4, paid_apart),
    Mistake(wrong_visit_product, 2, stay, "HC"),
    Mistake(other_sex, 3, outpatient),
    Mistake(stranger, 2, outpatient),
    Mistake(strange_service, 4, paid_apart),
    Mistake(elsewhere, 2, outpatient),
    Mistake(other_activity, 2, outpatient),
    Mistake(attached, 40, outpatient, "H", ("980002", "980003", "980004")),
    Mistake(per_head, 3, outpatient, "H"),
    Mistake(per_head_free, 8, outpatient, "H"),
    Mistake(without_group, 2, lambda record: stay(record) and len(visits(record)) == 1, "H"),
    Mistake(overdue, 2, outpatient, "H"),
    Mistake(two_services, 4, paid_apart),
)


@dataclass(frozen=True)
class Planter:
    """Plants in the books of one month; ``before`` are those of the month before, as they were sent.

    ``alone``: of what is put into stays no two things have the same person, so that no rule asks which came first.
    """

    books: Sequence[Book]
    before: Sequence[Book]
    rng: random.Random
    alone: bool = False

    def plant(self) -> None:
        for book in self.books:
            self.mistaken(book)
            self.paid_again(book)
            self.copied(book)
            self.overlapping(book)
        self.inside_stays()
        self.examined_twice()

    def mistaken(self, book: Book) -> None:
        """Mistakes in single cases."""
        for mistake in MISTAKES:
            if book.kind in mistake.kinds and book.register.organisation in (mistake.organisations or book.name):
                for record in self.fresh(book, mistake.where, mistake.count):
                    mistake.edit(record)

    def fresh(self, book: Book, where: Callable[[Node], bool], count: int) -> list[Node]:
        """Records that nothing was done to yet; fewer where there are not enough."""
        rows = [row for row, record in enumerate(book.records) if row not in book.touched and where(record)]
        chosen = sorted(self.rng.sample(rows, min(count, len(rows))))
        book.touched.update(chosen)
        return [book.records[row] for row in chosen]

    def paid_again(self, book: Book) -> None:
        """Cases of the month before once more: some under a new number, some under the old SL_ID or IDCASE."""
        for old in self.before:
            if old.name != book.name:
                continue
            for number, record in enumerate(self.fresh(old, lambda record: True, 14)):
                new = book.appended(record, old.persons[record["ID_PAC"]])
                book.touched.add(len(book.records) - 1)
                if number % 3 == 0:
                    for mine, theirs in zip(visits(new), visits(record), strict=True):
                        mine["SL_ID"] = theirs["SL_ID"]
                if number % 3 == 1:
                    new["IDCASE"] = str(9 * 10**10 + number)
                if number % 4 == 2 and new["USL_OK"] == "3":
                    dearer(new)

    def copied(self, book: Book) -> None:
        """The same care twice in the month, with changes that the keys see or do not see."""
        for number, record in enumerate(self.fresh(book, lambda record: True, 16)):
            new = book.appended(record, book.persons[record["ID_PAC"]])
            book.touched.add(len(book.records) - 1)
            if number % 4 == 1:
                visits(new)[0]["NHISTORY"] = f"26/9{number:05d}"
            if number % 4 == 2 and record["USL_OK"] == "1":
                dearer(record)
            if number % 8 == 3:
                book.appended(record, book.persons[record["ID_PAC"]])
                book.touched.add(len(book.records) - 1)

    def overlapping(self, book: Book) -> None:
        """Stays of one person in each other's time, or touching on one day; some in the day hospital."""
        for condition, count in (("1", 9), ("2", 6)):
            found = self.fresh(book, lambda record, condition=condition: record["USL_OK"] == condition, count)
            for number, record in enumerate(found):
                new = book.appended(record, book.persons[record["ID_PAC"]])
                book.touched.add(len(book.records) - 1)
                length = (date.fromisoformat(record["DATE_Z_2"]) - date.fromisoformat(record["DATE_Z_1"])).days
                moved(new, -(length if number % 4 == 0 else 1 + number % 3))

    def inside_stays(self) -> None:
        """Outpatient care, calls and days of other hospitals in the time of a stay, of this month or of the month before."""
        stays = [
            (book, record)
            for book in (*self.books, *self.before)
            for record in book.records
            if book.kind in "HC" and stay(record) and record["NOVOR"] == "0" and length(record) > 3
        ]
        for book in self.books:
            if book.kind not in "HC":
                continue
            for condition, count in (("3", 14), ("4", 8), ("2", 5)):
                found = self.fresh(book, lambda record, condition=condition: record["USL_OK"] == condition, count)
                for number, record in enumerate(found):
                    det, sex = visits(record)[0]["DET"], book.persons[record["ID_PAC"]]["W"]
                    own = [
                        (holder, inside)
                        for holder, inside in stays
                        if holder.register.payer == book.register.payer
                        and visits(inside)[0]["DET"] == det
                        and holder.persons[inside["ID_PAC"]]["W"] == sex
                    ]
                    if not own:
                        continue
                    holder, inside = self.rng.choice(own)
                    if self.alone:
                        gone = inside["ID_PAC"]
                        stays = [pair for pair in stays if pair[1]["ID_PAC"] != gone]
                    book.given(record, holder.persons[inside["ID_PAC"]], inside)
                    begin = date.fromisoformat(inside["DATE_Z_1"]) + timedelta(number % 4)
                    moved(record, (begin - date.fromisoformat(record["DATE_Z_1"])).days)
                    if number % 5 == 4 and condition == "3":
                        record["IDSP"] = "28"
                    if number % 7 == 6 and condition == "3":
                        record["FOR_POM"] = "2"

    def examined_twice(self) -> None:
        """A second examination in the year, a day later, in the same organisation."""
        for book in self.books:
            if book.kind == "X":
                for record in self.fresh(book, lambda record: record["DATE_Z_2"][-2:] < "28", 6):
                    new = book.appended(record, book.persons[record["ID_PAC"]])
                    book.touched.add(len(book.records) - 1)
                    moved(new, 1)


def length(record: Node) -> int:
    return (date.fromisoformat(record["DATE_Z_2"]) - date.fromisoformat(record["DATE_Z_1"])).days


def months(first: Sequence[Register], second: Sequence[Register], seed: int) -> tuple[list[Register], list[Register]]:
    """Both months with their mistakes; the second repeats care of the first. Some records are refused by the format."""
    rng = random.Random(seed)
    early, later = [opened(register) for register in first], [opened(register) for register in second]
    numbers: dict[tuple[str, str, str], str] = {}
    for book in later:
        account = book.heads[f"{book.kind}/SCHET"]
        account["NSCHET"] = numbers.setdefault(
            book.name, account["NSCHET"]
        )  # a second account under the number of the first
    Planter(early, [], rng).plant()
    sent = [closed(book) for book in early]
    Planter(later, early, rng).plant()
    spoilt = {"dates": 0.004, "p_cel": 0.004}
    chaos = np.random.default_rng(seed)
    return sent, [
        plant(closed(book), spoilt if book.kind == "H" and book.register.organisation == "980003" else {}, chaos)
        for book in later
    ]
