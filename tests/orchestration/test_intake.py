"""Batches and their processing, over a fake exchange."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import pytest

from pipelines.exchange.model import Result
from pipelines.exchange.processing import Outcome


@dataclass
class FakeExchange:
    """Packages with what each call of ``process`` gives: a result, None (not yet) or an exception."""

    script: dict[int, list[object]]
    names: dict[int, str] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    come: list[int] = field(default_factory=list)
    processed: list[int] = field(default_factory=list)
    announced: list[int] = field(default_factory=list)

    def pending(self, subsystem: str) -> dict[int, int]:
        assert subsystem == "pump"
        return {number: self.sizes.get(number, 1000) for number in self.script}

    def newcomer(self, subsystem: str, after: int, named) -> int | None:
        assert subsystem == "pump"
        return next((number for number in self.come if number > after and number not in named), None)

    def name_of(self, package_id: int) -> str:
        return self.names.get(package_id, f"HM{package_id}.ZIP")

    def bulk(self, packages: list[int]) -> FakeExchange:
        self.announced = list(packages)
        return self

    def take(self, package_id: int) -> str:
        return f"prepared {package_id}"

    def process(self, package_id: int, prepared: str) -> Outcome:
        assert prepared == f"prepared {package_id}"
        self.processed.append(package_id)
        step = self.script[package_id].pop(0)
        if isinstance(step, Exception):
            raise step
        return Outcome(package_id, self.name_of(package_id), step, 3, 0.1)


def exchange_of(count: int) -> FakeExchange:
    return FakeExchange({number: [Result.ACCEPTED] for number in range(1, count + 1)})


@pytest.mark.parametrize(
    ("packages", "expected", "longest"), [(0, 0, 0), (1, 1, 1), (8, 1, 8), (9, 2, 5), (24, 3, 8), (10_000, 64, 157)]
)
def test_batches_are_few_and_even(packages, expected, longest):
    from pipelines.orchestration.intake import batches

    dealt = batches(exchange_of(packages), "pump")
    sizes = [len(batch["packages"]) for batch in dealt]
    assert len(dealt) == expected
    assert [number for batch in dealt for number in batch["packages"]] == list(range(1, packages + 1))
    if sizes:
        assert max(sizes) == longest
        assert max(sizes) - min(sizes) <= 1


def test_large_packages_come_last_and_by_themselves():
    from pipelines.exchange.bulk import SMALL
    from pipelines.orchestration.intake import batches

    exchange = exchange_of(12)
    exchange.sizes = {1: SMALL + 1, 5: 5 * SMALL, 6: SMALL}
    dealt = [batch["packages"] for batch in batches(exchange, "pump")]
    assert dealt == [[2, 3, 4, 6, 7], [8, 9, 10, 11, 12], [1], [5]]
    many = exchange_of(200)
    many.sizes = dict.fromkeys(range(1, 101), SMALL + 1)
    assert len(batches(many, "pump")) == 32 + 13


def test_small_packages_that_come_meanwhile_go_before_the_rest_of_the_batch():
    from pipelines.orchestration.intake import MOST_NEWCOMERS, newcomers, process_batch

    exchange = exchange_of(40)
    exchange.come = list(range(20, 40))
    taken = process_batch(exchange, [1, 2], newcomers(exchange, "pump", last=25))
    assert exchange.processed == [*range(26, 26 + MOST_NEWCOMERS), 1, 2]
    assert taken == {"ACCEPTED": MOST_NEWCOMERS + 2}


def test_label_names_the_first_packages_and_hides_names_given_by_people():
    from pipelines.orchestration.intake import batches

    exchange = exchange_of(5)
    exchange.names[2] = "Справка Иванова.zip"
    assert batches(exchange, "pump")[0]["label"] == "HM1.ZIP, № 2, HM3.ZIP и ещё 2"


def test_a_failing_package_does_not_stop_its_batch(caplog):
    from pipelines.orchestration.intake import process_batch

    exchange = FakeExchange({1: [Result.ACCEPTED], 2: [ValueError("Иванов Иван")], 3: [Result.PARTIAL], 4: [Result.PARTIAL]})
    with caplog.at_level(logging.INFO):
        assert process_batch(exchange, [1, 2, 3, 4]) == {"ACCEPTED": 1, "PARTIAL": 2}
    assert exchange.announced == exchange.processed == [1, 2, 3, 4]
    assert "Пакет № 2 не обработан" in caplog.text
    assert "Не обработано по нашей вине: 1 из 4" in caplog.text
    assert "Иванов" not in caplog.text


def test_a_batch_fails_only_when_every_package_did():
    from airflow.sdk.exceptions import AirflowException

    from pipelines.orchestration.intake import process_batch

    exchange = FakeExchange({1: [ValueError()], 2: [ValueError()]})
    with pytest.raises(AirflowException, match="ни один пакет из 2"):
        process_batch(exchange, [1, 2])
    assert exchange.processed == [1, 2]


def test_a_package_that_waits_for_another_gets_one_more_chance():
    from pipelines.orchestration.intake import process_batch

    exchange = FakeExchange({1: [None, Result.DUPLICATE], 2: [Result.ACCEPTED], 3: [None, None]})
    assert process_batch(exchange, [1, 2, 3]) == {"ACCEPTED": 1, "DUPLICATE": 1, "POSTPONED": 1}
    assert exchange.processed == [1, 2, 3, 1, 3]


def test_one_line_a_package(caplog):
    from pipelines.orchestration.intake import process_batch

    exchange = exchange_of(3)
    exchange.names[3] = "Выписка Петровой.zip"
    with caplog.at_level(logging.INFO):
        process_batch(exchange, [1, 2, 3])
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 3
    assert lines[0].startswith("Пакет HM1.ZIP: ")
    assert "Петровой" not in caplog.text
