"""What decides the price of a visit, on a few cases of the demo region changed by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.nsi.dictionaries import Dictionaries, Dictionary
from pipelines.pump.grouper import Grouper, Workbook
from pipelines.pump.month import Month
from pipelines.pump.pricing import Pricing, Reference, price
from pipelines.pump.pricing.explanation import explain_case
from tests.pump.pricing.generated import month_of, reference, registers

DIALYSIS = {"CODE_USL": "A18.05.002", "VID_VME": "A18.05.002", "KOL_USL": "1.00"}


@pytest.fixture(scope="module")
def month() -> Month:
    return month_of(registers(150, payers=("98001",)))


def with_rows(name: str, change: Callable[[pd.DataFrame], pd.DataFrame], **settings: Any) -> Reference:
    """The demo region with another edition of a dictionary and other settings."""
    known = reference().dictionaries
    frame = known[name].rows.to_pandas() if name in known else pd.DataFrame()
    rows = change(frame)
    texts = {column: pa.array(rows[column], pa.string(), from_pandas=True) for column in rows}
    changed = Dictionary.of(name, pa.table(texts))
    others = [dictionary for title, dictionary in known.items() if title != name]
    own = replace(reference().settings, **settings)
    return Reference(Dictionaries([*others, changed]), own, reference().okato)


def first(month: Month, way: str, services: int = 0) -> int:
    """The first visit that is paid in a way and has so many services."""
    counts = month.services["visit"].value_counts().reindex(month.visits.index, fill_value=0)
    paid = (price(month, reference()).visits["way"] == way) & (counts >= services)
    return int(np.flatnonzero(paid)[0])


def changed(
    month: Month, visit: int, *, of_case: dict[str, Any] | None = None, of_visit: dict[str, Any] | None = None
) -> Month:
    cases, visits = month.cases.copy(), month.visits.copy()
    for name, value in (of_case or {}).items():
        cases.loc[visits.loc[visit, "case"], name] = value
    for name, value in (of_visit or {}).items():
        visits.loc[visit, name] = value
    return replace(month, cases=cases, visits=visits)


def with_service(month: Month, visit: int, **fields: Any) -> Month:
    own = month.services[month.services["visit"] == visit].iloc[-1:]
    added = pd.concat([month.services, own.assign(**fields)], ignore_index=True)
    return replace(month, services=added.assign(service=np.arange(len(added))))


@pytest.mark.parametrize(
    ("dictionary", "way"),
    [("T_USL", "unit"), ("T_USL", "ambulance"), ("T_DISP", "examination"), ("T_VMP", "vmp"), ("V019", "vmp"),
     ("T_BZTSZ", "ksg"), ("T_KOEF", "ksg"), ("T_GROUPER", "ksg"), ("V023", "ksg")],
)  # fmt: skip
def test_without_tariff_nothing_is_due_and_the_case_has_no_price(month: Month, dictionary: str, way: str) -> None:
    empty = with_rows(dictionary, lambda rows: rows.assign(DATEEND="2020-01-01", DATEBEG="2019-01-01"))
    before, after = price(month, reference()), price(month, empty)
    refused = (month.cases["P_OTK"] == "1").to_numpy()[before.visits["case"]]
    theirs = (before.visits["way"] == way) & ~refused  # who refused an examination costs nothing in any case
    assert theirs.any()
    assert after.visits.loc[theirs, "due"].isna().all()
    assert (after.visits.loc[theirs, "fault"] == "tariff").all()
    others = ~before.visits["way"].isin({"unit", "ambulance"} if dictionary == "T_USL" else {way})
    assert after.visits.loc[others, "due"].tolist() == before.visits.loc[others, "due"].tolist()
    lost = set(after.visits.loc[after.visits["due"].isna(), "case"])
    assert set(np.flatnonzero(after.cases["due"].isna())) == lost


def test_a_tariff_is_taken_on_its_day(month: Month) -> None:
    visit = first(month, "ambulance")
    old = changed(month, visit, of_case={"DATE_Z_2": pd.Timestamp("2025-06-30")})
    services = old.services.copy()
    services.loc[services["visit"] == visit, "DATE_OUT"] = pd.Timestamp("2025-12-31")
    code = services.loc[services["visit"] == visit, "CODE_USL"].tolist()
    assert code == ["4.84.01"]
    assert price(old, reference()).visits.loc[visit, "due"] == 394266
    assert price(replace(old, services=services), reference()).visits.loc[visit, "due"] == 370610


def test_a_case_within_the_norm_costs_nothing_unless_the_person_is_insured_elsewhere(month: Month) -> None:
    for way in ("unit", "ambulance"):
        visit = first(month, way)
        before = price(month, reference()).visits.loc[visit, "due"]
        normed = changed(month, visit, of_case={"IDSP": "25"})
        assert price(normed, reference()).visits.loc[visit, ["way", "due"]].tolist() == ["capita", 0]
        guest = changed(normed, visit, of_case={"SMO": "97771"})
        assert price(guest, reference()).visits.loc[visit, ["way", "due"]].tolist() == [way, before]
        found = np.zeros(len(month.cases), dtype=bool)
        assert price(guest, reference(), found).visits.loc[visit, "due"] == 0


def test_a_feldsher_station_has_a_norm_of_its_own(month: Month) -> None:
    visit = first(month, "unit")
    case = month.cases.loc[month.visits.loc[visit, "case"]]
    row = {"MCOD": [case["LPU"]], "PODR": [month.visits.loc[visit, "PODR"]], "DATEBEG": ["2026-01-01"], "DATEEND": [None]}
    stations = with_rows("T_FAP", lambda _: pd.DataFrame(row, dtype="str"))
    own = changed(month, visit, of_case={"IDSP": "25"})
    assert price(own, stations).visits.loc[visit, ["way", "due"]].tolist() == ["station", 0]


def test_separate_diagnostics_need_a_referral(month: Month) -> None:
    visit = first(month, "unit")
    before = price(month, reference()).visits.loc[visit, "due"]
    alone = {"IDSP": "28", "NPR_MO": None, "NPR_DATE": pd.NaT}
    found = price(changed(month, visit, of_case=alone), reference()).visits.loc[visit]
    assert found[["way", "due", "fault"]].tolist() == ["diagnostics", before, "referral"]
    sent = alone | {"NPR_MO": "980003", "NPR_DATE": pd.Timestamp("2026-01-02")}
    assert price(changed(month, visit, of_case=sent), reference()).visits.loc[visit, "fault"] == ""


def dialysis(rows: pd.DataFrame) -> pd.DataFrame:
    row = {"CODE_USL": ["A18.05.002"], "TARIF": ["6102.50"], "DATEBEG": ["2026-01-01"]}
    return pd.concat([rows, pd.DataFrame(row, dtype="str")], ignore_index=True)


def test_dialysis_is_added_to_the_group(month: Month) -> None:
    visit = first(month, "ksg")
    plain = price(month, reference()).visits.loc[visit, "due"]
    treated = with_service(month, visit, **DIALYSIS | {"KOL_USL": "3.00", "DATE_OUT": pd.Timestamp("2026-01-20")})
    listed = with_rows("T_USL", dialysis)
    found = price(treated, listed).visits.loc[visit]
    assert found["due"] == plain + 3 * 610250
    assert found["dialysis"] == 3 * 610250
    assert pd.isna(price(treated, reference()).visits.loc[visit, "due"])
    refused = with_service(month, visit, **DIALYSIS | {"P_OTK": "1", "DATE_OUT": pd.Timestamp("2026-01-20")})
    assert price(refused, listed).visits.loc[visit, "due"] == plain


def test_dialysis_without_group_is_paid_by_service(month: Month) -> None:
    visit = first(month, "ksg")
    alone = with_service(changed(month, visit, of_visit={"N_KSG": None}), visit, **DIALYSIS,
                         DATE_OUT=pd.Timestamp("2026-01-20"))  # fmt: skip
    assert price(alone, with_rows("T_USL", dialysis)).visits.loc[visit, ["way", "due"]].tolist() == ["dialysis", 610250]


def test_complexity_counts_by_the_agreement_and_not_by_the_bill(month: Month) -> None:
    prices = price(month, reference())
    visit = int(month.complexity["visit"].iloc[0])
    claimed = month.complexity.assign(Z_SL="3.50000")
    again = price(replace(month, complexity=claimed), reference())
    assert again.visits["due"].tolist() == prices.visits["due"].tolist()
    unknown = price(replace(month, complexity=month.complexity.assign(IDSL="77")), reference()).visits
    assert unknown.loc[visit, "due"] < prices.visits.loc[visit, "due"]
    assert unknown["IT_SL"].isna().all()


def test_one_payment_for_a_stay_with_one_disease(month: Month) -> None:
    """Two visits with diseases of one class: the dearer is paid, the other costs nothing, nothing is interrupted."""
    prices = price(month, reference()).visits
    moved = prices[prices["ground"] > 0]["case"].iloc[0]
    one, two = prices.index[prices["case"] == moved].tolist()
    same = changed(month, one, of_visit={"DS1": "J18.9"})
    same = changed(same, two, of_visit={"DS1": "J44.0"})
    found = price(same, reference()).visits.loc[[one, two]]
    assert found["paid"].sum() == 1
    assert found.loc[~found["paid"], "due"].tolist() == [0]
    assert found.loc[found["paid"], "due"].iloc[0] > 0
    assert found["ground"].tolist() == [0, 0]
    assert found["PR_PR"].tolist() == [0, 0]


def test_a_subgroup_has_its_own_weight(month: Month) -> None:
    visit = first(month, "ksg")
    own = changed(month, visit, of_visit={"DS1": "N72", "N_KSG": "st02.007.1"}, of_case={"USL_OK": "1", "W": "2"})
    found = price(own, reference()).visits.loc[visit]
    assert found[["N_KSG", "KOEF_Z", "billed"]].tolist() == ["st02.007.1", "0.70000", "same"]
    other = changed(own, visit, of_visit={"N_KSG": "st02.009.1"})
    found = price(other, reference()).visits.loc[visit]
    assert found[["N_KSG", "KOEF_Z", "billed"]].tolist() == ["st02.007", "0.71000", "none"]


def test_a_method_of_high_technology_care_takes_the_regions_coefficient(month: Month) -> None:
    visit = first(month, "vmp")
    share = with_rows("T_VMP", lambda rows: rows.assign(K_ZP="0.40"))
    plain = price(month, share).visits.loc[visit, "due"]
    assert plain == price(month, reference()).visits.loc[visit, "due"]
    village = changed(month, visit, of_case={"LPU": "980007"})
    assert price(village, reference()).visits.loc[visit, "due"] == plain
    exact = plain * (600 + 400 * 1085 // 1000)
    assert price(village, share).visits.loc[visit, "due"] == (exact * 2 + 1000) // 2000


def test_an_examination_cut_short_is_paid_by_services_where_the_region_says_so(month: Month) -> None:
    visit = first(month, "examination", services=2)
    services = month.services.copy()
    own = services.index[services["visit"] == visit]
    services.loc[own, "P_OTK"] = ["0", *["1"] * (len(own) - 1)]
    short = replace(month, services=services)
    whole = price(short, reference()).visits.loc[visit, "due"]
    assert whole in (307180, 211910)
    tariffs = with_rows(
        "T_USL", lambda rows: rows.assign(
            TARIF=rows["TARIF"].mask(rows["CODE_USL"].str.startswith(("5.", "B01.047.001")), "100.00")
        ),
        screening_share="0.85",
    )  # fmt: skip
    assert price(short, tariffs).visits.loc[visit, "due"] == 10000
    assert price(changed(short, visit, of_case={"P_OTK": "1"}), tariffs).visits.loc[visit, "due"] == 0


def test_a_newborn_is_grouped_by_its_own_age(month: Month) -> None:
    """NOVOR names the child; the policy, and so the person of the case, is the mother's."""
    visit = first(month, "ksg")
    table = pa.table({"DS1": ["P59.9", "P59.9"], "AGE": ["1", "6"], "N_KSG": ["st17.005", "st05.001"], "ROW": ["1", "2"],
                      "DATEBEG": ["2025-01-01"] * 2})  # fmt: skip
    own = with_rows("T_GROUPER", lambda _: table.to_pandas())
    born = {"NOVOR": "120120261", "DATE_Z_1": pd.Timestamp("2026-01-20"), "USL_OK": "1"}
    child = changed(month, visit, of_case=born | {"NOVOR": "12001261"}, of_visit={"DS1": "P59.9"})
    child = changed(child, visit, of_visit={"DATE_1": pd.Timestamp("2026-01-22"), "DATE_2": pd.Timestamp("2026-01-29")})
    assert price(child, own).visits.loc[visit, "N_KSG"] == "st17.005"
    mother = changed(child, visit, of_case={"NOVOR": "0"})
    assert price(mother, own).visits.loc[visit, "N_KSG"] == "st05.001"


