"""Protocols: what a sender gets for a package, as ``FLK_P`` XML for programs and as XLSX for people."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import xlsxwriter

from pipelines.checks.findings import SEVERITY_TITLES
from pipelines.exchange.messages import catalogue
from pipelines.exchange.model import RESULT_TITLES, Package, Result

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
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": f"Протокол {verdict.package.name}", "created": datetime(2000, 1, 1)})
    styles = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "label": book.add_format({"bold": True, "valign": "top"}),
        "head": book.add_format({"bold": True, "bg_color": "#D9E1F2", "border": 1, "text_wrap": True, "valign": "vcenter"}),
        "cell": book.add_format({"border": 1, "text_wrap": True, "valign": "top"}),
        "count": book.add_format({"border": 1, "valign": "top", "num_format": "#,##0"}),
        "link": book.add_format({"border": 1, "valign": "top", "font_color": "#0563C1", "underline": 1}),
    }
    _summary_sheet(book.add_worksheet("Сводка"), styles, verdict)
    _findings_sheet(book.add_worksheet("Замечания"), styles, verdict, sample)
    book.close()
    return target.getvalue()


def _summary_sheet(sheet: xlsxwriter.worksheet.Worksheet, styles: Mapping[str, object], verdict: Verdict) -> None:
    package = verdict.package
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 22)
    sheet.set_column(2, 2, 12)
    sheet.set_column(3, 4, 60)
    sheet.set_column(5, 5, 24)
    sheet.write_string(0, 0, "Протокол форматно-логического контроля", styles["title"])
    lines = [
        ("Пакет", package.name),
        ("Вид", verdict.kind_title or "не определён"),
        ("Отправитель", verdict.sender_name),
        ("Получен", package.received_at.astimezone(LOCAL).strftime("%d.%m.%Y %H:%M:%S")),
        ("Контрольная сумма SHA-256", package.sha256),
        ("Результат", RESULT_TITLES[verdict.result]),
        ("Записей всего", str(verdict.records)),
        ("Записей принято", str(verdict.accepted)),
        ("Записей отклонено", str(verdict.records - verdict.accepted)),
        ("Замечаний", str(len(verdict.findings))),
    ]
    for row, (label, value) in enumerate(lines, start=2):
        sheet.write_string(row, 0, label, styles["label"])
        sheet.write_string(row, 1, value)
    row = len(lines) + 3
    for column, title in enumerate(("Правило", "Степень", "Количество", "Сообщение", "Что сделать", "Правила справочников")):
        sheet.write_string(row, column, title, styles["head"])
    groups = verdict.findings.groupby(["rule", "severity"], sort=True, observed=True)
    for _, group in groups:
        row += 1
        rule = group["rule"].iloc[0]
        _rule_cell(sheet, row, 0, rule, styles, verdict.pages)
        sheet.write_string(row, 1, SEVERITY_TITLES[group["severity"].iloc[0]], styles["cell"])
        sheet.write_number(row, 2, len(group), styles["count"])
        sheet.write_string(row, 3, group["message"].iloc[0], styles["cell"])
        sheet.write_string(row, 4, advice(rule), styles["cell"])
        sheet.write_string(row, 5, ", ".join(verdict.executed.get(rule, ())), styles["cell"])
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


FINDING_COLUMNS: Sequence[tuple[str, str, int]] = (
    ("member", "Файл", 7),
    ("rule", "Правило", 14),
    ("severity", "Степень", 16),
    ("n_zap", "N_ZAP", 10),
    ("idcase", "IDCASE", 12),
    ("sl_id", "SL_ID", 16),
    ("idserv", "IDSERV", 12),
    ("id_pac", "ID_PAC", 16),
    ("element", "Элемент", 30),
    ("value", "Значение", 22),
    ("message", "Сообщение", 60),
    ("offset", "Смещение записи, байт", 12),
)

_RULE_COLUMN = 1


def _rule_cell(
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    column: int,
    rule: str,
    styles: Mapping[str, object],
    pages: Mapping[str, str],
) -> None:
    """The rule's id, leading to its page where it has one."""
    if rule in pages:
        sheet.write_url(row, column, pages[rule], styles["link"], rule)
    else:
        sheet.write_string(row, column, rule, styles["cell"])


def _findings_sheet(
    sheet: xlsxwriter.worksheet.Worksheet, styles: Mapping[str, object], verdict: Verdict, sample: int
) -> None:
    findings = verdict.findings
    shown = findings[findings.groupby("rule").cumcount() < sample].head(_SHEET_ROWS)
    for column, (_, title, width) in enumerate(FINDING_COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, title, styles["head"])
    texts = shown.assign(
        severity=shown["severity"].map(SEVERITY_TITLES),
        offset=shown["offset"].astype("str").where(shown["offset"].fillna(-1) >= 0, ""),
    )
    columns = [texts[name].fillna("").str.slice(0, 2000) for name, _, _ in FINDING_COLUMNS]
    for row, values in enumerate(zip(*columns, strict=True), start=1):
        for column, value in enumerate(values):
            sheet.write_string(row, column, _ILLEGAL.sub("\ufffd", value), styles["cell"])
        if row <= _LINKED_ROWS:
            _rule_cell(sheet, row, _RULE_COLUMN, values[_RULE_COLUMN], styles, verdict.pages)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(len(shown), 1), len(FINDING_COLUMNS) - 1)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    if len(shown) < len(findings):
        note = f"Показано не более {sample} замечаний каждого правила; все {len(findings)} — в файле XML"
        sheet.write_string(len(shown) + 2, 1, note)


def advice(rule: str) -> str:
    """What the sender should do about a finding."""
    message = catalogue().get(rule)
    return message.advice if message else "Исправьте значение по справочнику и структуре и передайте запись повторно"
