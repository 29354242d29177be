"""Tariffs that regions published, to the kopeck; the tables are not part of the project, without them tests are skipped."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from pipelines.ground.money import kopecks
from pipelines.pump.grouper import Workbook
from pipelines.pump.tariffs import (
    Exact,
    Published,
    age_bands,
    ambulance_month,
    applied,
    complexity,
    dialysis_tariff,
    interruption_share,
    ksg_cost,
    load_terms,
    monthly,
    station_month,
    vmp_cost,
)
from pipelines.pump.tariffs.terms import Shares


@pytest.fixture
def tariffs(shared: Path) -> Path:
    return shared / "data" / "tariffs"


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "golden" / f"{name}.csv", dtype="str")


def levels(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each printed price: the coefficient of the level is in the column's name."""
    keys = [name for name in rows if "_" not in name or not name.rsplit("_", 1)[1].replace(".", "").isdigit()]
    long = rows.melt(id_vars=keys, var_name="level", value_name="price").dropna(subset="price")
    return long.assign(KOEF_U=long["level"].str.rsplit("_", n=1).str[1])


def test_round_the_clock_hospital_orel_2023(tariffs: Path) -> None:
    """G1: БС × КД = 25 973,00; КУС is not applied to the groups of appendix 5."""
    prices = levels(table(tariffs, "orel_2023_ks"))
    frame = applied(prices.assign(BZTSZ="25973.00", KOEF_Z=prices["KZ"]), load_terms())
    assert (frame["KOEF_U"].eq("1") == prices["KUS_applies"].eq("0")).loc[prices["KOEF_U"] != "1.00"].all()
    assert ksg_cost(frame).tolist() == prices["price"].map(kopecks).tolist()
    assert len(prices) == 30


def test_day_hospital_rounds_to_ten_kopecks_2024(tariffs: Path) -> None:
    """G3: БС × КД = 16 042,026, КС 0.8, the region rounds to 0.1 rouble."""
    prices = levels(table(tariffs, "garant_408477351_ds_2024"))
    frame = prices.assign(BZTSZ="16042.026", KOEF_Z=prices["KZ"], KOEF_UP=prices["KS"])
    assert ksg_cost(frame, scale=1).tolist() == prices["price"].map(kopecks).tolist()
    assert len(prices) == 16


def test_feldsher_stations_mari_el_2022(tariffs: Path) -> None:
    """G5: a half of a kopeck goes up, where floats and even rounding lose it."""
    rows = table(tariffs, "fap_mariel_2022")
    frame = rows.assign(NORM=rows["annual_norm_thousand_rub"], COEF=rows["coef"])
    assert station_month(frame).tolist() == rows["monthly_rub"].map(kopecks).tolist()
    year = (Exact.parse(frame["NORM"]) * Exact.parse(frame["COEF"])).rounded(2)
    printed = rows["annual_thousand_rub"].notna()
    assert pd.Series(year.decimals())[printed].tolist() == rows.loc[printed, "annual_thousand_rub"].map(Decimal).tolist()


def test_dialysis_bashkortostan_2022(tariffs: Path) -> None:
    """G7: the share of salaries takes КД = 1.105 (the only value that the three tariffs allow), whole roubles."""
    rows = table(tariffs, "dialysis_bashkortostan_2022")
    share = [format(Decimal(value) / 100, "f") for value in rows["Dzp_pct"]]
    frame = pd.DataFrame({"BZTSZ": rows["base"], "KOEF_Z": rows["KZ"], "K_ZP": share, "KOEF_D": "1.105"})
    assert dialysis_tariff(frame, scale=0).tolist() == rows["tariff_with_KD"].map(kopecks).tolist()


def test_ambulance_kurgan_2022(tariffs: Path) -> None:
    """G8: a month is a twelfth of the year's norm; the base norm is not printed, 901.835 gives both years."""
    rows = table(tariffs, "smp_kurgan_2022")
    assert monthly(rows["annual_DPN"]).tolist() == rows["monthly_DPN"].map(kopecks).tolist()
    norms = ambulance_month(rows.assign(KD_PV=rows["coef_group"]), Decimal("901.835"))
    assert norms["YEAR"].tolist() == rows["annual_DPN"].map(kopecks).tolist()
    assert norms["MONTH"].tolist() == rows["monthly_DPN"].map(kopecks).tolist()


def test_high_technology_care_adygea_2024(tariffs: Path) -> None:
    """G9: with КД = 1 the price is the federal norm of the group."""
    rows = table(tariffs, "vmp_adygea_2024")
    published = Published(rows, "group", "normative_rub")
    assert published.lookup(rows["group"]).tolist() == [int(value) * 100 for value in rows["normative_rub"]]
    frame = pd.DataFrame({"BZTSZ": rows["normative_rub"], "K_ZP": "0.4", "KOEF_D": "1"})
    assert vmp_cost(frame).tolist() == published.lookup(rows["group"]).tolist()
    assert len(rows) == 31


