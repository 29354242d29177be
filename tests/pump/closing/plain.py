"""A month closed once more, row by row, after the words of the order and of the region's choices: slow on purpose.

Reads the packages with lxml, the region's tables with csv; counts with dictionaries, loops and Decimal (roubles). Shares
nothing with the pipeline. The stages about two cases of one person are those of ``mek.plain``, prices those of ``by_hand``.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import yaml
from lxml import etree

from tests.pump.mek import plain as meetings
from tests.pump.pricing import by_hand

Row = dict[str, Any]
NONE = Decimal(0)
KOPECK = Decimal("0.01")
MONEY = ("SUMV", "SUM_M", "SUMV_USL", "TARIF", "SUMMAV")
DATES = ("DSCHET", "DATE_Z_1", "DATE_Z_2", "DR", "DR_P", "DATE_1", "DATE_2", "DATE_IN", "DATE_OUT", "NPR_DATE")
ABSENT = (
    "ENP", "SPOLIS", "NPOLIS", "VPOLIS", "SMO", "MO_PR", "USL_OK", "FOR_POM", "P_CEL", "IDSP", "PLAT", "DISP", "P_OTK",
    "NOVOR", "RSLT", "ISHOD", "VIDPOM", "LPU", "KD_Z", "NPR_MO", "FAM", "IM", "OT", "W", "DR", "FAM_P", "IM_P", "OT_P",
    "W_P", "DR_P", "SNILS", "DOCTYPE", "DOCSER", "DOCNUM", "PR_NOV",
)  # fmt: skip
ACCOUNT = ("CODE_MO", "NSCHET", "DSCHET", "PLAT", "SUMMAV", "DISP")
VISIT_ABSENT = (
    "DS1", "PROFIL", "PRVS", "LPU_1", "PODR", "IDDOKT", "N_KSG", "METOD_HMP", "VID_HMP", "KD", "ED_COL", "TARIF", "NHISTORY",
    "P_CEL",
)  # fmt: skip
SERVICE_ABSENT = ("VID_VME", "CODE_USL", "KOL_USL", "TARIF", "PRVS", "CODE_MD", "DATE_IN", "DATE_OUT", "P_OTK", "PROFIL")
DIALYSIS = ("A18.05", "A18.30")
PER_HEAD = {"25", "26", "27", "31", "35", "36", "37", "38", "39", "44"}
APART = {"28", "29", "30"}
CONDITIONS = ("1", "2", "3", "4")


@dataclass(frozen=True)
class Region:
    """The region's tables and its choices (``month.yaml``)."""

    folder: Path
    okato: str
    tables: dict[str, list[Row]] = field(default_factory=dict)
    days: dict[tuple[str, date], list[Row]] = field(default_factory=dict)
    sets: dict[Any, set[Any]] = field(default_factory=dict)

    def table(self, name: str) -> list[Row]:
        if name not in self.tables:
            with (self.folder / "nsi" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
                self.tables[name] = list(csv.DictReader(stream, delimiter=";"))
        return self.tables[name]

    def on(self, name: str, day: date) -> list[Row]:
        """Rows in force on a day."""
        if (name, day) not in self.days:
            text = f"{day:%Y-%m-%d}"
            rows = [row for row in self.table(name) if row["DATEBEG"] <= text <= (row["DATEEND"] or "9999")]
            self.days[name, day] = rows
        return self.days[name, day]

    def has(self, name: str, fields: Sequence[str], values: Sequence[Any], day: date) -> bool:
        """Whether a row with these values is in force on the day."""
        key = (name, tuple(fields), day)
        if key not in self.sets:
            self.sets[key] = {tuple(row[one] for one in fields) for row in self.on(name, day)}
        return tuple(values) in self.sets[key]

    def bases(self, act: date) -> dict[str, Row]:
        """Rows of F014 by OSN: the newest, then the lowest code."""
        found: dict[str, Row] = {}
        for row in sorted(self.on("F014", act), key=lambda row: int(row["Kod"])):
            if row["Osn"] not in found or row["DATEBEG"] > found[row["Osn"]]["DATEBEG"]:
                found[row["Osn"]] = row
        return found


@dataclass
class Package:
    """A register that arrived: its number, bytes, and N_ZAP of the records that the format control refused."""

    number: int
    content: bytes
    refused: set[str]


@dataclass
class Result:
    """What a month came to, by the plain way."""

    period: date
    cases: list[Row]
    hits: list[Row]
    taken: dict[tuple[str, str], list[Decimal]]
    lines: dict[tuple[str, str], dict[str, Decimal]]
    debts: list[Row]
    accounts: set[tuple[str, str]]


# Reading


def read(package: Package) -> list[Row]:
    """Accepted records of a package with what is under them; rows are numbered as they stand in the file."""
    with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
        files = {name: etree.fromstring(archive.read(name)) for name in archive.namelist()}
    (main,) = [root for root in files.values() if root.tag == "ZL_LIST"]
    (people,) = [root for root in files.values() if root.tag == "PERS_LIST"]
    persons = {}
    for node in people.iter("PERS"):
        persons.setdefault(node.findtext("ID_PAC"), leaves(node))
    account = leaves(main.find("SCHET"))
    kind = {"H": "H", "C": "C", "T": "T", "D": "X"}[main.findtext("ZGLV/FILENAME")[0]]
    records, visit_row, service_row = [], -1, -1
    presented = NONE
    for number, node in enumerate(main.iter("ZAP")):
        row = dict.fromkeys(ABSENT) | {
            name: account.get(name) for name in ("CODE_MO", "NSCHET", "DSCHET", "PLAT", "SUMMAV", "DISP")
        }
        row |= leaves(node) | leaves(node.find("PACIENT")) | leaves(node.find("Z_SL"))
        row |= {name: value for name, value in persons.get(row["ID_PAC"], {}).items() if name != "ID_PAC"}
        row |= {"kind": kind, "package": package.number, "row": number, "visits": []}
        for below in node.iter("SL"):
            visit_row += 1
            visit = dict.fromkeys(VISIT_ABSENT) | leaves(below) | leaves(below.find("KSG_KPG"))
            visit |= {"visit_row": visit_row, "services": []}
            visit["criteria"] = [one.text for one in below.iter("CRIT")]
            visit["koefs"] = [one.text for one in below.iter("IDSL")]
            for last in below.iter("USL"):
                service_row += 1
                visit["services"].append(dict.fromkeys(SERVICE_ABSENT) | leaves(last) | {"service_row": service_row})
            row["visits"].append(visit)
        presented += row["SUMV"]
        records.append(row)
    marked(records)
    for row in records:
        row["presented"] = presented
    return [row for row in records if row["N_ZAP"] not in package.refused]


def leaves(node: Any) -> Row:
    """Elements without elements under them; the first of repeated ones."""
    row: Row = {}
    for child in [] if node is None else node:
        if len(child) or not child.text or child.tag in row:
            continue
        value: Any = child.text
        if child.tag in MONEY:
            value = Decimal(value)
        elif child.tag in DATES:
            value = datetime.fromisoformat(value)
        row[child.tag] = value
    return row


# Persons


@dataclass(frozen=True)
class Register:
    """The insured: persons by their numbers, policies, papers and names."""

    persons: dict[int, Row] = field(default_factory=dict)
    policies: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    keys: dict[str, dict[Any, set[int]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))

    def load(self, rows: Iterable[Row]) -> None:
        """One row for each policy of a person."""
        for row in rows:
            who = row["id"]
            self.persons[who] = row
            self.policies[who].append(row)
            keys = self.keys
            if row["enp"]:
                keys["ENP"][row["enp"]].add(who)
            vpolis = {"С": "1", "В": "2"}.get(row["kind"], "3")
            number = row["number"] or ("" if row["kind"] else row["enp"])
            keys["policy"][folded((row["series"] or "") + (number or "")), vpolis].add(who)
            if row["docnum"]:
                keys["document"][folded((row["docser"] or "") + row["docnum"]), row["doctype"]].add(who)
            if row["snils"]:
                keys["SNILS"][digits(row["snils"])].add(who)
            keys["name"][name_of(row["fam"], row["im"], row["ot"]), row["dr"]].add(who)

    def identify(self, case: Row, day: date) -> tuple[int | None, str, str | None]:
        """Person, what was found (own, other_smo, other_territory, none, dead) and the payer."""
        newborn = (case["NOVOR"] or "0") != "0"
        tail = "_P" if newborn else ""
        born = case[f"DR{tail}"].date()
        name = name_of(case[f"FAM{tail}"], case[f"IM{tail}"], case[f"OT{tail}"])
        who = self.found(case, day, name, born, case[f"W{tail}"])
        if who is None:
            return None, "none", None
        dead = self.persons[who]["dead_on"]
        if dead is not None and dead < day:
            if not newborn:
                return who, "dead", None
            day = dead  # a newborn stays insured as the mother was
        for policy in sorted(self.policies[who], key=lambda row: row["valid_from"], reverse=True):
            if policy["valid_from"] <= day <= (policy["valid_to"] or date.max):
                if policy["okato"]:
                    return who, "other_territory", policy["okato"]
                return who, "own" if policy["smo"] == case["SMO"] else "other_smo", policy["smo"]
        return who, "none", None

    def found(self, case: Row, day: date, name: str, born: date, sex: str | None) -> int | None:
        """By ЕНП, policy, document, СНИЛС, name: the one whose birthday or name agrees."""
        enp = case["ENP"] or (case["NPOLIS"] if case["VPOLIS"] == "3" else None)
        asked: list[tuple[str, Any]] = [("ENP", enp)]
        if case["NPOLIS"]:
            asked.append(("policy", (folded((case["SPOLIS"] or "") + case["NPOLIS"]), case["VPOLIS"])))
        if case["DOCNUM"]:
            asked.append(("document", (folded((case["DOCSER"] or "") + case["DOCNUM"]), case["DOCTYPE"])))
        asked += [("SNILS", digits(case["SNILS"] or "")), ("name", (name, born))]
        for by, key in asked:
            agreeing, holders = [], []
            for who in self.keys[by].get(key, ()):
                person = self.persons[who]
                began = [row for row in self.policies[who] if row["valid_from"] <= day]
                if by == "policy" and not began:
                    continue
                if by == "name" and sex is not None and person["w"] != sex:
                    continue
                if person["dr"] != born and name_of(person["fam"], person["im"], person["ot"]) != name:
                    continue
                agreeing.append(who)
                if by != "policy" or any(day <= (row["valid_to"] or date.max) for row in began):
                    holders.append(who)
            if len(agreeing) == 1 or len(holders) == 1:
                return holders[0] if len(holders) == 1 else agreeing[0]
        return None


def name_of(fam: str | None, im: str | None, ot: str | None) -> str:
    parts = [" ".join((part or "").upper().replace("Ё", "Е").split()) for part in (fam, im, ot)]
    return "|".join([*parts[:2], "" if parts[2] in ("НЕТ", "-") else parts[2]])


def folded(number: str) -> str:
    """Series and number as they are compared."""
    alike = str.maketrans("ABCEHIKMOPTVXYL", "АВСЕН1КМОРТУХУЛ")
    return "".join(sign for sign in number.upper().translate(alike) if sign.isalnum())


def digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())


