"""Packages of НСИ, bare or in a ZIP: packets of the federal dictionaries, of those with rules too; workbooks of КСГ; the
directories of АИС ОМС in DBF; a region's own dictionaries in CSV.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import pandas as pd
from sqlalchemy import Connection

from pipelines import nsi
from pipelines.checks import editions
from pipelines.checks import findings as found
from pipelines.checks.editions import Compiled
from pipelines.checks.records import Packet
from pipelines.exchange import messages
from pipelines.exchange.kinds import Applied, Mask, Member, Opened, PackageKind
from pipelines.exchange.model import Outgoing
from pipelines.exchange.protocol import answer_stem
from pipelines.formats import packet
from pipelines.reference import report, workbook
from pipelines.reference.edition import Edition, before
from pipelines.reference.packets import ROLE, check_edition, edition_of
from pipelines.reference.tables import (
    VERSIONED,
    check_csv,
    check_dbf,
    csv_editions,
    dbf_editions,
    directory_file,
)
from pipelines.reference.workbook import check_workbook, own_editions, whole_editions


def check_rules(connection: Connection, opened: Opened, so_far: pd.DataFrame) -> pd.DataFrame:
    """Every record of a rule dictionary can be read, and no id stands twice."""
    rows = []
    seen: set[str] = set()
    for number, row in enumerate(edition_of(opened).rows):
        place = {"role": ROLE, "table": packet.RECORD, "row": number, "element": f"{packet.RECORD}/ID_TEST"}
        rule = row.get("ID_TEST", "")
        if not rule or rule in seen:
            rows.append(messages.finding("NSI.091" if rule else "NSI.090", **place, value=rule or None))
        seen.add(rule)
        if not row.get("ID_EL") or not row.get("TYPE_D"):
            rows.append(messages.finding("NSI.092", **place, value=rule or None))
        try:
            editions.records_of([row])
        except ValueError:
            rows.append(messages.finding("NSI.093", **place, value=rule or None))
    return found.frame(rows)


def apply(connection: Connection, opened: Opened, accepted: Mask) -> Applied:
    """Keep the edition in НСИ; from its commit on it is the one that the checks look into."""
    edition = edition_of(opened)
    _store(connection, opened, edition)
    return Applied(len(edition.rows), len(edition.rows))


def apply_csv(connection: Connection, opened: Opened, accepted: Mask) -> Applied:
    """Keep the editions; one with the rows of an edition before the last is in force again."""
    return _apply_all(connection, opened, csv_editions(opened))


def apply_dbf(connection: Connection, opened: Opened, accepted: Mask) -> Applied:
    """Keep the editions of the directories."""
    return _apply_all(connection, opened, dbf_editions(opened))


def apply_workbook(connection: Connection, opened: Opened, accepted: Mask) -> Applied:
    """Keep the editions that the workbook makes; its records are the rows of the grouper's table and of the groups."""
    for edition in whole_editions(connection, opened):
        _store(connection, opened, edition)
    records = sum(len(edition.rows) for edition in own_editions(connection, opened))
    return Applied(records, records)


def apply_rules(connection: Connection, opened: Opened, accepted: Mask) -> Applied:
    """Keep the edition in НСИ, compile it and propose it; the rules in force stay as they are."""
    edition = edition_of(opened)
    kept = _store(connection, opened, edition)
    rules = _packet(edition)
    editions.propose(
        connection,
        rules,
        _compiled(rules).book,
        nsi_edition=kept,
        package=opened.package.id,
        packet_sha256=opened.package.sha256,
    )
    return Applied(len(edition.rows), len(edition.rows))


def answer(connection: Connection, opened: Opened, findings: pd.DataFrame) -> Sequence[Outgoing]:
    """The report on the edition: records new, changed, closed, gone against the one before."""
    return _reports(connection, opened, [edition_of(opened)], findings)


def answer_csv(connection: Connection, opened: Opened, findings: pd.DataFrame) -> Sequence[Outgoing]:
    """A report on every edition that is not the one that was in force already."""
    return _reports(connection, opened, csv_editions(opened), findings)


def answer_dbf(connection: Connection, opened: Opened, findings: pd.DataFrame) -> Sequence[Outgoing]:
    """A report on every edition that is not the one that was in force already."""
    return _reports(connection, opened, dbf_editions(opened), findings)


def answer_workbook(connection: Connection, opened: Opened, findings: pd.DataFrame) -> Sequence[Outgoing]:
    """A report on the groups and one on the grouper's table."""
    return _reports(connection, opened, whole_editions(connection, opened), findings)


def answer_rules(connection: Connection, opened: Opened, findings: pd.DataFrame) -> Sequence[Outgoing]:
    """The report on the edition, and what became of every rule."""
    edition = edition_of(opened)
    proposed = editions.of_package(connection, opened.package.id)
    earlier = before(connection, opened, edition.dictionary)
    content = report.rules(edition, earlier, proposed, _compiled(_packet(edition)).outcomes)
    editions.note_report(connection, proposed, hashlib.sha256(content).hexdigest())
    return [Outgoing(f"{answer_stem(opened.package.name)}_REPORT.XLSX", content)]


