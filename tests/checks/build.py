"""Small files as tables, for the tests of checks."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import pyarrow as pa

from pipelines.formats.layout import Layout, TableSpec, load
from pipelines.formats.tables import ANOMALIES, OFFSET, PARENT, Tables
from pipelines.nsi import Dictionaries, Dictionary

Rows = dict[str, list[dict[str, Any]]]

TODAY = date(2026, 3, 15)
ON = date(2026, 2, 1)


def tables(layout: Layout, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Tables:
    """Tables of rows by table; ``_parent`` defaults to 0, groups to present, everything else to absent."""
    data = {}
    for name, spec in layout.tables.items():
        given = rows.get(name, [])
        if not given:
            data[name] = _empty_tables(layout.code)[name]
            continue
        data[name] = _table(spec, given, numbered=name == layout.record)
    return Tables(layout, data, ANOMALIES.empty_table())


def _table(spec: TableSpec, given: Sequence[Mapping[str, Any]], *, numbered: bool) -> pa.Table:
    columns = {element.column: pa.array([row.get(element.column) for row in given], pa.string()) for element in spec.columns}
    columns |= {g.column: pa.array([row.get(g.column, True) for row in given], pa.bool_()) for g in spec.groups}
    if spec.parent is not None:
        columns[PARENT] = pa.array([row.get(PARENT, 0) for row in given], pa.int64())
    if numbered:
        columns[OFFSET] = pa.array([row.get(OFFSET, 100 * i) for i, row in enumerate(given)], pa.int64())
    return pa.table(columns)


@cache
def _empty_tables(code: str) -> dict[str, pa.Table]:
    layout = load(code)
    return {name: _table(spec, [], numbered=name == layout.record) for name, spec in layout.tables.items()}


def register() -> Rows:
    """A register of accounts that keeps every rule: two records, the second with a КСГ, a service and a sanction."""
    case = {
        "N_ZAP": "1",
        "PR_NOV": "0",
        "ID_PAC": "p-1",
        "VPOLIS": "3",
        "NPOLIS": "9999999999999999",
        "ST_OKATO": "99000",
        "SMO": "99001",
        "SMO_OGRN": "1",
        "SMO_OK": "99000",
        "SMO_NAM": "Страховая",
        "INV": "0",
        "MSE": "1",
        "NPR_MO": "990001",
        "NPR_DATE": "2026-02-01",
        "NOVOR": "0",
        "IDCASE": "1",
        "USL_OK": "3",
        "VIDPOM": "12",
        "FOR_POM": "3",
        "LPU": "990001",
        "DATE_Z_1": "2026-02-02",
        "DATE_Z_2": "2026-02-10",
        "RSLT": "301",
        "ISHOD": "301",
        "IDSP": "30",
        "SUMV": "1000.50",
    }
    visit = {
        "SL_ID": "a-1",
        "LPU_1": "1",
        "PODR": "11",
        "PROFIL": "97",
        "DET": "0",
        "P_CEL": "1.0",
        "NHISTORY": "77/26",
        "DS0": "J06.9",
        "C_ZAB": "1",
        "DN": "1",
        "CODE_MES2": "m.2",
        "REAB": "1",
        "ED_COL": "1.00",
        "TARIF": "500.00",
        "COMENTSL": "—",
        "DATE_1": "2026-02-02",
        "DATE_2": "2026-02-10",
        "DS1": "J06.9",
        "PRVS": "76",
        "VERS_SPEC": "V021",
        "IDDOKT": "d1",
        "SUM_M": "1000.50",
        "KSG_KPG": False,
    }
    sums = {"SUMMAV": "3001.00", "SUMMAP": "2901.00", "SANK_MEK": "100.00", "SANK_MEE": "0.00", "SANK_EKMP": "0.00"}
    ksg = {"N_KSG": "st01.001", "VER_KSG": "2026", "KSG_PG": "0", "KOEF_Z": "0.50000", "KOEF_UP": "1.00000"}
    ksg |= {"BZTSZ": "20000.00", "KOEF_D": "1.00000", "KOEF_U": "1.00000", "SL_K": "1", "IT_SL": "1.20000"}
    service = {"IDSERV": "s-1", "LPU": "990001", "PROFIL": "97", "DET": "0", "DATE_IN": "2026-02-03", "PRVS": "76"}
    service |= {"DATE_OUT": "2026-02-04", "DS": "J06.9", "CODE_USL": "A01.01", "KOL_USL": "1.00", "SUMV_USL": "10.00"}
    service |= {"LPU_1": "1", "PODR": "11", "VID_VME": "A16.20.001", "NPL": "1", "COMENTU": "-", "CODE_MD": "d1"}
    sanction = {"S_CODE": "x-1", "S_SUM": "100.00", "S_TIP": "1", "S_OSN": "70", "DATE_ACT": "2026-02-20"}
    sanction |= {"NUM_ACT": "5", "S_IST": "1", "S_COM": "-"}
    return {
        "ZGLV": [{"VERSION": "3.1", "DATA": "2026-03-03", "FILENAME": "HM990001S99001_26021", "SD_Z": "2"}],
        "SCHET": [
            {"CODE": "1", "CODE_MO": "990001", "YEAR": "2026", "MONTH": "2", "NSCHET": "1-02", "DSCHET": "2026-03-02"}
            | {"PLAT": "99001", "COMENTS": "-"}
            | sums
        ],
        "ZAP": [
            case | {"SUMP": "1000.50"},
            case
            | {"N_ZAP": "2", "IDCASE": "2", "ID_PAC": "p-2", "SUMV": "2000.50", "SUMP": "1900.50", "SANK_IT": "100.00"}
            | {"OPLATA": "3", "IDSP": "33", "NOVOR": "20102261"},
        ],
        "SL": [
            visit,
            visit | {PARENT: 1, "SL_ID": "a-2", "SUM_M": "1500.25", "KSG_KPG": True, "REAB": None} | ksg,
            visit | {PARENT: 1, "SL_ID": "a-3", "SUM_M": "500.25", "KSG_KPG": True, "REAB": None} | ksg,
        ],
        "USL": [service | {PARENT: 1, "TARIF": "10.00"}],
        "MR_USL_N": [{PARENT: 0, "PRVS": "76"}],
        "DS2": [{PARENT: 0, "DS2": "I10"}, {PARENT: 2, "DS2": "C34"}],
        "DS3": [{PARENT: 2, "DS3": "J12.8"}],
        "SL_KOEF": [{PARENT: row, "IDSL": "1", "Z_SL": "1.20000"} for row in (1, 2)],
        "SANK": [sanction | {PARENT: 1}],
        "SL_ID": [{PARENT: 0, "SL_ID": "a-2"}],
        "CODE_EXP": [{PARENT: 0, "CODE_EXP": "99000001"}],
        "VNOV_M": [{PARENT: 1, "VNOV_M": "2499"}],
        "OS_SLUCH": [{PARENT: 1, "OS_SLUCH": "1"}],
        "CODE_MES1": [{PARENT: 0, "CODE_MES1": "m.1"}],
        "CRIT": [{PARENT: 1, "CRIT": "x"}],
    }


def persons() -> Rows:
    """A file of personal data that keeps every rule."""
    return {
        "ZGLV": [
            {"VERSION": "3.2", "DATA": "2026-03-03", "FILENAME": "LM990001S99001_26021"}
            | {"FILENAME1": "HM990001S99001_26021"}
        ],
        "PERS": [
            {"ID_PAC": "p-1", "FAM": "ТЕСТОВ", "IM": "ТЕСТ", "OT": "А", "W": "1", "DR": "1980-01-31"},
            {"ID_PAC": "p-2", "W": "2", "DR": "2026-02-01", "FAM_P": "ТЕСТОВА", "IM_P": "ТЕСТ", "W_P": "2"}
            | {"DR_P": "2000-02-29", "DOCTYPE": "14", "DOCSER": "99 00", "DOCNUM": "123456"}
            | {"SNILS": "000-000-000 00", "OKATOG": "99000000000"}
            | {"OKATOP": "99000000000", "OT_P": "Б", "MR": "г. Н", "COMENTP": "-"},
        ],
        "DOST": [{PARENT: 1, "DOST": "2"}],
        "DOST_P": [{PARENT: 1, "DOST_P": "4"}],
    }


def files(register_rows: Rows | None = None, person_rows: Rows | None = None) -> dict[str, Tables]:
    """A package of a register and its persons."""
    return {
        "H": tables(load("H"), register_rows if register_rows is not None else register()),
        "L": tables(load("L"), person_rows if person_rows is not None else persons()),
    }


def changed(rows: Rows, table: str, row: int, **values: Any) -> Rows:
    """A copy of the rows with values of one row changed."""
    result = copy.deepcopy(rows)
    result[table][row] |= values
    return result


def dictionary(name: str, rows: Sequence[Mapping[str, str | None]]) -> Dictionary:
    """A dictionary of rows."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return Dictionary.of(name, pa.table({c: pa.array([row.get(c) for row in rows], pa.string()) for c in columns}))


