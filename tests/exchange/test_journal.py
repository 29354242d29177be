"""The journal: append-only, chained, verified; row-level security limits what organisations see."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pipelines.exchange import journal
from pipelines.ground import database as db
from pipelines.ground.store import Store, digest

PACKAGE = text("""
    insert into exchange.package (channel, source_key, sender, address, name, sha256, size, received_at)
    values ('folder', :key, :sender, 'x', 'P.zip', :sha256, 1, now()) returning id
""")
ORGANISATION = text("""
    insert into exchange.organisation values (:code, 'МО', 'М', 'М', :code || '.oms', :code, '2020-01-01', null)
""")
BEHIND = "set session_replication_role = replica; "
"""What someone with the superuser's rights would do to get past the triggers."""


def add(url: str, store: Store, sender: str, content: bytes) -> int:
    with db.transaction(url) as connection:
        sha256 = store.put(content)
        number = connection.execute(PACKAGE, {"key": digest(content), "sender": sender, "sha256": sha256}).scalar_one()
        details = {"channel": "folder", "sender": sender, "name": "P.zip", "sha256": sha256}
        journal.append(connection, number, journal.Event("RECEIVED", datetime.now(UTC), details))
    return int(number)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path.as_uri())


@pytest.fixture
def filled(database: str, store: Store) -> str:
    """A database with two organisations and ten packages."""
    with db.transaction(database) as connection:
        for code in ("980001", "980002"):
            connection.execute(ORGANISATION, {"code": code})
    for number in range(10):
        add(database, store, "980001" if number % 2 else "980002", f"bytes {number}".encode())
    return database


def problems(url: str, store: Store) -> list[str]:
    with db.transaction(url) as connection:
        return [problem.text for problem in journal.verify(connection, store)]


def tamper(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(BEHIND + statement)


def test_an_untouched_journal_has_no_problems(filled: str, store: Store) -> None:
    assert problems(filled, store) == []
    with db.transaction(filled) as connection:
        seq, head = journal.head(connection)
    assert seq == 10
    assert len(head) == 64
    assert head != journal.GENESIS


@pytest.mark.parametrize(
    "statement",
    [
        "update exchange.event set details = jsonb_set(details, '{name}', '\"Q.zip\"') where seq = 5",
        "update exchange.event set at = at + interval '1 microsecond' where seq = 5",
        "update exchange.event set actor = 'x' where seq = 5",
        "update exchange.event set package = package + 1 where seq = 5",
        "update exchange.event set hash = repeat('0', 64) where seq = 10",
        "update exchange.event set hash = translate(hash, '0', '1') where seq = 9",
        "delete from exchange.event where seq = 5",
        "delete from exchange.event where seq = 1",
        "update exchange.package set sha256 = repeat('0', 64) where id = 3",
        "update exchange.package set name = 'Q.zip' where id = 3",
        "update exchange.package set sender = '980001' where id = 1",
        "update exchange.package set state = 'ANSWERED', result = 'ACCEPTED' where id = 3",
        "insert into exchange.finding (package, ordinal, member, rule, severity, element, base, message) "
        "values (3, 1, '', 'X', 'error', '', '', 'm'); "
        "update exchange.package set state = 'ANSWERED', result = 'ACCEPTED' where id = 3",
        "delete from exchange.package where id = 3",
    ],
)
def test_any_change_behind_the_journal_is_found(filled: str, store: Store, statement: str) -> None:
    tamper(filled, statement)
    assert problems(filled, store) != []


def test_every_byte_of_a_stored_file_counts(filled: str, store: Store, tmp_path: Path) -> None:
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 10
    for path in files:
        original = path.read_bytes()
        for position in range(len(original)):
            changed = bytearray(original)
            changed[position] ^= 1
            path.write_bytes(changed)
            assert not store.intact(path.name)
        path.write_bytes(original)
    files[3].write_bytes(b"bytes X")
    files[4].unlink()
    assert len(problems(filled, store)) == 2


@pytest.mark.parametrize(
    "statement",
    ["update exchange.event set name = 'X'", "delete from exchange.event", "truncate exchange.event"],
)
def test_events_cannot_be_changed_even_by_their_owner(filled: str, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), db.transaction(filled) as connection:
        connection.execute(text(statement))


def test_concurrent_writers_make_one_chain(filled: str, store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: add(filled, store, "980001", f"more {number}".encode()), range(80)))
    assert problems(filled, store) == []
    with db.transaction(filled) as connection:
        assert journal.head(connection)[0] == 90


@pytest.mark.parametrize("table", ["package", "event"])
def test_an_organisation_sees_its_own_rows_only(filled: str, table: str) -> None:
    count = text(f"select count(*) from exchange.{table}")
    with db.transaction(filled, "oms_organisation", "980001") as connection:
        assert connection.execute(count).scalar_one() == 5
        senders = connection.execute(text("select distinct sender from exchange.package")).scalars().all()
        assert senders == ["980001"]
    with db.transaction(filled, "oms_organisation", "nobody") as connection:
        assert connection.execute(count).scalar_one() == 0
    for role in ("oms_auditor", "oms_operator"):
        with db.transaction(filled, role) as connection:
            assert connection.execute(count).scalar_one() == 10


@pytest.mark.parametrize("role", ["oms_operator", "oms_auditor", "oms_organisation"])
@pytest.mark.parametrize(
    "statement",
    [
        "delete from exchange.package",
        "update exchange.package set name = 'x'",
        "insert into exchange.event select * from exchange.event limit 0",
    ],
)
def test_roles_may_only_read(filled: str, role: str, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), db.transaction(filled, role, "980001") as connection:
        connection.execute(text(statement))


def test_an_organisation_does_not_see_what_lies_in_the_channels(filled: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):  # noqa: SIM117
        with db.transaction(filled, "oms_organisation", "980001") as connection:
            connection.execute(text("select * from exchange.sighting"))


def test_an_organisation_does_not_see_others_addresses(filled: str) -> None:
    addresses = text("insert into exchange.trusted_address values (:code || '@x.example', :code)")
    with db.transaction(filled) as connection:
        for code in ("980001", "980002"):
            connection.execute(addresses, {"code": code})
    with db.transaction(filled, "oms_organisation", "980001") as connection:
        seen = connection.execute(text("select address from exchange.trusted_address")).scalars().all()
        known = connection.execute(text("select code from exchange.organisation")).scalars().all()
    assert (seen, known) == (["980001@x.example"], ["980001"])