def answered(case: Row, insured: Register) -> None:
    """Insured on the first day, paid for by the insurer of the last, refused after death."""
    person, found, payer = insured.identify(case, case["DATE_Z_1"].date())
    if case["DATE_Z_1"] != case["DATE_Z_2"]:
        _, later, last = insured.identify(case, case["DATE_Z_2"].date())
        if last is not None and payer is not None:
            found, payer = later, last
        if later == "dead":
            found = "dead"
    case |= {"person": person, "found": found, "payer": None if found in ("none", "dead") else payer}


def linked(cases: Iterable[Row]) -> None:
    """``who`` of each case: the person found, else ЕНП, else name and birthday; those who lack one borrow the only one."""
    for row in cases:
        tail = "_P" if (row["NOVOR"] or "0") != "0" else ""
        row["name"] = tuple((row[f"{part}{tail}"] or "").upper() for part in ("FAM", "IM", "OT")), row[f"DR{tail}"]
        row["policy"] = row["ENP"] or (row["NPOLIS"] if row["VPOLIS"] == "3" else None)
    lend(cases, "name", "policy", "policy")
    lend(cases, "policy", "person", "known")
    for row in cases:
        who = (
            ("person", row["known"])
            if row["known"] is not None
            else ("policy", row["policy"])
            if row["policy"]
            else row["name"]
        )
        row["who"] = (who, row["NOVOR"] or "0")


