"""A register without planted faults breaks none of the rules of Q015: those compiled, and the conditional ones by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pyarrow as pa
import pytest

from pipelines.checks import suites
from pipelines.checks.runner import run
from pipelines.formats.tables import ANOMALIES, Tables, table_schema
from pipelines.nsi.dictionaries import Dictionaries
from tests.synthetic.world import OCTOBER, REGION, frame, register

DICTIONARIES = Dictionaries.from_folder(REGION.folder / "nsi")
JANUARY = date(2026, 1, 1)
SOURCES = [
    ("980001", "98001", OCTOBER),
    ("980001", "98", OCTOBER),
    ("980001", "98002", JANUARY),
    ("980002", "98001", OCTOBER),
    ("980003", "98002", OCTOBER),
    ("980005", "98001", JANUARY),
    ("980006", "98001", OCTOBER),
    ("980007", "98", JANUARY),
]
Frame = pd.DataFrame
Condition = Callable[[Frame], "pd.Series[bool]"]


OTHER_KINDS = [
    ("C", "980006", "98001", OCTOBER),
    ("C", "980006", "98", JANUARY),
    ("C", "980003", "98002", OCTOBER),
    ("T", "980001", "98001", OCTOBER),
    ("T", "980001", "98", JANUARY),
    ("X", "980003", "98001", OCTOBER),
    ("X", "980002", "98", JANUARY),
    ("X", "980007", "98002", OCTOBER),
]


@pytest.mark.parametrize(
    ("kind", "organisation", "payer", "period"), [*(("H", *source) for source in SOURCES), *OTHER_KINDS]
)
def test_compiled_rules_find_nothing(kind: str, organisation: str, payer: str, period: date) -> None:
    found = register(organisation, payer, period, 1500, kind)
    tables = {}
    for role, file in found.files.items():
        empty = {name: table_schema(file.layout, name).empty_table() for name in file.layout.tables}
        tables[role] = Tables(file.layout, empty | dict(file.tables), ANOMALIES.empty_table())
    checks = {role: suites.load(f"pump/{role}") for role in found.files}
    assert sum(len(suite.checks) for of_role in checks.values() for suite in of_role) > 250
    findings = run(tables, checks, DICTIONARIES, period, date(2026, 11, 22))
    assert findings.groupby(["rule", "element"]).size().to_dict() == {}


def visits(found: Frame) -> Frame:
    """Cases, visits and services alike get at the fields of their case under plain names."""
    plain = {name: name[2:] for name in found.columns if name.startswith("Z.") and name[2:] not in found.columns}
    return found.rename(columns=plain)


def among(column: str, *values: str) -> Condition:
    return lambda rows: rows[column].isin(values)


def there(column: str) -> Condition:
    return lambda rows: rows[column].notna()


def every(*conditions: Condition) -> Condition:
    def all_of(rows: Frame) -> pd.Series[bool]:
        result = pd.Series(True, index=rows.index)
        for condition in conditions:
            result &= condition(rows)
        return result

    return all_of


def some(*conditions: Condition) -> Condition:
    return no(every(*(no(condition) for condition in conditions)))


def no(condition: Condition) -> Condition:
    return lambda rows: ~condition(rows)


STATIONARY = among("USL_OK", "1", "2")
OUTPATIENT = among("USL_OK", "3")
PLANNED = some(every(among("FOR_POM", "3"), among("USL_OK", "1")), among("USL_OK", "2"))
UNIFIED = among("VPOLIS", "3")
INSURED = there("SMO")
OF_AGE = among("NOVOR", "0")
GROUPED = among("IDSP", "33")

PRESENCE: list[tuple[str, str, str, Condition]] = [
    ("0110", "ZAP", "ST_OKATO", among("VPOLIS", "1")),
    ("0130", "ZAP", "SMO_OGRN", no(INSURED)),
    ("0140", "ZAP", "SMO_OK", no(INSURED)),
    ("0150", "ZAP", "SMO_NAM", every(no(INSURED), no(there("SMO_OGRN")))),
    ("0400", "ZAP", "NPR_MO", PLANNED),
    ("0401", "ZAP", "NPR_MO", there("NPR_DATE")),
    ("0402", "ZAP", "NPR_DATE", there("NPR_MO")),
    ("0410", "ZAP", "NPR_DATE", PLANNED),
    ("0430", "ZAP", "KD_Z", STATIONARY),
    ("0640", "SL", "PROFIL_K", STATIONARY),
    ("0660", "SL", "P_CEL", OUTPATIENT),
    ("0700", "SL", "P_PER", STATIONARY),
    ("0740", "SL", "KD", STATIONARY),
    ("0760", "SL", "C_ZAB", every(OUTPATIENT, lambda rows: rows["DS1"] < "Z00.0")),
    ("0790", "SL", "DN", among("P_CEL", "1.3")),
    ("1100", "SL", "N_KSG", GROUPED),
    *((rule, "SL", name, lambda rows: rows["KSG_KPG"].astype(bool)) for rule, name in (
        ("2690", "VER_KSG"), ("2700", "KSG_PG"), ("2710", "KOEF_Z"), ("2720", "KOEF_UP"), ("2730", "BZTSZ"),
        ("2740", "KOEF_D"), ("2750", "KOEF_U"), ("2760", "SL_K"),
    )),
    *((rule, "USL", name, lambda rows: pd.Series(True, index=rows.index)) for rule, name in (
        ("2850", "IDSERV"), ("2860", "LPU"), ("2870", "PROFIL"), ("2880", "DET"), ("2890", "DATE_IN"), ("2900", "DATE_OUT"),
        ("2910", "DS"), ("2920", "CODE_USL"), ("2940", "KOL_USL"), ("2950", "SUMV_USL"), ("2961", "PRVS"),
        ("2971", "CODE_MD"),
    )),
]  # fmt: skip
"""003F.00.*: the element must be there where the condition holds."""
ABSENCE: list[tuple[str, str, str, Condition]] = [
    ("0080", "ZAP", "SPOLIS", no(among("VPOLIS", "1"))),
    ("0440", "ZAP", "KD_Z", no(STATIONARY)),
    ("0550", "ZAP", "OPLATA", lambda rows: pd.Series(True, index=rows.index)),
    ("0650", "SL", "PROFIL_K", no(STATIONARY)),
    ("0670", "SL", "P_CEL", no(OUTPATIENT)),
    ("0710", "SL", "P_PER", no(STATIONARY)),
    ("0750", "SL", "KD", no(STATIONARY)),
    ("0810", "SL", "N_KSG", no(GROUPED)),
    ("0820", "SL", "REAB", no(among("FOR_POM", "3"))),
    ("1130", "SL", "N_KPG", there("N_KSG")),
    ("0390.6", "SL", "REAB", no(OF_AGE)),
]
"""003F.00.*: the element must not be there where the condition holds (0390.6 is 006F.00.0390)."""
PERSONS: list[tuple[str, str, Condition, bool]] = [
    ("0330", "DOCDATE", no(UNIFIED), True),
    ("0340", "DOCORG", no(UNIFIED), True),
    ("1530", "FAM", every(OF_AGE, no(among("DOST", "2"))), True),
    ("1540", "FAM", some(no(OF_AGE), among("DOST", "2")), False),
    ("1550", "FAM_P", every(no(OF_AGE), no(among("DOST_P", "2"))), True),
    ("1560", "FAM_P", some(OF_AGE, among("DOST_P", "2")), False),
    ("1570", "IM", every(OF_AGE, no(among("DOST", "3"))), True),
    ("1580", "IM", some(no(OF_AGE), among("DOST", "3")), False),
    ("1590", "IM_P", every(no(OF_AGE), no(among("DOST_P", "3"))), True),
    ("1600", "IM_P", some(OF_AGE, among("DOST_P", "3")), False),
    ("1610", "OT", some(no(OF_AGE), among("DOST", "1")), False),
    ("1620", "OT_P", some(OF_AGE, among("DOST_P", "1")), False),
    ("1630", "DOST", every(no(there("IM")), OF_AGE), True),
    ("1640", "DOST", every(no(there("FAM")), OF_AGE), True),
    ("1650", "DOST_P", every(no(there("IM_P")), no(OF_AGE)), True),
    ("1660", "DOST_P", every(no(there("FAM_P")), no(OF_AGE)), True),
    ("1670", "W_P", no(OF_AGE), True),
    ("1680", "W_P", OF_AGE, False),
    ("1690", "DR_P", no(OF_AGE), True),
    ("1700", "DR_P", OF_AGE, False),
    ("1710", "TEL", lambda rows: pd.Series(True, index=rows.index), False),
    ("1720", "DOCTYPE", no(UNIFIED), True),
    ("1730", "DOCSER", no(UNIFIED), True),
    ("1740", "DOCNUM", no(UNIFIED), True),
]
"""003F.00.* of the persons file, with the case beside the person."""
RELATIONS: list[tuple[str, str, Condition, Condition]] = [
    ("006F.00.0220", "ZAP", lambda rows: rows["PLAT"].notna(), lambda rows: rows["SMO"] == rows["PLAT"]),
    ("006F.00.0230", "ZAP", no(UNIFIED), lambda rows: rows["SMO_OK"] == rows["ST_OKATO"]),
    ("006F.00.0310", "ZAP", there("NPR_DATE"), lambda rows: rows["NPR_DATE"] <= rows["DATE_Z_1"]),
    ("006F.00.1110", "ZAP", among("ISHOD", "306"), among("RSLT", "305", "308", "314", "315", "301")),
    ("006F.00.1120", "ZAP", among("RSLT", *(str(code) for code in range(407, 415))), among("ISHOD", "402")),
    ("006F.00.1130", "ZAP", among("RSLT", *(str(code) for code in range(102, 111))), no(among("ISHOD", "101"))),
    ("006F.00.1140", "ZAP", among("RSLT", *(str(code) for code in range(202, 209))), no(among("ISHOD", "201"))),
    ("006F.00.1200", "ZAP", among("USL_OK", "4"), among("VIDPOM", "2", "21", "22", "23")),
    ("006F.00.1210", "ZAP", OUTPATIENT, among("VIDPOM", "1", "2", "11", "12", "13", "4", "14")),
    ("006F.00.1220", "ZAP", among("USL_OK", "2"), among("VIDPOM", "12", "13", "14", "31", "32", "33")),
    ("006F.00.1230", "ZAP", among("USL_OK", "1"), among("VIDPOM", "3", "21", "31", "32", "33")),
    ("006F.00.1240", "ZAP", among("RSLT", "105", "106"), among("ISHOD", "104")),
    ("006F.00.1250", "ZAP", among("RSLT", "205", "206"), among("ISHOD", "204")),
    ("006F.00.1260", "ZAP", among("RSLT", "313"), among("ISHOD", "305")),
    ("006F.00.1270", "ZAP", among("RSLT", "405", "406"), among("ISHOD", "403")),
    ("006F.00.1280", "ZAP", among("USL_OK", "2", "3"), among("FOR_POM", "2", "3")),
    ("006F.00.1300", "ZAP", among("USL_OK", "4"), among("FOR_POM", "1", "2")),
    ("006F.00.1310", "ZAP", there("RSLT"), lambda rows: rows["RSLT"].str[0] == rows["USL_OK"]),
    ("001F.00.0220", "ZAP", there("ISHOD"), lambda rows: rows["ISHOD"].str[0] == rows["USL_OK"]),
    ("002F.00.0460", "SL", there("VER_KSG"), among("VER_KSG", "2026")),
    ("003F.00.1140", "SL", there("N_KSG"), lambda rows: rows["IT_SL"].notna() == (rows["SL_K"] == "1")),
    ("006F.00.0460", "SL", no(STATIONARY), lambda rows: rows["TARIF"].astype(float) <= rows["SUM_M"].astype(float)),
    ("002F.00.0260", "SL", there("DS1"), lambda rows: (rows["DS1"] < "C00.0") | (rows["DS1"] > "D09")),
]
"""Where the first condition holds, the second must."""


def rows_of(organisation: str, payer: str, period: date, table: str) -> Frame:
    found = register(organisation, payer, period, 1500)
    plat = frame(found, "SCHET").iloc[0]["PLAT"]
    return visits(frame(found, table)).assign(PLAT=plat)


@pytest.mark.parametrize(("organisation", "payer", "period"), SOURCES)
def test_conditional_elements_are_there_or_not(organisation: str, payer: str, period: date) -> None:
    for rule, table, element, condition in PRESENCE:
        rows = rows_of(organisation, payer, period, table)
        assert rows.loc[condition(rows), element].notna().all(), rule
    for rule, table, element, condition in ABSENCE:
        rows = rows_of(organisation, payer, period, table)
        assert rows.loc[condition(rows), element].isna().all(), rule


@pytest.mark.parametrize(("organisation", "payer", "period"), SOURCES)
def test_values_agree_with_each_other(organisation: str, payer: str, period: date) -> None:
    for rule, table, condition, expectation in RELATIONS:
        rows = rows_of(organisation, payer, period, table)
        assert expectation(rows[condition(rows)]).all(), rule


@pytest.mark.parametrize(("organisation", "payer", "period"), SOURCES)
def test_persons_agree_with_their_cases(organisation: str, payer: str, period: date) -> None:
    found = register(organisation, payer, period, 1500)
    persons = frame(found, "PERS", "L")
    for table in ("DOST", "DOST_P"):
        codes = (
            frame(found, table, "L").set_index("_parent")[table]
            if len(frame(found, table, "L"))
            else pd.Series(dtype=object)
        )
        persons = persons.assign(**{table: codes.reindex(persons.index).astype(object)})
    cases = frame(found, "ZAP")
    rows = cases.merge(persons, on="ID_PAC").reset_index(drop=True)
    for rule, element, condition, present in PERSONS:
        column = rows.loc[condition(rows), element]
        assert (column.notna() if present else column.isna()).all(), rule
    special = set(frame(found, "OS_SLUCH")["_parent"])
    holder = cases.reset_index().merge(persons, on="ID_PAC")
    nameless = (holder["OT"].isna() & (holder["NOVOR"] == "0")) | (holder["OT_P"].isna() & (holder["NOVOR"] != "0"))
    twins = (holder["NOVOR"] != "0") & ~holder["NOVOR"].str.endswith("1")
    assert set(holder.loc[nameless | twins, "index"]) == special
    born = pd.to_datetime(holder["DR"])
    newborn = holder["NOVOR"] != "0"
    stamp = holder["W"] + born.dt.strftime("%d%m%y")
    assert (holder.loc[newborn, "NOVOR"].str[:7] == stamp[newborn]).all()
    assert (holder["DR"] <= holder["DATE_Z_1"]).all()
    assert (holder["NPR_DATE"].isna() | (holder["NPR_DATE"] >= holder["DR"])).all()
    apart = (born[newborn] - pd.to_datetime(holder.loc[newborn, "DR_P"])).dt.days
    assert (apart > 14 * 365.25).all()


@pytest.mark.parametrize(("organisation", "payer", "period"), SOURCES)
def test_children_are_marked_as_such(organisation: str, payer: str, period: date) -> None:
    found = register(organisation, payer, period, 1500)
    born = frame(found, "PERS", "L").set_index("ID_PAC")["DR"]
    rows = visits(frame(found, "SL"))
    start = pd.to_datetime(rows["DATE_Z_1"])
    birth = pd.to_datetime(rows["ID_PAC"].map(born))
    before = (start.dt.month * 100 + start.dt.day) < (birth.dt.month * 100 + birth.dt.day)
    age = start.dt.year - birth.dt.year - before
    assert ((age < 18) == (rows["DET"] == "1")).all()


@pytest.mark.parametrize(("organisation", "payer", "period"), SOURCES)
def test_beds_diagnoses_and_transfers(organisation: str, payer: str, period: date) -> None:
    found = register(organisation, payer, period, 1500)
    rows = visits(frame(found, "SL"))
    for table in ("DS2", "DS3"):
        other = frame(found, table)
        assert (other[table] != rows["DS1"].reindex(other["_parent"]).to_numpy()).all()
        assert not other.duplicated([table, "_parent"]).any()
    both = frame(found, "DS2").merge(frame(found, "DS3"), on="_parent")
    assert (both["DS2"] != both["DS3"]).all()
    cases = frame(found, "ZAP")
    moved = rows.groupby("_parent")["P_PER"].agg(lambda column: "4" in set(column)).astype(bool)
    assert ((cases["VB_P"] == "1") == (moved & (cases["IDSP"] == "33"))).all()
    stays = rows[rows["KD"].notna()].assign(KD=lambda found: found["KD"].astype(int)).groupby("_parent")["KD"].sum()
    assert (cases["KD_Z"].dropna().astype(int) == stays).all()
    assert (stays >= 1).all()


@pytest.mark.parametrize(("organisation", "payer", "period"), SOURCES)
def test_codes_are_in_force_on_the_day(organisation: str, payer: str, period: date) -> None:
    """005F: dictionaries of the territory, diagnoses and services, with tariffs and weights of the same row."""
    found = register(organisation, payer, period, 1500)
    sl, usl = visits(frame(found, "SL")), frame(found, "USL")
    places = {
        (row["MCOD"], row["LPU_1"], row["PODR"], row["PROFIL"])
        for row in DICTIONARIES["T_PODR"].rows.to_pylist()
        if not row["DATEEND"] or row["DATEEND"] >= f"{period}"
    }
    assert {(organisation, *row) for row in sl[["LPU_1", "PODR", "PROFIL"]].itertuples(index=False)} <= places
    checks = [
        ("M001", "IDDS", sl["DS1"], sl["DATE_2"]),
        ("M001", "IDDS", usl["DS"], usl["DATE_OUT"]),
        ("V001", "IDRB", usl["VID_VME"], usl["DATE_OUT"]),
        ("T_DOKT", "IDDOKT", sl["IDDOKT"], sl["DATE_2"]),
        ("T_USL", "CODE_USL+TARIF", usl["CODE_USL"] + usl["TARIF"], usl["DATE_OUT"]),
        ("V023", "K_KSG+KOEF_Z", (sl["N_KSG"] + sl["KOEF_Z"]).dropna(), sl.loc[sl["N_KSG"].notna(), "DATE_Z_2"]),
        ("T_BZTSZ", "USL_OK+BZTSZ", (sl["USL_OK"] + sl["BZTSZ"]).dropna(), sl.loc[sl["N_KSG"].notna(), "DATE_Z_2"]),
    ]
    for dictionary, field, values, days in checks:
        on = days.to_numpy().astype("datetime64[D]")
        assert DICTIONARIES.contains(dictionary, field, pa.array(values.tolist(), pa.string()), on).all(), (
            dictionary,
            field,
        )


def test_the_conditions_occur() -> None:
    """What the tests above look at is there: conditions that no register of the demo meets are named here."""
    never = {"0150", "1590", "1640", "1650", "1660", "006F.00.1140", "006F.00.1250", "006F.00.1260"}
    met = set()
    for source in SOURCES:
        for rule, table, _, condition in (*PRESENCE, *ABSENCE, *RELATIONS):
            if condition(rows_of(*source, table)).any():
                met.add(rule)
    listed = {rule for rule, *_ in (*PRESENCE, *ABSENCE, *RELATIONS)}
    assert listed - met <= never
