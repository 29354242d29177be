"""Shipments, rows of the journal and answers put together, and what is told when they differ."""

from __future__ import annotations

import pytest

from pipelines.demo.watch import Entry, Track, match
from pipelines.exchange.model import Result
from pipelines.ground.store import digest
from pipelines.synthetic.traffic import Shipment

PROTOCOL = b"<FLK_P/>"


def track(name="HM1.zip", *, channel="sftp", address="mo980001", message_id="", result=Result.REJECTED, **rest) -> Track:
    shipment = Shipment("Пакет", "980001", channel, name, b"PK", result, frozenset({"PKG.050"}), **rest)
    return Track(shipment, address, message_id, sent_at=10.0)


def entry(number=1, **changes) -> Entry:
    values = {
        "id": number,
        "channel": "sftp",
        "address": "mo980001",
        "name": "HM1.zip",
        "reference": "",
        "result": Result.REJECTED,
        "findings": 1,
        "rules": frozenset({"PKG.050", "PKG.060"}),
        "answers": {"PHM1.XML": digest(PROTOCOL)},
    }
    return Entry(**(values | changes))


def seen(row: Entry, got: dict[str, bytes], **shipment) -> Track:
    one = track(**shipment)
    one.see(row, lambda names: {name: got[name] for name in names if name in got})
    return one


def test_files_are_found_by_login_and_name_in_the_order_of_sending():
    tracks = [track(), track("HM2.zip"), track(), track(address="mo980002")]
    rows = [entry(5, name="HM2.zip"), entry(6), entry(7, address="mo980002"), entry(8), entry(9, name="stranger.zip")]
    assert {index: row.id for index, row in match(tracks, rows).items()} == {1: 5, 0: 6, 3: 7, 2: 8}


def test_what_is_not_sent_yet_is_not_found():
    waiting = track()
    waiting.sent_at = None
    assert match([waiting], [entry()]) == {}


def test_letters_are_found_by_their_message_id():
    letters = [track("", channel="mail", message_id="<1@a>"), track("", channel="mail", message_id="<2@a>")]
    rows = [entry(3, channel="mail", reference="<2@a>"), entry(4, channel="mail", reference="1@a")]
    assert {index: row.id for index, row in match(letters, rows).items()} == {1: 3, 0: 4}


def test_as_expected():
    done = seen(entry(), {"PHM1.XML": PROTOCOL})
    assert done.ended
    assert done.problems() == []


def test_waits_until_the_last_answer_is_there():
    one = track()
    row = entry(answers={"PHM1.XML": digest(PROTOCOL), "PHM1.XLSX": digest(b"xlsx")})
    one.see(row, lambda names: {"PHM1.XML": PROTOCOL})
    assert not one.ended
    assert one.problems() == ["ответ не получен"]
    asked: list[set[str]] = []
    one.see(row, lambda names: asked.append(set(names)) or {"PHM1.XLSX": b"xlsx"})
    assert asked == [{"PHM1.XLSX"}]
    assert one.ended


@pytest.mark.parametrize(
    ("row", "got", "shipment", "told"),
    [
        (entry(result=Result.ACCEPTED), {"PHM1.XML": PROTOCOL}, {}, "ожидалось: отклонён"),
        (entry(rules=frozenset()), {"PHM1.XML": PROTOCOL}, {}, "не сработали правила: PKG.050"),
        (entry(answers={}), {}, {}, "нет ответа"),
        (entry(), {"PHM1.XML": PROTOCOL}, {"answer": False}, "лишний ответ"),
        (entry(), {"PHM1.XML": b"other"}, {}, "ответ дошёл не тем"),
        (entry(result=None), {}, {}, "ответ не получен"),
    ],
)
def test_differences_are_told(row, got, shipment, told):
    assert seen(row, got, **shipment).problems() == [told]


def test_nothing_in_the_journal_is_told():
    assert track().problems() == ["нет в журнале"]