def lend(cases: Iterable[Row], weak: str, strong: str, into: str) -> None:
    known: dict[Any, set[Any]] = defaultdict(set)
    for row in cases:
        if row[weak] is not None and row[strong] is not None:
            known[row[weak]].add(row[strong])
    for row in cases:
        own, others = row[strong], known.get(row[weak], set())
        row[into] = own if own is not None else next(iter(others)) if len(others) == 1 else None


# Control


@dataclass
class Control:
    """МЭК of one month: its cases, the paid ones of the months before, what those took of the quarter."""

    region: Region
    period: date
    act: date
    cases: list[Row]
    past: list[Row]
    used: Mapping[tuple[str, str], Sequence[Decimal]]
    accounts: set[tuple[str, str]]
    hits: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bases = self.region.bases(self.act)
        visit = service = 0
        for number, case in enumerate(self.cases):
            case["case"] = number
            for one in case["visits"]:
                one["visit"] = visit
                visit += 1
                for last in one["services"]:
                    last["service"] = service
                    service += 1

    def hit(
        self,
        stage: str,
        osn: str,
        rule: str,
        case: Row,
        visit: Row | None = None,
        service: Row | None = None,
        note: bool = False,
    ) -> None:
        worth = service["SUMV_USL"] if service else visit["SUM_M"] if visit else case["SUMV"]
        basis = None if note else self.bases[osn]
        self.hits.append(
            {
                "case": case["case"],
                "visit": visit["visit"] if visit else -1,
                "service": service["service"] if service else -1,
                "key": (case["package"], case["row"], visit and visit["visit_row"], service and service["service_row"]),
                "stage": stage,
                "osn": osn,
                "rule": rule,
                "code": basis["Kod"] if basis else "",
                "fine": Decimal(basis["K_SH"]) if basis else NONE,
                "amount": rounded(worth * Decimal(basis["K_NO"])) if basis else NONE,
            }
        )

    def run(self) -> None:
        """All stages; what keeps other cases out leaves aside those that an earlier stage refused."""
        self.accounts_stage()
        for case in self.cases:
            self.person(case)
            self.days(case)
            self.consistency(case)
            self.federal(case)
            self.permits(case)
            self.prices(case)
        self.repeated()
        self.crossing()
        self.included()
        self.per_head()
        for case, found in zip(self.cases, by_case(self.hits, len(self.cases)), strict=True):
            case["OPLATA"], case["SUMP"], case["sanctions"] = decided(case, found)
        self.volumes()
        for case, found in zip(self.cases, by_case(self.hits, len(self.cases)), strict=True):
            case["OPLATA"], case["SUMP"], case["sanctions"] = decided(case, found)

    def accounts_stage(self) -> None:
        """A: the account as a whole."""
        packages: dict[int, list[Row]] = defaultdict(list)
        for case in self.cases:
            packages[case["package"]].append(case)
        known = set(self.accounts)
        last = (self.period + timedelta(31)).replace(day=1) - timedelta(1)
        for _, own in sorted(packages.items()):
            first = own[0]
            number = (first["CODE_MO"], first["NSCHET"])
            found = []
            if first["SUMMAV"] != first["presented"]:
                found.append(("1.4.2", "MEK.A.1"))
            if not self.period <= first["DSCHET"].date() <= self.act:
                found.append(("1.4.1", "MEK.A.2"))
            if number in known:
                found.append(("1.4.1", "MEK.A.3"))
            known.add(number)
            if not self.region.has("F032", ["MCOD"], [first["CODE_MO"]], self.period):
                found.append(("1.4.1", "MEK.A.4"))
            if not any(self.region.has("T_LICENCE", ["MCOD"], [first["CODE_MO"]], day) for day in (self.period, last)):
                found.append(("1.8.2", "MEK.A.5"))
            for osn, rule in found:
                for case in own:
                    self.hit("A", osn, rule, case)

    def person(self, case: Row) -> None:
        """B: who it is."""
        if case["found"] == "none":
            self.hit("B", "1.5", "MEK.B.1", case)
        if case["found"] == "dead":
            self.hit("B", "1.5", "MEK.B.2", case)
        if case["found"] == "other_smo" or (case["found"] == "own" and case["payer"] != case["SMO"]):
            self.hit("B", "1.5", "MEK.B.3", case, note=True)
        if case["found"] == "other_territory":
            self.hit("B", "1.5", "MEK.B.4", case, note=True)

    def days(self, case: Row) -> None:
        """C: days."""
        last = (self.period + timedelta(31)).replace(day=1) - timedelta(1)
        earliest = date(self.period.year, self.period.month - 2, 1)
        begin, end = case["DATE_Z_1"], case["DATE_Z_2"]
        if end.date() > last or begin.date() > last:
            self.hit("C", "1.4.6", "MEK.C.2", case)
        elif end.date() < earliest:
            self.hit("C", "1.4.6", "MEK.C.1", case)
        if begin > end:
            self.hit("C", "1.4.4", "MEK.C.3", case)
        for visit in case["visits"]:
            first, final = visit["DATE_1"], visit["DATE_2"]
            if first > final or first < begin or final > end:
                self.hit("C", "1.4.4", "MEK.C.4", case, visit)
            for one in visit["services"]:
                outside = one["DATE_IN"] < first or one["DATE_OUT"] > final
                if one["DATE_IN"] > one["DATE_OUT"] or (outside and case["kind"] != "X"):
                    self.hit("C", "1.4.4", "MEK.C.5", case, visit, one)

    def consistency(self, case: Row) -> None:
        """D: elements that do not go together, by the list of the order's rules."""
        for rule in RULES:
            if rule["level"] == "case" and not agrees(rule, looked(case, case["visits"][0])):
                self.hit("D", rule.get("osn", "1.4.4"), rule["rule"], case)
            for visit in case["visits"] if rule["level"] == "visit" else ():
                if not agrees(rule, looked(visit, case)):
                    self.hit("D", rule.get("osn", "1.4.4"), rule["rule"], case, visit)

    def federal(self, case: Row) -> None:
        """D: the federal rules (Q016) that something in these months breaks."""
        for osn, rule, visit, service, note in federal_findings(case, self.region):
            self.hit("D", osn, rule, case, visit, service, note)

    def permits(self, case: Row) -> None:
        """E and F: licence, certificate, programme."""
        has = self.region.has
        for visit in case["visits"]:
            day = visit["DATE_2"].date()
            if case["kind"] != "X":
                activity = [case["CODE_MO"], visit["PROFIL"], case["USL_OK"], case["VIDPOM"]]
                names = ["MCOD", "PROFIL", "USL_OK", "VIDPOM"]
                if not has("T_LICENCE", ["MCOD"], [case["CODE_MO"]], day):
                    self.hit("E", "1.8.2", "MEK.E.1", case, visit)
                elif not has("T_LICENCE", names, activity, day):
                    self.hit("E", "1.8.1", "MEK.E.2", case, visit)
                elif not has("T_LICENCE", [*names, "LPU_1"], [*activity, visit["LPU_1"]], day):
                    self.hit("E", "1.8.3", "MEK.E.3", case, visit)
            if visit["IDDOKT"] and not has("T_CERT", ["IDDOKT", "PRVS"], [visit["IDDOKT"], visit["PRVS"]], day):
                self.hit("E", "1.9", "MEK.E.4", case, visit)
            self.unpaid(case, visit, None, {**case, **visit}, day)
            for one in visit["services"]:
                done = one["DATE_OUT"].date()
                if one["CODE_MD"] and not has("T_CERT", ["IDDOKT", "PRVS"], [one["CODE_MD"], one["PRVS"]], done):
                    self.hit("E", "1.9", "MEK.E.5", case, visit, one)
                self.unpaid(case, visit, one, one, done)

    def unpaid(self, case: Row, visit: Row, service: Row | None, values: Row, day: date) -> None:
        for row in self.region.on("T_NOPAY", day):
            of_service = row["FIELD"] in ("CODE_USL", "VID_VME")
            if of_service == (service is not None) and values.get(row["FIELD"]) == row["VALUE"]:
                self.hit("F", row["OSN"], "MEK.F.2" if service else "MEK.F.1", case, visit, service)

    def prices(self, case: Row) -> None:
        """G: the tariff, and sums that do not come out."""
        for visit, due in zip(case["visits"], priced(case), strict=True):
            if due is None:
                self.hit("G", "1.7.1", "MEK.G.1", case, visit)
            elif due != visit["SUM_M"]:
                self.hit("G", "1.7.2", "MEK.G.2", case, visit)
            if differs(visit["TARIF"], visit["ED_COL"], visit["SUM_M"]):
                self.hit("G", "1.4.5", "MEK.G.5", case, visit)
            for one in visit["services"]:
                if differs(one["TARIF"], one["KOL_USL"], one["SUMV_USL"]):
                    self.hit("G", "1.4.5", "MEK.G.6", case, visit, one)
        if sum((visit["SUM_M"] for visit in case["visits"]), NONE) != case["SUMV"]:
            self.hit("G", "1.4.5", "MEK.G.4", case)

    def repeated(self) -> None:
        """H: the same care twice, in the month or beside what was paid; one examination a year."""
        cases, visits = fallen(self.cases, self.hits)
        of_visit = {visit["visit"]: visit for case in self.cases for visit in case["visits"]}
        for rule, osn, number, part in sorted(meetings.duplicates(self.cases, self.past, cases, visits)):
            self.hit("H", osn, rule, self.cases[number], of_visit.get(part))
        for group in (("ДВ4", "ОПВ"), ("ПН1",)):
            before = {
                (row["who"], row["DATE_Z_2"].year) for row in self.past if row["DISP"] in group and meetings.accepted(row)
            }
            once: dict[Any, list[Row]] = defaultdict(list)
            for row in self.cases:
                if row["DISP"] in group:
                    once[row["who"], row["DATE_Z_2"].year].append(row)
            for key, own in once.items():
                stays = next((row for row in own if row["case"] not in cases), own[0])
                for row in own:
                    if row is not stays:
                        self.hit("H", "1.10.2", "MEK.H.9", row)
                    if key in before:
                        self.hit("H", "1.10.1", "MEK.H.9", row)

    def crossing(self) -> None:
        """I: care in the time of a stay."""
        cases, _ = fallen(self.cases, self.hits)
        of_visit = {visit["visit"]: visit for case in self.cases for visit in case["visits"]}
        grounds = {"MEK.I.1": "1.10.6", "MEK.I.2": "1.10.5", "MEK.I.3": "2.8", "MEK.I.4": "1.10.6", "MEK.I.5": "1.10.5"}
        for rule, refused, number, part in sorted(meetings.crossings(self.cases, self.past, cases)):
            self.hit("I", grounds[rule], rule, self.cases[number], of_visit.get(part), note=not refused)

    def included(self) -> None:
        """J: services that the tariff of a stay or of another service pays."""
        cases, _ = fallen(self.cases, self.hits)
        stays: dict[Any, list[Row]] = defaultdict(list)
        services: dict[Any, list[Row]] = defaultdict(list)
        for case in self.cases:
            if case["case"] in cases:
                continue
            if case["USL_OK"] in ("1", "2"):
                stays[case["who"], case["USL_OK"]].append(case)
            for one in (one for visit in case["visits"] for one in visit["services"]):
                services[case["who"], case["CODE_MO"], one["DATE_IN"], one["CODE_USL"]].append(one)
        for case in self.cases:
            if case["IDSP"] not in APART:
                continue
            for visit in case["visits"]:
                for one in visit["services"]:
                    if one["SUMV_USL"] <= 0:
                        continue
                    listed = [
                        row
                        for row in self.region.on("T_INCLUDED", one["DATE_IN"].date())
                        if row["CODE_USL"] in (one["CODE_USL"], one["VID_VME"])
                    ]
                    for condition in sorted({row["USL_OK"] for row in listed} - {""}):
                        day = one["DATE_IN"]
                        if any(stay["DATE_Z_1"] < day < stay["DATE_Z_2"] for stay in stays[case["who"], condition]):
                            self.hit("J", "1.10.3", "MEK.J.1", case, visit, one)
                    for into in sorted({row["INTO"] for row in listed} - {""}):
                        holders = services[case["who"], case["CODE_MO"], one["DATE_IN"], into]
                        if holders and holders[0] is not one:
                            self.hit("J", "1.10.3", "MEK.J.2", case, visit, one)

    def per_head(self) -> None:
        """J: care of attached persons that the norm pays."""
        for case in self.cases:
            if case["MO_PR"] != case["CODE_MO"] or case["USL_OK"] != "3" or case["IDSP"] in PER_HEAD:
                continue
            for visit in case["visits"]:
                names = [case["CODE_MO"], visit["PROFIL"]]
                if visit["SUM_M"] > 0 and self.region.has("T_CAPITA", ["MCOD", "PROFIL"], names, visit["DATE_2"].date()):
                    self.hit("J", "1.10.4", "MEK.J.3", case, visit)

    def limited(self, case: Row) -> bool:
        """Whether the commission's volumes bind the case."""
        exempt = case["PLAT"] is None or case["IDSP"] in ("35", "36") or meetings.dialysis(case)
        exempt = exempt or case["found"] == "other_territory"
        return not exempt and not self.region.has("T_VOL_OFF", ["MCOD"], [case["CODE_MO"]], self.act)

    def unit(self, case: Row, measure: str) -> tuple[str, Decimal] | None:
        """Unit of account of a case and how much of it the case takes."""
        first = case["visits"][0]
        for row in self.region.on("T_UNIT", case["DATE_Z_2"].date()):
            wanted = (
                ("KIND", case["kind"]),
                ("USL_OK", case["USL_OK"]),
                ("IDSP", case["IDSP"]),
                ("PROFIL", first["PROFIL"]),
            )
            if row["MEASURE"] == measure and all(row[name] in ("", value) for name, value in wanted):
                return row["UNIT"], Decimal(len(case["visits"]) if row["COUNT"] == "visit" else 1)
        return None

    def limit(self, mo: str, unit: str, field_name: str) -> Decimal | None:
        """What the commission gave for the quarter up to this month."""
        found = None
        quarter = str((self.period.month - 1) // 3 + 1)
        for row in self.region.on("T_VOLUME", self.act):
            here = (row["MCOD"], row["UNIT"], row["YEAR"], row["QUARTER"]) == (mo, unit, str(self.period.year), quarter)
            if here and int(row["MONTH"] or 0) <= self.period.month and row[field_name]:
                found = (found or NONE) + Decimal(row[field_name])
        return found

    def volumes(self) -> None:
        """K: over the volume (1.6.2), then over the money (1.6.3); the first that does not fit closes the rest."""
        down, _ = fallen(self.cases, self.hits)
        taking = [case for case in self.cases if case["case"] not in down and case["OPLATA"] != "2" and self.limited(case)]
        over = self.beyond(taking, "volume", "VOLUME", lambda case: (int(case["IDCASE"]), case["case"]))
        for case in over:
            self.hit("K", "1.6.2", "MEK.K.1", case)
        gone = {case["case"] for case in over}
        left = [case for case in taking if case["case"] not in gone]
        for case in self.beyond(left, "money", "MONEY", lambda case: (case["DATE_Z_2"], int(case["IDCASE"]), case["case"])):
            self.hit("K", "1.6.3", "MEK.K.2", case)

    def beyond(self, cases: list[Row], measure: str, field_name: str, order: Any) -> list[Row]:
        rest: dict[tuple[str, str], Decimal] = {}
        over = []
        for case in sorted(cases, key=order):
            found = self.unit(case, measure)
            if found is None:
                continue
            key = (case["CODE_MO"], found[0])
            if key not in rest:
                limit = self.limit(*key, field_name)
                if limit is None and measure == "money":
                    rest[key] = Decimal("Infinity")
                else:
                    used = self.used.get(key, (NONE, NONE))
                    rest[key] = (limit or NONE) - used[0 if measure == "volume" else 1]
            rest[key] -= found[1] if measure == "volume" else case["SUMP"]
            if rest[key] < 0:
                over.append(case)
        return over

    def taken(self) -> dict[tuple[str, str], list[Decimal]]:
        """Quantity and money of the accepted cases by organisation and unit."""
        sums: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [NONE, NONE])
        for case in self.cases:
            if case["OPLATA"] == "2" or not self.limited(case):
                continue
            for measure in ("volume", "money"):
                found = self.unit(case, measure)
                if found is not None:
                    line = sums[case["CODE_MO"], found[0]]
                    line[0] += found[1]
                    line[1] += case["SUMP"]
        return dict(sums)


