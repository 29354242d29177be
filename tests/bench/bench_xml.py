"""Speed of the XML readers beside their floors, in one run: ``python tests/bench/bench_xml.py --cases 20000``.

Ratios are what counts: megabytes a second change with the machine and what else it does. CPU time, median of the rounds;
the register is synthetic and very regular. Peak memory is taken in a process of its own that reads the register from a ZIP.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import subprocess
import sys
import time
import xml.parsers.expat
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import pyarrow as pa
from lxml import etree

from pipelines.formats import xml_fast, xml_lxml
from pipelines.formats.archive import ArchiveLimits, open_archive
from pipelines.formats.layout import Element, load
from pipelines.formats.tables import OFFSET, PARENT, table_schema
from pipelines.formats.xml_reader import read_xml
from pipelines.formats.xml_source import Source, XmlLimits, declared_encoding
from pipelines.formats.xml_writer import write_xml

LAYOUT = load("H")
SERVICES = 3
_PRESENT = (
    "LPU_1 PODR NPR_MO NPR_DATE KD_Z NPOLIS SMO SMO_NAM P_CEL DS0 C_ZAB N_KSG VER_KSG KSG_PG BZTSZ KOEF_Z KOEF_UP KOEF_U "
    "SL_K TARIF ED_COL IDSERV LPU PROFIL VID_VME DET DATE_IN DATE_OUT DS CODE_USL KOL_USL SUMV_USL PRVS CODE_MD PROFIL_K KD"
)
PRESENT = frozenset(_PRESENT.split())


def register(cases: int) -> bytes:
    """A regular register in windows-1251: one visit and three services a case, about 2 KB each."""
    counts = {"ZGLV": 1, "SCHET": 1, "ZAP": cases, "SL": cases, "USL": SERVICES * cases, "DS2": cases}
    data = {}
    for table in LAYOUT.tables:
        rows = counts.get(table, 0)
        columns: dict[str, pa.Array] = {}
        for field in table_schema(LAYOUT, table):
            if field.name == PARENT:
                columns[PARENT] = pa.array([row * cases // max(rows, 1) for row in range(rows)], pa.int64())
            elif field.name == OFFSET:
                columns[OFFSET] = pa.array([-1] * rows, pa.int64())
            elif field.type == pa.bool_():
                columns[field.name] = pa.array([True] * rows, pa.bool_())
            else:
                element = LAYOUT.element(table, field.name)
                there = element.required or field.name in PRESENT or element.repeated
                columns[field.name] = pa.array([_value(element, row) if there else None for row in range(rows)], pa.string())
        data[table] = pa.table(columns, schema=table_schema(LAYOUT, table))
    return write_xml(data, LAYOUT)


def _value(element: Element, row: int) -> str:
    if element.type == "D":
        return f"2026-10-{row % 28 + 1:02}"
    if element.name == "SMO_NAM":
        return "АО «Синтетическая страховая компания»"
    if element.scale:
        return f"{row % 10 ** min(element.length, 4)}.{row % 100:02}"
    size = max(1, min(element.length, 12))
    return f"{row % 10**size:0{size}}"


def memory(path: str) -> None:
    """Read the register in a ZIP and print the process's peak memory; for a process of its own."""
    limits = ArchiveLimits(inflated_bytes=2 << 30, ratio=1000)
    tables = read_xml(open_archive(Path(path).read_bytes(), limits)[0], LAYOUT, "H")
    held = sum(table.get_total_buffer_size() for table in tables.data.values())
    # Not getrusage: there the peak of a process counts what its parent held before exec.
    status = Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"peak": peak, "held": held, "rows": tables.data["ZAP"].num_rows}))


def seconds(action: Callable[[], object]) -> float:
    started = time.process_time()
    action()
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        memory(options.memory)
        return
    written = time.process_time()
    content = register(options.cases)
    written = time.process_time() - written
    source = Source(content, "H", XmlLimits(size=2 << 30))
    encoding = declared_encoding(source)
    if xml_fast.read(source, encoding, LAYOUT) is None:
        raise SystemExit("the scanner gave up on the register")
    actions: dict[str, Callable[[], object]] = {
        "scanner": lambda: xml_fast.read(source, encoding, LAYOUT),
        "reference (lxml)": lambda: xml_lxml.read(source, encoding, LAYOUT),
        "floor: expat, no handlers": lambda: xml.parsers.expat.ParserCreate().Parse(content, True),
        "floor: lxml.iterparse, no-op": lambda: _iterparse(content),
    }
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(options.rounds):
        for name, action in actions.items():
            taken[name].append(seconds(action))
    size = len(content) / 1e6
    floor = statistics.median(taken["floor: expat, no handlers"])
    print(f"{options.cases} cases, {size:.1f} MB; made and written in {written:.1f} s")
    for name, times in taken.items():
        middle, span = statistics.median(times), f"{size / max(times):.1f}–{size / min(times):.1f}"
        print(f"{name:30} {size / middle:8.1f} MB/s  {floor / middle:6.2f} of expat  ({span})")
    with TemporaryDirectory() as folder:
        package = Path(folder) / "H.zip"
        with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("H.xml", content)
        command = [sys.executable, __file__, "--memory", str(package)]
        found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    print(
        f"peak memory of reading it from a ZIP: {found['peak'] / 1e6:.0f} MB = {found['peak'] / len(content):.2f} x XML "
        f"(tables {found['held'] / 1e6:.0f} MB, {found['rows']} records)"
    )


def _iterparse(content: bytes) -> None:
    for _, element in etree.iterparse(io.BytesIO(content), huge_tree=True):
        element.clear()


if __name__ == "__main__":
    main()
