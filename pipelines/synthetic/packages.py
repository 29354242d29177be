"""Packages as they are sent: the files of a register as XML in a ZIP, equal bytes for an equal register."""

from __future__ import annotations

import re

from pipelines.formats.archive import write_archive
from pipelines.formats.xml_writer import write_xml
from pipelines.synthetic.model import Register, RegisterFile


def content(file: RegisterFile, encoding: str = "windows-1251") -> bytes:
    """The file's bytes, with the planted departures from the structure."""
    data = write_xml(file.tables, file.layout, encoding)
    if not file.markup:
        return data
    starts = [match.start() for match in re.finditer(b"<%s>" % file.layout.record.encode(), data)]
    starts.append(len(data))
    pieces, done = [], 0
    for markup in file.markup:
        begin, end = starts[markup.record], starts[markup.record + 1]
        pieces += [data[done:begin], markup.edit(data[begin:end])]
        done = end
    return b"".join([*pieces, data[done:]])


def files(register: Register, encoding: str = "windows-1251") -> dict[str, bytes]:
    """Members of the package by name, main file first."""
    return {f"{file.name}.xml": content(file, encoding) for file in register.files.values()}


def package(register: Register) -> tuple[str, bytes]:
    """Name and bytes of the register's package."""
    return f"{register.name}.zip", write_archive(files(register))
