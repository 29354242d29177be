"""Summaries: every total is the sum of its column and the closed month's."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache

import pandas as pd
import pytest

from pipelines.pump.documents import Source, summaries
from pipelines.pump.documents.summaries import SHEETS
from tests.pump import closing_made
from tests.pump.documents.read import Table, column, kopecks, sheets, table

MADE = {"usual": closing_made.usual, "busy": closing_made.busy, "empty": closing_made.empty}
HEADS = {
    "По этапам обработки": "Название этапа",
    "По кодировкам счетов": "Номер счёта",
    "По профилям": "Профиль",
    "По условиям оказания": "Условия оказания",
    "По КСГ": "КСГ",
    "Объёмы и план": "Единица",
    "Отказы по основаниям": "Основание",
}


@cache
def content(name: str) -> bytes:
    return summaries(MADE[name]()).content


def rows(name: str, sheet: str) -> Table:
    return table(content(name), sheet, HEADS[sheet])


def month(source: Source) -> list[int]:
    decided = source.closed.decision.cases
    return [int(values.sum()) for values in (source.closed.month.cases["SUMV"], decided["SANK_IT"], decided["SUMP"])]


def test_sheets() -> None:
    assert sheets(content("usual")) == list(HEADS) == list(SHEETS)
    assert summaries(closing_made.usual()).recipient is None


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("sheet", ["По профилям", "По условиям оказания"])
def test_all_money_of_the_month(name: str, sheet: str) -> None:
    *listed, total = rows(name, sheet)
    names = ("Предоставлено, руб.", "Отказано, руб.", "Принято, руб.")
    assert [column([total], each)[0] for each in names] == month(MADE[name]())
    assert [sum(column(listed, each)) for each in names] == month(MADE[name]())


@pytest.mark.parametrize("name", MADE)
def test_accounts(name: str) -> None:
    source = MADE[name]()
    *listed, total = rows(name, "По кодировкам счетов")
    names = ("Предъявлено, руб.", "Отказано, руб.", "Принято, руб.")
    assert [column([total], each)[0] for each in names] == month(source)
    assert [sum(column(listed, each)) for each in names] == month(source)
    codes = source.closed.decision.cases["OPLATA"]
    counts = [int(total[each]) for each in ("Оплачено полностью", "Оплачено частично", "Отказано")]
    assert counts == [int((codes == code).sum()) for code in ("1", "3", "2")]
    assert int(total["Случаев"]) == len(codes)


@pytest.mark.parametrize("name", ["usual", "busy"])
def test_stages(name: str) -> None:
    source = MADE[name]()
    listed = rows(name, "По этапам обработки")
    own = {row["Название этапа"]: row for row in listed if row["Код МО"] == "Все"}
    taken, refused, paid = month(source)
    intake = int(source.intake["amount"].sum())
    assert kopecks(own["Принято на МЭК"]["Сумма, руб."]) == taken
    assert kopecks(own["Предъявлено"]["Сумма, руб."]) == taken + intake
    assert kopecks(own["Принято к оплате"]["Сумма, руб."]) == paid
    stages = [row for title, row in own.items() if title.startswith("Отказано на МЭК")]
    assert sum(column(stages, "Сумма, руб.")) == refused
    codes = source.closed.decision.cases["OPLATA"]
    assert sum(int(row["Случаев"]) for row in stages) == int((codes == "2").sum())
    assert int(own["Принято к оплате"]["Случаев"]) == int((codes != "2").sum())
    steps = {code: [row for row in listed if row["Код МО"] == code] for code in {row["Код МО"] for row in listed}}
    assert len({len(group) for group in steps.values()}) == 1


def test_groups() -> None:
    source = closing_made.busy()
    *listed, total = rows("busy", "По КСГ")
    stay = source.closed.month.cases["USL_OK"].isin(["1", "2"])
    decided = source.closed.decision.cases
    assert column([total], "Принято, руб.") == [int(decided.loc[stay.to_numpy(), "SUMP"].sum())]
    assert sum(column(listed, "Предоставлено, руб.")) == int(source.closed.month.cases.loc[stay, "SUMV"].sum())
    assert {row["КСГ"] for row in listed} == {"st12.009"}


@pytest.mark.parametrize("name", ["usual", "busy"])
def test_refusals(name: str) -> None:
    source = MADE[name]()
    *listed, total = rows(name, "Отказы по основаниям")
    assert column([total], "Отказано, руб.") == [month(source)[1]] == [sum(column(listed, "Отказано, руб."))]
    applied = source.closed.hits[source.closed.hits["applied"] > 0]
    assert {row["Основание"] for row in listed} == set(applied["osn"])
    assert int(total["Применено"]) == len(applied)
    assert all(row["Содержание"] for row in listed)


def test_nothing_refused() -> None:
    *listed, total = rows("empty", "Отказы по основаниям")
    assert not listed
    assert column([total], "Отказано, руб.") == [0]


def test_volumes_against_the_plan() -> None:
    """Of the plan, a correction of this month, one of a later month, and what is returned; of the quarter before and now."""
    source = closing_made.usual()
    facts = pd.DataFrame({"CODE_MO": ["980001"], "UNIT": ["KS"], "QUANTITY": [12_50], "MONEY": [999]})
    given = pd.DataFrame({"CODE_MO": ["980001"], "UNIT": ["KS"], "QUANTITY": [7_50], "MONEY": [1]})
    dictionaries = with_plan(
        source,
        [
            ("980001", "KS", "2026", "1", None, "40", None, None),
            ("980001", "KS", "2026", "1", "3", "5", None, None),
            ("980001", "KS", "2026", "1", "2", "2", None, "1"),
            ("980001", "KS", "2026", "2", None, "77", None, None),
            ("980001", "KS_RUB", "2026", "1", None, None, "100.50", None),
        ],
    )
    changed = replace(source, closed=replace(source.closed, volumes=facts), consumed=given, dictionaries=dictionaries)
    found = {row["Единица"]: row for row in table(summaries(changed).content, "Объёмы и план", "Единица")}
    names = ("Утверждено", "Корректировка", "МЭК", "Факт с начала квартала", "Факт без МЭК", "Отклонение", "Выполнение, %")
    assert [Decimal(str(found["KS"][each])) for each in names] == [40, 5, 2, 20, 18, -27, Decimal("38.3")]
    assert Decimal(str(found["KS_RUB"]["Утверждено"])) == Decimal("100.5")
    assert found["KS_RUB"]["Факт с начала квартала"] == 0


def with_plan(source: Source, planned: list[tuple]) -> object:
    import pyarrow as pa

    from pipelines.nsi.dictionaries import Dictionaries, Dictionary

    names = ["MCOD", "UNIT", "YEAR", "QUARTER", "MONTH", "VOLUME", "MONEY", "MEC"]
    columns = {name: pa.array([row[place] for row in planned], pa.string()) for place, name in enumerate(names)}
    columns |= {"DATEBEG": pa.array(["2026-01-01"] * len(planned)), "DATEEND": pa.array([None] * len(planned), pa.string())}
    others = [dictionary for name, dictionary in source.dictionaries.items() if name != "T_VOLUME"]
    return Dictionaries([*others, Dictionary.of("T_VOLUME", pa.table(columns))])