def by_case(hits: Iterable[Row], count: int) -> list[list[Row]]:
    grouped: list[list[Row]] = [[] for _ in range(count)]
    for hit in hits:
        grouped[hit["case"]].append(hit)
    return grouped


def fallen(cases: Sequence[Row], hits: Iterable[Row]) -> tuple[set[int], set[int]]:
    """Cases and visits that are refused as a whole."""
    down: set[int] = set()
    parts: set[int] = set()
    for case, found in zip(cases, by_case(hits, len(cases)), strict=True):
        whole = any(hit["code"] and hit["visit"] < 0 and hit["amount"] >= case["SUMV"] for hit in found)
        own = set()
        for visit in case["visits"]:
            mine = [hit for hit in found if hit["code"] and hit["visit"] == visit["visit"] and hit["service"] < 0]
            if whole or any(hit["amount"] >= visit["SUM_M"] for hit in mine):
                own.add(visit["visit"])
        parts |= own
        if whole or len(own) == len(case["visits"]):
            down.add(case["case"])
    return down, parts


def decided(case: Row, hits: Sequence[Row]) -> tuple[str, Decimal, list[tuple[Any, ...]]]:
    """OPLATA, SUMP and the grounds applied: (visit row or None, code, sum). One ground an object, never added up."""

    def best(visit: int, service: int, worth: Decimal) -> tuple[Decimal, Row | None]:
        own = [hit for hit in hits if hit["code"] and (hit["visit"], hit["service"]) == (visit, service)]
        ranked = sorted(own, key=lambda hit: (-min(hit["amount"], worth), -hit["fine"], int(hit["code"])))
        if not ranked or min(ranked[0]["amount"], worth) <= 0:
            return NONE, None
        return min(ranked[0]["amount"], worth), ranked[0]

    whole, ground = best(-1, -1, case["SUMV"])
    inner: list[tuple[Any, Decimal, Row]] = []
    total = NONE
    for visit in case["visits"]:
        own, reason = best(visit["visit"], -1, visit["SUM_M"])
        parts = [best(visit["visit"], one["service"], one["SUMV_USL"]) for one in visit["services"]]
        together = min(sum((amount for amount, _ in parts), NONE), visit["SUM_M"])
        if together > own:
            left = visit["SUM_M"]
            for amount, hit in parts:
                if hit is not None and left > 0:
                    inner.append((visit["visit_row"], min(amount, left), hit))
                    left -= min(amount, left)
        elif reason is not None:
            inner.append((visit["visit_row"], own, reason))
        total += max(own, together)
    total = min(total, case["SUMV"])
    if total <= whole:
        inner = [] if ground is None else [(None, whole, ground)]
    applied, left = [], case["SUMV"]
    for place, amount, hit in inner:
        if min(amount, left) > 0:
            applied.append((place, hit["code"], min(amount, left)))
            left -= min(amount, left)
    return ("1" if left == case["SUMV"] else "3" if left else "2"), left, applied


