"""Editions in PostgreSQL."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import text

from pipelines import nsi
from pipelines.ground.database import transaction

OLD = [
    {"IDUMP": "1", "NAME": "Стационар", "DATEBEG": "2020-01-01", "DATEEND": ""},
    {"IDUMP": "2", "NAME": None, "DATEBEG": "", "DATEEND": "2020-12-31"},
]
NEW = [{"IDUMP": "3", "NAME": "Поликлиника", "DATEBEG": "2021-01-01", "DATEEND": ""}]


def test_an_edition_is_read_as_it_was_stored(database: str) -> None:
    with transaction(database) as connection:
        nsi.store_edition(connection, "V006", OLD, title="Условия", source="V006.csv")
        dictionary = nsi.load(connection)["V006"]
    assert dictionary.contains("IDUMP", pa.array(["1", "2", "3"]), date(2020, 6, 1)).tolist() == [True, True, False]
    assert dictionary.contains("IDUMP", pa.array(["1", "2"]), date(2021, 1, 1)).tolist() == [True, False]
    row = dictionary.get("IDUMP", "2")
    assert row is not None
    assert row["NAME"] is None
    assert row["DATEEND"] == "2020-12-31"


def test_the_same_rows_again_change_nothing(database: str) -> None:
    with transaction(database) as connection:
        first = nsi.store_edition(connection, "V006", OLD)
        assert nsi.store_edition(connection, "V006", [dict(row) for row in OLD]) == first
        assert nsi.store_edition(connection, "V010", OLD) != first
        counts = connection.execute(text("select count(distinct edition), count(*) from nsi.entry")).one()
    assert tuple(counts) == (2, 4)


def test_the_last_edition_counts_and_the_older_stays(database: str) -> None:
    with transaction(database) as connection:
        nsi.store_edition(connection, "V006", OLD)
        before = nsi.load(connection)
        nsi.store_edition(connection, "V006", NEW)
        after = nsi.load(connection)
        kept = connection.execute(text("select count(*) from nsi.edition where dictionary = 'V006'")).scalar_one()
    assert before.contains("V006", "IDUMP", pa.array(["1", "3"])).tolist() == [True, False]
    assert after.contains("V006", "IDUMP", pa.array(["1", "3"])).tolist() == [False, True]
    assert kept == 2


def test_rows_of_an_older_edition_can_be_in_force_again(database: str) -> None:
    with transaction(database) as connection:
        first = nsi.store_edition(connection, "T_X", OLD)
        second = nsi.store_edition(connection, "T_X", NEW)
        assert nsi.store_edition(connection, "T_X", OLD) == first
        assert nsi.load(connection)["T_X"].rows.num_rows == 1
        third = nsi.store_edition(connection, "T_X", OLD, again=True)
        assert third not in (first, second)
        assert nsi.store_edition(connection, "T_X", NEW, again=True) not in (second, third)
        assert nsi.store_edition(connection, "T_X", OLD, again=True) not in (first, third)
        assert [rows for _, rows in nsi.editions(connection, "T_X")] == [2, 1, 2, 1, 2]
        assert nsi.entries(connection, nsi.edition(connection, third).id) == nsi.entries(connection, first)
        with pytest.raises(LookupError, match="№ 777"):
            nsi.edition(connection, 777)


def test_an_edition_is_read_once_per_process(database: str) -> None:
    with transaction(database) as connection:
        nsi.store_edition(connection, "V777", OLD)
        first = nsi.load(connection)["V777"]
        connection.execute(text("delete from nsi.entry"))
        assert nsi.load(connection)["V777"] is first


def test_a_wrong_date_stores_nothing(database: str) -> None:
    with pytest.raises(ValueError, match=r"01\.01\.2020"), transaction(database) as connection:
        nsi.store_edition(connection, "V006", [{"IDUMP": "1", "DATEBEG": "01.01.2020"}])
    with transaction(database) as connection:
        assert connection.execute(text("select count(*) from nsi.edition")).scalar_one() == 0


def test_the_folder_of_a_region(database: str, tmp_path: Path) -> None:
    (tmp_path / "V001.csv").write_text("IDRB;DATEBEG;DATEEND\nA01;2020-01-01;\n", encoding="utf-8")
    (tmp_path / "V002.csv").write_text("IDPR;DATEBEG;DATEEND\n97;2020-01-01;\n", encoding="utf-8")
    with transaction(database) as connection:
        nsi.store_folder(connection, tmp_path)
        nsi.store_folder(connection, tmp_path)
        assert sorted(nsi.load(connection)) == ["V001", "V002"]
