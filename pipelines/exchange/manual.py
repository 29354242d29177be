"""What a person may ask for a package: its answer once more, or another try after faults of ours. Each is an event."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, Row

from pipelines.exchange import journal
from pipelines.ground.sql import statement

RESENT = "RESENT"
AGAIN = "AGAIN"
LONGEST = 500
"""Characters of a reason."""


class Refused(ValueError):  # noqa: N818
    """What was asked cannot be done; the Russian text says why."""


def resend(connection: Connection, package_id: int, by: str, reason: str) -> int:
    """Put the answer of a package into the outbox once more, the same bytes; returns the number of files.

    Raises ``Refused`` for a package that is not there or has no answer, and where ``by`` or ``reason`` say nothing.
    """
    who, why = _stated(by, reason)
    row = _package(connection, package_id)
    if row.state != "ANSWERED":
        raise Refused(f"Пакет № {package_id} ещё не обработан: отправлять нечего")
    now = datetime.now(UTC)
    files = connection.execute(statement("exchange/outgoing_resend"), {"id": package_id, "now": now}).all()
    if not files:
        raise Refused(f"Пакет № {package_id} остался без ответа: отправитель не опознан")
    details = {"reason": why, "files": {file.name: file.sha256 for file in files}}
    journal.append(connection, package_id, journal.Event(RESENT, now, details), actor=who)
    return len(files)


def again(connection: Connection, package_id: int, by: str, reason: str) -> None:
    """Make a failed package due at once, its tries counted anew: the next reception gives it to its intake.

    Raises ``Refused`` for a package that is not there or is not FAILED (an answered one is never loaded twice), and where
    ``by`` or ``reason`` say nothing.
    """
    who, why = _stated(by, reason)
    row = _package(connection, package_id)
    if row.state == "ANSWERED":
        raise Refused(f"На пакет № {package_id} уже дан ответ: второй раз он не загружается, можно отправить ответ ещё раз")
    now = datetime.now(UTC)
    if not connection.execute(statement("exchange/package_again"), {"id": package_id, "now": now}).rowcount:
        raise Refused(f"Пакет № {package_id} и так ждёт обработки")
    journal.append(connection, package_id, journal.Event(AGAIN, now, {"reason": why}), actor=who)


def _package(connection: Connection, package_id: int) -> Row[tuple[object, ...]]:
    row = connection.execute(statement("exchange/package_state"), {"id": package_id}).first()
    if row is None:
        raise Refused(f"Пакета № {package_id} в журнале нет")
    return row


def _stated(by: str, reason: str) -> tuple[str, str]:
    who, why = by.strip(), " ".join("".join(filter(str.isprintable, part)) for part in reason.split())
    if not who:
        raise Refused("Не указано, кто просит")
    if not why:
        raise Refused("Не указана причина")
    if len(why) > LONGEST:
        raise Refused(f"Причина длиннее {LONGEST} знаков")
    return who, why
