"""Broken packages: each maker takes the bytes of a good package and gives the name and bytes of a broken one."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipelines.exchange.model import Result
from pipelines.formats.archive import write_archive
from pipelines.synthetic import zips

Maker = Callable[[bytes], tuple[str, bytes]]
BOMB_MIB = 1600
"""Beyond what the demo region lets an archive inflate to (1.5 GiB)."""


@dataclass(frozen=True)
class Breakage:
    """A way to break a package: its title in Russian, and how the exchange must answer (``rules``: at least these)."""

    title: str
    make: Maker
    result: Result
    rules: tuple[str, ...]


def members(good: bytes) -> dict[str, bytes]:
    """Files of a good package by name, in its order: the main file first."""
    with zipfile.ZipFile(io.BytesIO(good)) as source:
        return {name: source.read(name) for name in source.namelist()}


def stem(good: bytes) -> str:
    """Name of a good package without extension: that of its main file."""
    return next(iter(members(good))).rpartition(".")[0]


def _named(good: bytes) -> str:
    return f"{stem(good)}.zip"


def _wrong_name(good: bytes) -> tuple[str, bytes]:
    return f"{stem(good).replace('_', '-')}.zip", good


def _unknown_kind(good: bytes) -> tuple[str, bytes]:
    return f"QZ{stem(good)[2:]}.zip", good


def _empty(good: bytes) -> tuple[str, bytes]:
    return _named(good), b""


def _no_archive(good: bytes) -> tuple[str, bytes]:
    return _named(good), "Реестр направлен отдельным письмом.\r\n".encode("cp1251")


def _bare_xml(good: bytes) -> tuple[str, bytes]:
    name, content = next(iter(members(good).items()))
    return name, content


def _truncated(good: bytes) -> tuple[str, bytes]:
    return _named(good), good[: len(good) // 2]


def _damaged(good: bytes) -> tuple[str, bytes]:
    spoilt = bytearray(good)
    middle = len(good) // 3
    spoilt[middle : middle + 16] = bytes(byte ^ 0xFF for byte in good[middle : middle + 16])
    return _named(good), bytes(spoilt)


def _bomb(good: bytes) -> tuple[str, bytes]:
    return _named(good), zips.assemble([zips.bomb(f"{stem(good)}.xml", BOMB_MIB)])


def _path(good: bytes) -> tuple[str, bytes]:
    return _named(good), write_archive({f"../{name}": content for name, content in members(good).items()})


def _encrypted(good: bytes) -> tuple[str, bytes]:
    files = [zips.encrypted(zips.deflated(name, content), b"zarechye") for name, content in members(good).items()]
    return _named(good), zips.assemble(files)


def _nested(good: bytes) -> tuple[str, bytes]:
    return _named(good), write_archive({_named(good): good})


def _no_persons(good: bytes) -> tuple[str, bytes]:
    name, content = next(iter(members(good).items()))
    return _named(good), write_archive({name: content})


def _extra(good: bytes) -> tuple[str, bytes]:
    return _named(good), write_archive({**members(good), "readme.txt": "Просим принять.\r\n".encode("cp1251")})


def _swapped(good: bytes) -> tuple[str, bytes]:
    files = members(good)
    return _named(good), write_archive(dict(zip(files, reversed(files.values()), strict=True)))


def _rewrite(change: Callable[[bytes], bytes], member: int = 0) -> Maker:
    """A maker that changes the bytes of one file: 0 the main one, 1 the persons."""

    def make(good: bytes) -> tuple[str, bytes]:
        files = members(good)
        name = list(files)[member]
        return _named(good), write_archive({**files, name: change(files[name])})

    return make


def _doctype(xml: bytes) -> bytes:
    head, _, body = xml.partition(b"?>")
    return head + b'?>\n<!DOCTYPE ZL_LIST [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>' + body


def _other_encoding(declared: bytes) -> Callable[[bytes], bytes]:
    return lambda xml: xml.replace(b'encoding="windows-1251"', b'encoding="%s"' % declared, 1)


def _unclosed(xml: bytes) -> bytes:
    at = xml.index(b"</Z_SL>", len(xml) // 2)
    return xml[:at] + xml[at + len(b"</Z_SL>") :]


def _without_bill(xml: bytes) -> bytes:
    return xml[: xml.index(b"<SCHET>")] + xml[xml.index(b"</SCHET>") + len(b"</SCHET>") :]


def _other_total(xml: bytes) -> bytes:
    begin = xml.index(b"<SUMMAV>") + len(b"<SUMMAV>")
    end = xml.index(b"</SUMMAV>")
    return xml[:begin] + b"1" + xml[begin:end] + xml[end:]


def _other_file_name(xml: bytes) -> bytes:
    begin = xml.index(b"<FILENAME>") + len(b"<FILENAME>")
    end = xml.index(b"</FILENAME>")
    return xml[:begin] + xml[begin:end] + b"0" + xml[end:]


BREAKAGES: Mapping[str, Breakage] = {
    "wrong_name": Breakage("Имя не по маске", _wrong_name, Result.REJECTED, ("PKG.010",)),
    "unknown_kind": Breakage("Неизвестный вид пакета", _unknown_kind, Result.REJECTED, ("PKG.020",)),
    "empty": Breakage("Пустой файл", _empty, Result.REJECTED, ("PKG.030",)),
    "no_archive": Breakage("Не архив под именем архива", _no_archive, Result.REJECTED, ("PKG.040",)),
    "bare_xml": Breakage("XML без архива", _bare_xml, Result.REJECTED, ("PKG.040",)),
    "truncated": Breakage("Половина архива", _truncated, Result.REJECTED, ("PKG.050",)),
    "damaged": Breakage("Архив с испорченными байтами", _damaged, Result.REJECTED, ("PKG.050",)),
    "bomb": Breakage("Архив, распухающий до 1,6 ГиБ", _bomb, Result.REJECTED, ("PKG.060",)),
    "path": Breakage("Каталог в имени файла архива", _path, Result.REJECTED, ("PKG.070",)),
    "encrypted": Breakage("Архив под паролем", _encrypted, Result.REJECTED, ("PKG.080",)),
    "nested": Breakage("Архив в архиве", _nested, Result.REJECTED, ("PKG.150",)),
    "no_persons": Breakage("Нет файла персональных данных", _no_persons, Result.REJECTED, ("PKG.090",)),
    "extra": Breakage("Лишний файл в архиве", _extra, Result.REJECTED, ("PKG.091",)),
    "doctype": Breakage("XML с DOCTYPE и сущностями", _rewrite(_doctype), Result.REJECTED, ("XML.010",)),
    # Persons have Cyrillic names; the main file may happen to be plain ASCII and would be right in either encoding.
    "encoding": Breakage("Объявлена не та кодировка", _rewrite(_other_encoding(b"utf-8"), 1), Result.REJECTED, ("XML.020",)),
    "koi8": Breakage("Недопустимая кодировка", _rewrite(_other_encoding(b"koi8-r")), Result.REJECTED, ("XML.021",)),
    "malformed": Breakage("Не закрыт элемент", _rewrite(_unclosed), Result.REJECTED, ("XML.030",)),
    "swapped": Breakage("Файлы H и L перепутаны", _swapped, Result.REJECTED, ("XML.040",)),
    "schema": Breakage("Нет группы SCHET", _rewrite(_without_bill), Result.REJECTED, ("STR.040",)),
    "sums": Breakage("Неверная сумма счёта", _rewrite(_other_total), Result.REJECTED, ("006F.00.1040",)),
    "filename": Breakage("FILENAME не равен имени файла", _rewrite(_other_file_name), Result.REJECTED, ("LNK.010",)),
}
"""Every breakage by name. A half of an archive and an empty one are best mailed: a folder waits for the rest of them."""
