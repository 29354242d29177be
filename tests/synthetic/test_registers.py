"""Registers: the same arguments give the same bytes; proportions, sums, identifiers, dates; bytes that read back."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipelines.formats.xml_reader import read_xml
from pipelines.ground.identifiers import enp_valid, snils_valid
from pipelines.pump.tariffs import load_terms
from pipelines.synthetic.packages import content, package
from pipelines.synthetic.registers import generate_register, name_reestr
from tests.synthetic.world import OCTOBER, REGION, frame, register


def money(column: pd.Series) -> pd.Series:
    return column.map(Decimal)


def test_equal_arguments_give_equal_bytes() -> None:
    again = [generate_register(REGION, "980002", "98001", OCTOBER, 150, seed=9, faults={"sumv": 0.02}) for _ in range(2)]
    assert package(again[0]) == package(again[1])
    other = generate_register(REGION, "980002", "98001", OCTOBER, 150, seed=10, faults={"sumv": 0.02})
    assert package(other)[0] == package(again[0])[0]
    assert package(other)[1] != package(again[0])[1]


def test_another_month_or_organisation_is_not_a_copy() -> None:
    first = generate_register(REGION, "980003", "98001", OCTOBER, 50, seed=1)
    second = generate_register(REGION, "980004", "98001", OCTOBER, 50, seed=1)
    assert set(frame(first, "ZAP")["NPOLIS"]).isdisjoint(frame(second, "ZAP")["NPOLIS"])


@pytest.mark.parametrize(
    ("payer", "number", "name"),
    [("98001", 1, "HM980001S98001_26101"), ("98", 12, "HM980001T98_261012")],
)
def test_file_names_follow_the_mask(payer: str, number: int, name: str) -> None:
    found = generate_register(REGION, "980001", payer, date(2026, 10, 17), 20, seed=1, number=number)
    assert found.name == name == name_reestr("H", REGION, "980001", payer, OCTOBER, number)
    assert found.files["L"].name == "L" + name[1:]
    head, bill = frame(found, "ZGLV").iloc[0], frame(found, "SCHET").iloc[0]
    persons = frame(found, "ZGLV", "L").iloc[0]
    assert (head["FILENAME"], persons["FILENAME"], persons["FILENAME1"]) == (name, "L" + name[1:], name)
    assert (head["VERSION"], persons["VERSION"]) == ("3.1", "3.2")
    assert bill["PLAT"] == (payer if payer == "98001" else None)


def test_versions_follow_the_period_and_can_be_set() -> None:
    old = generate_register(REGION, "980001", "98001", date(2026, 9, 1), 20, seed=1, versions={"H": "3.2", "L": "3.1"})
    assert frame(old, "ZGLV").iloc[0]["VERSION"] == "3.2"
    assert frame(old, "PERS", "L")["DOCDATE"].isna().all()


def test_proportions_of_a_hospital_are_those_of_the_recipe() -> None:
    shares = frame(register(), "ZAP")["USL_OK"].value_counts(normalize=True)
    for condition, share in {"3": 0.70, "4": 0.12, "2": 0.06, "1": 0.12}.items():
        assert shares[condition] == pytest.approx(share, abs=0.02)


def test_an_ambulance_station_only_drives() -> None:
    cases = frame(register("980005"), "ZAP")
    assert set(cases["USL_OK"]) == {"4"}
    assert set(cases["DATE_Z_1"]) == set(cases["DATE_Z_2"])


def test_everything_that_a_register_may_hold_occurs() -> None:
    found = register()
    sizes = {name: table.num_rows for name, table in found.files["H"].tables.items()}
    unused = {"VNOV_M", "CODE_MES1", "LEK_PR", "MED_DEV", "MR_USL_N", "SANK", "SL_ID", "CODE_EXP"}
    assert {name for name, size in sizes.items() if size == 0} == unused
    visits = frame(found, "SL")
    assert visits.groupby("_parent").size().max() == 2
    assert {"1", "2"} <= set(frame(found, "SL_KOEF").groupby("_parent").size().astype(str))
    services = frame(found, "USL").groupby("_parent").size()
    assert (services.min(), services.max()) == (1, 5)
    newborns = frame(found, "ZAP")["NOVOR"] != "0"
    assert 0 < newborns.sum() < 100
    assert len(frame(found, "PERS", "L")) < len(frame(found, "ZAP"))
    assert set(frame(found, "ZAP")["VPOLIS"]) == {"1", "2", "3"}
    assert set(frame(found, "DOST", "L")["DOST"]) == {"1", "2", "3"}


def test_sums_are_exact() -> None:
    found = register()
    visits, services, cases = frame(found, "SL"), frame(found, "USL"), frame(found, "ZAP")
    bill = frame(found, "SCHET").iloc[0]
    assert (money(visits["SUM_M"]).groupby(visits["_parent"]).sum() == money(cases["SUMV"])).all()
    assert money(cases["SUMV"]).sum() == Decimal(bill["SUMMAV"])
    assert frame(found, "ZGLV").iloc[0]["SD_Z"] == str(len(cases))
    priced = money(services["SUMV_USL"]).groupby(services["_parent"]).sum()
    plain = visits["N_KSG"].isna()
    assert (priced[plain] == money(visits["SUM_M"])[plain]).all()
    assert (money(services["TARIF"]) * money(services["KOL_USL"]) == money(services["SUMV_USL"])).all()
    assert (money(visits["TARIF"]) <= money(visits["SUM_M"])).all()
    assert (money(cases["SUMV"]) > 0).all()


def test_a_group_costs_what_the_formula_says() -> None:
    """No operations among these groups: interrupted stays are paid by 50 % up to three days, longer ones by 80 %."""
    found = register("980007")
    visits, cases = frame(found, "SL"), frame(found, "ZAP")
    visits["moved"] = visits["_parent"].duplicated(keep="last")
    visits["died"] = (cases["RSLT"] == "105").to_numpy()[visits["_parent"].astype("int64")]
    grouped = visits[visits["N_KSG"].notna()]
    short = load_terms().short
    assert grouped["IT_SL"].notna().any()
    assert grouped["moved"].any()
    for row in grouped.to_dict("records"):
        base, region = Decimal(row["BZTSZ"]), Decimal(row["KOEF_D"])
        cost = base * Decimal(row["KOEF_Z"]) * Decimal(row["KOEF_UP"]) * Decimal(row["KOEF_U"]) * region
        cost += base * region * Decimal(row["IT_SL"] or 0)
        brief = int(row["KD"]) <= 3
        if row["moved"] or row["died"] or (brief and row["N_KSG"] not in short):
            cost *= Decimal("0.5") if brief else Decimal("0.8")
        assert cost.quantize(Decimal("0.01"), "ROUND_HALF_UP") == Decimal(row["SUM_M"])


def test_identifiers_are_valid_and_unlike() -> None:
    cases, persons = frame(register(), "ZAP"), frame(register(), "PERS", "L")
    policies = cases.loc[cases["VPOLIS"] == "3", ["NPOLIS", "ID_PAC"]].drop_duplicates()
    assert policies["NPOLIS"].map(enp_valid).all()
    assert policies["NPOLIS"].is_unique
    assert policies["ID_PAC"].is_unique
    assert persons["SNILS"].dropna().map(snils_valid).all()
    assert persons["SNILS"].dropna().is_unique
    for column, table in (("N_ZAP", "ZAP"), ("IDCASE", "ZAP"), ("SL_ID", "SL"), ("IDSERV", "USL")):
        assert frame(register(), table)[column].is_unique
    assert cases["IDCASE"].str.len().eq(11).all()


def test_every_case_has_its_person_and_no_person_is_idle() -> None:
    for payer in ("98001", "98"):
        found = register(payer=payer)
        assert set(frame(found, "ZAP")["ID_PAC"]) == set(frame(found, "PERS", "L")["ID_PAC"])
        assert frame(found, "PERS", "L")["ID_PAC"].is_unique


def test_a_policy_number_carries_sex_and_birth_of_its_holder() -> None:
    found = register()
    cases = frame(found, "ZAP").merge(frame(found, "PERS", "L"), on="ID_PAC")
    own = cases[(cases["VPOLIS"] == "3") & (cases["NOVOR"] == "0")]
    day = own["NPOLIS"].str[8:10].map(lambda part: 99 - int(part))
    assert (day > 50).eq(own["W"] == "1").all()
    assert (day % 50 == own["DR"].str[8:].astype(int) % 50).all()


def test_people_of_another_territory_have_its_insurer() -> None:
    cases = frame(register(payer="98"), "ZAP")
    assert cases["SMO"].notna().any()
    assert cases["SMO"].isna().any()
    assert not set(cases["SMO"].dropna()) & {"98001", "98002"}
    assert (~cases.loc[cases["VPOLIS"] == "3", "NPOLIS"].str.startswith("98")).all()


@pytest.mark.parametrize("period", [date(2026, 10, 1), date(2026, 1, 1), date(2026, 3, 1)])
def test_dates_lie_in_the_month_or_the_one_before(period: date) -> None:
    found = register("980007", period=period, cases=2000)
    cases, visits, services = frame(found, "ZAP"), frame(found, "SL"), frame(found, "USL")
    month = cases["DATE_Z_2"].str[:7]
    before = str(np.datetime64(period, "M") - 1)
    assert set(month) == {f"{period:%Y-%m}", before}
    assert 0.9 < (month == f"{period:%Y-%m}").mean() < 0.99
    for rows, begin, end in ((visits, "DATE_1", "DATE_2"), (services, "DATE_IN", "DATE_OUT")):
        assert (rows[begin] <= rows[end]).all()
    assert (visits["Z.DATE_Z_1"] <= visits["DATE_1"]).all()
    assert (visits["DATE_2"] <= visits["Z.DATE_Z_2"]).all()
    assert (services["S.DATE_1"] <= services["DATE_IN"]).all()
    assert (services["DATE_OUT"] <= services["S.DATE_2"]).all()
    bounds = visits.groupby("_parent").agg(first=("DATE_1", "min"), last=("DATE_2", "max"))
    assert (bounds["first"] == cases["DATE_Z_1"]).all()
    assert (bounds["last"] == cases["DATE_Z_2"]).all()


def test_bytes_read_back_as_the_tables_that_they_were() -> None:
    for file in register(cases=300).files.values():
        read = read_xml([content(file)], file.layout, file.role)
        assert read.anomalies.num_rows == 0
        for name, table in file.tables.items():
            assert read.data[name].select(table.column_names).cast(table.schema).equals(table.combine_chunks()), name


def test_text_fits_the_code_page_of_the_exchange() -> None:
    for file in register(cases=300).files.values():
        content(replace(file)).decode("cp1251")
        assert b"&#" not in content(file)


def test_an_organisation_that_treats_nobody_is_an_error() -> None:
    with pytest.raises(ValueError, match="980008"):
        generate_register(REGION, "980008", "98001", OCTOBER, 10, seed=1)
    assert generate_register(REGION, "980008", "98001", date(2025, 11, 1), 10, seed=1).name == "HM980008S98001_25111"
    with pytest.raises(KeyError):
        generate_register(REGION, "980001", "98001", OCTOBER, 10, seed=1, kind="R")


def test_speed_of_a_large_register(capsys: pytest.CaptureFixture[str]) -> None:
    started = time.perf_counter()
    found = generate_register(REGION, "980001", "98001", OCTOBER, 100_000, seed=1)
    spent = time.perf_counter() - started
    with capsys.disabled():
        print(f"\n100 000 cases in {spent:.1f} s")
    assert found.files["H"].tables["ZAP"].num_rows == 100_000
    assert isinstance(found.files["H"].tables["USL"], pa.Table)
