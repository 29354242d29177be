"""Drop folders on an SFTP server that the fund enters as one account, over one connection per poll."""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import random
import socket
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import cast

import paramiko
from paramiko.sftp import CMD_CLOSE, CMD_HANDLE, CMD_NAME, CMD_OPENDIR, CMD_READDIR, CMD_STATUS

from pipelines.exchange.channels.base import ChannelError, Endpoint, TooLargeError
from pipelines.exchange.channels.drops import MAX_BYTES, DropSession, Entry, Names

log = logging.getLogger(__name__)

KEEPALIVE = 15  # seconds


class _Client(paramiko.SFTPClient):
    """Adds a listing that survives names which are not UTF-8; paramiko's own fails for the whole folder."""

    def scan(self, folder: bytes) -> list[tuple[bytes, paramiko.SFTPAttributes]]:
        handle = self._ask(CMD_OPENDIR, folder, CMD_HANDLE).get_binary()
        found = []
        with suppress(EOFError):
            while True:
                message = self._ask(CMD_READDIR, handle, CMD_NAME)
                for _ in range(message.get_int()):
                    name = message.get_binary()
                    message.get_binary()  # the line for people
                    found.append((name, paramiko.SFTPAttributes._from_msg(message)))  # type: ignore[attr-defined]
        self._ask(CMD_CLOSE, handle, CMD_STATUS)
        return found

    def _ask(self, request: int, argument: bytes, expected: int) -> paramiko.Message:
        kind, message = self._request(request, argument)  # type: ignore[attr-defined]
        if kind != expected:
            raise paramiko.SFTPError("unexpected reply of the server")
        return cast(paramiko.Message, message)


class SftpFiles:
    """An SFTP server's root as the root of drop folders."""

    def __init__(self, client: _Client, transport: paramiko.Transport) -> None:
        self._client = client
        self._transport = transport
        self._names = Names()

    def alive(self) -> bool:
        return self._transport.is_active()

    def entries(self, folder: str) -> list[Entry]:
        return [
            Entry(self._names.note(folder, raw), about.st_size or 0, about.st_mtime or 0)
            for raw, about in self._client.scan(folder.encode())
            if b"/" not in raw and about.st_mode is not None and stat.S_ISREG(about.st_mode)
        ]

    def make(self, folder: str) -> None:
        with suppress(OSError):  # version 3 of the protocol cannot say that it is there already
            self._client.mkdir(folder, 0o700)

    def rename(self, old: str, new: str) -> None:
        self._client.posix_rename(self._names.raw(old), self._names.raw(new))

    def read(self, path: str, limit: int) -> bytes:
        with self._client.open(self._names.raw(path), "rb") as file:
            size = file.stat().st_size or 0
            if size > limit:
                raise TooLargeError(size, limit)
            file.prefetch(size)
            content = file.read(limit + 1)
        if len(content) > limit:
            raise TooLargeError(len(content), limit)
        return content

    def ends(self, path: str, length: int) -> tuple[bytes, bytes, int]:
        with self._client.open(self._names.raw(path), "rb") as file:
            size = file.stat().st_size or 0
            head = file.read(4)
            file.seek(max(0, size - length))
            return head, file.read(min(size, length)), size

    def write(self, path: str, content: bytes) -> None:
        self._client.putfo(io.BytesIO(content), path, len(content), confirm=True)

    def remove(self, path: str) -> None:
        self._client.remove(self._names.raw(path))


