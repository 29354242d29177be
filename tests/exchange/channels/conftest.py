"""Drop folders on both back-ends: a local folder, and the embedded SFTP server over the same kind of folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from drops_stand import LOGINS, Drop, endpoint

from pipelines.demo.servers.ports import free_port
from pipelines.demo.servers.sftp import Account, SftpServer
from pipelines.exchange.channels import FolderChannel, SftpChannel


@pytest.fixture(scope="session")
def sftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    accounts = {login: Account(password=f"pw-{login}") for login in LOGINS}
    accounts["fund"] = Account(password="pw-fund", fund=True)
    with SftpServer(tmp_path_factory.mktemp("sftp"), free_port(), accounts) as server:
        yield server


@pytest.fixture
def clean_sftp(sftp_server: SftpServer) -> SftpServer:
    """The server with empty homes."""
    for path in sorted(sftp_server.homes.rglob("*"), reverse=True):
        if not path.is_dir() or path.is_symlink():
            path.unlink()
        elif path.name not in ("in", "out") and path.parent != sftp_server.homes:
            path.rmdir()
    return sftp_server


@pytest.fixture(params=["folder", "sftp"])
def drop(request: pytest.FixtureRequest, tmp_path: Path) -> Drop:
    if request.param == "sftp":
        server: SftpServer = request.getfixturevalue("clean_sftp")
        return Drop(lambda: SftpChannel("sftp", endpoint(server), LOGINS, limit=100_000), server.homes)
    for login in LOGINS:
        (tmp_path / login / "in").mkdir(parents=True)
        (tmp_path / login / "out").mkdir()
    return Drop(lambda: FolderChannel("folder", tmp_path, LOGINS, limit=100_000), tmp_path)
