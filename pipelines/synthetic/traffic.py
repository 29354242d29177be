"""A whole month's traffic of the demo territory: good packages, faulty ones, broken ones, strangers and repeats."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from pipelines.checks import suites
from pipelines.exchange import messages
from pipelines.exchange.model import Result
from pipelines.exchange.region import Region
from pipelines.synthetic.broken import BREAKAGES
from pipelines.synthetic.disputed import disputed, repeated
from pipelines.synthetic.faults import Whole, faults_of
from pipelines.synthetic.identification import FAULTS as REQUEST_FAULTS
from pipelines.synthetic.identification import generate_identification
from pipelines.synthetic.model import Register
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register, name_reestr

Channel = Literal["sftp", "mail"]
STRANGER = "billing@faraway.example"


@dataclass(frozen=True)
class Shipment:
    """Something that somebody sends, and what must become of it.

    ``sender`` is the organisation's code, or a stranger's mail address. ``rules`` are at least the ids among the findings
    (rules that are not compiled cannot be among them); ``upload`` says whether the whole of ``content`` gets there or only
    its first half, under the final name; ``subject`` and ``attach`` are of mail only; ``after`` is the index of a shipment
    that must be answered before this one is sent.
    """

    title: str
    sender: str
    channel: Channel
    name: str
    content: bytes = field(repr=False)
    result: Result | None
    rules: frozenset[str] = frozenset()
    answer: bool = True
    upload: Literal["whole", "never finishes"] = "whole"
    subject: str = ""
    attach: bool = True
    after: int | None = None

    @property
    def sent(self) -> bytes:
        """The bytes that get there."""
        return self.content if self.upload == "whole" else self.content[: len(self.content) // 2]


_GOOD: tuple[tuple[str, str, int, Channel], ...] = (
    ("980001", "98001", 3000, "sftp"),
    ("980002", "98001", 400, "sftp"),
    ("980003", "98002", 500, "sftp"),
    ("980004", "98001", 350, "mail"),
    ("980005", "98002", 600, "sftp"),
    ("980006", "98001", 200, "sftp"),
    ("980007", "98", 250, "mail"),
    ("980007", "98002", 300, "sftp"),
)
"""Organisation, payer (the fund itself for people insured elsewhere), cases, channel."""
_OTHER_KINDS: tuple[tuple[str, str, str, int, Channel], ...] = (
    ("C", "980006", "98001", 220, "sftp"),
    ("C", "980003", "98002", 90, "sftp"),
    ("T", "980001", "98001", 80, "sftp"),
    ("X", "980003", "98001", 300, "sftp"),
    ("X", "980002", "98002", 150, "mail"),
)
"""Registers of oncology, high-technology care and examinations: kind first, then as above."""
_OTHER_TITLES = {"C": "Реестр по онкологии", "T": "Реестр за ВМП", "X": "Реестр за диспансеризацию и осмотры"}
_FAULTY, _FAULTY_OTHERS = 600, 150
"""Cases of the registers with faults: of the usual one, and of each of the other kinds."""
_FAULTY_KINDS = (("C", "980006"), ("T", "980001"), ("X", "980003"))
_DISPUTED, _DISPUTES = ("980007", "98002"), 100
"""Organisation and payer of the registers with what only medical-economic control finds; cases of the first of them."""
_MAILED = frozenset({"empty", "no_archive", "truncated"})
_SENDERS = ("980001", "980002", "980004", "980006", "980007")
_SMALL = 40
_FIRST_SPARE = 10


def demo_traffic(region: Region, seed: int, period: date) -> list[Shipment]:
    """The demo's shipments in the order of sending; the same arguments give the same bytes."""
    traffic = [
        _sent(register, "Реестр без ошибок", channel, Result.ACCEPTED)
        for register, (*_, channel) in zip(_good(region, seed, period), _GOOD, strict=True)
    ]
    traffic.append(_partly_faulty(region, seed, period))
    traffic += _other_kinds(region, seed, period)
    traffic += _disputed(region, seed, period)
    for number, (name, breakage) in enumerate(BREAKAGES.items(), _FIRST_SPARE):
        sender = _SENDERS[number % len(_SENDERS)]
        _, good = package(_small(region, sender, seed, period, number))
        file, content = breakage.make(good)
        channel: Channel = "mail" if name in _MAILED else "sftp"
        traffic.append(_letter_or_file(breakage.title, sender, channel, file, content, breakage.result, breakage.rules))
    return [
        *traffic,
        *_requests(region, seed, period),
        *_repeats(region, seed, period, traffic),
        *_strangers(region, seed, period),
        *_unfinished(region, seed, period),
    ]


