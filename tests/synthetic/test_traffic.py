"""The demo's traffic holds every kind of shipment, and each says what must become of it."""

from __future__ import annotations

import io
import zipfile
from functools import cache

from pipelines.exchange.model import Result
from pipelines.synthetic.broken import BREAKAGES
from pipelines.synthetic.traffic import STRANGER, Shipment, demo_traffic
from tests.synthetic.world import OCTOBER, REGION


@cache
def traffic() -> list[Shipment]:
    return demo_traffic(REGION, 3, OCTOBER)


def titled(title: str) -> Shipment:
    return next(shipment for shipment in traffic() if shipment.title == title)


def cases(shipment: Shipment) -> int:
    with zipfile.ZipFile(io.BytesIO(shipment.content)) as archive:
        return archive.read(archive.namelist()[0]).count(b"<ZAP>")


def test_good_packages_come_from_different_organisations_and_one_is_large() -> None:
    good = [one for one in traffic() if one.title == "Реестр без ошибок"]
    assert {one.result for one in good} == {Result.ACCEPTED}
    assert len(good) >= 6
    assert len({shipment.sender for shipment in good}) >= 6
    sizes = sorted(cases(shipment) for shipment in good)
    assert sizes[-1] == 3000
    assert all(200 <= size <= 600 for size in sizes[:-1])
    assert {shipment.channel for shipment in good} == {"sftp", "mail"}


def test_every_breakage_is_sent_with_its_expectation() -> None:
    for breakage in BREAKAGES.values():
        shipment = titled(breakage.title)
        assert (shipment.result, shipment.rules) == (breakage.result, frozenset(breakage.rules))


def test_a_partly_faulty_register_expects_its_rules() -> None:
    partly = titled("Реестр с ошибками в части случаев")
    assert partly.result is Result.PARTIAL
    assert {"001F.00.0270", "STR.010", "LNK.060", "006F.00.0370"} <= partly.rules
    assert "006F.00.1040" not in partly.rules


def test_senders_send_by_the_channels_that_they_have() -> None:
    for shipment in traffic():
        if shipment.sender == STRANGER:
            assert REGION.by_address(shipment.sender) is None
            continue
        organisation = REGION.by_code(shipment.sender)
        assert organisation is not None
        assert shipment.channel in organisation.channels, shipment.title
        assert bool(shipment.subject) == (shipment.channel == "mail")


def test_repeats_follow_what_they_repeat() -> None:
    again, other = titled("Тот же пакет второй раз"), titled("Тот же номер с другим содержимым")
    assert again.after is not None
    assert other.after is not None
    first, second = traffic()[again.after], traffic()[other.after]
    assert (again.name, again.content, again.sender) == (first.name, first.content, first.sender)
    assert (other.name, other.sender) == (second.name, second.sender)
    assert other.content != second.content
    assert (again.result, other.result) == (Result.DUPLICATE, Result.REJECTED)


def test_no_other_shipments_share_a_name_of_one_sender() -> None:
    names = [(shipment.sender, shipment.name.lower()) for shipment in traffic() if shipment.after is None and shipment.name]
    assert len(set(names)) == len(names)


def test_only_the_stranger_gets_no_answer() -> None:
    assert [shipment.sender for shipment in traffic() if not shipment.answer] == [STRANGER]
    assert titled("Письмо от неизвестного отправителя").result is Result.QUARANTINED


def test_unfinished_uploads() -> None:
    cut = titled("Передача оборвалась на середине")
    assert cut.sent == cut.content[: len(cut.content) // 2]
    assert titled("Временное имя так и не заменено").name.endswith(".zip.part")
    assert [shipment for shipment in traffic() if shipment.upload != "whole"] == [cut]
    letter = titled("Письмо без вложения")
    assert (letter.attach, letter.sent, letter.name) == (False, b"", "")


def test_the_same_seed_gives_the_same_traffic() -> None:
    assert [(s.name, s.content) for s in demo_traffic(REGION, 3, OCTOBER)] == [(s.name, s.content) for s in traffic()]
