"""The embedded SFTP server, as an organisation's own clients see it: paramiko and OpenSSH's sftp."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import asyncssh
import paramiko
import pytest

from pipelines.demo.servers.ports import PortBusyError, free_port, greets, require_free
from pipelines.demo.servers.sftp import Account, SftpServer

DENIED = "Read-only|No such file|No links|No folders|not followed|Is a folder"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    accounts = {"150001": Account("pw1"), "150002": Account("pw2"), "fund": Account("pw-fund", fund=True)}
    with SftpServer(tmp_path_factory.mktemp("sftp"), free_port(), accounts) as running:
        yield running


def enter(server: SftpServer, login: str, password: str) -> paramiko.SFTPClient:
    transport = paramiko.Transport(("127.0.0.1", server.ports["SFTP"]))
    transport.connect(None, login, password)
    client = paramiko.SFTPClient.from_transport(transport)
    assert client is not None
    return client


@pytest.fixture
def organisation(server: SftpServer) -> Iterator[paramiko.SFTPClient]:
    client = enter(server, "150001", "pw1")
    yield client
    client.get_channel().get_transport().close()


def write(client: paramiko.SFTPClient, path: str, content: bytes = b"x") -> None:
    with client.open(path, "wb") as file:
        file.write(content)


def test_an_organisation_uploads_under_a_temporary_name_and_renames(
    server: SftpServer, organisation: paramiko.SFTPClient
) -> None:
    write(organisation, "/in/Реестр 'счёт'.zip.part", b"content")
    organisation.posix_rename("/in/Реестр 'счёт'.zip.part", "/in/Реестр 'счёт'.zip")
    organisation.utime("/in/Реестр 'счёт'.zip", (1_700_000_000, 1_700_000_000))
    path = server.homes / "150001" / "in" / "Реестр 'счёт'.zip"
    assert path.read_bytes() == b"content"
    assert path.stat().st_mtime == 1_700_000_000
    assert "Реестр 'счёт'.zip" in organisation.listdir("/in")
    organisation.remove("/in/Реестр 'счёт'.zip")
    assert not path.exists()


def test_a_listing_outlives_files_that_vanish_while_it_is_read(
    server: SftpServer, organisation: paramiko.SFTPClient
) -> None:
    folder = server.homes / "150001" / "out"
    files = [folder / f"{number:03d}.zip.part" for number in range(350)]  # a client asks for a hundred at a time
    for file in files:
        file.write_bytes(b"x")
    with closing(enter(server, "fund", "pw-fund")) as fund:
        listed = organisation.listdir_iter("/out", read_aheads=1)
        seen = [next(listed).filename]
        for file in files:
            fund.posix_rename(f"/150001/out/{file.name}", f"/150001/out/{file.stem}")
        seen += [entry.filename for entry in listed]
        fund.get_channel().get_transport().close()
    for file in files:
        (folder / file.stem).unlink()
    assert {file.name for file in files} <= set(seen)


def test_out_is_read_only(server: SftpServer, organisation: paramiko.SFTPClient) -> None:
    answer = server.homes / "150001" / "out" / "answer.zip"
    answer.write_bytes(b"answer")
    write(organisation, "/in/mine.zip")
    with organisation.open("/out/answer.zip") as file:
        assert file.read() == b"answer"
        with pytest.raises(PermissionError):
            file.truncate(0)
    for attempt in (
        lambda: write(organisation, "/out/answer.zip"),
        lambda: write(organisation, "/out/new.zip"),
        lambda: organisation.open("/out/answer.zip", "r+"),
        lambda: organisation.open("/out/answer.zip", "ab"),
        lambda: organisation.remove("/out/answer.zip"),
        lambda: organisation.rename("/out/answer.zip", "/in/answer.zip"),
        lambda: organisation.posix_rename("/in/mine.zip", "/out/answer.zip"),
        lambda: organisation.rename("/in/mine.zip", "/out/new.zip"),
        lambda: organisation.truncate("/out/answer.zip", 0),
        lambda: organisation.chmod("/out", 0o777),
        lambda: organisation.rmdir("/out"),
        lambda: organisation.mkdir("/in/folder"),
        lambda: write(organisation, "/top.zip"),
        lambda: organisation.mkdir("/folder"),
        lambda: organisation.posix_rename("/in", "/in2"),
    ):
        with pytest.raises(OSError, match=DENIED):
            attempt()
    assert answer.read_bytes() == b"answer"
    assert [path.name for path in answer.parent.iterdir()] == ["answer.zip"]


def test_claims_of_the_fund_are_out_of_sight_and_reach(server: SftpServer, organisation: paramiko.SFTPClient) -> None:
    claims = server.homes / "150001" / ".claim"
    claims.mkdir()
    (claims / "x~a.zip").write_bytes(b"claimed")
    assert sorted(organisation.listdir("/")) == ["in", "out"]
    write(organisation, "/in/b.zip")
    for attempt in (
        lambda: organisation.listdir("/.claim"),
        lambda: organisation.stat("/.claim"),
        lambda: organisation.open("/.claim/x~a.zip"),
        lambda: organisation.remove("/in/../.claim/x~a.zip"),
        lambda: organisation.posix_rename("/.claim/x~a.zip", "/in/a.zip"),
        lambda: organisation.posix_rename("/in/b.zip", "/.claim/x~a.zip"),
    ):
        with pytest.raises(OSError, match=DENIED):
            attempt()
    assert (claims / "x~a.zip").read_bytes() == b"claimed"


def test_nobody_leaves_the_home(server: SftpServer, organisation: paramiko.SFTPClient) -> None:
    other = server.homes / "150002" / "in" / "secret.zip"
    other.write_bytes(b"secret")
    ours = server.homes / "150001" / "in"
    (ours / "to-file").symlink_to(other)  # not possible over SFTP: as if made on the server itself
    (ours / "to-folder").symlink_to(other.parent)
    for path in (
        "/../150002/in/secret.zip",
        "../../150002/in/secret.zip",
        "/in/../../150002/in/secret.zip",
        str(other),
        "/in/to-file",
        "/in/to-folder/secret.zip",
        "//etc/passwd",
        "/proc/self/root/etc/passwd",
    ):
        with pytest.raises(OSError, match=DENIED):
            organisation.open(path).read()
        with pytest.raises(OSError, match=DENIED):
            write(organisation, path, b"overwritten")
    for attempt in (
        lambda: organisation.symlink("/etc/passwd", "/in/link"),
        lambda: organisation.symlink("../../150002/in/secret.zip", "/in/link"),
        lambda: organisation.readlink("/in/to-file"),
        lambda: organisation.listdir("/in/to-folder"),
        lambda: organisation.chmod("/in/to-file", 0o777),
    ):
        with pytest.raises(OSError, match=DENIED):
            attempt()
    assert organisation.normalize("/..") == "/"
    assert other.read_bytes() == b"secret"
    assert not (ours / "link").exists()


def test_the_fund_sees_all_homes_but_makes_no_links(server: SftpServer) -> None:
    client = enter(server, "fund", "pw-fund")
    assert {"150001", "150002"} <= set(client.listdir("/"))
    assert "host_key" not in client.listdir("/")
    with pytest.raises(OSError, match=DENIED):
        client.open("/../host_key")
    with pytest.raises(OSError, match=DENIED):
        client.symlink("/etc/passwd", "/150001/in/link")
    client.get_channel().get_transport().close()


@pytest.mark.parametrize(("login", "password"), [("150001", "pw2"), ("150001", ""), ("nobody", ""), ("nobody", "pw1")])
def test_strangers_do_not_come_in(server: SftpServer, login: str, password: str) -> None:
    with pytest.raises(paramiko.AuthenticationException):
        enter(server, login, password)


def test_there_is_no_shell_and_no_forwarding(server: SftpServer) -> None:
    transport = paramiko.Transport(("127.0.0.1", server.ports["SFTP"]))
    transport.connect(None, "150001", "pw1")
    with pytest.raises(paramiko.SSHException):
        transport.open_session().exec_command("id")
    with pytest.raises(paramiko.ChannelException):
        transport.open_channel("direct-tcpip", ("127.0.0.1", 22), ("127.0.0.1", 1))
    transport.close()


def test_the_host_key_stays(tmp_path: Path) -> None:
    first, second = (SftpServer(tmp_path, free_port(), {"fund": Account("x", fund=True)}) for _ in range(2))
    assert first.host_key == second.host_key
    assert first.host_key.startswith("ssh-ed25519 ")
    assert (tmp_path / "host_key").stat().st_mode & 0o077 == 0


def test_a_busy_port_is_told_in_russian(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortBusyError, match=f"Порт {port} для службы SFTP занят"):
            SftpServer(tmp_path, port, {}).start()
    require_free(port, "SFTP")
    assert not greets(port, b"SSH-2.0")


def start_process(tmp_path: Path, port: int, accounts: dict[str, dict[str, object]]) -> subprocess.Popen[str]:
    (tmp_path / "accounts.json").write_text(json.dumps(accounts), encoding="utf-8")
    command = [sys.executable, "-m", "pipelines.demo.servers.sftp", "--root", str(tmp_path), "--port", str(port)]
    return subprocess.Popen([*command, "--accounts", str(tmp_path / "accounts.json")], stderr=subprocess.PIPE, text=True)


@pytest.mark.skipif(shutil.which("sftp") is None, reason="OpenSSH's sftp is not installed")
def test_the_process_serves_openssh_with_a_key_and_ends_on_sigterm(tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(tmp_path / "key"))
    (tmp_path / "key").chmod(0o600)
    port = free_port()
    process = start_process(tmp_path, port, {"150001": {"public_key": key.export_public_key().decode()}})
    try:
        for _ in range(600):
            if greets(port, b"SSH-2.0"):
                break
            time.sleep(0.1)
        public = asyncssh.read_private_key(str(tmp_path / "host_key")).export_public_key().decode()
        (tmp_path / "known").write_text(f"[127.0.0.1]:{port} {public}", encoding="utf-8")
        (tmp_path / "пакет.zip").write_bytes(b"content")
        upload = f"put -p {tmp_path}/пакет.zip"
        batch = f"{upload} /in/\nls /in\nrename /in/пакет.zip /in/готов.zip\n-{upload} /out/\n"
        options = ["-oBatchMode=yes", f"-oUserKnownHostsFile={tmp_path}/known", "-oStrictHostKeyChecking=yes"]
        done = subprocess.run(
            ["sftp", "-b", "-", "-P", str(port), "-i", str(tmp_path / "key"), *options, "150001@127.0.0.1"],
            input=batch,
            capture_output=True,
            text=True,
            timeout=120,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "пакет.zip" in done.stdout
        assert "ermission denied" in done.stderr
        assert (tmp_path / "homes" / "150001" / "in" / "готов.zip").read_bytes() == b"content"
        assert list((tmp_path / "homes" / "150001" / "out").iterdir()) == []
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_the_process_says_that_its_port_is_busy(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        process = start_process(tmp_path, port, {})
        _, stderr = process.communicate(timeout=120)
    assert process.returncode == 1
    assert stderr.strip() == str(
        f"Порт {port} для службы SFTP занят или недоступен: "
        "остановите программу, которая его использует, или задайте другой порт"
    )
