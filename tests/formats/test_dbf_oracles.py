"""The DBF reader and writer against other programs' libraries: dbfread reads, dbf writes."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import dbf
import dbfread
import pytest

from pipelines.formats.dbf import read_dbf
from pipelines.formats.dbf_writer import write_dbf, write_dbt
from tests.formats.dbf_files import LAYOUT, TODAY, column, layout, samples


def same(ours: str | None, theirs: Any) -> bool:
    """Whether a text of ours says what a library's Python value says."""
    if isinstance(theirs, dt.datetime) and theirs.time() == dt.time():
        theirs = theirs.date()
    if theirs is None or ours is None:
        return ours is None and theirs in (None, "", b"")
    if isinstance(theirs, bool):
        return ours == "FT"[theirs]
    if isinstance(theirs, int | float | Decimal):
        return Decimal(ours) == Decimal(str(theirs))
    return ours == (theirs.isoformat() if isinstance(theirs, dt.date) else theirs)


@contextmanager
def written(path: Path, specs: str, kind: str, page: int = 866) -> Iterator[dbf.Table]:
    """A table of the library ``dbf``; its own ``with`` leaves the file open."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = dbf.Table(str(path), specs, codepage=f"cp{page}", dbf_type=kind).open(dbf.READ_WRITE)
        try:
            yield table
        finally:
            table.close()


@pytest.mark.parametrize("page", [866, 1251])
def test_dbfread_reads_what_we_write(tmp_path: Path, page: int) -> None:
    table = samples(page, 300)
    (tmp_path / "ours.dbf").write_bytes(write_dbf(table, LAYOUT, page, dated=TODAY))
    (tmp_path / "ours.dbt").write_bytes(write_dbt(table, LAYOUT, page))
    theirs = dbfread.DBF(str(tmp_path / "ours.dbf"), load=True)
    assert theirs.encoding == f"cp{page}"
    assert theirs.date == TODAY
    assert len(theirs) == 300
    for ours, record in zip(table.to_pylist(), theirs, strict=True):
        assert all(same(ours[name], value) for name, value in record.items())


@pytest.mark.parametrize("page", [866, 1251])
def test_we_read_what_dbf_writes(tmp_path: Path, page: int) -> None:
    table = samples(page + 1, 200)
    path = tmp_path / "theirs.dbf"
    specs = "fam C(25); spos C(1); lpu_id N(6,0); summa N(9,2); date_in D; note M"
    with written(path, specs, "db3", page) as theirs:
        for row in table.to_pylist():
            native = {name.lower(): value for name, value in row.items() if value is not None}
            for name in ("lpu_id", "summa"):
                if name in native:
                    native[name] = Decimal(native[name])
            if "date_in" in native:
                native["date_in"] = dbf.Date(dt.date.fromisoformat(native["date_in"]))
            theirs.append(native)
        for number in range(0, 200, 9):
            dbf.delete(theirs[number])
    memo = path.with_suffix(".dbt").read_bytes()
    read = read_dbf(path.read_bytes(), LAYOUT, "DBF", memo=memo)
    kept = [row for number, row in enumerate(table.to_pylist()) if number % 9]
    assert len(kept) == read.data["REC"].num_rows
    assert {row["code"] for row in read.anomalies.to_pylist()} == {"DBF.050"}
    assert read.anomalies["value"].to_pylist() == [str(number + 1) for number in range(0, 200, 9)]
    by_dbfread = dbfread.DBF(str(path), load=True)
    for ours, expected, record in zip(read.data["REC"].to_pylist(), kept, by_dbfread, strict=True):
        for name, value in record.items():
            found = ours[name]
            assert same(found, value if value != "" else None)
            number = name in {"LPU_ID", "SUMMA"} and found is not None
            assert Decimal(found) == Decimal(expected[name]) if number else found == expected[name]


def test_visual_foxpro(tmp_path: Path) -> None:
    """Binary fields and memo of Visual FoxPro, which the library writes and dbfread reads."""
    path = tmp_path / "fox.dbf"
    specs = "t C(10); i I; b B; at T; y Y; ok L; n N(6,2); d D; note M"
    moments = [dt.datetime(2025, 2, 28), dt.datetime(2024, 2, 29, 13, 45, 30), dt.datetime(1812, 9, 7)]
    rows = [
        ("Ёлка", -7, 0.1, moments[0], Decimal("12.3400"), True, Decimal("-1.50"), dt.date(2025, 2, 28), "Примечание" * 99),
        ("", 2**31 - 2, -1234567.125, moments[1], Decimal("-922337203.0001"), False, Decimal("0"), dt.date(1, 1, 1), ""),
        ("Щука", 0, 5.0, moments[2], Decimal("5"), None, Decimal("999.99"), dt.date(9999, 12, 31), "б"),
    ]
    with written(path, specs, "vfp") as theirs:
        for row in rows:
            theirs.append(row)
    wanted = layout(
        ("T", "T10"), ("I", "N10"), ("B", "N9.4"), ("AT", "D"), ("Y", "N9.4"), ("OK", "T1"), ("N", "N3.2"), ("D", "D"),
        ("NOTE", "T1000"),
    )  # fmt: skip
    read = read_dbf(path.read_bytes(), wanted, "DBF", memo=path.with_suffix(".fpt").read_bytes())
    for ours, record in zip(read.data["REC"].to_pylist(), dbfread.DBF(str(path), load=True), strict=True):
        for name, value in record.items():
            assert same(ours[name], value), name
    assert column(read, "Y") == ["12.34", "-922337203.0001", "5"]
    assert column(read, "B") == ["0.1", "-1234567.125", "5"]
    assert column(read, "AT") == ["2025-02-28", "2024-02-29T13:45:30", "1812-09-07"]
    assert [(row["code"], row["element"], row["row"]) for row in read.anomalies.to_pylist()] == [("VAL.010", "REC/AT", 1)]


def test_null_bits_of_visual_foxpro(tmp_path: Path) -> None:
    path = tmp_path / "null.dbf"
    specs = "a C(3); i I null; j I; k I null"
    with written(path, specs, "vfp") as theirs:
        theirs.append(("x", dbf.Null, 1, 2))
        theirs.append(("y", 3, 4, dbf.Null))
    wanted = layout(("A", "T3"), ("I", "N9"), ("J", "N9"), ("K", "N9"))
    read = read_dbf(path.read_bytes(), wanted, "DBF")
    assert (column(read, "I"), column(read, "J"), column(read, "K")) == ([None, "3"], ["1", "4"], ["2", None])
    assert read.anomalies.num_rows == 0
