"""A drop folder as the tests see it, whatever lies beneath."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.demo.servers.sftp import SftpServer
from pipelines.exchange.channels import FolderChannel, SftpChannel
from pipelines.exchange.channels.base import Endpoint

LOGINS = {"150001": "150001", "150002": "150002"}


@dataclass(frozen=True)
class Drop:
    """A channel with small limits, and the folder of its homes as the test sees it."""

    channel: Callable[[], FolderChannel | SftpChannel]
    homes: Path

    def put(self, name: str, content: bytes = b"x", login: str = "150001") -> Path:
        path = self.homes / login / "in" / name
        path.write_bytes(content)
        return path


def endpoint(server: SftpServer, **changes: str) -> Endpoint:
    options = {"host_key": server.host_key} | changes
    return Endpoint("sftp", "127.0.0.1", server.ports["SFTP"], "fund", "pw-fund", options)