def _apply_all(connection: Connection, opened: Opened, editions: Sequence[Edition]) -> Applied:
    for edition in editions:
        _store(connection, opened, edition)
    records = sum(len(edition.rows) for edition in editions)
    return Applied(records, records)


def _reports(
    connection: Connection, opened: Opened, editions: Sequence[Edition], findings: pd.DataFrame
) -> Sequence[Outgoing]:
    """Reports, named by their dictionary where the package may hold several; none on what did not change."""
    same = set(findings.loc[findings["rule"] == "NSI.031", "value"])
    stem = answer_stem(opened.package.name)
    return [
        Outgoing(
            f"{stem}_REPORT.XLSX" if len(editions) == 1 else f"{stem}_{edition.dictionary}_REPORT.XLSX",
            report.dictionary(edition, before(connection, opened, edition.dictionary)),
        )
        for edition in editions
        if edition.dictionary not in same
    ]


def _store(connection: Connection, opened: Opened, edition: Edition) -> int:
    """Keep an edition; one without version may have been there before, and be in force again."""
    return nsi.store_edition(
        connection,
        edition.dictionary,
        edition.rows,
        title=edition.type,
        source=opened.package.name,
        version=edition.version,
        issued=edition.issued,
        again=not edition.version,
    )


def _packet(edition: Edition) -> Packet:
    return Packet(edition.dictionary, edition.version, edition.issued, editions.records_of(edition.rows))


@lru_cache(maxsize=1)
def _compiled(rules: Packet) -> Compiled:
    """Compiled once for the edition and its report."""
    return editions.compiled(rules, editions.layouts())


DICTIONARY = PackageKind(
    code="NSI_DICTIONARY",
    title="Редакция федерального справочника",
    subsystem="nsi",
    name=re.compile(r"(?P<dictionary>[FKMNOQRV]\d{3})(?:_[\w.-]+)?", re.IGNORECASE),
    family=re.compile(r"[FKMNOQRV]\d{3}", re.IGNORECASE),
    members=(Member(ROLE, r"{dictionary}(?:_[\w.-]+)?\.xml", "packet", "NSI"),),
    senders=frozenset({"ТФОМС"}),
    policy="package",
    report_date=lambda opened: None,
    apply=apply,
    checks=(check_edition,),
    answers=answer,
    bare=("xml",),
    numbered=False,
)

RULE_DICTIONARY = replace(
    DICTIONARY,
    code="NSI_RULES",
    title="Редакция справочника правил контроля",
    name=re.compile(r"(?P<dictionary>Q015|Q016|Q022|Q023)(?:_[\w.-]+)?", re.IGNORECASE),
    apply=apply_rules,
    checks=(check_edition, check_rules),
    answers=answer_rules,
)

WORKBOOK = replace(
    DICTIONARY,
    code="NSI_KSG",
    title="Рабочая книга ФФОМС: группы КСГ и группировщик",
    name=re.compile(r"KSG(?P<year>\d{2})_(?P<care>KS|DS)(?:_(?P<since>\d{8}))?", re.IGNORECASE),
    family=re.compile(r"KSG\d", re.IGNORECASE),
    members=(Member(workbook.ROLE, r"KSG[\w.-]*\.xlsx", "workbook", workbook.CODE),),
    apply=apply_workbook,
    checks=(check_workbook,),
    answers=answer_workbook,
    bare=("xlsx",),
)

DIRECTORIES = replace(
    DICTIONARY,
    code="NSI_DBF",
    title="Справочники АИС ОМС города Москвы",
    name=re.compile(rf"NSI_DBF(?:_[\w-]+)?|{directory_file()}", re.IGNORECASE),
    family=re.compile(r"NSI_DBF", re.IGNORECASE),
    members=(Member("DBF", rf"{directory_file()}\.dbf".replace("{", "{{").replace("}", "}}"), "own_dbf", "", many=True),),
    apply=apply_dbf,
    checks=(check_dbf,),
    answers=answer_dbf,
    bare=("dbf",),
)

OWN_DICTIONARIES = replace(
    DICTIONARY,
    code="NSI_CSV",
    title="Справочники территории",
    name=re.compile(rf"NSI_CSV(?:_[\w-]+)?|T_\w+|[FKMNOQRV]\d{{3}}|{VERSIONED.pattern}", re.IGNORECASE),
    family=re.compile(r"NSI_CSV|T_", re.IGNORECASE),
    members=(Member("CSV", r"(?!NSI_CSV)[^\W\d_][\w.-]{{0,99}}\.csv", "csv", "", many=True),),
    apply=apply_csv,
    checks=(check_csv,),
    answers=answer_csv,
    bare=("csv",),
)

KINDS = (RULE_DICTIONARY, DICTIONARY, WORKBOOK, DIRECTORIES, OWN_DICTIONARIES)
