"""What became of each shipment: found in the journal, its answers fetched by the sender, compared with what was to be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import RowMapping

from pipelines.exchange.model import RESULT_TITLES, Result
from pipelines.ground.store import digest
from pipelines.synthetic.traffic import Shipment


@dataclass(frozen=True)
class Entry:
    """A package as the journal knows it; ``answers`` are the names of its answers with their SHA-256."""

    id: int
    channel: str
    address: str
    name: str
    reference: str
    result: Result | None
    findings: int
    rules: frozenset[str]
    answers: Mapping[str, str]

    @classmethod
    def of(cls, row: RowMapping) -> Entry:
        """From a row of ``sql/demo/packages.sql``."""
        result = Result(row["result"]) if row["state"] == "ANSWERED" else None
        values = {name: row[name] for name in ("id", "channel", "address", "name", "reference", "findings", "answers")}
        return cls(**values, result=result, rules=frozenset(row["rules"]))


@dataclass
class Track:
    """A shipment on its way. ``address`` is the login or mail address it was sent from, times are of the monotonic clock."""

    shipment: Shipment
    address: str
    message_id: str = ""
    sent_at: float | None = None
    ended_at: float | None = None
    entry: Entry | None = None
    received: dict[str, bytes] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        return self.ended_at is not None

    @property
    def seconds(self) -> float | None:
        """From the sending to the last answer."""
        return None if self.ended_at is None or self.sent_at is None else self.ended_at - self.sent_at

    def see(self, entry: Entry, fetch: Callable[[Iterable[str]], Mapping[str, bytes]]) -> None:
        """Take note of the journal's row; fetch the answers that it names, and end when the last is there."""
        self.entry = entry
        if entry.result is None or self.ended:
            return
        missing = entry.answers.keys() - self.received.keys()
        if missing:
            self.received.update(fetch(missing))
        if entry.answers.keys() <= self.received.keys():
            self.ended_at = time.monotonic()

    def problems(self) -> list[str]:
        """Differences from what the shipment should have become, in Russian; empty when all is as expected."""
        if self.sent_at is None:
            return ["не отправлен"]
        if self.entry is None:
            return ["нет в журнале"]
        if not self.ended:
            return ["ответ не получен"]
        wanted, found = self.shipment, []
        if self.entry.result is not wanted.result:
            found.append(f"ожидалось: {RESULT_TITLES[wanted.result] if wanted.result else 'нет результата'}")
        if absent := wanted.rules - self.entry.rules:
            found.append(f"не сработали правила: {', '.join(sorted(absent))}")
        if bool(self.received) is not wanted.answer:
            found.append("нет ответа" if wanted.answer else "лишний ответ")
        if any(digest(self.received[name]) != sha256 for name, sha256 in self.entry.answers.items()):
            found.append("ответ дошёл не тем")
        return found


def match(tracks: Sequence[Track], entries: Iterable[Entry]) -> dict[int, Entry]:
    """Index of the track -> its row of the journal.

    Letters are found by their Message-ID, files by login and name; of several with one name, the first sent is the first
    received, since a name is used again only after its answer.
    """
    found: dict[int, Entry] = {}
    for entry in entries:
        for index, track in enumerate(tracks):
            if index not in found and track.sent_at is not None and _same(track, entry):
                found[index] = entry
                break
    return found


def _same(track: Track, entry: Entry) -> bool:
    if track.message_id:
        return entry.reference.strip("<> ") == track.message_id.strip("<> ")
    return (entry.channel, entry.address, entry.name) == ("sftp", track.address, track.shipment.name)
