"""Columns by reference over random files, against a row-by-row reading of the same."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from pipelines.checks.conditions import LIMIT
from pipelines.checks.frames import Bulk, group, kind_of, part_source, typed_nulls
from pipelines.checks.joins import join_of
from pipelines.formats.layout import load
from pipelines.nsi import Dictionaries
from tests.checks.build import PARENT, TODAY, Rows, dictionary, tables
from tests.rules.witness import File, Place, Witness, read

H, L = load("H"), load("L")
PARENTS = {"ZAP": None, "SL": "ZAP", "USL": "SL", "DS2": "SL", "SANK": "ZAP", "SL_ID": "SANK"}
VALUES = {
    "ZAP": {"ID_PAC": ["p-1", "p-2", "p-3", "p-4", "", None], "IDCASE": ["1", "2", "", None]},
    "SL": {"SL_ID": ["a", "b", "", None], "SUM_M": ["1.5", "-2.00", "100000000000.01", "", None], "DS1": ["x", "y", None]},
    "USL": {"IDSERV": ["1", "2", None]},
    "DS2": {"DS2": ["I10", "C34", None]},
    "SANK": {"S_TIP": ["1", "2", None], "S_SUM": ["1.00", "0.10", None]},
    "SL_ID": {"SL_ID": ["a", "b", None]},
}
REFERENCES = {
    "ZAP": ["IDCASE", "SCHET.YEAR", "count(SL)", "count(USL)", "count(SANK, S_TIP = 1)", "sum(SL.SUM_M)", "list(DS2.DS2)"],
    "SL": ["ZAP.IDCASE", "SCHET.YEAR", "count(SANK)", "count(DS2, DS2 = I10)", "times(ZAP.SL_ID)", "list(DS2.DS2)"],
    "USL": ["ZAP.IDCASE", "SL.DS1", "list(DS2.DS2)", "sum(SANK.S_SUM, S_TIP = 2)", "count(USL)", "times(SL.IDSERV)"],
    "SANK": ["ZAP.IDCASE", "count(SL)", "sum(SL.SUM_M)", "list(SL_ID.SL_ID)", "count(SL_ID)"],
    "SL_ID": ["SANK.S_TIP", "ZAP.IDCASE", "count(USL)"],
    "SCHET": ["count(ZAP)", "sum(SL.SUM_M)", "count(SANK, S_TIP = 1)"],
}


def some(chance: random.Random) -> tuple[Rows, Rows]:
    """A random register and its persons; any table may be empty."""
    rows: Rows = {"SCHET": [{"YEAR": str(chance.randint(2025, 2027))} for _ in range(chance.choice([0, 1, 1]))]}
    for name, parent in PARENTS.items():
        above = len(rows[parent]) if parent else 1
        rows[name] = [{PARENT: chance.randrange(above)} for _ in range(chance.randint(0, 5) if above else 0)]
        rows[name].sort(key=lambda row: row[PARENT])
        for row in rows[name]:
            row.update({column: chance.choice(texts) for column, texts in VALUES[name].items()})
    keys = ["p-2", "p-1", "p-3", "p-9", "", None]
    people = [{"ID_PAC": chance.choice(keys), "DR": f"2000-01-{day:02d}"} for day in range(1, chance.randint(1, 6))]
    return rows, {"PERS": people}


def plain(value: Any) -> Any:
    """A value of the witness as a column has it; sums in kopecks."""
    kind, found = value
    if kind == "L":
        return [text or None for text in found]
    if isinstance(found, Decimal):
        return int(found)
    return found if not hasattr(found, "isoformat") else found.isoformat()


def read_by_rows(files: list[tuple[Rows, Rows]], table: str, reference: str) -> list[Any]:
    """The reference of every row, one row at a time."""
    tree = read(f"{reference} = 1")[1][0]
    found = []
    for own, other in files:
        for index in range(len(own.get(table, []))):
            row = Place(File(H, own), table, index, File(L, other), join_of("H"))
            kind, value = Witness()._value(tree, row)
            value = plain((kind, value * 100 if reference.startswith("sum(") else value))
            found.append(value if "(" in reference or value is None else str(value))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_columns_are_what_each_row_says(seed: int) -> None:
    chance = random.Random(seed)
    files = [some(chance) for _ in range(chance.randint(1, 4))]
    bulk = Bulk([tables(H, own) for own, _ in files], TODAY)
    for table, references in REFERENCES.items():
        for reference in references:
            found = bulk.column(table, reference).to_pylist()
            assert found == read_by_rows(files, table, reference), (table, reference)


@pytest.mark.parametrize("seed", range(40))
def test_rows_of_partners_meet_by_their_key_within_a_package(seed: int) -> None:
    chance = random.Random(seed)
    files = [some(chance) for _ in range(chance.randint(1, 4))]
    main, people = (Bulk([tables(layout, pair[n]) for pair in files], TODAY) for n, layout in enumerate((H, L)))
    main.partner, people.partner = people, main
    for own, theirs, table, column, read_from in ((0, 1, "ZAP", "PERS.DR", "PERS"), (1, 0, "PERS", "ZAP.IDCASE", "ZAP")):
        wanted = []
        for pair in files:
            for row in pair[own].get(table, []):
                key = row["ID_PAC"]
                met = [other for other in pair[theirs].get(read_from, []) if key and other["ID_PAC"] == key]
                wanted.append(met[0][column.partition(".")[2]] or None if met else None)
        assert (main, people)[own].column(table, column).to_pylist() == wanted


def test_a_file_without_a_partner_knows_nothing_of_it() -> None:
    bulk = Bulk([tables(H, {"ZAP": [{"ID_PAC": "p-1"}]})], TODAY)
    assert bulk.column("ZAP", "PERS.DR").to_pylist() == [None]
    assert bulk.column("ZAP", "count(DOST)").to_pylist() == [None]
    assert bulk.column("ZAP", "list(DOST.DOST)").to_pylist() == [None]


def test_empty_texts_are_no_values_wherever_they_stand() -> None:
    for texts, found in ((["", "x", ""], [None, "x", None]), (["x", "", "y"], ["x", None, "y"]), (["x", "y"], ["x", "y"])):
        bulk = Bulk([tables(H, {"ZAP": [{"IDCASE": text} for text in texts]})], TODAY)
        assert bulk.column("ZAP", "IDCASE").to_pylist() == found


def test_kinds_of_references() -> None:
    kinds = {
        "IDCASE": "N0",
        "SUMV": "N2",
        "DATE_Z_1": "D",
        "ID_PAC": "T",
        "Z_SL": "B",
        "SL.SUM_M": "N2",
        "today()": "D",
        "YY": "N0",
        "MM": "N0",
        "Pi": "T",
        "count(SL)": "N0",
        "times(ZAP.SL_ID)": "N0",
        "sum(SL.SUM_M)": "N2",
        "list(DS2.DS2)": "LT",
        "PERS.DR": "D",
        "count(DOST)": "N0",
        "list(DOST.DOST)": "LN0",
    }
    assert {name: kind_of(H, "ZAP", name) for name in kinds} == kinds
    with pytest.raises(KeyError):
        kind_of(H, "ZAP", "NOTHING")


def test_groups_are_found_by_name() -> None:
    assert group(H, "Z_SL").table == "ZAP"
    assert group(H, "USL").table_head
    with pytest.raises(KeyError, match="IDCASE"):
        group(H, "IDCASE")


def test_where_the_parts_of_a_name_stand() -> None:
    assert part_source(H, "Pi")[0] == part_source(H, "KIND")[0] == part_source(L, "Pi")[0] == "ZGLV.FILENAME"
    assert part_source(L, "KIND")[0] == "ZGLV.FILENAME1"
    with pytest.raises(KeyError, match="Pi"):
        part_source(load("PR"), "Pi")


@pytest.mark.parametrize("seed", range(12))
def test_ordinals_among_rows_with_the_same_values(seed: int) -> None:
    chance = random.Random(seed)
    files = [some(chance)[0] for _ in range(chance.randint(1, 4))]
    wanted = []
    for rows in files:
        seen: list[object] = []
        for number, row in enumerate(rows["SL"]):
            below = tuple(other["DS2"] or None for other in rows["DS2"] if other[PARENT] == number)
            joined = "\x1f".join(map(str, below)) if None not in below else None
            seen.append((row["SL_ID"] or None, row["DS1"], joined))
            wanted.append(seen.count(seen[-1]))
    bulk = Bulk([tables(H, rows) for rows in files], TODAY)
    assert bulk.column("SL", "nth(SL_ID, DS1, list(DS2.DS2))").to_pylist() == wanted


@pytest.mark.parametrize("seed", range(6))
def test_the_greatest_of_the_rows_below(seed: int) -> None:
    chance = random.Random(seed)
    files = [some(chance)[0] for _ in range(3)]
    wanted = []
    for rows in files:
        for number in range(len(rows["ZAP"])):
            below = [row for row in rows["SL"] if row[PARENT] == number and row["SUM_M"] and row["DS1"] == "x"]
            wanted.append(max((int(Decimal(row["SUM_M"]) * 100) for row in below), default=None))
    bulk = Bulk([tables(H, rows) for rows in files], TODAY)
    assert bulk.column("ZAP", 'max(SL.SUM_M, DS1 = "x")').to_pylist() == wanted


def test_merged_groups_are_counted_where_they_are() -> None:
    rows = {
        "ZAP": [{"Z_SL": True}, {"Z_SL": False}, {"Z_SL": True}],
        "SL": [{PARENT: 0, "KSG_KPG": True}, {PARENT: 1, "KSG_KPG": False}],
    }
    bulk = Bulk([tables(H, rows)], TODAY)
    assert bulk.column("ZGLV", "count(Z_SL)").to_pylist() == []
    assert bulk.column("ZL_LIST", "count(Z_SL)").to_pylist() == [2]
    assert bulk.column("ZAP", "count(KSG_KPG)").to_pylist() == [1, 0, 0]


def test_sums_too_great_to_be_exact_stand_at_the_limit() -> None:
    nines = "9" * 15 + ".99"
    rows = {"ZAP": [{}, {}, {}], "SL": [{PARENT: 0, "SUM_M": nines} for _ in range(60)]}
    rows["SL"] += [{PARENT: 1, "SUM_M": "-" + nines} for _ in range(60)] + [{PARENT: 2, "SUM_M": nines}]
    found = Bulk([tables(H, rows)], TODAY).column("ZAP", "sum(SL.SUM_M)").to_pylist()
    assert found == [LIMIT, -LIMIT, 10**17 - 1]


def test_rows_chosen_by_a_dictionary_need_the_dictionary() -> None:
    rows = {"ZAP": [{}], "DS2": [{"DS2": "I10"}, {"DS2": "C34"}], "SL": [{}]}
    reference = "count(DS2, DS2 найден в V000.CODE)"
    with pytest.raises(LookupError, match=r"no dictionaries for count\(DS2"):
        Bulk([tables(H, rows)], TODAY).column("SL", reference)
    nsi = Dictionaries([dictionary("V000", [{"CODE": "I10"}])])
    assert Bulk([tables(H, rows)], TODAY, nsi).column("SL", reference).to_pylist() == [1]
    assert Bulk([tables(H, rows)], TODAY, nsi).column("SL", 'count(DS2, DS2 = "I10")').to_pylist() == [1]


def test_a_group_that_the_file_has_once() -> None:
    two = [tables(H, {"SCHET": [{"YEAR": "2025"}], "ZAP": [{}]}), tables(H, {"ZAP": [{}, {}]})]
    three = [*two, tables(H, {"SCHET": [{"YEAR": "2026"}], "ZAP": [{}]})]
    assert Bulk(three, TODAY).column("ZAP", "SCHET.YEAR").to_pylist() == ["2025", None, None, "2026"]
    assert Bulk(three, TODAY).column("ZL_LIST", "SCHET.YEAR").to_pylist() == ["2025", None, "2026"]
    assert Bulk(three, TODAY).column("ZL_LIST", "today()").to_pylist() == [TODAY.isoformat()] * 3


def test_a_row_above_none_of_the_joined_rows_has_no_partner() -> None:
    main = Bulk([tables(H, {"SCHET": [{"YEAR": "2026"}]}), tables(H, {"SCHET": [{}], "ZAP": [{"ID_PAC": "p-1"}]})], TODAY)
    people = {"PERS": [{"ID_PAC": "p-1", "DR": "2000-01-01"}]}
    main.partner = Bulk([tables(L, people), tables(L, people)], TODAY)
    assert main.column("SCHET", "PERS.DR").to_pylist() == [None, "2000-01-01"]


def test_the_parts_of_names_that_stand_in_no_file() -> None:
    layout = load("R")
    bulk = Bulk([replace(tables(layout, {"ZAP": [{}]}), name=name) for name in ("R9900260001.XML", "odd")], TODAY)
    assert [bulk.column("ZAP", part).to_pylist() for part in ("Ni", "Np")] == [["99", None], ["00", None]]
    assert part_source(layout, "Ni")[0] is None
    with pytest.raises(KeyError, match="Pi"):
        part_source(layout, "Pi")
    with pytest.raises(KeyError, match="Ni"):
        part_source(load("PR"), "Ni")


def test_columns_without_values_have_their_type() -> None:
    assert typed_nulls("B", 2).equals(pa.nulls(2, pa.bool_()))
    assert typed_nulls("LT", 2).equals(pa.nulls(2, pa.list_(pa.string())))
    for kind in ("T", "D", "N2"):
        column = typed_nulls(kind, 2)
        assert isinstance(column, pa.DictionaryArray)
        assert column.to_pylist() == [None, None]
