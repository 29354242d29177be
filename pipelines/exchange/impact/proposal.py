"""A change of the rules that somebody proposes: what it is, the rules before and after it, how it is put in force."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property

from sqlalchemy import Connection

from pipelines.checks import editions, policy, rulebook
from pipelines.checks.difference import Difference, RuleChange, between, rule_changes
from pipelines.checks.rulebook import RuleBook
from pipelines.exchange.impact.actions import ACTIONS, EDITION, MOST_MONTHS
from pipelines.exchange.impact.replay import ImpactError
from pipelines.exchange.impact.report import Subject

_DAY = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")


@dataclass(frozen=True)
class Request:
    """What is proposed: an ``action`` of ``ACTIONS`` from the report day ``since``, replayed over ``months`` report months
    up to that of ``until``. ``edition`` is the id of a proposed edition; otherwise ``rule`` is switched in files of ``kind``
    (a layout's code, empty: all)."""

    action: str
    since: date
    months: int
    until: date
    rule: str = ""
    kind: str = ""
    text: str = ""
    edition: int | None = None

    @classmethod
    def of(cls, values: Mapping[str, object], today: date) -> Request:
        """Request from the values of a form; raises ``ImpactError`` for one that is not complete."""
        action, since = str(values.get("action") or ""), str(values.get("since") or "")
        rule, text = (str(values.get(name) or "").strip() for name in ("rule", "text"))
        edition, months = values.get("edition"), int(str(values.get("months") or 0))
        if action not in ACTIONS:
            raise ImpactError(f"действие «{action}», ожидается одно из: {', '.join(ACTIONS)}")
        if not _DAY.fullmatch(since):
            raise ImpactError(f"первый день изменения «{since}», ожидается дата ГГГГ-ММ-ДД")
        if not 1 <= months <= MOST_MONTHS:
            raise ImpactError(f"месяцев {months}, ожидается от 1 до {MOST_MONTHS}")
        if action == EDITION and edition is None:
            raise ImpactError("не указан номер предложенной редакции")
        if action != EDITION and not rule:
            raise ImpactError("не указан код правила")
        if action == policy.TEXT and not text:
            raise ImpactError("не указан новый текст сообщения")
        kind = str(values.get("kind") or "").strip()
        identifier = int(str(edition)) if action == EDITION else None
        return cls(action, date.fromisoformat(since), months, today.replace(day=1), rule, kind, text, identifier)

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> Request:
        """What ``to_json`` gave."""
        days = {name: date.fromisoformat(str(values[name])) for name in ("since", "until")}
        return cls(**{**values, **days})  # type: ignore[arg-type]

    def to_json(self) -> dict[str, str | int | None]:
        """The request as values of JSON."""
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(self).items()}

    @property
    def periods(self) -> list[date]:
        """First days of the months to replay, the oldest first."""
        last = self.until.year * 12 + self.until.month - 1
        return [date(number // 12, number % 12 + 1, 1) for number in range(last - self.months + 1, last + 1)]


@dataclass(frozen=True)
class Proposal:
    """A request over the state of an installation; ``rows`` are those of the region's switches that it would leave."""

    request: Request
    title: str
    before: RuleBook
    after: RuleBook
    rows: Sequence[policy.Row] = ()

    @cached_property
    def difference(self) -> Difference:
        return between(self.before.suites, self.after.suites, self.request.since)

    @cached_property
    def changes(self) -> tuple[RuleChange, ...]:
        return rule_changes(self.before.suites, self.after.suites, self.request.since)

    @property
    def digest(self) -> str:
        """SHA-256 of what changes: another one means that the rules are no longer those that were replayed."""
        return hashlib.sha256(repr(self.changes).encode()).hexdigest()

    @property
    def subject(self) -> Subject:
        """What the report says of the change."""
        periods = self.request.periods
        lines = [
            ("Изменение", self.title),
            ("Действует с", f"{self.request.since:%d.%m.%Y}"),
            ("Отчётные месяцы", f"{periods[0]:%m.%Y} – {periods[-1]:%m.%Y}"),
            ("Правила сейчас", "; ".join(self.before.editions)),
            ("Правила с изменением", "; ".join(self.after.editions)),
        ]
        return Subject("Влияние изменения правил контроля", lines, self.changes)


def propose(connection: Connection, request: Request) -> Proposal:
    """The rules before and after; raises ``ImpactError`` when there is no such rule or edition, or nothing would change."""
    proposal = _edition(connection, request) if request.action == EDITION else _switch(connection, request)
    if not proposal.changes:
        raise ImpactError("изменение ничего не меняет: правила уже такие")
    return proposal


def enable(connection: Connection, proposal: Proposal, by: str, reason: str) -> int:
    """Put the change in force; returns the id of the edition: that of the rules, or of the region's switches.

    Raises ``ImpactError`` when the edition's rules need dictionaries that are not loaded.
    """
    request = proposal.request
    if request.edition is not None:
        try:
            editions.enable(connection, request.edition, request.since, by, reason)
        except ValueError as error:
            raise ImpactError(str(error)) from None
        return request.edition
    return policy.store(connection, proposal.rows, f"{by}: {reason}")


def _edition(connection: Connection, request: Request) -> Proposal:
    assert request.edition is not None, "Request.of asks for it"
    try:
        edition = editions.find(connection, request.edition)
    except LookupError as error:
        raise ImpactError(str(error)) from None
    after = editions.as_if(connection, request.edition, request.since)
    return Proposal(request, f"{ACTIONS[EDITION]}: {edition.title}", rulebook.in_force(connection), after)


def _switch(connection: Connection, request: Request) -> Proposal:
    every = rulebook.under(connection, ()).every()
    known = sorted({suite.layout for _, suite in every if any(check.rule == request.rule for check in suite.checks)})
    if not known:
        raise ImpactError(f"правила {request.rule} нет среди исполняемых")
    if request.kind and request.kind not in known:
        raise ImpactError(f"правила {request.rule} нет у файла {request.kind}, оно проверяется у файлов: {', '.join(known)}")
    new = policy.NewSwitch(request.rule, request.kind, request.action, request.text, request.since)
    try:
        rows = policy.switched(policy.rows(connection), new)
    except policy.PolicyError as error:
        raise ImpactError(str(error)) from None
    after = rulebook.under(connection, rulebook.read_switches(rows))
    title = (
        f"правило {request.rule}, {f'файл {request.kind}' if request.kind else 'все виды файлов'}: {ACTIONS[request.action]}"
    )
    if request.text:
        title += f" «{request.text}»"
    return Proposal(request, title, rulebook.in_force(connection), after, rows)