# What elements say


def _rules() -> list[Row]:
    path = by_hand.ROOT / "include" / "pump" / "consistency.yaml"
    declared: list[Row] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return declared


RULES = _rules()


def agrees(rule: Row, value: Any) -> bool:
    holds = all(meets(value(name), wanted) for name, wanted in rule["when"].items())
    return not holds or all(meets(value(name), wanted) for name, wanted in rule["must"].items())


def looked(own: Row, other: Row) -> Any:
    """Elements of a case or visit; what it lacks is that of the other level."""

    def value(name: str) -> Any:
        case, visit = (own, other) if "visits" in own else (other, own)
        if name == "AGE":
            return age(case["DR"], (case["DATE_Z_1"] if own is case else visit["DATE_1"]))
        if name == "KD_OVER":
            if visit["KD"] is None:
                return None
            apart = (visit["DATE_2"] - visit["DATE_1"]).days
            return int(visit["KD"]) - (apart + 1 if case["USL_OK"] == "2" else max(apart, 1))
        found = own.get(name)
        return found if found is not None or name in own else other.get(name)

    return value


def age(born: date | None, day: date) -> int | None:
    if born is None:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def meets(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return value in wanted
    for form, operand in wanted.items():
        if form == "empty":
            right = (value is None) == operand
        elif form == "not":
            right = value not in operand
        elif value is None:
            right = False
        elif form == "from":
            right = int(value) >= operand
        elif form == "to":
            right = int(value) <= operand
        elif form == "rubric":
            right = any(within(value, span) for span in operand)
        else:
            raise ValueError(form)
        if not right:
            return False
    return True


def within(code: str, span: str) -> bool:
    first, _, last = span.partition("-")
    last = last or first
    return first <= code[: len(first)] and code[: len(last)] <= last


THERAPISTS = ("B01.026", "B01.047", "B04.026", "B04.047")
OF_WOMEN = ("3", "136", "137", "184")
OF_ADULTS = ("29", "60", "108", "122")
FREE_OF_COUNT = ("63", "85", "86", "87", "88", "89", "90", "171")
OF_GROWN_UP = ("1", "4", "5", "6", "7", "8", "14", "16", "17", "26", "29")
ADULT_SPECIALITIES = ("Кардиология", "Онкология", "Урология", "Эндокринология")


def federal_findings(case: Row, region: Region) -> Iterable[tuple[str, str, Row | None, Row | None, bool]]:
    """Ground, rule, visit, service, whether only noted: the rules of Q016 that registers of these months break.

    Second copies in one file are only noted: which of them stays is stage H's to say.
    """
    if case["DISP"] == "ДВ4":
        last = [one for visit in case["visits"] for one in visit["services"] if one["DATE_OUT"] == case["DATE_Z_2"]]
        if not any((one["CODE_USL"] or "").startswith(THERAPISTS) for one in last):
            yield "1.4.4", "003K.00.0990", None, None, False
    if case["P_OTK"] == "1" and case["SUMV"] != 0:
        yield "1.4.5", "003K.00.0235", None, None, False
    if case["papers"]:
        yield "1.4.4", "003K.00.1021", None, None, False
    if case["again"]:
        yield "1.10.2", "003K.00.0420", None, None, True
    at_begin = age(case["DR"], case["DATE_Z_1"])
    for visit in case["visits"]:
        if visit["again"]:
            yield "1.10.2", "003K.00.0410", visit, None, True
        by_service = case["USL_OK"] == "3" and case["IDSP"] == "28" and visit["PROFIL"] not in FREE_OF_COUNT
        if by_service and Decimal(visit["ED_COL"]) != len(visit["services"]):
            yield "1.4.4", "003K.00.0560", visit, None, False
        of_visit = ("003K.00.0740", "003K.00.0770", "003K.00.0840", "003K.00.0860", "003K.00.0870")
        of_service = ("003K.00.0790", "003K.00.0820", "003K.00.0900", "003K.00.0920", "003K.00.0930")
        at_visit = age(case["DR"], visit["DATE_1"])
        for own, rules in ((visit, of_visit), *((one, of_service) for one in visit["services"])):
            speciality = {row["SPECNAME"] for row in region.table("V021") if row["IDSPEC"] == own["PRVS"]}
            broken = (
                own["PROFIL"] in OF_WOMEN and case["W"] != "2",
                own["PROFIL"] in OF_ADULTS and at_visit < 18,
                "Акушерство и гинекология" in speciality and case["W"] != "2",
                bool(speciality & set(ADULT_SPECIALITIES)) and at_begin < 18,
                "Терапия" in speciality and at_begin < 15,
            )
            for rule, wrong in zip(rules, broken, strict=True):
                if wrong:
                    yield "1.4.4", rule, visit, None if own is visit else own, False


def marked(records: Sequence[Row]) -> None:
    """Which cases and visits stand in one file again: ``again``; whose papers nobody has at such an age: ``papers``.

    Examinations have neither profile nor speciality.
    """
    young = {
        row["ID_PAC"]
        for row in records
        if row["DOCTYPE"] in OF_GROWN_UP and row["NOVOR"] == "0" and age(row["DR"], row["DATE_Z_1"]) < 14
    }
    cases: set[Any] = set()
    visits: set[Any] = set()
    for row in records:
        row["papers"] = row["ID_PAC"] in young
        who = [row[name] for name in ("USL_OK", "NOVOR", "FAM", "IM", "OT", "DR")]
        looked_at = row["kind"] == "X" or (row["USL_OK"] != "4" and row["IDSP"] != "28")
        lists = [tuple(visit[name] for visit in row["visits"]) for name in ("PRVS", "PROFIL")]
        key = (*who, row["DATE_Z_1"], row["DATE_Z_2"], *lists)
        row["again"] = key in cases and looked_at and (row["USL_OK"] != "3" or row["DATE_Z_1"] != row["DATE_Z_2"])
        cases.add(key)
        for visit in row["visits"]:
            names = ("DATE_1", "DATE_2", "PRVS", "PROFIL")
            part = (*who, *(visit[name] for name in names))
            visit["again"] = part in visits and looked_at and (row["USL_OK"] != "3" or visit["DATE_1"] != visit["DATE_2"])
            visits.add(part)


# Prices


def priced(case: Row) -> list[Decimal | None]:
    """What the agreement gives for each visit; None where it has no tariff."""
    if (
        case["kind"] != "X"
        and case["USL_OK"] in ("3", "4")
        and case["IDSP"] in PER_HEAD
        and case["found"] != "other_territory"
    ):
        return [NONE for _ in case["visits"]]
    visits = [by_hand.Visit(case, visit, visit["services"], visit["criteria"], visit["koefs"]) for visit in case["visits"]]
    grouped = case["USL_OK"] in ("1", "2") and case["kind"] != "T"
    if grouped and len(visits) == 1 and not by_hand._groups(visits[0]):
        return [None]
    return [Decimal(kopecks) / 100 for kopecks in by_hand.price_case(visits)]


def differs(tariff: Decimal | None, quantity: str | None, billed: Decimal) -> bool:
    """Whether a sum is not tariff × quantity, where both are told."""
    return tariff is not None and bool(quantity) and rounded(tariff * Decimal(quantity)) != billed


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(KOPECK, ROUND_HALF_UP)


# Settlement


def norms(region: Region, period: date) -> dict[tuple[str, str], dict[str, Decimal]]:
    """Sums per head, their result part, stations and ambulance, by payer and organisation."""
    people = [row | {"PEOPLE": int(row["PEOPLE"])} for row in region.on("T_PRIKR", period)]
    share = Decimal("0.05")
    sums: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: NONE))

    def divided(mo: str, condition: str, amount: Decimal, name: str) -> None:
        own = sorted((row for row in people if (row["MCOD"], row["USL_OK"]) == (mo, condition)), key=lambda row: row["SMO"])
        for row, part in zip(own, parts(amount, [row["PEOPLE"] for row in own]), strict=True):
            sums[row["SMO"], mo][name] += part

    for mo, condition, month in yearly(region, period):
        if condition == "3":
            divided(mo, condition, month - rounded(month * share), "capita")
        else:
            divided(mo, condition, month, "ambulance")
    stations: dict[str, Decimal] = defaultdict(lambda: NONE)
    for row in region.on("T_FAP", period):
        stations[row["MCOD"]] += rounded(Decimal(row["NORM"]) * 1000 * Decimal(row["COEF"] or 1) / 12)
    for mo, amount in stations.items():
        divided(mo, "3", amount, "stations")
    if period.month in (3, 6, 9, 12):
        months = [date(period.year, number, 1) for number in range(period.month - 2, period.month + 1)]
        pool = sum((rounded(amount * share) for day in months for _, one, amount in yearly(region, day) if one == "3"), NONE)
        heads: dict[str, int] = defaultdict(int)
        for row in people:
            heads[row["MCOD"]] += row["PEOPLE"] if row["USL_OK"] == "3" else 0
        scored = [row for row in region.on("T_RD", period) if heads[row["MCOD"]]]
        for mo, amount in results(scored, heads, pool):
            divided(mo, "3", amount, "result")
    return {key: dict(found) for key, found in sums.items()}


