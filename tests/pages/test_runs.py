"""From a task of Airflow to its packages: one opens at once, several are a list, none says why."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from lxml import html
from sqlalchemy import text

from pipelines.exchange.runs import CURRENT, Run
from pipelines.ground import database as db
from tests.pages.site import Pages

RUN = "asset_triggered__2026-11-01T00:00:00.123456+00:00_Ab&c=%"


def address(task: str, index: int, run: str = RUN, dag: str = "pump_intake") -> str:
    return "/runs?" + urlencode({"dag": dag, "run": run, "task": task, "index": index})


@pytest.fixture
def taken(empty: Pages) -> Pages:
    """Three packages: two of 980001 in one batch, one of 980003 in another, all received by one reception."""
    world = empty.world
    token = CURRENT.set(Run("receive", RUN, "claim", -1))
    try:
        for sender, name in (("980001", "HM980001S98001_26101.zip"), ("980001", "HM980001S98001_26102.zip")):
            world.drop(sender, name, b"no archive")
        world.drop("980003", "HM980003S98002_26101.zip", b"nor this")
        exchange = world.exchange()
        world.receive(exchange)
        packages = list(exchange.pending("pump"))
        for package, index in zip(packages, (0, 0, 1), strict=True):
            CURRENT.set(Run("pump_intake", RUN, "process", index))
            exchange.process(package)
    finally:
        CURRENT.reset(token)
    return empty


def numbers(pages: Pages, sender: str) -> list[int]:
    found = pages.world.rows("select id from exchange.package where sender = :sender order by id", sender=sender)
    return [row["id"] for row in found]


def test_the_only_package_of_a_task_opens(taken: Pages) -> None:
    (number,) = numbers(taken, "980003")
    answer = taken.get("audit", address("process", 1))
    assert (answer.status_code, answer.headers["Location"]) == (307, f"/packages/{number}")


def test_packages_of_a_batch_are_a_list(taken: Pages) -> None:
    page = html.fromstring(taken.text("oper", address("process", 0)))
    expected = [f"/packages/{number}" for number in numbers(taken, "980001")]
    assert page.xpath("//tbody/tr/th/a/@href") == expected
    cells = page.xpath("//tbody/tr[1]/td")
    assert [cell.text_content() for cell in (cells[0], cells[1], cells[2], cells[4])] == [
        expected[0].rpartition("/")[2],
        "Краевая больница",
        "PUMP_H",
        "отклонён",
    ]
    assert "/dags/pump_intake/runs/asset_triggered__2026-11-01T00%3A00%3A00.123456%2B00%3A00_Ab%26c%3D%25/tasks" in str(
        page.xpath("string(//a[@data-airflow]/@href)")
    )
    assert RUN in page.text_content()


def test_a_reception_keeps_its_packages_when_others_process_them(taken: Pages) -> None:
    page = html.fromstring(taken.text("audit", address("claim", -1, dag="receive")))
    assert len(page.xpath("//tbody/tr")) == 3


@pytest.mark.parametrize(
    ("task", "index", "run", "dag"),
    [
        ("process", 2, RUN, "pump_intake"),
        ("process", 0, RUN.replace("&", "%26"), "pump_intake"),
        ("process", 0, RUN, "erz_changes"),
        ("claim", 0, RUN, "receive"),
    ],
)
def test_a_task_without_packages_says_so(taken: Pages, task: str, index: int, run: str, dag: str) -> None:
    page = html.fromstring(taken.text("audit", address(task, index, run, dag)))
    assert "Пакетов этой задачи нет" in page.xpath("string(//p[@role='status'])")
    assert not page.xpath("//table")


def test_an_organisation_finds_its_own_only(taken: Pages) -> None:
    assert "Пакетов этой задачи нет" in taken.text("mo980003", address("process", 0))
    (number,) = numbers(taken, "980003")
    answer = taken.get("mo980003", address("claim", -1, dag="receive"))
    assert answer.headers["Location"] == f"/packages/{number}"
    shown = taken.text("mo980001", address("process", 0))
    assert "data-airflow" not in shown


@pytest.mark.parametrize("given", ["", "dag=a&run=b", "dag=a&run=b&task=c&index=x"])
def test_an_incomplete_address_is_refused(empty: Pages, given: str) -> None:
    assert empty.get("audit", f"/runs?{given}").status_code == 422


def test_many_packages_are_found_by_their_indices(taken: Pages) -> None:
    """The plan for those who see everything; figures are measured by ``tests.bench.bench_pages``."""
    query = (
        "explain select id from exchange.package where run = '{}'::jsonb "
        "union select id from exchange.package where reception = '{}'::jsonb"
    )
    with db.transaction(taken.world.url) as connection:
        connection.execute(text("set local enable_seqscan = off"))
        plan = "\n".join(connection.execute(text(query)).scalars())
    assert "package_run" in plan
    assert "package_reception" in plan
