"""Content-addressed store of bytes on any fsspec URL: a local folder, S3, memory."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import fsspec


class StoreError(RuntimeError):
    """Bytes in the store are absent or are not those that their address says."""


def digest(content: bytes) -> str:
    """Address of bytes: hexadecimal SHA-256."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Store:
    """Bytes under their SHA-256; writing the same bytes again changes nothing."""

    url: str

    @cached_property
    def _place(self) -> tuple[Any, str]:
        filesystem, root = fsspec.core.url_to_fs(self.url)
        return filesystem, root.rstrip("/")

    def _path(self, sha256: str) -> str:
        return f"{self._place[1]}/{sha256[:2]}/{sha256[2:4]}/{sha256}"

    def put(self, content: bytes) -> str:
        """Keep the bytes; returns their address. They appear whole or not at all."""
        sha256 = digest(content)
        filesystem, _ = self._place
        path = self._path(sha256)
        if filesystem.exists(path) and filesystem.size(path) == len(content):
            return sha256
        filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
        temporary = f"{path}.{secrets.token_hex(4)}.part"
        filesystem.pipe_file(temporary, content)
        filesystem.mv(temporary, path)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes at an address; raises ``StoreError`` when they are absent or changed."""
        filesystem, _ = self._place
        try:
            content = bytes(filesystem.cat_file(self._path(sha256)))
        except FileNotFoundError as error:
            raise StoreError(f"нет файла {sha256} в хранилище") from error
        if digest(content) != sha256:
            raise StoreError(f"файл {sha256} в хранилище изменён")
        return content

    def intact(self, sha256: str) -> bool:
        """Whether the bytes at an address are there and unchanged."""
        try:
            self.get(sha256)
        except StoreError:
            return False
        return True

    def addresses(self) -> Iterator[str]:
        """Addresses of everything kept."""
        filesystem, root = self._place
        for path in filesystem.find(root):
            name = path.rpartition("/")[2]
            if len(name) == 64:
                yield name

    def remove(self, sha256: str) -> None:
        """Forget bytes whose retention is over."""
        filesystem, _ = self._place
        if filesystem.exists(self._path(sha256)):
            filesystem.rm_file(self._path(sha256))