def yearly(region: Region, day: date) -> Iterable[tuple[str, str, Decimal]]:
    """Organisation, condition and the month's sum of each norm."""
    for row in region.on("T_PODUSH", day):
        own = [
            int(one["PEOPLE"])
            for one in region.on("T_PRIKR", day)
            if (one["MCOD"], one["USL_OK"]) == (row["MCOD"], row["USL_OK"])
        ]
        if own:
            yield row["MCOD"], row["USL_OK"], rounded(Decimal(row["NORM"]) * sum(own) / 12)


def results(scored: list[Row], heads: Mapping[str, int], pool: Decimal) -> Iterable[tuple[str, Decimal]]:
    """Seven tenths by people to those with 40 % of the points and more, the rest by points to those above 60 %."""
    level = [Decimal(row["POINTS"]) / Decimal(row["MAX_POINTS"]) for row in scored]
    by_people = rounded(pool * Decimal("0.70"))
    first = parts(
        by_people, [heads[row["MCOD"]] if at >= Decimal("0.40") else 0 for row, at in zip(scored, level, strict=True)]
    )
    scale = [
        int(Decimal(row["POINTS"]) * 1000) if at > Decimal("0.60") else 0 for row, at in zip(scored, level, strict=True)
    ]
    second = parts(pool - by_people, scale)
    return [(row["MCOD"], one + other) for row, one, other in zip(scored, first, second, strict=True)]