def demo_registers(region: Region, seed: int, period: date) -> list[Register]:
    """Registers of accounts among the demo's shipments, as they were before faults were planted in some of them."""
    whole = [generate_register(region, "980001", "98002", period, _FAULTY, seed, number=2)]
    whole += [
        generate_register(region, sender, region.code, period, _FAULTY_OTHERS, seed, kind=kind, number=2)
        for kind, sender in _FAULTY_KINDS
    ]
    organisation, payer = _DISPUTED
    whole.append(generate_register(region, organisation, payer, period, _DISPUTES, seed, number=2))
    return [*_good(region, seed, period), *_good_others(region, seed, period), *whole]


def _good(region: Region, seed: int, period: date) -> list[Register]:
    return [generate_register(region, organisation, payer, period, cases, seed) for organisation, payer, cases, _ in _GOOD]


def _good_others(region: Region, seed: int, period: date) -> list[Register]:
    return [
        generate_register(region, organisation, payer, period, cases, seed, kind=kind)
        for kind, organisation, payer, cases, _ in _OTHER_KINDS
    ]


def _partly_faulty(region: Region, seed: int, period: date) -> Shipment:
    register = generate_register(region, "980001", "98002", period, _FAULTY, seed, _shares("H"), number=2)
    return _sent(register, "Реестр с ошибками в части случаев", "sftp", Result.PARTIAL)


def _other_kinds(region: Region, seed: int, period: date) -> list[Shipment]:
    """Registers of the other kinds: good ones, and one of each kind with faults."""
    good = [
        _sent(register, f"{_OTHER_TITLES[kind]} без ошибок", channel, Result.ACCEPTED)
        for register, (kind, *_, channel) in zip(_good_others(region, seed, period), _OTHER_KINDS, strict=True)
    ]
    faulty = [
        _sent(
            generate_register(region, sender, region.code, period, _FAULTY_OTHERS, seed, _shares(kind), kind=kind, number=2),
            f"{_OTHER_TITLES[kind]} с ошибками",
            "sftp",
            Result.PARTIAL,
        )
        for kind, sender in _FAULTY_KINDS
    ]
    return [*good, *faulty]


def _disputed(region: Region, seed: int, period: date) -> list[Shipment]:
    """Registers that format control accepts and medical-economic control refuses in part."""
    organisation, payer = _DISPUTED
    size = next(cases for *of, cases, _ in _GOOD if tuple(of) == _DISPUTED)
    first = generate_register(region, organisation, payer, period, size, seed)
    made = disputed(region, organisation, payer, period, _DISPUTES, seed, 2)
    again = repeated(region, first, range(0, 100, 10), 3)
    return [
        _sent(made, "Реестр с неверными тарифами и пересечениями (для МЭК)", "sftp", Result.ACCEPTED),
        _sent(again, "Реестр уже предъявленных случаев (для МЭК)", "sftp", Result.ACCEPTED),
    ]


def _shares(kind: str) -> dict[str, float]:
    """Every fault of a kind that leaves the other cases whole and that is found here."""
    known = _installed_rules()
    return {name: 0.004 for name, fault in faults_of(kind).items() if not isinstance(fault, Whole) and fault.rule in known}