class HostKeys:
    """The pinned keys of a server: lines of OpenSSH public keys or ``SHA256:`` fingerprints; at least one is required."""

    def __init__(self, text: str) -> None:
        lines = [line.split() for line in text.splitlines() if line.strip()]
        self._fingerprints = {words[0].rstrip("=") for words in lines if words[0].startswith("SHA256:")}
        self._blobs = {word for words in lines for word in words if word.startswith("AAAA")}
        if not self._fingerprints | self._blobs:
            raise ChannelError("Ключ узла SFTP не закреплён: задайте host_key (открытый ключ или отпечаток SHA256:…)")

    def algorithms(self) -> tuple[str, ...]:
        """Algorithms of the pinned keys to ask the server for; empty when only fingerprints are known."""
        if self._fingerprints:
            return ()
        kinds = {paramiko.Message(base64.b64decode(blob)).get_text() for blob in self._blobs}
        rsa = ("rsa-sha2-512", "rsa-sha2-256") if "ssh-rsa" in kinds else ()
        return (*sorted(kinds - {"ssh-rsa"}), *rsa)

    def check(self, blob: bytes) -> None:
        """Raises ``ChannelError`` unless the key's blob is pinned."""
        digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        if f"SHA256:{digest}" not in self._fingerprints and base64.b64encode(blob).decode() not in self._blobs:
            raise ChannelError(f"Ключ узла SFTP не совпадает с закреплённым (получен SHA256:{digest}): соединение прервано")


class SftpChannel:
    """Channel over an SFTP server whose root, for the fund's account, has a home per login.

    ``endpoint.options``: ``host_key`` (required, see ``HostKeys``), ``key_file`` (the fund's private key; the password then
    opens the key). ``logins``: login to code of the organisation. ``limit`` in bytes, ``timeout`` and ``pause`` in seconds.
    Only the connection is tried ``attempts`` times, with a growing, jittered pause: servers shed load (MaxStartups).
    """

    def __init__(
        self,
        code: str,
        endpoint: Endpoint,
        logins: Mapping[str, str],
        *,
        limit: int = MAX_BYTES,
        timeout: float = 30.0,
        attempts: int = 4,
        pause: float = 0.5,
    ) -> None:
        self.code = code
        self._endpoint = endpoint
        self._logins = tuple(logins)
        self._limit = limit
        self._timeout = timeout
        self._attempts = attempts
        self._pause = pause

    @contextmanager
    def session(self) -> Iterator[DropSession]:
        """Connect, check the server's key, log in; the connection ends with the block.

        Raises ``ChannelError``, also when the connection breaks later.
        """
        transport = self._connect()
        try:
            channel = transport.open_session(timeout=self._timeout)
            channel.settimeout(self._timeout)
            channel.invoke_subsystem("sftp")
            yield DropSession(SftpFiles(_Client(channel), transport), self._logins, self._limit)
        except (paramiko.SSHException, EOFError) as error:
            raise ChannelError(f"{self._place()}: соединение прервано: {error}") from error
        finally:
            transport.close()

    def _connect(self) -> paramiko.Transport:
        keys = HostKeys(self._endpoint.options.get("host_key", ""))
        for attempt in range(1, self._attempts + 1):
            try:
                return self._try(keys)
            except paramiko.AuthenticationException as error:
                raise ChannelError(f"{self._place()}: учётная запись фонда не принята") from error
            except (paramiko.SSHException, EOFError, OSError) as error:
                if attempt == self._attempts:
                    raise ChannelError(f"{self._place()}: нет соединения, попыток {attempt}: {error}") from error
                log.info("Канал %s: попытка %s соединения не удалась: %s", self.code, attempt, type(error).__name__)
                time.sleep(self._pause * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
        raise ChannelError(f"{self._place()}: число попыток соединения должно быть больше нуля")

    def _try(self, keys: HostKeys) -> paramiko.Transport:
        place = self._endpoint
        transport = paramiko.Transport(socket.create_connection((place.host, place.port or 22), self._timeout))
        try:
            transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = self._timeout
            transport.set_keepalive(KEEPALIVE)
            if algorithms := keys.algorithms():
                transport.get_security_options().key_types = algorithms
            transport.start_client(timeout=self._timeout)
            keys.check(transport.get_remote_server_key().asbytes())
            if key_file := place.options.get("key_file"):
                password = place.password.encode() or None  # the stubs say str, the library underneath wants bytes
                transport.auth_publickey(place.login, paramiko.PKey.from_path(key_file, password))  # type: ignore[arg-type]
            else:
                transport.auth_password(place.login, place.password)
        except BaseException:
            transport.close()
            raise
        return transport

    def _place(self) -> str:
        return f"SFTP {self._endpoint.host}:{self._endpoint.port or 22}"
