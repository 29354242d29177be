"""Packages of НСИ: packets of the rule dictionaries and of all other federal dictionaries, bare or in a ZIP."""

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
from pipelines.reference import report
from pipelines.reference.packets import ROLE, Edition, check_edition, edition_of


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
    edition = edition_of(opened)
    content = report.dictionary(edition, *_before(connection, edition))
    return [Outgoing(f"{answer_stem(opened.package.name)}_REPORT.XLSX", content)]


def answer_rules(connection: Connection, opened: Opened, findings: pd.DataFrame) -> Sequence[Outgoing]:
    """The report on the edition, and what became of every rule."""
    edition = edition_of(opened)
    proposed = editions.of_package(connection, opened.package.id)
    content = report.rules(edition, *_before(connection, edition), proposed, _compiled(_packet(edition)).outcomes)
    editions.note_report(connection, proposed, hashlib.sha256(content).hexdigest())
    return [Outgoing(f"{answer_stem(opened.package.name)}_REPORT.XLSX", content)]


def _store(connection: Connection, opened: Opened, edition: Edition) -> int:
    return nsi.store_edition(
        connection,
        edition.dictionary,
        edition.rows,
        title=edition.type,
        source=opened.package.name,
        version=edition.version,
        issued=edition.issued,
    )


def _before(connection: Connection, edition: Edition) -> tuple[nsi.Edition | None, list[dict[str, str | None]]]:
    """The edition before the one just kept, and its rows."""
    now = nsi.current(connection, edition.dictionary)
    assert now is not None, "answers come after apply"
    before = nsi.previous(connection, now)
    return before, nsi.entries(connection, before.id) if before else []


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
    bare=True,
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

KINDS = (RULE_DICTIONARY, DICTIONARY)