def test_an_empty_month_has_no_prices(month: Month) -> None:
    parts = {name: getattr(month, name).iloc[:0] for name in ("cases", "visits", "services")}
    children = {name: getattr(month, name).iloc[:0] for name in ("diagnoses", "criteria", "complexity")}
    found = price(Month(month.period, **parts, **children), reference())
    assert len(found.visits) == len(found.cases) == 0


def test_the_explanation_names_formula_rows_dates_and_act(month: Month) -> None:
    prices = price(month, reference())
    visit = int(month.complexity["visit"].iloc[0])
    (found, *_) = explain_case(int(month.visits.loc[visit, "case"]), month, prices, reference())
    assert found.due == prices.visits.loc[visit, "due"]
    assert "(БС × КЗ × КС × КУС × КД + БС × КД × КСЛП) × КПР" in found.text
    assert "T_BZTSZ 1, с 01.01.2026; Тарифное соглашение в системе ОМС Заречного края на 2026 год" in found.text
    assert f"V023 {month.visits.loc[visit, 'N_KSG']}, с 01.01.2026" in found.text
    assert f"T_KSLP {month.complexity['IDSL'].iloc[0]}, с 01.01.2025" in found.text
    assert {item["element"] for item in found.coefficients} >= {"BZTSZ", "KOEF_Z", "KOEF_U", "IT_SL"}
    unknown = price(changed(month, first(month, "unit")), with_rows("T_USL", lambda rows: rows.iloc[:0]))
    case = int(month.visits.loc[first(month, "unit"), "case"])
    (lost, *_) = explain_case(case, month, unknown, with_rows("T_USL", lambda rows: rows.iloc[:0]))
    assert lost.due is None
    assert "Тариф не найден: отказ по основанию 1.7.1" in lost.text


