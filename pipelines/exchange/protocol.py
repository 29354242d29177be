"""Protocols: what a sender gets for a package, as ``FLK_P`` XML for programs and as XLSX for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pandas as pd

from pipelines.checks.findings import SEVERITY_TITLES
from pipelines.exchange.messages import catalogue
from pipelines.exchange.model import RESULT_TITLES, Package, Result
from pipelines.formats.sheets import Book, Column, Link, Sheet, Tone

LOCAL = ZoneInfo("Europe/Moscow")

LOCATED = ("n_zap", "idcase", "sl_id", "idserv", "id_pac")
"""Columns that ``pipelines.checks.locate`` adds: keys of the record at fault."""

_SHEET_ROWS = 1_000_000
_LINKED_ROWS = 10_000
"""Findings whose rule is a link (a sheet may have 65,530, and each adds to the file); the summary links every rule."""
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True)
class Verdict:
    """What came of a package: located findings (all of them) and counts.

    ``pages``: addresses of the pages of rules by rule; ``executed``: by finding of the exchange the rules of the
    dictionaries that it executes.
    """

    package: Package
    kind_title: str
    sender_name: str
    result: Result
    records: int
    accepted: int
    findings: pd.DataFrame
    pages: Mapping[str, str] = field(default_factory=dict)
    executed: Mapping[str, Sequence[str]] = field(default_factory=dict)


def answer_stem(name: str) -> str:
    """Name of the answer without extension: ``V`` and the package's own name, reduced to letters that every system takes."""
    stem = name.rsplit(".", 1)[0] if "." in name else name
    safe = re.sub(r"[^0-9A-Za-zА-Яа-яЁё_-]+", "_", stem).strip("_")[:60]
    return f"V{safe or 'PACKAGE'}"


def flk_p(verdict: Verdict, stem: str) -> bytes:
    """``FLK_P`` in windows-1251: no PR means that nothing stands against the package; warnings are left to the XLSX."""
    source = verdict.package.name.rsplit(".", 1)[0]
    parts = [
        '<?xml version="1.0" encoding="windows-1251"?>\n<FLK_P>\n',
        f"<FNAME>{_text(stem, 26)}</FNAME>\n<FNAME_I>{_text(source, 26) or '-'}</FNAME_I>\n",
    ]
    parts.extend(_errors(verdict.findings))
    parts.append("</FLK_P>\n")
    return "".join(parts).encode("windows-1251", "xmlcharrefreplace")


def _errors(findings: pd.DataFrame) -> Iterator[str]:
    shown = findings[findings["severity"] != "warning"]
    columns = [shown[name].fillna("") for name in ("rule", "element", "parent", *LOCATED, "value", "message")]
    for rule, element, parent, n_zap, idcase, sl_id, idserv, _, value, message in zip(*columns, strict=True):
        comment = f"{message}. Значение: «{value}»" if value else message
        yield "".join(
            (
                f"<PR><OSHIB>{_text(rule, 12)}</OSHIB>",
                _optional("IM_POL", element.rpartition("/")[2], 20),
                _optional("BAS_EL", parent, 20),
                _optional("N_ZAP", n_zap, 36),
                f"<IDCASE>{idcase}</IDCASE>" if idcase.isascii() and idcase.isdigit() and len(idcase) <= 11 else "",
                _optional("SL_ID", sl_id, 36),
                _optional("IDSERV", idserv, 36),
                _optional("COMMENT", comment, 250),
                "</PR>\n",
            )
        )


def _optional(element: str, value: str, length: int) -> str:
    return f"<{element}>{_text(value, length)}</{element}>" if value else ""


def _text(value: str, length: int) -> str:
    legal = _ILLEGAL.sub("\ufffd", value)[:length]
    return legal.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def workbook(verdict: Verdict, sample: int) -> bytes:
    """XLSX for people: a summary by rule with counts of everything, and findings, at most ``sample`` of each rule.

    Values are written as text, whatever they begin with. The same verdict gives the same bytes.
    """
    with Book(f"Протокол {verdict.package.name}") as book:
        _summary_sheet(book.sheet("Сводка"), verdict)
        _findings_sheet(book.sheet("Замечания"), verdict, sample)
    return book.content()


