"""Titles of the documents, and names of things in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from pipelines.pump.closing.model import Closing

TITLES: Mapping[str, str] = {
    "conclusion": "Заключение по результатам медико-экономического контроля",
    "conclusions": "Реестр заключений по результатам медико-экономического контроля",
    "bill": "Счёт на оплату медицинской помощи",
    "reconciliation": "Акт сверки расчётов за медицинскую помощь",
    "payment_order": "Платёжное поручение",
    "advance": "Заявка на авансирование оплаты медицинской помощи",
    "final": "Заявка на получение целевых средств на оплату медицинской помощи",
    "summaries": "Сводные таблицы отчётного месяца",
}
"""Russian title by kind of document."""

MONTHS = ["январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь"]
NORM_TITLES: Mapping[str, str] = {
    "capita": "Подушевое финансирование амбулаторной помощи",
    "result": "Выплата по показателям результативности",
    "stations": "Финансовое обеспечение фельдшерско-акушерских пунктов",
    "ambulance": "Подушевое финансирование скорой медицинской помощи",
}
DEDUCTION_TITLES: Mapping[str, str] = {
    "advance": "Аванс",
    "debt": "Перенос прошлых месяцев",
    "sanction": "Санкции по актам МЭЭ и ЭКМП",
    "fine": "Штраф",
}


def month_title(period: date) -> str:
    """«октябрь 2026 года»."""
    return f"{MONTHS[period.month - 1]} {period.year} года"


def day_title(day: date) -> str:
    """A day, ДД.ММ.ГГГГ."""
    return f"{day:%d.%m.%Y}"


def text_of(value: Any) -> str:
    """A value as text, an absent one as nothing."""
    return "" if pd.isna(value) else str(value)


def day_of(value: Any) -> str:
    """A date of a register, ДД.ММ.ГГГГ; an absent one as nothing."""
    return "" if pd.isna(value) else day_title(pd.Timestamp(value).date())


def footer(closing: Closing) -> str:
    """What a printed sheet says below."""
    return f"Отчётный период {closing.period:%m.%Y}, заключения № {closing.act_number} от {day_title(closing.act_date)}"
