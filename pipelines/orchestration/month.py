"""Bodies of the DAGs that close a report month and control the registers of a day."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from pipelines.orchestration import answers
from pipelines.orchestration.connections import exchange
from pipelines.orchestration.duties import local_day
from pipelines.orchestration.links import closing_page
from pipelines.orchestration.policy import MONTH_ANSWERS
from pipelines.orchestration.report import without_values

if TYPE_CHECKING:
    from pipelines.pump.closing.service import Closings

log = logging.getLogger(__name__)

APPROVE, REJECT = MONTH_ANSWERS
REPLAYED = ("APPROVED", "DELIVERED")
"""States of a month that a run does not close again: it replays it."""


def period_of(text: str | None, run_after: datetime) -> date:
    """First day of the month ГГГГ-ММ; without one, that of the month before the run."""
    if text:
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
            raise AirflowFailException("Отчётный месяц указывается как ГГГГ-ММ")
        return date.fromisoformat(f"{text}-01")
    first = local_day(run_after).replace(day=1)
    return date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)


def freeze(period: str | None, run_after: datetime) -> int:
    """Freeze the month; returns the number of its closing. Waits for registers that are still being processed."""
    month = period_of(period, run_after)
    with _told():
        closing = _closings().freeze_month(month)
    log.info("Закрытие № %d: %s, пакетов %d", closing.id, f"{month:%m.%Y}", len(closing.packages))
    return closing.id


def way(closing: int) -> str:
    """Task to go on with: ``replay`` for a month that was closed before, else ``gather``."""
    with _told():
        return "replay" if _closings().read(closing).state in REPLAYED else "gather"


def gather(closing: int) -> int:
    """Gather what may change later; returns the closing's number."""
    with _told():
        _closings().gather(closing)
    return closing


def control(closing: int) -> int:
    """Control and price the cases; returns the closing's number."""
    with _told():
        _closings().control(closing)
    return closing


def settle(closing: int) -> int:
    """Settle with the payers; returns the closing's number."""
    with _told():
        _closings().settle(closing)
    return closing


def pack(closing: int) -> str:
    """Make the documents; returns what the one who decides is shown."""
    from pipelines.ground import database
    from pipelines.pump.closing import freeze as frozen
    from pipelines.pump.closing.brief import brief

    with _told():
        closings = _closings()
        closings.pack(closing)
        with database.transaction(closings.exchange.settings.database_url) as connection:
            shown = brief(connection, frozen.read(connection, closing))
    return f"{shown}\n\n[Закрытие на страницах обмена: счета, решения, документы]({closing_page(closing)})"


def decide(closing: int, answer: Mapping[str, Any]) -> int:
    """Approve or reject the month in the person's name; skipped for a rejection."""
    approved, by, reason = answers.read(answer, APPROVE)
    with _told():
        _closings().decide(closing, approved, by, reason)
    if not approved:
        raise AirflowSkipException(f"Закрытие отклонено: {by}, {reason}. Месяц снова открыт")
    log.info("Закрытие № %d утверждено: %s, %s", closing, by, reason)
    return closing


def send(closing: int) -> int:
    """Hand the files of an approved month over to the outbox; returns their number."""
    with _told():
        sent = _closings().deliver(closing)
    log.info("Закрытие № %d: к отправке файлов %d", closing, sent)
    return sent


def replay(closing: int) -> str:
    """Count a closed month again and compare; fails for good where a kopeck or a byte differs."""
    with _told():
        found = _closings().replay(closing)
    if found.differences:
        raise AirflowFailException(f"Пересчёт закрытия № {closing} не совпал: {'; '.join(found.differences[:20])}")
    text = f"Закрытие № {closing}: пересчёт совпал – случаев {found.cases}, файлов {found.documents}"
    log.info(text)
    return text


def day(run_after: datetime) -> dict[str, int]:
    """Control the registers that no control has answered yet, and send the results. A month that fails stops no other."""
    done = {"controlled": 0, "files": 0, "failed": 0}
    with _told():
        closings = _closings()
        found = closings.freeze_days()
    for closing in found:
        try:
            with _told():
                for step in (closings.gather, closings.control, closings.settle, closings.pack):
                    step(closing.id)
                done["files"] += closings.deliver(closing.id)
        except AirflowException as error:
            done["failed"] += 1
            log.error("Контроль № %d за %s не проведён: %s", closing.id, f"{closing.period:%m.%Y}", error)
            continue
        done["controlled"] += len(closing.fresh)
        log.info("Контроль № %d за %s: пакетов %d", closing.id, f"{closing.period:%m.%Y}", len(closing.fresh))
    if done["failed"] and not done["controlled"]:
        raise AirflowException(f"Контроль не проведён ни за один месяц из {done['failed']}: см. сообщения выше")
    return done


def _closings() -> Closings:
    from pipelines.pump.closing.service import Closings

    return Closings(exchange())


@contextmanager
def _told() -> Iterator[None]:
    """A month that is not ready is tried again; a step that is out of turn is not. Other errors quote no data."""
    from pipelines.pump.closing.freeze import NotReady
    from pipelines.pump.closing.service import Unfit

    with without_values():
        try:
            yield
        except NotReady as error:
            raise AirflowException(str(error)) from None
        except Unfit as error:
            raise AirflowFailException(str(error)) from None
