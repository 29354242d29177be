"""Letters to the operators through a real mail server: what they say, that one is enough, that they harm nobody."""

from __future__ import annotations

import email
import imaplib
import json
import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines.demo.servers.mail import MailServer
from pipelines.demo.servers.ports import free_port
from pipelines.ground import database as db
from pipelines.ground.settings import ROOT
from tests.exchange.world import REGION, World
from tests.orchestration.test_connections import from_environment

TO = REGION.operators.mail[0]
MANUAL = (
    "### Приём\n\nЧто делает.\n\n**Если пачка красная.** Причина — в журнале.\nНажмите «Clear».\n\n"
    "**Повторный запуск безопасен**."
)


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with MailServer(free_port(), free_port(), {REGION.fund.mail: "pw-fund", TO: "pw-oper"}) as running:
        yield running


@pytest.fixture
def installed(server: MailServer, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    connection = {
        "conn_type": "smtp",
        "host": "127.0.0.1",
        "port": server.ports["SMTP"],
        "login": REGION.fund.mail,
        "password": "pw-fund",
        "extra": {"tls": "none"},
    }
    monkeypatch.setattr("airflow.sdk.definitions.connection.Connection.get", from_environment)
    monkeypatch.setenv("AIRFLOW_CONN_OMS_SMTP", json.dumps(connection))
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://127.0.0.1:8080")
    monkeypatch.setenv("OMS_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("OMS_DATABASE_URL", database)
    monkeypatch.setenv("OMS_REGION", "demo")
    empty_inbox(server)
    return World(database, tmp_path / "world").set_up()


def inbox(server: MailServer) -> imaplib.IMAP4:
    imap = imaplib.IMAP4("127.0.0.1", server.ports["IMAP"], timeout=10)
    imap.login(TO, "pw-oper")
    imap.select("INBOX")
    return imap


def letters(server: MailServer) -> list[EmailMessage]:
    with inbox(server) as imap:
        rows = imap.fetch("1:*", "(BODY.PEEK[])")[1]
    return [email.message_from_bytes(row[1], policy=SMTP) for row in rows if isinstance(row, tuple)]


def empty_inbox(server: MailServer) -> None:
    with inbox(server) as imap:
        imap.store("1:*", "+FLAGS", r"\Deleted")
        imap.expunge()


def text(letter: EmailMessage, kind: str = "plain") -> str:
    return str(letter.get_body((kind,)).get_content()).replace("\r\n", "\n")


def failure(task: str = "process", label: str | None = "HM980001S98001_26101.zip и ещё 5") -> dict[str, object]:
    from airflow.sdk import DAG

    return {
        "dag": DAG("pump_intake", schedule=None, dag_display_name="ПУМП: приём реестров счетов", doc_md=MANUAL),
        "task": SimpleNamespace(task_id=task, task_display_name="Обработка"),
        "ti": SimpleNamespace(
            run_id="manual__1", try_number=4, rendered_map_index=label, log_url="http://127.0.0.1:8080/dags/pump_intake/x"
        ),
        "exception": ValueError("Иванов Иван"),
    }


def test_a_fault_says_what_and_what_to_do(installed: World, server: MailServer) -> None:
    from pipelines.orchestration.notifiers import FailedTask

    FailedTask()(failure())
    (letter,) = letters(server)
    assert letter["Subject"] == "Сбой: ПУМП: приём реестров счетов, «Обработка»"
    assert (letter["From"], letter["To"]) == (REGION.fund.mail, TO)
    assert letter["Auto-Submitted"] == "auto-generated"
    assert text(letter) == (
        "Задача «Обработка» процесса «ПУМП: приём реестров счетов» не выполнена, повторы исчерпаны.\n\n"
        "Пакеты: HM980001S98001_26101.zip и ещё 5\n\n"
        "Запуск: `manual__1`, попыток: 4\n\n"
        "**Если пачка красная.** Причина — в журнале.\nНажмите «Clear».\n\n"
        "[Задача и её журнал](http://127.0.0.1:8080/dags/pump_intake/x)\n\n"
        "О других сбоях этой же задачи за ближайшие 60 мин отдельных писем не будет.\n"
    )
    assert '<a href="http://127.0.0.1:8080/dags/pump_intake/x">' in text(letter, "html")
    assert "Иванов" not in letter.as_string() + text(letter) + text(letter, "html")


def test_many_faults_of_a_task_are_one_letter(installed: World, server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.orchestration.notifiers import FailedTask

    now = time.time() // 3600 * 3600
    monkeypatch.setattr("pipelines.orchestration.notifiers.time.time", lambda: now)
    for number in range(20):
        FailedTask()(failure(label=f"пачка {number}"))
    FailedTask()(failure(task="waiting"))
    assert len(letters(server)) == 2
    now += 3600
    FailedTask()(failure(label="позже"))
    assert "позже" in text(letters(server)[-1])
    assert len(letters(server)) == 3
    assert len(list((installed.root.parent / "var" / "notices").iterdir())) == 2


def test_a_dead_server_harms_nobody_and_the_next_fault_is_told(
    installed: World, server: MailServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from pipelines.orchestration.notifiers import FailedTask

    alive = json.loads(os.environ["AIRFLOW_CONN_OMS_SMTP"])
    monkeypatch.setenv("AIRFLOW_CONN_OMS_SMTP", json.dumps(alive | {"port": free_port()}))
    started = time.monotonic()
    FailedTask()(failure())
    assert time.monotonic() - started < 9
    assert "Письмо операторам не отправлено: ChannelError" in caplog.text
    monkeypatch.delenv("AIRFLOW_CONN_OMS_SMTP")
    FailedTask()(failure())
    monkeypatch.setenv("OMS_REGION", "нет такой")
    FailedTask()(failure())
    assert letters(server) == []
    monkeypatch.setenv("OMS_REGION", "demo")
    monkeypatch.setenv("AIRFLOW_CONN_OMS_SMTP", json.dumps(alive))
    FailedTask()(failure())
    assert len(letters(server)) == 1


def test_a_silent_server_is_given_up(installed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.orchestration import notifiers

    monkeypatch.setattr(notifiers, "TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": deaf.getsockname()[1], "extra": {"tls": "none"}}
        monkeypatch.setenv("AIRFLOW_CONN_OMS_SMTP", json.dumps(connection))
        started = time.monotonic()
        notifiers.FailedTask()(failure())
        assert 0.4 < time.monotonic() - started < 9


def test_a_decision_is_told_with_its_sums(installed: World, server: MailServer) -> None:
    from airflow.sdk import DAG

    from pipelines.orchestration.answers import ask
    from pipelines.orchestration.notifiers import AwaitedDecision

    brief = "Случаев 7.\n\n| Плательщик | К оплате |\n|---|---:|\n| 98001 <СМО> | 1 234,56 |"
    task = ask("Утвердить?", brief, "Утвердить и отправить", "Отклонить")
    context = {
        "dag": DAG("pump_month", schedule=None, dag_display_name="ПУМП: закрытие месяца"),
        "task": task,
        "ti": SimpleNamespace(dag_id="pump_month", run_id="r", log_url="http://127.0.0.1:8080/x"),
    }
    AwaitedDecision()(context)
    AwaitedDecision()(context)
    (letter,) = letters(server)
    assert letter["Subject"] == "Ждёт решения: ПУМП: закрытие месяца"
    assert brief in text(letter)
    assert "«Утвердить и отправить» или «Отклонить»" in text(letter)
    assert "без ответа будет «Отклонить»" in text(letter)
    assert '<td>98001 &lt;СМО&gt;</td>\n<td style="text-align:right">1 234,56</td>' in text(letter, "html")


def test_the_morning_letter_is_one_a_day(installed: World, server: MailServer) -> None:
    from pipelines.orchestration import reminder

    morning = datetime(2026, 9, 8, 5, 0, tzinfo=UTC)
    for asked in (None, None, "2026-09-08"):
        assert reminder.remind(asked, morning) == {"late": 1, "now": 0, "soon": 1}
    (letter,) = letters(server)
    assert letter["Subject"] == "Сроки на 08.09.2026: просрочено 1"
    assert text(letter) == (
        "**Просрочено**\n\n"
        "- Приём реестров счетов за 08.2026: последний день 07.09.2026; реестров нет от 7: 980001 Краевая больница, "
        "980002 Детская больница, 980003 Поликлиника № 1, 980004 Поликлиника № 2, 980005 Скорая помощь, "
        "980006 Онкодиспансер, 980007 Луговская больница\n\n"
        "**Скоро**\n\n"
        "- Заявка на авансирование за 09.2026: последний день 10.09.2026\n\n"
        "[Сроки на страницах обмена](http://127.0.0.1:8080/oms/deadlines)\n"
    )
    events = installed.rows("select name, actor, details from exchange.event where name = 'CALENDAR_MAILED'")
    assert [(event["actor"], event["details"]) for event in events] == [
        ("система", {"day": "2026-09-08", "late": 1, "now": 0, "soon": 1})
    ]
    reminder.remind(None, morning + timedelta(days=1))
    assert len(letters(server)) == 2


def test_nothing_to_say_is_no_letter(installed: World, server: MailServer) -> None:
    from pipelines.orchestration import reminder

    assert reminder.remind("2026-09-03", datetime(2026, 9, 3, tzinfo=UTC)) == {"late": 0, "now": 0, "soon": 0}
    assert letters(server) == []
    assert installed.rows("select from exchange.event where name = 'CALENDAR_MAILED'") == []


def test_a_letter_that_does_not_leave_is_not_noted(installed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowException

    from pipelines.orchestration import reminder

    monkeypatch.delenv("AIRFLOW_CONN_OMS_SMTP")
    with pytest.raises(AirflowException, match="нет соединения oms_smtp"):
        reminder.remind("2026-09-08", datetime(2026, 9, 8, tzinfo=UTC))
    assert installed.rows("select from exchange.event where name = 'CALENDAR_MAILED'") == []


def test_a_missed_day_is_told_while_the_month_is_not_there(installed: World, server: MailServer) -> None:
    from pipelines.orchestration import deadlines

    run = {"dag_id": "pump_month", "dag_run_id": "manual__1+2", "run_after": "2026-09-20T00:00:00Z", "conf": None}
    assert deadlines.tell("control", run) == "сообщено"
    assert deadlines.tell("advance_payment", run) == "нечего сверять"
    (letter,) = letters(server)
    assert letter["Subject"] == "Просрочено: Медико-экономический контроль за 08.2026"
    assert "истёк 14.09.2026" in text(letter)
    assert "http://127.0.0.1:8080/dags/pump_month/runs/manual__1%2B2" in text(letter)
    with db.transaction(installed.url) as connection:
        connection.exec_driver_sql(
            "insert into pump.closing (kind, period, state, act_number, act_date, frozen_at, packages, fresh, editions, "
            "earlier, terms_sha256) select 'month', '2026-08-01', 'CONTROLLED', '1', '2026-09-10', now(), '{}', '{}', '{}', "
            "'{}', repeat('0', 64)"
        )
    assert deadlines.tell("control", run) == "сделано в срок"
    assert deadlines.tell("final_payment", run) == "сообщено"
    assert "Состояние: проведён МЭК." in text(letters(server)[-1])


def test_days_end_at_midnight_where_the_fund_is() -> None:
    from pipelines.orchestration.deadlines import MonthDeadline, end_of

    assert end_of(date(2026, 9, 14)) == datetime(2026, 9, 14, 21, 0, tzinfo=UTC)
    kept = MonthDeadline("control").serialize_reference()
    assert kept == {"reference_type": "MonthDeadline", "step": "control"}
    assert MonthDeadline.deserialize_reference(kept) == MonthDeadline("control")


def test_every_manual_says_what_to_do() -> None:
    from pipelines.orchestration.notifiers import advice

    for path in (ROOT / "dags").glob("*.py"):
        manual = path.read_text(encoding="utf-8").split('"""')[1]
        assert advice(manual).startswith("**Если "), path.name
    assert advice(MANUAL) == "**Если пачка красная.** Причина — в журнале.\nНажмите «Clear»."
    assert advice(None) == advice("### Ничего\n") == ""