def test_rows_of_the_published_workbook_group_as_the_workbook(shared: Any) -> None:
    book = Workbook.read(next((shared / "data" / "tariffs" / "ksg2026").glob("*DS*.xlsx")))
    (made,) = Workbook.of(book.groups, book.table)
    visits = pd.DataFrame({"USL_OK": "2", "DS1": book.table["DS1"].dropna().drop_duplicates().iloc[:400].to_numpy(),
                           "DATE_1": "2026-03-01", "DATE_2": "2026-03-09", "W": "2", "DR": "1990-01-01"})  # fmt: skip
    expected, found = (Grouper(one).group(visits).chosen for one in (book, made))
    assert found["N_KSG"].notna().sum() > 100
    pd.testing.assert_frame_equal(found, expected)


def test_a_table_with_an_unknown_group_is_refused() -> None:
    groups = pd.DataFrame({"N_KSG": ["st01.001"], "KOEF_Z": ["1"]}, dtype="str")
    with pytest.raises(ValueError, match="1 unknown"):
        Workbook.of(groups, pd.DataFrame({"N_KSG": ["st09.009"], "DS1": ["A00"]}, dtype="str"))


def test_settings_are_read_and_unknown_ones_refused() -> None:
    declared = {"acts": [], "terms": [], "grouping": [], "interrupted_kslp": "full", "rounding": "once", "scale": 2}
    declared |= {"same_day": 0, "diagnostics": ["28"], "screening_share": None}
    assert Pricing.of(declared).interrupted_kslp == "full"
    with pytest.raises(ValueError, match="speed"):
        Pricing.of(declared | {"speed": 1})


def test_rows_in_force_are_found_set_wise() -> None:
    rows = pa.table(
        {
            "K": ["a", "a", "a", "b", None],
            "DATEBEG": ["2026-01-01", "2026-03-01", "2026-02-01", None, None],
            "DATEEND": ["2026-12-31", "2026-03-31", "2026-02-10", "2025-12-31", None],
        }
    )
    days = ["2025-12-31", "2026-01-01", "2026-02-05", "2026-02-11", "2026-03-31", "2026-04-01", "2027-01-01"]
    found = Dictionary.of("T", rows).find("K", pa.array(["a"] * len(days)), np.array(days, dtype="datetime64[D]"))
    assert found.tolist() == [-1, 0, 2, 0, 1, 0, -1]
    missing = Dictionary.of("T", rows).find(
        "K", pa.array(["b", None, "c"]), np.array(["NaT", "2026-01-01", "2026-01-01"], "M8[D]")
    )
    assert missing.tolist() == [-1, -1, -1]
    assert pc.is_null(rows["K"]).to_pylist()[-1]
