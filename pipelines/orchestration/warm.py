"""Compiles what is compiled at its first use, so that no package waits for it; the result is kept in a cache on disk."""

from __future__ import annotations

from pipelines.formats import layout
from pipelines.formats.xml_reader import read_xml

_SMALL = b"<?xml version='1.0' encoding='windows-1251'?><ZL_LIST><ZGLV/><ZAP><N_ZAP>1</N_ZAP></ZAP></ZL_LIST>"


def warm() -> None:
    """Read a small register: about 15 CPU seconds the first time on a machine, half a second in a new process."""
    read_xml(_SMALL, layout.load("H"), "H")


if __name__ == "__main__":
    warm()
