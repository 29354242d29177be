"""The rules of drop folders, on a local folder and over SFTP."""

from __future__ import annotations

import io
import os
import shutil
import threading
import zipfile
from pathlib import Path

import pytest
from drops_stand import Drop

from pipelines.exchange.channels.base import ChannelError, TooLargeError
from pipelines.exchange.channels.drops import zip_ends

LETTER = {"subject": "", "body": "", "reference": None}


def archive(*, members: int = 3, comment: bytes = b"", force_zip64: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(members):
            with packed.open(f"HM{number}.xml", "w", force_zip64=force_zip64) as member:
                member.write(os.urandom(2_000))
        packed.comment = comment
    return buffer.getvalue()


def names(homes: Path, folder: str, login: str = "150001") -> list[str]:
    return sorted(path.name for path in (homes / login / folder).iterdir())


def test_a_package_is_listed_claimed_read_and_released(drop: Drop) -> None:
    content = archive()
    drop.put("HM150001T15_2401.zip", content)
    with drop.channel().session() as session:
        (item,) = session.items()
        assert (item.name, item.address, item.size, item.claimed) == ("HM150001T15_2401.zip", "150001", len(content), False)
        assert session.looks_whole(item)
        claimed = session.claim(item)
        assert claimed.claimed
        assert claimed.key != item.key
        assert names(drop.homes, "in") == []
        taken = session.read(claimed)
        assert (taken.key, taken.name, taken.address, taken.content) == (claimed.key, item.name, "150001", content)
        session.release(claimed)
        session.release(claimed)
        assert list(session.items()) == []
        assert session.problems == []
    assert names(drop.homes, ".claim") == []


def test_marks_change_with_the_file(drop: Drop) -> None:
    path = drop.put("a.zip", b"1")
    marks = set()
    for content, time in ((b"1", 1_700_000_000), (b"12", 1_700_000_000), (b"12", 1_700_000_001)):
        path.write_bytes(content)
        os.utime(path, (time, time))
        with drop.channel().session() as session:
            marks.add(next(session.items()).marks)
    assert len(marks) == 3


def test_leftovers_of_a_killed_run_are_seen_under_the_same_key(drop: Drop) -> None:
    drop.put("пакет.zip", b"content")
    with drop.channel().session() as session:
        claimed = session.claim(next(session.items()))
    with drop.channel().session() as session:
        (left,) = session.items()
        assert (left.key, left.name, left.claimed) == (claimed.key, "пакет.zip", True)
        assert session.claim(left) == left
        assert session.read(left).content == b"content"
        session.release(left)
        with pytest.raises(FileNotFoundError):
            session.read(left)


def test_of_two_pollers_only_one_gets_each_file(drop: Drop) -> None:
    for number in range(20):
        drop.put(f"{number:02}.zip", str(number).encode())
    together = threading.Barrier(2)
    won: list[list[str]] = [[], []]
    lost = [0, 0]

    def poll(mine: int) -> None:
        with drop.channel().session() as session:
            items = [item for item in session.items() if not item.claimed]
            together.wait(10)
            for item in items:
                try:
                    won[mine].append(session.read(session.claim(item)).content.decode())
                except FileNotFoundError:
                    lost[mine] += 1

    threads = [threading.Thread(target=poll, args=(mine,)) for mine in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(won[0] + won[1], key=int) == [str(number) for number in range(20)]
    assert sum(lost) == 20
    assert len(names(drop.homes, ".claim")) == 20


def test_an_archive_cut_anywhere_does_not_look_whole(drop: Drop) -> None:
    content = archive(comment="комментарий".encode())
    path = drop.put("a.zip")
    with drop.channel().session() as session:
        for length in (2, 30, 1_000, len(content) // 2, len(content) - 30, len(content) - 1):
            path.write_bytes(content[:length])
            assert not session.looks_whole(next(session.items())), length
        path.write_bytes(content)
        assert session.looks_whole(next(session.items()))
        path.write_bytes(b"")
        assert session.looks_whole(next(session.items()))  # not an archive: how the sender left it
        item = next(session.items())
        path.unlink()
        assert not session.looks_whole(item)


@pytest.mark.parametrize("content", [archive(), archive(members=0), archive(comment=b"PK\x05\x06" * 30)])
def test_the_end_of_an_archive(content: bytes) -> None:
    assert zip_ends(content, len(content))
    assert zip_ends(content[-70_000:], len(content))
    assert not any(zip_ends(content[:length], length) for length in range(len(content)))
    assert not zip_ends(content + b"\0", len(content) + 1)
    assert not zip_ends(content, len(content) + 5)


def test_the_end_of_a_zip64_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
    content = archive()
    assert b"PK\x06\x07" in content[-100:]
    assert zip_ends(content[-66_000:], len(content))
    moved = content[:-22] + content[-22:].replace(content[-6:-2], b"\xff\xff\xff\xff")  # offset only in the ZIP64 record
    assert zip_ends(moved[-66_000:], len(moved))
    assert not zip_ends(moved[-66_000:], len(moved) + 1)


def test_the_end_of_an_archive_inside_an_unfinished_one_does_not_count() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as outer:
        outer.writestr("inner.zip", archive())
    content = buffer.getvalue()
    inner_end = content.index(b"PK\x05\x06") + 22
    assert not zip_ends(content[:inner_end], inner_end)


@pytest.mark.parametrize(
    "name",
    [
        "Реестр счёта №1 (январь).zip",
        'it\'s "quoted" $(x) `y`; *?.zip',
        "%41 %s {}.zip",
        " пробелы .zip",
        "я" * 120 + ".zip",
    ],
)
def test_any_name_goes_all_the_way(drop: Drop, name: str) -> None:
    drop.put(name, b"content")
    with drop.channel().session() as session:
        (item,) = session.items()
        assert item.name == name
        claimed = session.claim(item)
        assert claimed.name == name or (len(name.encode()) > 200 and claimed.name.endswith("я.zip"))
        assert session.read(claimed).content == b"content"
    with drop.channel().session() as session:
        assert [left.name for left in session.items()] == [claimed.name]


@pytest.mark.parametrize(
    ("raw", "readable"),
    [("Счёт.zip".encode("cp1251"), "Счёт.zip"), (b"a\nb\x1b[1m.zip", "a_b_[1m.zip"), (b"\x98.zip", "\ufffd.zip")],
)
def test_names_that_are_not_clean_utf8_hold_nobody_up(drop: Drop, raw: bytes, readable: str) -> None:
    folder = drop.homes / "150001" / "in"
    Path(str(folder) + "/" + os.fsdecode(raw)).write_bytes(b"odd")
    drop.put("good.zip", b"good")
    with drop.channel().session() as session:
        found = {item.name: item for item in session.items()}
        assert set(found) == {readable, "good.zip"}
        assert session.looks_whole(found[readable])
        assert session.read(session.claim(found[readable])).content == b"odd"
        assert session.read(session.claim(found["good.zip"])).content == b"good"
    with drop.channel().session() as session:
        assert sorted(left.name for left in session.items()) == sorted(found)


def test_a_missing_home_does_not_stop_the_others(drop: Drop) -> None:
    shutil.rmtree(drop.homes / "150001")
    try:
        drop.put("a.zip", login="150002")
        with drop.channel().session() as session:
            assert [item.address for item in session.items()] == ["150002"]
            assert len(session.problems) == 1
            assert session.problems[0].startswith("Каталог /150001/in недоступен")
    finally:
        (drop.homes / "150001" / "in").mkdir(parents=True)
        (drop.homes / "150001" / "out").mkdir()


def test_folders_links_and_strange_claims_are_passed_over(drop: Drop) -> None:
    folder = drop.homes / "150001" / "in"
    (folder / "sub").mkdir()
    (folder / "sub" / "deep.zip").write_bytes(b"x")
    (folder / "link.zip").symlink_to("/etc/passwd")
    (drop.homes / "150001" / ".claim").mkdir()
    (drop.homes / "150001" / ".claim" / "notes.txt").write_bytes(b"x")
    with drop.channel().session() as session:
        assert list(session.items()) == []
        assert session.problems == []


def test_a_file_above_the_limit_is_not_read(drop: Drop) -> None:
    drop.put("big.zip", b"\0" * 100_001)
    drop.put("fits.zip", b"\0" * 100_000)
    with drop.channel().session() as session:
        big, fits = session.items()
        claimed = session.claim(big)
        with pytest.raises(TooLargeError) as refused:
            session.read(claimed)
        assert refused.value.size == 100_001
        assert refused.value.reason == "размер 100001 байт больше 100000"
        assert len(session.read(session.claim(fits)).content) == 100_000
        session.release(claimed)


def test_a_file_that_was_taken_back_cannot_be_claimed(drop: Drop) -> None:
    path = drop.put("a.zip")
    with drop.channel().session() as session:
        (item,) = session.items()
        path.unlink()
        with pytest.raises(FileNotFoundError) as gone:
            session.claim(item)
    assert "a.zip" not in str(gone.value)  # names may hold personal data


def test_an_answer_appears_whole_and_can_be_sent_again(drop: Drop) -> None:
    with drop.channel().session() as session:
        for _ in range(2):
            session.send("150002", "Протокол PHM150001.zip", b"answer", **LETTER)
    out = drop.homes / "150002" / "out"
    assert [(path.name, path.read_bytes()) for path in out.iterdir()] == [("Протокол PHM150001.zip", b"answer")]


def test_only_a_release_of_a_claimed_file_removes_it(drop: Drop) -> None:
    drop.put("a.zip")
    with drop.channel().session() as session:
        (item,) = session.items()
        with pytest.raises(ChannelError):
            session.release(item)
    assert names(drop.homes, "in") == ["a.zip"]


@pytest.mark.parametrize(
    ("address", "name"),
    [("150003", "a"), ("..", "a"), ("150001/../150002", "a"), ("150001", "../a"), ("150001", ""), ("150001", "..")],
)
def test_answers_go_to_known_logins_and_plain_names_only(drop: Drop, address: str, name: str) -> None:
    with drop.channel().session() as session, pytest.raises(ChannelError):
        session.send(address, name, b"x", **LETTER)
    assert not [path for path in drop.homes.rglob("*") if path.is_file()]
