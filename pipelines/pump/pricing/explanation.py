"""How a case was priced: formula, coefficients, the rows of dictionaries that they come from, their dates and acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from pipelines.ground.money import roubles
from pipelines.pump.month import Month
from pipelines.pump.pricing.prices import BY_SERVICES, WAYS, Prices
from pipelines.pump.pricing.reference import Found, Reference
from pipelines.pump.pricing.units import amounts, is_dialysis
from pipelines.pump.tariffs import explain
from pipelines.pump.tariffs.ksg import TITLES

GROUNDS = {
    1: "показания к применению части схемы",
    2: "перевод в другое отделение",
    3: "перевод между круглосуточным и дневным стационаром",
    4: "перевод в другую организацию",
    5: "отказ пациента или выписка до завершения лечения",
    6: "смерть пациента",
    7: "прерван по иной причине",
    8: "пребывание до 3 дней",
    9: "курс короче установленного",
}
"""Grounds of an interrupted case (PR_PR)."""


@dataclass(frozen=True)
class VisitExplanation:
    """A visit's price: ``text`` for a reader, the rest as data; sums in kopecks, ``due`` None where there is no tariff."""

    sl_id: str
    way: str
    due: int | None
    billed: int
    formula: str
    coefficients: tuple[Mapping[str, str], ...]
    notes: tuple[str, ...]
    text: str

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def explain_case(case: int, month: Month, prices: Prices, reference: Reference) -> list[VisitExplanation]:
    """Every visit of a case (its position in the month)."""
    rows = np.flatnonzero(month.visits["case"].to_numpy() == case)
    return [_visit(int(row), month, prices, reference) for row in rows]


def _visit(visit: int, month: Month, prices: Prices, reference: Reference) -> VisitExplanation:
    priced = prices.visits.iloc[visit]
    register = month.visits.iloc[visit]
    case = month.cases.iloc[int(register["case"])]
    closed = case["DATE_Z_2"].date()
    if priced["way"] == "ksg" and pd.notna(priced["N_KSG"]):
        formula, coefficients, notes = _group(
            priced, month.complexity[month.complexity["visit"] == visit], case, closed, reference
        )
    elif priced["way"] == "vmp" and pd.notna(priced["group"]):
        sources = {
            "BZTSZ": _source(reference, "T_VMP", "HGR", [priced["group"]], closed),
            "KOEF_D": _source(reference, "T_KOEF", "MCOD|USL_OK", [case["LPU"], case["USL_OK"]], closed),
        }
        formula, coefficients = "НФЗ × ((1 − Дзп) + Дзп × КД)", _elements(priced, sources, ("BZTSZ", "K_ZP", "KOEF_D"))
        notes = [f"Метод {register['METOD_HMP']}, группа ВМП {priced['group']}"]
    elif priced["way"] == "examination":
        formula, notes = "Тариф осмотра", []
        found = _found(reference, "T_DISP", "DISP", [case["DISP"]], closed)
        tariff = found.text("TARIF")[0]
        row = _row("DISP", "Тариф осмотра", tariff, _place("T_DISP", [case["DISP"]], found))
        coefficients = (row,) if pd.notna(tariff) else ()
    else:
        formula, coefficients, notes = "Σ (тариф × количество)", (), []
    if priced["way"] in BY_SERVICES or priced["dialysis"] > 0:
        coefficients = (*coefficients, *_services(visit, month, reference, priced["way"] in BY_SERVICES))
    if priced["way"] in ("capita", "station"):
        formula = "0"
    if not priced["paid"]:
        notes.append("Случай оплачивается по другому отделению этой госпитализации")
    if priced["fault"] == "tariff":
        notes.append("Тариф не найден: отказ по основанию 1.7.1")
    if priced["fault"] == "referral":
        notes.append("Нет направления (NPR_MO, NPR_DATE)")
    due = None if pd.isna(priced["due"]) else int(priced["due"])
    explanation = VisitExplanation(
        str(register["SL_ID"]),
        WAYS[priced["way"]],
        due,
        int(register["SUM_M"]),
        formula,
        tuple(coefficients),
        tuple(notes),
        "",
    )
    return VisitExplanation(**{**asdict(explanation), "text": _text(explanation, priced["basis"])})


