"""What a visitor asks of the journal: a filter read from the address, as parameters of its statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pipelines.exchange.model import Result
from pipelines.exchange.protocol import LOCAL
from pipelines.exchange.whereabouts import begins
from pipelines.pages.errors import Told
from pipelines.pages.words import WAITING

USUAL_DAYS = 30
"""Days that the journal shows when no period is asked for."""
STRANGER = "-"
"""What stands for senders that are not known."""
HASH_SHORTEST = 8
PART_SHORTEST = 3
"""Signs that an index of parts needs."""
DIGITS = 18
"""Greatest number of digits of a package's number."""


@dataclass(frozen=True)
class Filter:
    """A filter of the journal; empty text is no condition. Days are local, both included; None with a search: all days."""

    first: date | None
    last: date | None
    sender: str = ""
    kind: str = ""
    channel: str = ""
    result: str = ""
    search: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str], today: date) -> Filter:
        """From the address's parameters; raises ``Told`` for days that are none."""
        search = asked.get("q", "").strip()
        first, last = day_of(asked.get("since", "")), day_of(asked.get("until", ""))
        if not search:
            last = last or max(today, first or today)
            first = first or last - timedelta(days=USUAL_DAYS - 1)
        if first and last and first > last:
            raise Told(400, "Период записан наоборот: первый день позже последнего.")
        texts = {name: asked.get(name, "").strip() for name in ("sender", "kind", "channel", "result")}
        return cls(first, last, **texts, search=search)

    def query(self) -> dict[str, str]:
        """The filter as parameters of an address."""
        days = {"since": self.first.isoformat() if self.first else "", "until": self.last.isoformat() if self.last else ""}
        texts = {"sender": self.sender, "kind": self.kind, "channel": self.channel, "result": self.result}
        return {name: text for name, text in (days | texts | {"q": self.search}).items() if text}

    def conditions(self) -> dict[str, Any]:
        """Parameters of the statements' conditions other than the period."""
        waiting = self.result in WAITING
        if self.result and not waiting and self.result not in Result.__members__:
            raise Told(400, "Такого результата нет.")
        return {
            "sender": self.sender if self.sender not in ("", STRANGER) else None,
            "stranger": self.sender == STRANGER,
            "kind": self.kind or None,
            "channel": self.channel or None,
            "result": self.result if self.result and not waiting else None,
            "state": self.result if waiting else None,
        }

    def moments(self) -> dict[str, datetime | None]:
        """The period as moments: since … until, the latter not included."""
        return {
            "since": _midnight(self.first) if self.first else None,
            "until": _midnight(self.last + timedelta(days=1)) if self.last else None,
        }

    def sought(self) -> dict[str, Any]:
        """Parameters of the search: part of a name (its beginning, where the part is short), beginning of a hash or of the
        package's own number, number in the journal."""
        text = self.search
        hexadecimal = len(text) >= HASH_SHORTEST and all(sign in "0123456789abcdef" for sign in text.lower())
        return {
            "begins": begins(text.upper()) if text else None,
            "part": ("%" if len(text) >= PART_SHORTEST else "") + begins(text.upper()) if text else None,
            "hash": f"{text.lower()}%" if hexadecimal else None,
            "id": int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else None,
        }


@dataclass(frozen=True)
class After:
    """Where a page of the journal goes on: the last package of the page before."""

    at: datetime | None = None
    id: int | None = None

    @classmethod
    def of(cls, text: str) -> After:
        """From ``<microseconds since 1970>-<id>``; raises ``Told`` for anything else."""
        if not text:
            return cls()
        moment, _, number = text.partition("-")
        if not all(part.isascii() and part.isdigit() and len(part) <= DIGITS for part in (moment, number)):
            raise Told(400, "Такой страницы журнала нет.")
        try:
            return cls(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(moment)), int(number))
        except OverflowError:
            raise Told(400, "Такой страницы журнала нет.") from None

    @staticmethod
    def text(at: datetime, number: int) -> str:
        """The place after a package."""
        return f"{(at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)}-{number}"

    def parameters(self) -> dict[str, Any]:
        return {"after_at": self.at, "after_id": self.id}


def day_of(text: str) -> date | None:
    """A day of an address, None for an empty text; raises ``Told`` for what is no day."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Told(400, "Дата записана неверно: нужна ГГГГ-ММ-ДД.") from None


def local_today() -> date:
    """Today where the fund is."""
    return datetime.now(LOCAL).date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, LOCAL)
