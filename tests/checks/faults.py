"""Faults planted from the checks themselves: for each one, a register or persons file that breaks it."""

from __future__ import annotations

import copy
from typing import Any

from pipelines.checks.suites import Check, Suite
from pipelines.formats.layout import load
from tests.checks.build import Rows, persons, register

BROKEN: dict[str, tuple[int, dict[str, Any]]] = {
    "002F.00.0140": (0, {"VNOV_D": "2500"}),
    "002F.00.0150": (0, {"VNOV_M": "200"}),
    "002F.00.0260": (0, {"DS1": "C34.1"}),
    "001F.00.0090": (0, {"SMO_OGRN": "2"}),
    "002F.00.0465": (1, {"K_ZP": "0.99999"}),
    "002F.00.0460": (1, {"VER_KSG": "2025"}),
    "006F.00.0010": (0, {"DATA": "2026-03-16"}),
    "006F.00.0020": (0, {"DATA": "2026-03-16"}),
    "006F.00.0110": (0, {"SD_Z": "3"}),
    "006F.00.0160": (1, {"DATE_Z_2": "2027-01-01"}),
    "006F.00.0180": (1, {"DATE_Z_2": "2026-03-01"}),
    "006F.00.0200": (0, {"DSCHET": "2026-03-04"}),
    "006F.00.0310": (0, {"NPR_DATE": "2026-02-03"}),
    "006F.00.0330": (0, {"DATE_Z_1": "2026-02-11"}),
    "006F.00.0340": (0, {"DATE_Z_2": "2026-03-03"}),
    "006F.00.0370": (1, {"SUMV": "2000.51"}),
    "006F.00.0030": (0, {"FILENAME": "HM990002S99001_26021"}),
    "006F.00.0070": (0, {"FILENAME": "HM990001S99001_25021"}),
    "006F.00.0080": (0, {"FILENAME": "LM990001S99001_25021"}),
    "006F.00.0090": (0, {"FILENAME": "HM990001S99001_26031"}),
    "006F.00.0100": (0, {"FILENAME": "LM990001S99001_26031"}),
    "006F.00.0311": (1, {"NPR_DATE": "2026-01-31"}),
    "006F.00.0390": (2, {"REAB": "1"}),
    "006F.00.0400": (2, {"DATE_1": "2026-02-01"}),
    "006F.00.0410": (2, {"DATE_1": "2026-02-11"}),
    "006F.00.0420": (2, {"DATE_2": "2026-02-11"}),
    "006F.00.0430": (2, {"DS1": "J12.8"}),
    "006F.00.0440": (1, {"DS2": "J12.8"}),
    "006F.00.0450": (0, {"CODE_MES1": "m.2"}),
    "006F.00.0530": (0, {"DATE_IN": "2026-02-01"}),
    "006F.00.0550": (0, {"DATE_IN": "2026-02-05"}),
    "006F.00.0560": (0, {"DATE_OUT": "2026-02-11"}),
    "006F.00.0570": (0, {"TARIF": "10.01"}),
    "006F.00.0670": (0, {"DR": "2026-03-04"}),
    "006F.00.0680": (1, {"DR": "2026-02-03"}),
    "006F.00.0690": (1, {"DR_P": "2012-02-02"}),
    "006F.00.1030": (0, {"SUMMAP": "2901.01"}),
    "006F.00.1040": (0, {"SUMMAV": "3001"}),
    "006F.00.1050": (0, {"SUMMAP": "2900.99"}),
    "006F.00.1060": (0, {"SANK_MEK": "100.01"}),
    "006F.00.1070": (0, {"SANK_MEE": "0.01"}),
    "006F.00.1080": (0, {"SANK_EKMP": "0.01"}),
    "006F.00.1090": (0, {"SANK_MEK": "99.00"}),
    "006F.00.1160": (1, {"SUMP": "2000.50"}),
}
"""Relations: row and values that break each, in the table of its suite."""


def base(suite: Suite) -> Rows:
    """The right file that the suite is about."""
    return register() if suite.layout == "H" else persons()


def broken(suite: Suite, check: Check) -> tuple[Rows, int]:
    """A file that breaks the check, and the row at fault."""
    rows = base(suite)
    if check.type == "expect_element_present":
        return _without(suite, check, rows)
    row, values = BROKEN[check.rule] if check.type == "expect_element_in_relation" else _wrong(suite, check, rows)
    rows[suite.table][row] |= values
    if check.rule == "006F.00.1040":
        rows["ZAP"][0]["SUMV"] = "1000.51"
    return rows, row


def _wrong(suite: Suite, check: Check, rows: Rows) -> tuple[int, dict[str, str]]:
    """A wrong value for the first row that has one."""
    column = check.columns[0]
    row = next((number for number, cells in enumerate(rows[suite.table]) if cells.get(column)), 0)
    if check.parameters.get("calendar"):
        return row, {column: "2026-02-30"}
    if longest := check.parameters.get("max_length"):
        return row, {column: "1" * (longest + 1)}
    return row, {column: "~"}


def _without(suite: Suite, check: Check, rows: Rows) -> tuple[Rows, int]:
    """The file without the element, be it a value, a merged group or all rows of a table."""
    layout = load(suite.layout)
    subject = check.columns[0]
    if subject.startswith("count("):
        gone = {subject[6:-1]}
        gone |= {table for table in layout.tables if gone & set(layout.ancestors(table))}
        return copy.deepcopy({table: [] if table in gone else kept for table, kept in rows.items()}), 0
    group = check.columns[1] if len(check.columns) > 1 else None
    row = next(number for number, cells in enumerate(rows[suite.table]) if group is None or cells.get(group, True))
    value = False if layout.element(suite.table, subject).type == "S" else ""
    rows[suite.table][row] |= {subject: value}
    return rows, row
