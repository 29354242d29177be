"""Embedded SFTP server: a home per organisation, and the fund's account that sees all homes.

An organisation is shut into its home: ``in/`` takes its files, ``out/`` is read-only, nothing else is there for it (the
fund's ``.claim`` among it). No links, no folders of its own, no shell, no forwarding. Started by
``python -m pipelines.demo.servers.sftp --root DIR --port 2222 --accounts accounts.json``.
"""

from __future__ import annotations

import hmac
import json
import os
import posixpath
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import asyncssh
import typer

from pipelines.demo.servers.ports import HOST, PortBusyError
from pipelines.demo.servers.service import Service

WRITING = asyncssh.FXF_WRITE | asyncssh.FXF_APPEND | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC


@dataclass(frozen=True)
class Account:
    """Who may enter: by ``password`` or by ``public_key`` (OpenSSH line). ``fund`` has the root of all homes."""

    password: str = field(default="", repr=False)
    public_key: str = ""
    fund: bool = False


def read_accounts(path: Path) -> dict[str, Account]:
    """Accounts by login from a JSON object: ``{"150001": {"password": "…"}, "fund": {"public_key": "…", "fund": true}}``."""
    return {login: Account(**row) for login, row in json.loads(path.read_text(encoding="utf-8")).items()}


class SftpServer(Service):
    """Server over ``root``: homes in ``root/homes``, the host key in ``root/host_key`` (made once, kept).

    ``connections`` counts the connections accepted since the start.
    """

    greetings: Mapping[str, bytes] = {"SFTP": b"SSH-2.0"}

    def __init__(self, root: Path, port: int, accounts: Mapping[str, Account]) -> None:
        self.ports = {"SFTP": port}
        self.accounts = dict(accounts)
        self.connections = 0
        self.open_connections: set[Any] = set()
        self.homes = root.resolve() / "homes"
        self._key_file = root.resolve() / "host_key"
        for login, account in self.accounts.items():
            if not account.fund:
                for name in ("in", "out"):
                    (self.homes / login / name).mkdir(parents=True, exist_ok=True)
        if not self._key_file.exists():
            asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(self._key_file))
            self._key_file.chmod(0o600)

    @property
    def host_key(self) -> str:
        """Public key of the server, as ``Endpoint.options["host_key"]`` takes it."""
        return str(asyncssh.read_private_key(str(self._key_file)).export_public_key().decode().strip())

    async def open(self) -> None:
        self._acceptor = await asyncssh.listen(
            HOST,
            self.ports["SFTP"],
            server_factory=lambda: _Door(self),
            server_host_keys=[str(self._key_file)],
            sftp_factory=lambda channel: _Home(channel, self),
            sftp_version=3,
            allow_scp=False,
            agent_forwarding=False,
        )

    async def close(self) -> None:
        self._acceptor.close()
        for connection in tuple(self.open_connections):
            connection.abort()
        await self._acceptor.wait_closed()


class _Door(asyncssh.SSHServer):  # type: ignore[misc]
    """Lets accounts in by password or key."""

    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def connection_made(self, conn: Any) -> None:
        self._connection = conn
        self._server.connections += 1
        self._server.open_connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.open_connections.discard(self._connection)

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        account = self._server.accounts.get(username, Account())
        return bool(account.password) and hmac.compare_digest(account.password.encode(), password.encode())

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: Any) -> bool:
        account = self._server.accounts.get(username, Account())
        return bool(account.public_key) and key == asyncssh.import_public_key(account.public_key)


class _Home(asyncssh.SFTPServer):  # type: ignore[misc]
    """What one account sees and may do. Every path that comes in passes ``map_path``, every change ``_writable``."""

    def __init__(self, channel: Any, server: SftpServer) -> None:
        login = channel.get_extra_info("username")
        self._fund = server.accounts[login].fund
        self._home = server.homes if self._fund else server.homes / login
        super().__init__(channel, chroot=os.fsencode(self._home))

    def map_path(self, path: bytes) -> bytes:
        parts = self._parts(path)
        if not self._fund and (parts[:1] not in ([], [b"in"], [b"out"]) or len(parts) > 2):
            raise asyncssh.SFTPNoSuchFile("No such file")
        local = self._home.joinpath(*map(os.fsdecode, parts))
        if local.resolve() != local:  # a link on the way: only somebody outside SFTP can have made it
            raise asyncssh.SFTPPermissionDenied("Links are not followed")
        return os.fsencode(local)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        top = not self._parts(path)
        # At once: a listing that waits for its client's next request would fail on a file that is renamed meanwhile.
        for name in [one async for one in super().scandir(path)]:
            if self._fund or not top or name.filename in (b".", b"..", b"in", b"out"):
                yield name

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if pflags & WRITING:
            self._writable(path)
        if Path(os.fsdecode(self.map_path(path))).is_dir():
            raise asyncssh.SFTPPermissionDenied("Is a folder")
        return super().open(path, pflags, asyncssh.SFTPAttrs())

    def remove(self, path: bytes) -> None:
        self._writable(path)
        super().remove(path)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        self._writable(oldpath, newpath)
        super().rename(oldpath, newpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        self._writable(oldpath, newpath)
        super().posix_rename(oldpath, newpath)

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        self._writable(path)
        super().setstat(path, _times(attrs))

    def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        self.setstat(path, attrs)

    def fsetstat(self, file_obj: Any, attrs: asyncssh.SFTPAttrs) -> None:
        if not file_obj.writable():
            raise asyncssh.SFTPPermissionDenied("Read-only")
        super().fsetstat(file_obj, _times(attrs))

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        self._fund_only()
        super().mkdir(path, attrs)

    def rmdir(self, path: bytes) -> None:
        self._fund_only()
        super().rmdir(path)

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPPermissionDenied("No links")

    def link(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPPermissionDenied("No links")

    @staticmethod
    def _parts(path: bytes) -> list[bytes]:
        return [part for part in posixpath.normpath(posixpath.join(b"/", path)).split(b"/") if part]

    def _fund_only(self) -> None:
        if not self._fund:
            raise asyncssh.SFTPPermissionDenied("No folders")

    def _writable(self, *paths: bytes) -> None:
        for path in map(self._parts, paths):
            if not self._fund and (len(path) != 2 or path[0] != b"in"):
                raise asyncssh.SFTPPermissionDenied("Read-only")


def _times(attrs: asyncssh.SFTPAttrs) -> asyncssh.SFTPAttrs:
    """Times and size only: owners and permissions are the server's."""
    return asyncssh.SFTPAttrs(size=attrs.size, atime=attrs.atime, mtime=attrs.mtime)


def main(
    root: Annotated[Path, typer.Option(help="Папка сервера: каталоги организаций и ключ узла")],
    accounts: Annotated[Path, typer.Option(help="Учётные записи, JSON")],
    port: Annotated[int, typer.Option(help="Порт на 127.0.0.1")] = 2222,
) -> None:
    """Запустить встроенный сервер SFTP."""
    try:
        SftpServer(root, port, read_accounts(accounts)).run()
    except PortBusyError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    typer.run(main)
