"""Speed of the DBF reader and writer beside dbfread and a bare copy: ``python tests/bench/bench_dbf.py [rows]``."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import dbfread
import numpy as np
import pyarrow as pa

from pipelines.formats.dbf import read_dbf
from pipelines.formats.dbf_writer import write_dbf
from pipelines.formats.layout import Layout, parse

FIELDS = {
    "RECID": "T6", "LPU_ID": "N6", "DATE_IN": "D", "DATE_OUT": "D", "SPOS": "T1", "S_POL": "T6",
    "N_POL": "T16", "TIP_D": "T1", "Q": "T2", "FAM": "T25", "IM": "T20", "OT": "T20",
    "DR": "T8", "W": "N1", "RESERV": "T20", "PLACE": "T60",
    "DS": "T10", "CODE": "N6", "COUNT": "N3.2", "PRICE": "N8.2", "TOTAL": "N10.2", "DATE_1": "D", "DATE_2": "D",
    "DOCTOR": "T14", "FLAG": "N1",
}  # fmt: skip


def bench_layout() -> Layout:
    elements = [["REC", "S", "ОМ", "Запись"], *([f"REC/{name}", kind, "У", name] for name, kind in FIELDS.items())]
    head = {"code": "B", "title": "Замер", "source": "замер", "root": "B", "versions": [], "record": "REC"}
    return parse({**head, "elements": elements})


def sample(layout: Layout, rows: int) -> pa.Table:
    names = np.array(["Иванов", "Петрова-Водкина", "Ёлкин", "Щербакова", "Ли"])
    numbers = np.arange(rows)
    columns = {}
    for element in layout.tables["REC"].columns:
        if element.type == "D":
            values = np.datetime_as_string(np.datetime64("2025-01-01") + numbers % 365)
        elif element.type == "N":
            values = (numbers % 10**element.length).astype(str)
            values = np.char.add(values, ".50") if element.scale else values
        elif element.length >= 20:
            values = names[numbers % 5]
        else:
            values = (numbers % 10 ** min(element.length, 9)).astype(str)
        columns[element.column] = pa.array(values.tolist(), pa.string())
    return pa.table(columns)


def best(action: Callable[[], object], times: int) -> float:
    """Least CPU seconds of some runs."""
    found = []
    for _ in range(times):
        begun = time.process_time()
        action()
        found.append(time.process_time() - begun)
    return min(found)


def main(rows: int) -> None:
    layout = bench_layout()
    table = sample(layout, rows)
    content = write_dbf(table, layout, dated=date(2026, 1, 1))
    few = write_dbf(table.slice(0, rows // 20), layout, dated=date(2026, 1, 1))
    size = len(content) / 1e6
    whole = np.frombuffer(content, np.uint8)
    starts = np.cumsum([1, *(30,) * 8])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "few.dbf"
        path.write_bytes(few)
        pa.set_cpu_count(1)
        measured = {
            "numpy copy (floor)": (size, best(whole.copy, 5)),
            "numpy column slices": (size, best(lambda: _slices(content, starts, rows), 3)),
            "read_dbf": (size, best(lambda: read_dbf(content, layout, "DBF"), 5)),
            "write_dbf": (size, best(lambda: write_dbf(table, layout, dated=date(2026, 1, 1)), 3)),
            "dbfread": (len(few) / 1e6, best(lambda: list(dbfread.DBF(str(path), recfactory=None)), 1)),
        }
    print(f"{rows} records of {len(FIELDS)} fields, {size:.1f} MB, CPU time, best run")
    for name, (megabytes, seconds) in measured.items():
        print(f"{name:22} {megabytes / seconds:9.1f} MB/s {rows * megabytes / size / seconds / 1e3:9.0f} k records/s")


def _slices(content: bytes, starts: np.ndarray, rows: int) -> None:
    header = int.from_bytes(content[8:10], "little")
    records = np.frombuffer(content, np.uint8)[header:-1].reshape(rows, -1)
    for start in starts:
        np.ascontiguousarray(records[:, start : start + 30])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