def test_sex_and_age_groups_of_norms_per_head(tariffs: Path) -> None:
    """G10: five federal groups; from 65 both sexes have 1.6."""
    rows = table(tariffs, "kpv_percapita")
    years = {"0": [0], "1-4": [1, 4], "5-17": [5, 17], "18-64": [18, 64], "65+": [65, 101]}
    asked = rows.assign(age=rows["age_group"].map(years)).explode("age")
    sex = asked["sex"].map({"М": "1", "Ж": "2"})
    bands = age_bands(asked["age"].astype("int64"), sex)
    assert bands.tolist() == asked["age_group"].tolist()
    assert rows.loc[rows["age_group"] == "65+", "coef"].map(Decimal).eq(Decimal("1.6")).all()


def test_shares_of_salaries_equal_the_federal_table(tariffs: Path) -> None:
    """G11: an agreement of 2024 and the workbook of 2026 print the same shares."""
    rows = table(tariffs, "dzp_2024_garant408526867_partial").set_index("N_KSG")
    groups = Workbook.read(tariffs / "ksg2026" / "KSG26_KS.xlsx").groups.set_index("N_KSG")
    equal = rows["Dzp"].map(Decimal) == groups["K_ZP"].dropna().map(Decimal).reindex(rows.index)
    assert len(rows) == 6
    assert equal.all()


def test_coefficients_of_complexity_2025(tariffs: Path) -> None:
    """G12: the printed values add up; the first two exclude each other and the greater counts."""
    rows = table(tariffs, "kslp_2025_kodeks_407646459_partial")
    koefs = pd.DataFrame({"_parent": 0, "IDSL": rows["N"], "Z_SL": rows["value"]})
    total = complexity(koefs, 1, load_terms())
    assert total["IT_SL"].tolist() == [Decimal("1.60")]
    assert total["EXCLUSIVE"].tolist() == [True]


def test_separate_diagnostics_are_loaded_as_printed(tariffs: Path) -> None:
    """G13."""
    rows = table(tariffs, "diag_tariffs_garant26993662")
    published = Published(rows, "CODE_USL", "tariff")
    assert published.lookup(rows["CODE_USL"]).tolist() == rows["tariff"].map(kopecks).tolist()
    assert published.table["published"].sort_values().tolist() == rows["tariff"].sort_values().tolist()
    assert published.lookup(pd.Series(["A99.99.999"])).isna().all()


def test_base_rates_by_the_day_the_case_ended(tariffs: Path) -> None:
    rows = pd.read_csv(tariffs / "base_rates_volgograd.csv", dtype="str")
    dates = {
        name: pd.to_datetime(rows[column], format="%d/%m/%Y") for name, column in (("DATEBEG", "from"), ("DATEEND", "to"))
    }
    rates = Published(rows.assign(**dates), "USL_OK", "BS")
    days = pd.Series(["2023-09-30", "2023-10-01", "2023-10-01", "2024-02-29", "2021-12-31"])
    found = rates.lookup(pd.Series(["1", "1", "2", "1", "1"]), days)
    assert found.tolist()[:4] == [2598670, 2999580, 1502910, 2800390]
    assert pd.isna(found.iloc[4])


def test_shares_of_interrupted_cases_volgograd_2026(tariffs: Path) -> None:
    rows = pd.read_csv(tariffs / "kiro_2026_volgograd.csv", dtype="str")
    rows = rows[rows["ID_PR"] != "0"]
    long, short = (Decimal("0.90"), Decimal("0.60")), (Decimal("0.85"), Decimal("0.30"))
    shares = tuple(
        Shares(frozenset(grounds), (operated, operated), (other, other))
        for grounds, (operated, other) in ((range(1, 8), long), ((8, 9), short))
    )
    terms = replace(load_terms(), shares=shares)
    for column, group in (("KOEF_PR_surgical", "st14.001"), ("KOEF_PR_therapeutic", "st12.001")):
        frame = pd.DataFrame({"PR_PR": rows["ID_PR"].astype("int64"), "KD": 2, "N_KSG": group})
        assert interruption_share(frame, terms).tolist() == rows[column].map(Decimal).tolist()


def test_derived_costs_of_2026(tariffs: Path) -> None:
    """Derived, not published: the published formula over the federal table of 2026.

    12 005,854566: rounding the product of БС and КЗ before the rest would make it 12 005,86.
    """
    groups = Workbook.read(tariffs / "ksg2026" / "KSG26_KS.xlsx").groups.set_index("N_KSG")
    row = groups.loc["st19.182"]
    frame = pd.DataFrame({"BZTSZ": "34133.51", "KOEF_Z": row["KOEF_Z"], "K_ZP": row["K_ZP"], "KOEF_U": ["1", "1.2"]})
    assert ksg_cost(frame).tolist() == [1058139, 1200585]
    assert ksg_cost(frame.assign(IT_SL="0.2")).tolist() == [1740809, 1883256]