def dictionaries() -> Dictionaries:
    """The dictionaries that the register and the persons need."""
    codes = {
        "F002": {"smocod": "99001", "Ogrn": "1"},
        "F003": {"mcod": "990001"},
        "F004": {"n_expert": "99000001"},
        "F032": {"MCOD": "990001"},
        "F042": {"UIDEKMP": "99000001"},
        "F006": {"IDVID": "1"},
        "F008": {"IDDoc": "3"},
        "F010": {"KOD_OKATO": "99000"},
        "F011": {"IDDoc": "14", "DocSer": "99 99", "DocNum": "9999990"},
        "F014": {"Kod": "70"},
        "M001": {"IDDS": "J06.9"},
        "O002": {"TER": "99", "KOD1": "000", "KOD2": "000", "KOD3": "000"},
        "V002": {"IDPR": "97"},
        "V005": {"IDPOL": "1"},
        "V006": {"IDUMP": "3"},
        "V008": {"IDVMP": "12"},
        "V009": {"IDRMP": "301", "DL_USLOV": "3"},
        "V010": {"IDSP": "30"},
        "V012": {"IDIZ": "301", "DL_USLOV": "3"},
        "V014": {"IDFRMMP": "3"},
        "V020": {"IDK_PR": "1"},
        "V021": {"IDSPEC": "76"},
        "T_KSG": {"K_KSG": "st01.001", "KOEF_UP": "1.00000"},
        "V023": {"K_KSG": "st01.001", "KOEF_Z": "0.50000"},
        "V024": {"IDDKK": "x"},
        "V025": {"IDPC": "1.0"},
        "V026": {"K_KPG": "1"},
        "V027": {"IDCZ": "1"},
        "V001": {"IDRB": "A16.20.001"},
        "T_LPU_1": {"MCOD": "990001", "LPU_1": "1"},
        "T_PODR": {"MCOD": "990001", "PODR": "11"},
        "T_DOKT": {"MCOD": "990001", "IDDOKT": "d1"},
        "T_BZTSZ": {"USL_OK": "3", "BZTSZ": "20000.00"},
        "T_KOEF": {"MCOD": "990001", "USL_OK": "3", "KOEF_U": "1.00000", "KOEF_D": "1.00000"},
        "T_KSLP": {"IDSL": "1"},
        "T_KSG_PG": {"K_KSG": "st01.001.1", "KOEF_Z": "0.60000"},
        "T_CRIT": {"IDDKK": "x"},
        "T_EKO": {"K_KSG": "ds02.005"},
        "T_USL": {"CODE_USL": "A01.01", "TARIF": "10.00"},
    }
    more = {"V010": [{"IDSP": "33"}], "V005": [{"IDPOL": "2"}], "M001": [{"IDDS": code} for code in ("I10", "C34", "J12.8")]}
    period = {"DATEBEG": "2020-01-01", "DATEEND": None}
    return Dictionaries(dictionary(n, [row | period, *(m | period for m in more.get(n, []))]) for n, row in codes.items())