def _group(
    priced: pd.Series, complexity: pd.DataFrame, case: pd.Series, closed: date, reference: Reference
) -> tuple[str, tuple[Mapping[str, str], ...], list[str]]:
    ((period, _),) = reference.periods(np.array([closed], dtype="datetime64[D]"))
    group = str(priced["N_KSG"])
    own = "T_KSG_PG" if group.count(".") > 1 else "V023"
    area = _source(reference, "T_KOEF", "MCOD|USL_OK", [case["LPU"], case["USL_OK"]], closed)
    sources = {
        "BZTSZ": _source(reference, "T_BZTSZ", "USL_OK", [case["USL_OK"]], closed),
        "KOEF_Z": _source(reference, own, "K_KSG", [group], closed),
        "KOEF_UP": _source(reference, "T_KSG", "K_KSG", [group], closed),
        "KOEF_U": area,
        "KOEF_D": area,
        "IT_SL": "; ".join(_source(reference, "T_KSLP", "IDSL", [code], closed) for code in complexity["IDSL"]),
    }
    sources["IT_SL_NO_KD"] = sources["IT_SL"]
    made = explain({name: _value(priced[name]) for name in TITLES}, period.method, sources=sources)
    row = f", строка группировщика {priced['ROW']}" if pd.notna(priced["ROW"]) else ""
    notes = [f"КСГ {group}{row}: {priced['REASON']}"]
    if pd.notna(priced["PR_PR"]) and priced["PR_PR"]:
        notes.append(f"Прерванный случай, основание {priced['PR_PR']}: {GROUNDS[int(priced['PR_PR'])]}")
    if priced["ground"]:
        notes.append(f"Госпитализация оплачивается по двум КСГ, основание {priced['ground']}")
    if priced["billed"] != "same":
        notes.append("Предъявленная КСГ отличается от выбранной")
    coefficients = tuple(
        _row(item.name, item.title, f"{item.value:f}", item.source) for item in made.coefficients if item.given
    )
    return made.formula, coefficients, notes


def _elements(priced: pd.Series, sources: Mapping[str, str], names: tuple[str, ...]) -> tuple[Mapping[str, str], ...]:
    titles = {"BZTSZ": "НФЗ, норматив финансовых затрат", "K_ZP": TITLES["K_ZP"], "KOEF_D": TITLES["KOEF_D"]}
    return tuple(
        _row(name, titles[name], str(priced[name]), sources.get(name, "")) for name in names if pd.notna(priced[name])
    )


def _services(visit: int, month: Month, reference: Reference, every: bool) -> list[Mapping[str, str]]:
    own = month.services[month.services["visit"] == visit].reset_index(drop=True)
    own = own if every else own[is_dialysis(own)].reset_index(drop=True)
    cost = amounts(own, reference)
    rows = []
    for service, amount in zip(own.to_dict("records"), cost, strict=True):
        found = _found(reference, "T_USL", "CODE_USL", [service["CODE_USL"]], service["DATE_OUT"].date())
        shown = "нет тарифа" if pd.isna(amount) else roubles(int(amount))
        title = f"Услуга {service['CODE_USL']} × {service['KOL_USL']}"
        rows.append(_row("SUMV_USL", title, shown, _place("T_USL", [service["CODE_USL"]], found)))
    return rows


def _row(name: str, title: str, value: str, source: str) -> Mapping[str, str]:
    return {"element": name, "title": title, "value": value, "source": source}


def _value(value: object) -> object:
    return None if value is None or value is pd.NA or value != value else value  # noqa: PLR0124 - a float NaN of pandas


def _found(reference: Reference, name: str, keys: str, values: list[str], day: date) -> Found:
    frame = pd.DataFrame([values], columns=keys.split("|"), dtype="str")
    return reference.find(name, keys, frame, np.array([day], dtype="datetime64[D]"))


def _source(reference: Reference, name: str, keys: str, values: list[str], day: date) -> str:
    return _place(name, values, _found(reference, name, keys, values, day), reference.settings.act(day))


def _place(name: str, values: list[str], found: Found, act: str = "") -> str:
    """Name of the dictionary, key and dates of the row, and the act."""
    if not found.there[0]:
        return f"{name}: нет действующей строки {', '.join(map(str, values))}"
    since, until = found.since()[0], found.dictionary.last[found.rows[0]]
    dates = f"с {_day(since)}" + ("" if until == np.datetime64("9999-12-31") else f" по {_day(until)}")
    return f"{name} {', '.join(map(str, values))}, {dates}" + (f"; {act}" if act else "")


def _day(day: np.datetime64) -> str:
    return str(pd.Timestamp(day).strftime("%d.%m.%Y"))


def _text(explanation: VisitExplanation, basis: str) -> str:
    lines = [f"Случай {explanation.sl_id}: {explanation.way}", f"  Стоимость = {explanation.formula}"]
    for item in explanation.coefficients:
        source = f" — {item['source']}" if item["source"] else ""
        lines.append(f"  {item['title']}: {item['value'].replace('.', ',')}{source}")
    lines += [f"  {note}" for note in explanation.notes]
    due = "нет тарифа" if explanation.due is None else f"{_money(explanation.due)} руб."
    lines += [f"  По тарифному соглашению: {due}; предъявлено: {_money(explanation.billed)} руб.", f"  Основание: {basis}"]
    return "\n".join(lines)


def _money(amount: int) -> str:
    return roubles(amount).replace(".", ",")
