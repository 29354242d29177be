"""Money of report months for Сводки and Месяцы: only what a person has approved counts as a month's money."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from pipelines.pages.periods import Period
from pipelines.pages.site import rows
from pipelines.pump.closing.service import TITLES
from pipelines.pump.settlement.summaries import PAYABLE, PRESENTED, STAGES, STRUCTURE, TAKEN

Row = Mapping[str, Any]
Chart = Mapping[str, Any]
DECIDED = ("APPROVED", "DELIVERED")
TOP = 15
"""Organisations and grounds of a chart; the others are one line."""
PALETTE = ("a", "b", "c", "d", "e")
"""Tones of things that are neither good nor bad; what comes after them is quiet."""
CONDITIONS = {
    "accepted_1": "стационар",
    "accepted_2": "дневной стационар",
    "accepted_3": "амбулаторно",
    "accepted_4": "скорая",
    "norms": "подушевое, ФАП",
    "ambulance": "скорая, подушевое",
}
"""What the gross sum of a settlement consists of."""
KINDS = {
    "H": "медицинская помощь",
    "C": "онкология",
    "T": "высокотехнологичная помощь",
    "X": "диспансеризация и осмотры",
}
SUMS = ("accounts", "cases", "sumv", "paid", "partly", "refused", "sank_it", "sump")
LINE = (*CONDITIONS, "gross", "withheld", "payable")


@dataclass(frozen=True)
class Stage:
    """A step of processing: cases and kopecks that it singled out, and those that went on included after it."""

    title: str
    out_cases: int
    out_amount: int
    in_cases: int
    in_amount: int


@dataclass(frozen=True)
class Months:
    """Report months of a period: ``closings`` that are decided, and the others with what is the matter with them."""

    closings: Sequence[Row]
    open: Sequence[tuple[date, str, int | None]]

    @property
    def parameters(self) -> dict[str, Any]:
        return {"closings": [row["id"] for row in self.closings]}

    @classmethod
    def of(cls, connection: Connection, period: Period) -> Months:
        """Those of the months that a period touches."""
        found = {row["period"]: row for row in rows(connection, "money_closings", first=period.first, last=period.last)}
        waiting: list[tuple[date, str, int | None]] = []
        for month in period.months:
            row = found.get(month)
            if row is None:
                waiting.append((month, "не закрывался", None))
            elif row["state"] not in DECIDED:
                said = "отклонён, открыт снова" if row["state"] == "REJECTED" else f"не решён: {TITLES[row['state']]}"
                waiting.append((month, said, row["id"]))
        return cls([row for row in found.values() if row["state"] in DECIDED], waiting)


def by_month(connection: Connection, period: Period) -> Row:
    """Presented, refused, accepted, settled and payable of each decided month; what is not decided is named."""
    months = _months(connection, period)
    lines = {row["period"]: row for row in _asked(connection, period, "money_lines") if row["period"]}
    accounts: dict[date, dict[str, int]] = {}
    for row in _asked(connection, period, "money_accounts"):
        add(accounts.setdefault(row["period"], {}), row, SUMS)
    nothing = dict.fromkeys((*SUMS, *LINE), 0)
    listed = [
        nothing | accounts.get(closing["period"], {}) | dict(lines.get(closing["period"], {})) | dict(closing)
        for closing in months.closings
    ]
    parts = {"payable": ("к оплате", "good"), "withheld": ("удержано", "warn"), "sank_it": ("отказано на МЭК", "bad")}
    return {
        "months": listed,
        "open": months.open,
        "last": None if listed else rows(connection, "money_last")[0]["period"],
        "chart": {
            "labels": [f"{row['period']:%m.%Y}" for row in listed],
            "stacked": True,
            "bars": [
                {"label": title, "values": [thousands(row[name]) for row in listed], "tone": tone}
                for name, (title, tone) in parts.items()
            ],
        },
    }


def by_stage(connection: Connection, period: Period) -> Row:
    """«По этапам обработки» of the decided months together."""
    taken: dict[str, int] = dict.fromkeys(SUMS, 0)
    for row in _asked(connection, period, "money_accounts"):
        add(taken, row, SUMS)
    refused = [row for row in _asked(connection, period, "money_grounds") if row["stage"]]
    listed = stages(taken, refused, _asked(connection, period, "money_intake")[0])
    return {"stages": listed if taken["cases"] else [], "chart": of_stages(listed)}


def by_account(connection: Connection, period: Period) -> Row:
    """«По кодировкам счетов»: accounts of the decided months by kind of register."""
    kinds: dict[str, dict[str, int]] = {}
    for row in _asked(connection, period, "money_accounts"):
        add(kinds.setdefault(row["kind"], {}), row, SUMS)
    listed: list[dict[str, Any]] = [
        {"kind": kind, "title": KINDS.get(kind, "")} | sums for kind, sums in sorted(kinds.items())
    ]
    bars = {"sump": ("принято", "good"), "sank_it": ("отказано", "bad")}
    return {
        "accounts": listed,
        "chart": {
            "labels": [row["kind"] for row in listed],
            "across": True,
            "bars": [
                {"label": f"{title}, тыс. руб.", "values": [thousands(row[name]) for row in listed], "tone": tone}
                for name, (title, tone) in bars.items()
            ],
        },
    }


def by_condition(connection: Connection, period: Period) -> Row:
    """Gross sums of the decided months by condition of care and payer."""
    payers = [row for row in _asked(connection, period, "money_lines") if row["payer"]]
    shown = [*payers[: len(PALETTE)], *_rest(payers[len(PALETTE) :])]
    return {
        "conditions": [(title, [row[name] for row in shown]) for name, title in CONDITIONS.items()],
        "payers": [payer_name(row) for row in shown],
        "chart": {
            "labels": list(CONDITIONS.values()),
            "stacked": True,
            "bars": [
                {"label": payer_name(row), "values": [thousands(row[name]) for name in CONDITIONS], "tone": tone}
                for row, tone in zip(shown, (*PALETTE, "quiet"), strict=False)
            ],
        },
    }


def by_payer(connection: Connection, period: Period) -> Row:
    """What each payer settles and pays for the decided months."""
    payers = [row for row in _asked(connection, period, "money_lines") if row["payer"]]
    shown = [*payers[: len(PALETTE)], *_rest(payers[len(PALETTE) :])]
    return {
        "payers": [(payer_name(row), row) for row in payers],
        "total": total(payers, LINE),
        "chart": {
            "round": True,
            "labels": [payer_name(row) for row in shown],
            "bars": [{"label": "к оплате, тыс. руб.", "values": [thousands(row["payable"]) for row in shown], "tone": "a"}],
        },
    }


def by_organisation(connection: Connection, period: Period) -> Row:
    """Organisations by gross sum of the decided months: the first ones, and the rest as one line."""
    found = [row for row in _asked(connection, period, "money_lines") if row["code_mo"]]
    shown, rest = found[:TOP], _rest(found[TOP:])
    return {
        "organisations": shown,
        "rest": rest[0] if rest else None,
        "others": len(found) - len(shown),
        "total": total(found, LINE),
        "chart": {
            "labels": [row["name"] or row["code_mo"] for row in shown] + (["остальные"] if rest else []),
            "across": True,
            "bars": [
                {"label": title, "values": [thousands(row[name]) for row in (*shown, *rest)], "tone": tone}
                for name, title, tone in (
                    ("payable", "к оплате, тыс. руб.", "good"),
                    ("withheld", "удержано, тыс. руб.", "warn"),
                )
            ],
        },
    }


def by_ground(connection: Connection, period: Period) -> Row:
    """Refusals of the decided months by ground of F014."""
    found = [row for row in _asked(connection, period, "money_grounds") if row["osn"]]
    return {"grounds": found, "total": total(found, ("positions", "cases", "amount")), "chart": of_grounds(found[:TOP])}


def stages(taken: Row, refused: Iterable[Row], intake: Row) -> list[Stage]:
    """Steps from what was presented to what is paid; ``refused``: stage, cases, amount of each.

    Raises ``ValueError`` where the sums do not meet.
    """
    cases, amount = taken["cases"], taken["sumv"]
    made = [
        Stage(PRESENTED, 0, 0, cases + intake["cases"], amount + intake["amount"]),
        Stage(STRUCTURE, intake["cases"], intake["amount"], cases, amount),
        Stage(TAKEN, 0, 0, cases, amount),
    ]
    by_code = {row["stage"]: row for row in refused}
    for code, title in STAGES.items():
        if code in by_code:
            cases, amount = cases - by_code[code]["cases"], amount - by_code[code]["amount"]
            made.append(Stage(f"МЭК: {title}", by_code[code]["cases"], by_code[code]["amount"], cases, amount))
    if (cases, amount) != (taken["cases"] - taken["refused"], taken["sump"]):
        raise ValueError("refused and accepted sums do not add up to what was taken")
    return [*made, Stage(PAYABLE, 0, 0, cases, amount)]


def of_stages(listed: Iterable[Stage]) -> Chart:
    """Chart of what each stage singled out, thousands of roubles."""
    out = [stage for stage in listed if stage.out_amount or stage.out_cases]
    values = [thousands(stage.out_amount) for stage in out]
    bars = [{"label": "выделено, тыс. руб.", "values": values, "tone": "bad"}]
    return {"labels": [stage.title for stage in out], "across": True, "bars": bars}


def of_grounds(found: Sequence[Row]) -> Chart:
    """Chart of refused sums by ground, thousands of roubles."""
    values = [thousands(row["amount"]) for row in found]
    bars = [{"label": "тыс. руб.", "values": values, "tone": "bad"}]
    return {"labels": [row["osn"] for row in found], "across": True, "bars": bars}


def payer_name(row: Row) -> str:
    """A payer with its code; other territories by the code alone."""
    return f"{row['payer']} {row['name']}" if row["name"] else f"{row['payer']} другая территория"


def thousands(kopecks: int) -> float:
    """Thousands of roubles with one decimal, for a chart: the tables have the exact sums."""
    return round(kopecks / 100_000, 1)


def add(to: dict[str, int], row: Row, names: Iterable[str]) -> None:
    """Add the named numbers of a row to sums."""
    for name in names:
        to[name] = to.get(name, 0) + int(row[name] or 0)


def total(found: Iterable[Row], names: Sequence[str]) -> dict[str, int]:
    """Sums of the named columns."""
    sums = dict.fromkeys(names, 0)
    for row in found:
        add(sums, row, names)
    return sums


def _months(connection: Connection, period: Period) -> Months:
    if "months" not in period.notes:
        period.notes["months"] = Months.of(connection, period)
    found: Months = period.notes["months"]
    return found


def _asked(connection: Connection, period: Period, name: str) -> list[dict[str, Any]]:
    """Rows of ``sql/pages/<name>.sql`` over the decided months of a period, asked for once."""
    if name not in period.notes:
        period.notes[name] = rows(connection, name, **_months(connection, period).parameters)
    found: list[dict[str, Any]] = period.notes[name]
    return found


def _rest(found: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows that are not shown as one, none for none."""
    named: dict[str, Any] = {"payer": "остальные", "code_mo": "остальные", "name": f"({len(found)})"}
    return [named | total(found, LINE)] if found else []
