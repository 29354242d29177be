"""Drop folders on a local (or mounted) file system."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pipelines.exchange.channels.base import TooLargeError
from pipelines.exchange.channels.drops import MAX_BYTES, DropSession, Entry, Names


@contextmanager
def _nameless() -> Iterator[None]:
    """Errors of the operating system without the file's name, which may hold personal data."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror) from None


class LocalFiles:
    """A folder as the root of drop folders; the last step of a path is never a link."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._names = Names()

    def alive(self) -> bool:
        return True

    def entries(self, folder: str) -> list[Entry]:
        found = []
        with _nameless(), os.scandir(self._path(folder)) as scan:
            for file in scan:
                with suppress(FileNotFoundError):  # taken by another run meanwhile
                    about = file.stat(follow_symlinks=False)
                    if stat.S_ISREG(about.st_mode):
                        name = self._names.note(folder, os.fsencode(file.name))
                        found.append(Entry(name, about.st_size, about.st_mtime_ns))
        return found

    def make(self, folder: str) -> None:
        with _nameless():
            self._path(folder).mkdir(0o700, exist_ok=True)

    def rename(self, old: str, new: str) -> None:
        with _nameless():
            target = self._path(new)
            self._path(old).replace(target)
            handle = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def read(self, path: str, limit: int) -> bytes:
        with _nameless(), self._open(path, os.O_RDONLY) as file:
            size = os.fstat(file.fileno()).st_size
            content = file.read(limit + 1) if size <= limit else b""
        if max(size, len(content)) > limit:
            raise TooLargeError(max(size, len(content)), limit)
        return content

    def ends(self, path: str, length: int) -> tuple[bytes, bytes, int]:
        with _nameless(), self._open(path, os.O_RDONLY) as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(4)
            file.seek(max(0, size - length))
            return head, file.read(min(size, length)), size

    def write(self, path: str, content: bytes) -> None:
        with _nameless(), self._open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def remove(self, path: str) -> None:
        with _nameless():
            self._path(path).unlink()

    def _path(self, path: str) -> Path:
        return Path(self._root + os.fsdecode(self._names.raw(path)))

    def _open(self, path: str, flags: int) -> BinaryIO:
        handle = os.open(self._path(path), flags | os.O_NOFOLLOW, 0o666)
        return os.fdopen(handle, "wb" if flags & os.O_WRONLY else "rb")


class FolderChannel:
    """Channel over the folder ``root``, which has a home per login of ``logins`` (login to code of the organisation)."""

    def __init__(self, code: str, root: Path, logins: Mapping[str, str], *, limit: int = MAX_BYTES) -> None:
        self.code = code
        self._root = root
        self._logins = tuple(logins)
        self._limit = limit

    @contextmanager
    def session(self) -> Iterator[DropSession]:
        yield DropSession(LocalFiles(self._root), self._logins, self._limit)
