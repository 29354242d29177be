"""Bodies of the tasks of a change of the rules, over a real exchange on folders."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipelines.checks import rulebook
from pipelines.ground import database as db
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.exchange.world import REGION, World

RULE = "001F.00.0270"
NOW = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
FORM = {"action": "warning", "rule": RULE, "kind": None, "text": None, "edition": None, "since": "2026-01-01", "months": 2}


@pytest.fixture
def world(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(database, tmp_path).set_up()
    register = generate_register(REGION, "980001", "98001", date(2026, 10, 1), 40, 5, {"profil": 0.1})
    world.drop("980001", *package(register))
    world.run()
    monkeypatch.setattr("pipelines.orchestration.impact.exchange", world.exchange)
    return world


def reported():
    from pipelines.orchestration import impact

    months = impact.plan(FORM, NOW)
    assert [month["label"] for month in months] == ["10.2026", "11.2026"]
    return impact.report(months, [impact.replay(month) for month in months])


def answer(option: str, reason: str = "приказ 5", user: object = None) -> dict[str, object]:
    return {"chosen_options": [option], "params_input": {"reason": reason}, "responded_by_user": user}


def severities(world: World) -> list[str]:
    with db.transaction(world.url) as connection:
        return [switch.severity for switch in rulebook.switches(connection) if switch.rule == RULE]


def test_what_is_approved_is_put_in_force_by_whom_it_was(world):
    from pipelines.orchestration import impact

    told = reported()
    assert "| **Будет принято** | 4 | " in told["brief"]
    assert f"правило {RULE}, все виды файлов: степень: предупреждение" in told["brief"]
    assert sorted(name.rpartition(".")[2] for name in told["files"]) == ["html", "xlsx"]
    assert severities(world) == []
    edition = impact.decide(told, answer(impact.APPROVE, user={"id": "7", "name": "oper"}))
    assert severities(world) == ["warning"]
    (event,) = world.rows("select actor, details from exchange.event where name = 'RULE_IMPACT_APPROVED'")
    assert event["actor"] == "oper"
    assert event["details"]["reason"] == "приказ 5"
    assert event["details"]["edition"] == edition
    assert event["details"]["files"] == told["files"]


@pytest.mark.parametrize(
    ("user", "given", "by", "reason"),
    [
        ({"id": "7", "name": "oper"}, " рано ", "oper", "рано"),
        ({"id": "7", "name": ""}, "рано", "7", "рано"),
        (None, "", "срок ответа истёк", "основание не указано"),
    ],
)
def test_what_is_rejected_or_left_unanswered_is_not(world, user, given, by, reason):
    from airflow.sdk.exceptions import AirflowSkipException

    from pipelines.orchestration import impact

    told = reported()
    with pytest.raises(AirflowSkipException):
        impact.decide(told, answer(impact.REJECT, given, user))
    assert severities(world) == []
    (event,) = world.rows("select actor, details from exchange.event where name = 'RULE_IMPACT_REJECTED'")
    assert (event["actor"], event["details"]["reason"]) == (by, reason)


@pytest.mark.parametrize("option", ["Ввести в действие", "Отклонить"])
def test_a_person_gives_a_reason(option):
    from airflow.sdk.exceptions import AirflowFailException

    from pipelines.orchestration import answers

    with pytest.raises(AirflowFailException, match="«Clear» на задаче «Решение»"):
        answers.read(answer(option, "  ", {"id": "7", "name": "oper"}), "Ввести в действие")


def test_what_cannot_be_done_is_not_tried_again(world):
    from airflow.sdk.exceptions import AirflowFailException

    from pipelines.orchestration import impact

    with pytest.raises(AirflowFailException, match="правила 999 нет среди исполняемых"):
        impact.plan(FORM | {"rule": "999"}, NOW)
    told = reported()
    impact.decide(told, answer(impact.APPROVE))
    with pytest.raises(AirflowFailException, match="правила изменились"):
        impact.replay(impact.plan(FORM | {"action": "off"}, NOW)[0] | {"digest": "0" * 64})
