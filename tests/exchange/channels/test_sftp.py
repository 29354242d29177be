"""What SFTP adds to the rules: one connection, pinned keys, busy servers."""

from __future__ import annotations

import base64
import hashlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest
from drops_stand import LOGINS, endpoint

from pipelines.demo.servers.ports import free_port
from pipelines.demo.servers.sftp import Account, SftpServer
from pipelines.exchange.channels import SftpChannel
from pipelines.exchange.channels.base import ChannelError, Endpoint


def test_one_connection_serves_a_poll_of_200_files(clean_sftp: SftpServer) -> None:
    for number in range(200):
        (clean_sftp.homes / "150001" / "in" / f"{number:03}.zip").write_bytes(b"x" * 1_000)
    before = clean_sftp.connections
    with SftpChannel("sftp", endpoint(clean_sftp), LOGINS).session() as session:
        items = list(session.items())
        for item in items:
            assert session.looks_whole(item)
            claimed = session.claim(item)
            assert len(session.read(claimed).content) == 1_000
            session.release(claimed)
            session.send("150001", f"p{item.name}", b"answer", subject="", body="", reference=None)
    assert len(items) == 200
    assert len(list((clean_sftp.homes / "150001" / "out").iterdir())) == 200
    assert clean_sftp.connections - before == 1


def test_a_large_file_arrives_whole(clean_sftp: SftpServer) -> None:
    content = b"0123456789abcdef" * 2**18  # 4 MiB, far beyond one packet
    with SftpChannel("sftp", endpoint(clean_sftp), LOGINS).session() as session:
        session.send("150001", "big.bin", content, subject="", body="", reference=None)
        (clean_sftp.homes / "150001" / "out" / "big.bin").rename(clean_sftp.homes / "150001" / "in" / "big.bin")
        assert session.read(session.claim(next(session.items()))).content == content


def test_a_key_that_is_not_pinned_is_refused_before_the_password_is_told(sftp_server: SftpServer) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    for pin in (other, "SHA256:" + "A" * 43):
        with (
            pytest.raises(ChannelError, match="не совпадает с закреплённым"),
            SftpChannel("sftp", endpoint(sftp_server, host_key=pin), LOGINS).session(),
        ):
            pytest.fail("connected")


@pytest.mark.parametrize("pin", ["", "  \n", "garbage"])
def test_without_a_pinned_key_there_is_no_connection(sftp_server: SftpServer, pin: str) -> None:
    before = sftp_server.connections
    channel = SftpChannel("sftp", endpoint(sftp_server, host_key=pin), LOGINS)
    with pytest.raises(ChannelError, match="не закреплён"), channel.session():
        pytest.fail("connected")
    assert sftp_server.connections == before


def test_a_fingerprint_pins_as_well_as_a_key_and_one_of_several_is_enough(sftp_server: SftpServer) -> None:
    blob = base64.b64decode(sftp_server.host_key.split()[1])
    fingerprint = "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    other = asyncssh.generate_private_key("ssh-rsa", key_size=2048).export_public_key().decode()
    for pin in (fingerprint, f"{fingerprint} узел фонда", f"{other}\n{sftp_server.host_key}"):
        with SftpChannel("sftp", endpoint(sftp_server, host_key=pin), LOGINS).session() as session:
            assert session.problems == []


def test_a_wrong_password_is_not_tried_again(sftp_server: SftpServer) -> None:
    before = sftp_server.connections
    wrong = Endpoint("sftp", "127.0.0.1", sftp_server.ports["SFTP"], "fund", "wrong", {"host_key": sftp_server.host_key})
    with pytest.raises(ChannelError, match="не принята"), SftpChannel("sftp", wrong, LOGINS).session():
        pytest.fail("connected")
    assert sftp_server.connections - before == 1


def test_the_fund_may_enter_with_a_key(tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(tmp_path / "key"), passphrase="secret", rounds=50)
    account = Account(public_key=key.export_public_key().decode(), fund=True)
    with SftpServer(tmp_path / "server", free_port(), {"fund": account, "150001": Account("pw")}) as server:
        options = {"host_key": server.host_key, "key_file": str(tmp_path / "key")}
        place = Endpoint("sftp", "127.0.0.1", server.ports["SFTP"], "fund", "secret", options)
        with SftpChannel("sftp", place, {"150001": "150001"}).session() as session:
            assert list(session.items()) == []


class Shedding:
    """A server that drops the first ``drops`` connections before the banner, then passes on to the real one."""

    def __init__(self, drops: int, target: int) -> None:
        self.accepted = 0
        self._drops = drops
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            if self.accepted <= self._drops:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self._target))
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    @staticmethod
    def _pump(one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65_536):
                other.sendall(data)
        except OSError:
            pass
        finally:
            other.close()


@pytest.fixture
def shedding(sftp_server: SftpServer) -> Iterator[Shedding]:
    server = Shedding(2, sftp_server.ports["SFTP"])
    yield server
    server.close()


def through(server: Shedding, host_key: str, attempts: int) -> SftpChannel:
    place = Endpoint("sftp", "127.0.0.1", server.port, "fund", "pw-fund", {"host_key": host_key})
    return SftpChannel("sftp", place, LOGINS, attempts=attempts, pause=0.02, timeout=5)


def test_a_server_that_sheds_load_is_tried_again(
    shedding: Shedding, sftp_server: SftpServer, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    with caplog.at_level("INFO"), through(shedding, sftp_server.host_key, attempts=3).session():
        assert shedding.accepted == 3
    assert sum("попытка" in message for message in caplog.messages) == 2


def test_attempts_end(shedding: Shedding, sftp_server: SftpServer) -> None:
    with (
        pytest.raises(ChannelError, match="нет соединения, попыток 2"),
        through(shedding, sftp_server.host_key, 2).session(),
    ):
        pytest.fail("connected")
    assert shedding.accepted == 2


def test_a_silent_server_does_not_hold_the_poll() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = Endpoint("sftp", "127.0.0.1", silent.getsockname()[1], "fund", "x", {"host_key": "SHA256:x"})
        begun = time.monotonic()
        with pytest.raises(ChannelError), SftpChannel("sftp", place, LOGINS, timeout=0.5, attempts=1).session():
            pytest.fail("connected")
    assert time.monotonic() - begun < 20


def test_a_connection_that_breaks_is_an_error_and_not_an_empty_channel(tmp_path: Path) -> None:
    accounts = {"fund": Account("pw-fund", fund=True)} | {login: Account("pw") for login in LOGINS}
    server = SftpServer(tmp_path, free_port(), accounts).start()
    channel = SftpChannel("sftp", endpoint(server), LOGINS, timeout=5)

    def poll() -> None:
        with channel.session() as session:
            server.stop()
            list(session.items())

    with pytest.raises((ChannelError, OSError)):
        poll()


def test_secrets_are_not_shown(sftp_server: SftpServer) -> None:
    assert "pw-fund" not in repr(endpoint(sftp_server))
    assert "pw-fund" not in repr(sftp_server.accounts["fund"])