def parts(amount: Decimal, weights: Sequence[int]) -> list[Decimal]:
    """An amount by weights, to the kopeck: what is left goes to the largest remainders."""
    whole, kopecks = sum(weights), int(amount * 100)
    if not whole:
        return [NONE for _ in weights]
    shares = [kopecks * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda at: (-(kopecks * weights[at] % whole), at))
    for at in order[: kopecks - sum(shares)]:
        shares[at] += 1
    return [Decimal(share) / 100 for share in shares]


def settled(
    region: Region, period: date, cases: Iterable[Row], debts: Sequence[Row]
) -> tuple[dict[tuple[str, str], dict[str, Decimal]], list[Row]]:
    """Lines by payer and organisation, and what is carried to the next month."""
    lines: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(NAMES, NONE))
    for case in cases:
        if case["payer"] is None:
            assert case["SUMP"] == 0, "a case of nobody is paid"
            continue
        lines[case["payer"], case["CODE_MO"]][f"accepted_{case['USL_OK'] or '3'}"] += case["SUMP"]
    for key, found in norms(region, period).items():
        for name, amount in found.items():
            lines[key][name] += amount
    items = [
        {"payer": row["SMO"], "mo": row["MCOD"], "what": "advance", "date": period, "act": "", "amount": Decimal(row["SUM"])}
        for row in region.on("T_AVANS", period)
    ]
    items += [dict(debt) for debt in debts]
    for item in items:
        lines[item["payer"], item["mo"]]  # a line for each deduction, even of nothing
    carried = []
    for (payer, mo), line in lines.items():
        line["gross"] = sum((line[name] for name in SUMS), NONE)
        left = line["gross"]
        own = [item for item in items if (item["payer"], item["mo"]) == (payer, mo)]
        for item in sorted(own, key=lambda item: (("advance", "debt").index(item["what"]), item["date"], item["act"])):
            now = min(left, item["amount"])
            left -= now
            line[item["what"]] += now
            if item["amount"] > now:
                line["carried"] += item["amount"] - now
                carried.append(item | {"what": "debt", "amount": item["amount"] - now})
        line["payable"] = left
    return dict(lines), carried


SUMS = (*(f"accepted_{one}" for one in CONDITIONS), "capita", "result", "stations", "ambulance")
NAMES = (*SUMS, "gross", "advance", "debt", "sanction", "fine", "payable", "carried")


def close(
    region: Region, period: date, act: date, packages: Sequence[Package], insured: Register, before: Result | None = None
) -> Result:
    """A month from its packages; ``before`` is the closed month before it in the same quarter."""
    cases = [case for package in sorted(packages, key=lambda one: one.number) for case in read(package)]
    for case in cases:
        answered(case, insured)
    past = before.cases if before else []
    linked([*past, *cases])
    control = Control(region, period, act, cases, past, before.taken if before else {}, before.accounts if before else set())
    control.run()
    lines, debts = settled(region, period, cases, before.debts if before else [])
    accounts = {(case["CODE_MO"], case["NSCHET"]) for case in cases} | control.accounts
    return Result(period, cases, control.hits, control.taken(), lines, debts, accounts)