def _requests(region: Region, seed: int, period: date) -> list[Shipment]:
    """Requests for identification and attachment, DBF: one without faults, one with some."""
    day = period + timedelta(days=27)
    spoiled = dict.fromkeys(REQUEST_FAULTS, 0.02)
    return [
        Shipment(
            title,
            sender,
            "sftp",
            *generate_identification(region, sender, day, 150, seed, shares),
            result,
            frozenset(REQUEST_FAULTS[name][0] for name in shares),
        )
        for title, sender, shares, result in (
            ("Запрос идентификации (DBF)", "980003", {}, Result.ACCEPTED),
            ("Запрос идентификации с ошибками", "980004", spoiled, Result.PARTIAL),
        )
    ]


def _repeats(region: Region, seed: int, period: date, sent: list[Shipment]) -> list[Shipment]:
    again, other = sent[1], sent[2]
    _, changed = package(generate_register(region, other.sender, "98002", period, 450, seed + 1))
    return [
        Shipment(
            "Тот же пакет второй раз", again.sender, again.channel, again.name, again.content, Result.DUPLICATE, after=1
        ),
        Shipment(
            "Тот же номер с другим содержимым",
            other.sender,
            other.channel,
            other.name,
            changed,
            Result.REJECTED,
            frozenset({"PKG.110"}),
            after=2,
        ),
    ]


def _strangers(region: Region, seed: int, period: date) -> list[Shipment]:
    """Senders who are not known, not entitled any more, or not the ones that the name says; letters without a package."""
    clinic = next(item for item in region.organisations if item.until is not None and item.until < period)
    name, content = package(_small(region, "980004", seed, period, 60))
    foreign, foreign_content = package(_small(region, "980003", seed, period, 61))
    _, late = package(_small(region, "980003", seed, period, 62))
    return [
        _letter_or_file(
            "Письмо от неизвестного отправителя", STRANGER, "mail", name, content, Result.QUARANTINED, ("PKG.140",), False
        ),
        _letter_or_file(
            "Пакет чужой организации", "980004", "sftp", foreign, foreign_content, Result.REJECTED, ("PKG.101",)
        ),
        _letter_or_file(
            "Договор организации окончен",
            clinic.code,
            "sftp",
            name_reestr("H", region, clinic.code, "98001", period, 1) + ".zip",
            late,
            Result.REJECTED,
            ("PKG.100",),
        ),
        Shipment(
            "Письмо без вложения",
            "980002",
            "mail",
            "",
            b"",
            Result.REJECTED,
            frozenset({"PKG.130"}),
            subject="Реестр счетов",
            attach=False,
        ),
    ]


def _unfinished(region: Region, seed: int, period: date) -> list[Shipment]:
    title = frozenset({"PKG.120"})
    name, content = package(_small(region, "980002", seed, period, 70))
    part, whole = package(_small(region, "980006", seed, period, 71))
    return [
        Shipment(
            "Передача оборвалась на середине",
            "980002",
            "sftp",
            name,
            content,
            Result.REJECTED,
            title,
            upload="never finishes",
        ),
        Shipment("Временное имя так и не заменено", "980006", "sftp", f"{part}.part", whole, Result.REJECTED, title),
    ]


def _small(region: Region, organisation: str, seed: int, period: date, number: int) -> Register:
    return generate_register(region, organisation, "98001", period, _SMALL, seed, number=number)


def _sent(register: Register, title: str, channel: Channel, result: Result) -> Shipment:
    name, content = package(register)
    installed = _installed_rules()
    rules = tuple(fault.rule for fault in register.faults if fault.rule in installed)
    return _letter_or_file(title, register.organisation, channel, name, content, result, rules)


def _installed_rules() -> frozenset[str]:
    """Ids that a finding may have here: the exchange's own messages and the rules of the compiled suites."""
    compiled = (check.rule for kind in "HCTXL" for suite in suites.load(f"pump/{kind}") for check in suite.checks)
    return frozenset(messages.catalogue()).union(compiled)


def _letter_or_file(
    title: str,
    sender: str,
    channel: Channel,
    name: str,
    content: bytes,
    result: Result,
    rules: tuple[str, ...],
    answer: bool = True,
) -> Shipment:
    subject = f"Пакет {name}" if channel == "mail" else ""
    return Shipment(title, sender, channel, name, content, result, frozenset(rules), answer, subject=subject)
