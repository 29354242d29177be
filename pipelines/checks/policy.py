"""The region's switches as rows of its dictionary ``T_RULES``, and what a new one makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from pipelines import nsi
from pipelines.checks.rulebook import OFF, POLICY

RESTORE = "restore"
"""The rule as its own dictionary has it."""
TEXT = "text"
"""Another message, the severity as it is."""

Row = Mapping[str, str | None]
FIELDS = ("RULE", "KIND", "SEVERITY", "TEXT", "DATEBEG", "DATEEND")
_DAY = timedelta(days=1)


class PolicyError(ValueError):
    """A switch that cannot be made; the text says why, in Russian."""


@dataclass(frozen=True)
class NewSwitch:
    """A switch to be made: ``action`` is a severity, ``off``, ``TEXT`` or ``RESTORE``; no ``kind`` means every file."""

    rule: str
    kind: str
    action: str
    text: str
    since: date


def rows(connection: Connection) -> list[dict[str, str | None]]:
    """Rows of the last edition of the region's switches."""
    edition = nsi.current(connection, POLICY)
    return nsi.entries(connection, edition.id) if edition else []


def switched(existing: Sequence[Row], new: NewSwitch) -> list[dict[str, str | None]]:
    """The rows with a new switch: those that it supersedes end the day before, its own row follows them.

    A severity keeps the text of the switch that it supersedes, a text its severity. Rows that would begin later are kept
    with an empty period, so that every state of the dictionary differs from those before it. Raises ``PolicyError`` for a
    kind of file whose rule is off for all kinds.
    """
    begins = new.since.isoformat()
    result: list[dict[str, str | None]] = []
    held: Row = {}
    for row in existing:
        superseded = row.get("RULE") == new.rule and new.kind in ("", row.get("KIND") or "")
        if not superseded or _ended(row, begins):
            result.append(dict(row))
            continue
        if (row.get("DATEBEG") or "") <= begins:
            held = row
        result.append(dict(row) | {"DATEEND": _day_before(max(row.get("DATEBEG") or begins, begins))})
    _check_wider(existing, new, begins)
    result.extend(_own(held, new, begins))
    return result


def store(connection: Connection, after: Sequence[Row], source: str) -> int:
    """Keep the rows as the dictionary's new edition; returns its id."""
    return nsi.store_edition(connection, POLICY, after, title="Настройка правил контроля", source=source)


def _own(held: Row, new: NewSwitch, begins: str) -> Iterator[dict[str, str | None]]:
    """The row of the switch itself; none when the rule goes back to its dictionary."""
    if new.action == RESTORE:
        return
    severity = held.get("SEVERITY") if new.action == TEXT else new.action
    text = new.text or held.get("TEXT")
    values = (new.rule, new.kind or None, severity, text or None, begins, None)
    yield dict(zip(FIELDS, values, strict=True))


def _check_wider(existing: Sequence[Row], new: NewSwitch, begins: str) -> None:
    for row in existing:
        wider = row.get("RULE") == new.rule and new.kind and not row.get("KIND")
        if wider and row.get("SEVERITY") == OFF and not _ended(row, begins):
            raise PolicyError(
                f"правило {new.rule} выключено для всех видов файлов; изменение только для файла {new.kind} не подействует, "
                "укажите его для всех видов"
            )


def _ended(row: Row, begins: str) -> bool:
    """Whether the row has nothing left to end: it is over before that day, or holds on no day."""
    end = row.get("DATEEND")
    return bool(end) and (str(end) < begins or str(end) < (row.get("DATEBEG") or ""))


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - _DAY).isoformat()
