"""Cost of a case paid by КСГ, and its explanation.

    БС × КЗ × ((1 − Дзп) + Дзп × КС × КУС × КД) × КПР + (БС × КД × КСЛП + БС × КСЛП*) × КПР

Дзп is 1 where the federal table sets no share, КСЛП* are those to which КД does not apply, КПР is the share of an
interrupted case. The product is exact and rounded once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.ground.money import roubles
from pipelines.pump.tariffs.exact import Exact, Frame, column, distinct, kopecks
from pipelines.pump.tariffs.method import CURRENT, Method, method_on

TITLES = {
    "BZTSZ": "БС, базовая ставка",
    "KOEF_Z": "КЗ, коэффициент относительной затратоёмкости",
    "K_ZP": "Дзп, доля заработной платы и прочих расходов",
    "KOEF_UP": "КС, коэффициент специфики",
    "KOEF_U": "КУС, коэффициент уровня (подуровня) организации",
    "KOEF_D": "КД, коэффициент дифференциации",
    "IT_SL": "КСЛП, сумма коэффициентов сложности",
    "IT_SL_NO_KD": "КСЛП*, сумма коэффициентов сложности без КД",
    "KOEF_PR": "КПР, доля оплаты прерванного случая",
}
"""Elements of the register that make the cost, as they are called in the explanation."""

_SIGNS = {name: title.partition(",")[0] for name, title in TITLES.items()}


@dataclass(frozen=True)
class _Parts:
    base: Exact  # before the share of an interrupted case
    kslp: Exact
    share: Exact
    total: Exact  # rounded


def ksg_cost(frame: Frame, method: Method | None = None, *, scale: int | None = None) -> pd.Series:
    """Cost of each row's case in kopecks, int64 with the frame's index.

    The method is that of the day in DATE_Z_2 where the frame has this column (text or dates), else the current one.

    Columns are the register's: BZTSZ (roubles), KOEF_Z, KOEF_UP, KOEF_U, KOEF_D, K_ZP, KOEF_PR (an absent column or value
    is 1), IT_SL, IT_SL_NO_KD (absent is 0); text as it arrived, ``Decimal`` or integers. In ``multiplied`` methods IT_SL is
    the final coefficient and 0 means none. ``scale`` overrides the method's decimals of a rouble: 2 kopecks, 1, 0 roubles.
    Raises ``ValueError`` for text that is no number and for an absent BZTSZ, ``TypeError`` for floats, ``LookupError`` for
    a day before every method.
    """
    if method is not None or "DATE_Z_2" not in (frame.column_names if isinstance(frame, pa.Table) else frame.columns):
        method = method or CURRENT
        rows, repeats = distinct(frame, TITLES)
        total = _parts(rows, method, method.scale if scale is None else scale).total
        return kopecks(frame, total[repeats])
    rows = frame.to_pandas() if isinstance(frame, pa.Table) else frame
    days, known = pd.factorize(rows["DATE_Z_2"].astype("str").str.slice(0, 10))
    methods = [method_on(date.fromisoformat(day)) for day in known]
    costs = np.zeros(len(rows), dtype=np.int64)
    for each in dict.fromkeys(methods):
        chosen = np.flatnonzero(np.array([method is each for method in methods], dtype=bool)[days])
        costs[chosen] = ksg_cost(rows.iloc[chosen], each, scale=scale).to_numpy()
    return pd.Series(costs, index=rows.index)


def _parts(frame: Frame, method: Method, scale: int) -> _Parts:
    rate, one = column(frame, "BZTSZ"), Exact.of(1, len(frame))
    differentiation = column(frame, "KOEF_D", 1)
    salaries = column(frame, "K_ZP", 1)
    local = column(frame, "KOEF_UP", 1) * column(frame, "KOEF_U", 1) * differentiation
    base = rate * column(frame, "KOEF_Z", 1) * (one - salaries + salaries * local)
    complexity, plain = column(frame, "IT_SL", 0), column(frame, "IT_SL_NO_KD", 0)
    share = column(frame, "KOEF_PR", 1)
    if method.kslp == "multiplied":
        if (plain.units != 0).any():
            raise ValueError("IT_SL_NO_KD: not known to the method of the year")
        factor = one.where(complexity.units == 0, complexity)
        factor = factor if method.cap is None else factor.at_most(Exact.of(method.cap, len(frame)))
        return _Parts(base, factor, share, (base * factor * share).rounded(scale))
    added = rate * (differentiation * complexity + plain)
    paid = added * share if method.interrupted_kslp == "scaled" else added
    if method.rounding == "parts":
        return _Parts(base, added, share, (base * share).rounded(scale) + paid.rounded(scale))
    return _Parts(base, added, share, (base * share + paid).rounded(scale))


@dataclass(frozen=True)
class Coefficient:
    """One number of a formula: element, title, value, whether the case has it, and where it comes from (row, dates, act)."""

    name: str
    title: str
    value: Decimal
    given: bool
    source: str = ""


@dataclass(frozen=True)
class Explanation:
    """A sum with the formula that made it: ``text`` for a reader, the rest as data."""

    formula: str
    coefficients: tuple[Coefficient, ...]
    base: Decimal  # roubles, exact, before the share of an interrupted case
    kslp: Decimal  # roubles, exact; in multiplied methods the coefficient
    kopecks: int
    source: str
    text: str


def explain(
    row: Mapping[str, object],
    method: Method = CURRENT,
    *,
    scale: int | None = None,
    sources: Mapping[str, str] | None = None,
) -> Explanation:
    """Formula, coefficients and sum of one case; ``sources`` names the dictionary row, dates and act of an element.

    Raises as ``ksg_cost``.
    """
    frame = pd.DataFrame([{name: row.get(name) for name in TITLES}], dtype=object)
    decimals = method.scale if scale is None else scale
    parts = _parts(frame, method, decimals)
    coefficients = tuple(
        Coefficient(name, title, *_value(row.get(name), 0 if name.startswith("IT_SL") else 1), (sources or {}).get(name, ""))
        for name, title in TITLES.items()
    )
    given = {item.name for item in coefficients if item.given}
    formula = _formula(given, method)
    amount = int(parts.total.kopecks()[0])
    explanation = Explanation(
        formula, coefficients, parts.base.decimals()[0], parts.kslp.decimals()[0], amount, method.source, ""
    )
    return replace(explanation, text=_text(explanation, method, decimals))


def _value(value: object, missing: int) -> tuple[Decimal, bool]:
    number = Exact.parse([value], missing).decimals()[0]
    return number, value is not None and value != ""


def _formula(given: set[str], method: Method) -> str:
    local = [_SIGNS[name] for name in ("KOEF_UP", "KOEF_U", "KOEF_D") if name in given]
    if "K_ZP" in given:
        base = "БС × КЗ × ((1 − Дзп) + " + " × ".join(["Дзп", *local]) + ")"
    else:
        base = " × ".join(["БС", "КЗ", *local])
    share = " × КПР" if "KOEF_PR" in given else ""
    if method.kslp == "multiplied":
        limited = f"min(КСЛП; {method.cap})" if method.cap is not None else "КСЛП"
        return base + (f" × {limited}" if "IT_SL" in given else "") + share
    added = [" × ".join(["БС", *(["КД"] if "KOEF_D" in given else []), "КСЛП"])] if "IT_SL" in given else []
    added += ["БС × КСЛП*"] if "IT_SL_NO_KD" in given else []
    if not added:
        return base + share
    if not share:
        return " + ".join([base, *added])
    if method.interrupted_kslp == "scaled":
        return "(" + " + ".join([base, *added]) + ")" + share
    return base + share + " + " + " + ".join(added)


def _text(explanation: Explanation, method: Method, scale: int) -> str:
    steps = {2: "до копейки", 1: "до 0,1 рубля", 0: "до рубля"}
    lines = [f"Стоимость = {explanation.formula}"]
    for item in explanation.coefficients:
        if item.given:
            source = f" — {item.source}" if item.source else ""
            lines.append(f"  {item.title}: {_plain(item.value)}{source}")
    what = "Округление один раз" if method.rounding == "once" else "Стоимость и КСЛП округляются отдельно"
    lines.append(f"{what}, половина вверх, {steps.get(scale, f'до {scale} знаков после запятой')}")
    lines.append(f"Итого: {roubles(explanation.kopecks).replace('.', ',')} руб.")
    lines.append(f"Основание: {explanation.source}")
    return "\n".join(lines)


def _plain(value: Decimal) -> str:
    return f"{value:f}".replace(".", ",")