_TONES: Mapping[Result, Tone] = {Result.ACCEPTED: "good", Result.PARTIAL: "doubtful"}
_RULES = (
    Column("Правило", 16),
    Column("Степень", 23),
    Column("Количество", 12, "count"),
    Column("Что не так", 46),
    Column("Ожидается", 40),
    Column("Что сделать", 40),
    Column("Правила справочников", 22, optional=True),
)
_FINDINGS = (
    Column("Файл", 7),
    Column("Правило", 15),
    Column("Степень", 11),
    Column("N_ZAP", 9, optional=True),
    Column("IDCASE", 14, optional=True),
    Column("SL_ID", 23, optional=True),
    Column("IDSERV", 14, optional=True),
    Column("ID_PAC", 23, optional=True),
    Column("Элемент", 24),
    Column("Значение", 20),
    Column("Что не так", 36),
    Column("Ожидается", 34),
    Column("Что сделать", 34),
    Column("Смещение записи, байт", 12, optional=True),
)
_EXPECTED = "; ожидается: "
"""Between the fault and what is expected in the texts of the rules."""


def _summary_sheet(sheet: Sheet, verdict: Verdict) -> None:
    package, count = verdict.package, len(verdict.findings)
    lines = [
        ("Пакет", package.name),
        ("Вид", verdict.kind_title or "не определён"),
        ("Отправитель", verdict.sender_name),
        ("Получен", package.received_at.astimezone(LOCAL).strftime("%d.%m.%Y %H:%M:%S")),
        ("Контрольная сумма SHA-256", package.sha256),
        ("Записей всего", str(verdict.records)),
        ("Записей принято", str(verdict.accepted)),
        ("Записей отклонено", str(verdict.records - verdict.accepted)),
        ("Замечаний", str(count)),
    ]
    sheet.heading("Протокол форматно-логического контроля", lines)
    sheet.verdict(f"Результат: {RESULT_TITLES[verdict.result]}", _TONES.get(verdict.result, "bad"))
    groups = verdict.findings.groupby(["rule", "severity"], sort=True, observed=True)
    rows = []
    for _, group in groups:
        rule, severity, message = group[["rule", "severity", "message"]].iloc[0]
        told = (SEVERITY_TITLES[severity], len(group), *_told(message), advice(rule))
        rows.append((_linked(rule, verdict.pages), *told, ", ".join(verdict.executed.get(rule, ()))))
    sheet.table(_RULES, rows, main=True)
    if not count:
        sheet.line("Замечаний нет.", "note")


def _findings_sheet(sheet: Sheet, verdict: Verdict, sample: int) -> None:
    findings = verdict.findings
    shown = findings[findings.groupby("rule").cumcount() < sample].head(_SHEET_ROWS)
    offsets = shown["offset"].astype("str").where(shown["offset"].fillna(-1) >= 0, "")
    names = ("member", "rule", "severity", *LOCATED, "element", "value", "message")
    columns = [shown[name].fillna("").str.slice(0, 2000) for name in names]

    def rows() -> Iterator[Sequence[object]]:
        for number, (member, rule, severity, *places, message, offset) in enumerate(zip(*columns, offsets, strict=True)):
            named = _linked(rule, verdict.pages) if number < _LINKED_ROWS else rule
            yield member, named, SEVERITY_TITLES[severity], *places, *_told(message), advice(rule), offset

    sheet.table(_FINDINGS, rows(), main=True, keep=2)
    if len(shown) < len(findings):
        sheet.gap()
        sheet.line(f"Показано не более {sample} замечаний каждого правила; все {len(findings)} — в файле XML", "note")


def _linked(rule: str, pages: Mapping[str, str]) -> str | Link:
    """The rule's id, leading to its page where it has one."""
    return Link(rule, pages[rule]) if rule in pages else rule


def _told(message: str) -> tuple[str, str]:
    """What is wrong, and what is expected where the rule says so."""
    fault, _, expected = message.partition(_EXPECTED)
    return fault, expected


def advice(rule: str) -> str:
    """What the sender should do about a finding."""
    message = catalogue().get(rule)
    return message.advice if message else "Исправьте значение по справочнику и структуре и передайте запись повторно"
