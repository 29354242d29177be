"""Compiles what is compiled at its first use, so that no package waits for it; the result is kept in a cache on disk."""

from __future__ import annotations

from pipelines.checks import suites
from pipelines.checks.relation import parse, parse_reference
from pipelines.formats import layout
from pipelines.formats.xml_reader import read_xml
from pipelines.systems import KINDS

_SMALL = b"<?xml version='1.0' encoding='windows-1251'?><ZL_LIST><ZGLV/><ZAP><N_ZAP>1</N_ZAP></ZAP></ZL_LIST>"


def warm() -> None:
    """Read a small register: about 15 CPU seconds the first time on a machine, half a second in a new process."""
    read_xml(_SMALL, layout.load("H"), "H")


def read_rules() -> None:
    """Read the suites of all kinds and parse their relations, which a process keeps: some 0.3 CPU seconds."""
    members = [member for kind in KINDS for member in kind.members if member.suites]
    for check in (check for member in members for suite in suites.load(member.suites) for check in suite.checks):
        for reference in check.columns:
            parse_reference(reference)
        for text in (check.parameters.get("relation"), (check.parameters.get("condition") or {}).get("relation")):
            if text:
                parse(text)


if __name__ == "__main__":
    warm()
