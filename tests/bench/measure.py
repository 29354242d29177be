"""One measurement a process: ``generate``, ``floor``, ``ours``, ``plain``; prints JSON with wall seconds and peak memory."""

from __future__ import annotations

import ctypes
import ctypes.util
import io
import json
import sys
import time
import xml.parsers.expat
import zipfile
import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.exchange.service import Exchange

ORGANISATION, PAYER, PERIOD, SEED = "980001", "98001", date(2026, 10, 1), 20261122


def generate(cases: str, target: str) -> dict[str, Any]:
    """A register without faults; prints the size of its XML."""
    from pipelines.exchange.region import load
    from pipelines.ground.settings import ROOT
    from pipelines.synthetic.packages import package
    from pipelines.synthetic.registers import generate_register

    region = load(ROOT / "include" / "region" / "demo")
    register = generate_register(region, ORGANISATION, PAYER, PERIOD, int(cases), SEED)
    name, content = package(register)
    _save(Path(target), name, content)
    small = generate_register(region, ORGANISATION, PAYER, PERIOD, 20, SEED, number=9)
    _save(Path(target).with_suffix(".warm"), *package(small))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {"xml_bytes": sum(info.file_size for info in archive.infolist())}


def _save(path: Path, name: str, content: bytes) -> None:
    path.write_bytes(content)
    Path(f"{path}.name").write_text(name)


def _saved(path: Path) -> tuple[str, bytes]:
    return Path(f"{path}.name").read_text(), path.read_bytes()


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def floor(package: str, url: str) -> dict[str, Any]:
    """What the machine needs at least: inflate, a conforming XML parser that does nothing, COPY of ready bytes."""
    content = Path(package).read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        raw = [_deflated(content, info) for info in archive.infolist()]
        files = [archive.read(info) for info in archive.infolist()]
    ready = _ready_bytes(Path(package), url)
    return {
        "stages": {
            "inflate": timed(lambda: [zlib.decompress(data, -15) for data in raw]),
            f"SAX without handlers ({_sax_name()})": timed(lambda: [_sax(data) for data in files]),
            "COPY of ready bytes": timed(lambda: _copy(ready, url)),
        }
    }


def _deflated(content: bytes, info: zipfile.ZipInfo) -> bytes:
    start = (
        info.header_offset
        + 30
        + sum(int.from_bytes(content[info.header_offset + at : info.header_offset + at + 2], "little") for at in (26, 28))
    )
    return content[start : start + info.compress_size]


def _libxml2() -> ctypes.CDLL | None:
    found = ctypes.util.find_library("xml2")
    return ctypes.CDLL(found) if found else None


def _sax_name() -> str:
    return "libxml2" if _libxml2() else "expat, libxml2 is not installed"


def _sax(data: bytes) -> None:
    library = _libxml2()
    if library is None:
        xml.parsers.expat.ParserCreate(None).Parse(data, True)
        return
    handlers = ctypes.create_string_buffer(1024)  # xmlSAXHandler, all null
    if library.xmlSAXUserParseMemory(handlers, None, data, len(data)) != 0:
        raise SystemExit("libxml2 refused the file")


def _ready_bytes(package: Path, url: str) -> list[tuple[str, bytes]]:
    """CSV of every load table as our own way would send it: the register is loaded, then copied out."""
    _process(package, url, package.parent / "floor-store")
    import psycopg

    with psycopg.connect(url) as connection:
        names = [
            row[0]
            for row in connection.execute(
                "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                "where n.nspname = 'pump' and c.relkind = 'p'"
            )
        ]
        ready = []
        for name in names:
            with connection.cursor().copy(f"copy (select * from pump.{name}) to stdout (format csv)") as copy:
                ready.append((name, b"".join(bytes(part) for part in copy)))
    return ready


def _copy(ready: list[tuple[str, bytes]], url: str) -> None:
    import psycopg

    with psycopg.connect(url) as connection:
        for name, data in ready:
            with connection.cursor().copy(f"copy pump.{name} from stdin (format csv)") as copy:
                copy.write(data)


def _process(package: Path, url: str, store: Path) -> dict[str, Any]:
    """Process one package in a worker that has already processed another, as Airflow's workers have."""
    from pipelines.exchange.service import Exchange
    from pipelines.ground.settings import Settings
    from pipelines.systems import KINDS

    marks: list[tuple[str, float]] = []
    settings = Settings(url, store.as_uri(), store.as_uri(), "demo")
    exchange = Exchange(settings, {}, KINDS, lambda name: marks.append((name, time.perf_counter())))
    exchange.set_up()
    warm = exchange.process(_journaled(exchange, *_saved(package.with_suffix(".warm"))))
    assert str(warm.result) == "ACCEPTED"
    number = _journaled(exchange, *_saved(package))
    marks.clear()
    started = time.perf_counter()
    outcome = exchange.process(number)
    wall = time.perf_counter() - started
    stages, before = {}, started
    for mark, at in marks:
        stages[mark] = at - before
        before = at
    return {"wall": wall, "stages": stages, "result": str(outcome.result), "findings": outcome.findings}


def _journaled(exchange: Exchange, name: str, content: bytes) -> int:
    """The package in the journal and the store, as the reception leaves it."""
    from datetime import UTC, datetime

    from pipelines.exchange import journal
    from pipelines.ground import database
    from pipelines.ground.sql import statement

    identified = exchange.catalogue.identify(name)
    assert identified
    kind, match = identified
    now = datetime.now(UTC)
    row = {"channel": "folder", "source_key": name, "sender": ORGANISATION, "address": "mo980001", "name": name}
    row |= {"reference": None, "attached": True, "incomplete": False, "sha256": exchange.store.put(content)}
    row |= {"size": len(content), "received_at": now, "kind": kind.code, "subsystem": "pump", "number": kind.number(match)}
    with database.transaction(exchange.settings.database_url) as connection:
        number = connection.execute(statement("exchange/package_insert"), row).scalar_one()
        journal.append(connection, number, journal.Event("RECEIVED", now, {}))
    return int(number)


def ours(package: str, url: str, store: str) -> dict[str, Any]:
    """Our own way: bytes in the store to committed rows and answers."""
    return _process(Path(package), url, Path(store))


def plain(package: str, url: str) -> dict[str, Any]:
    """What one writes first: lxml iterparse, a dict a row, DataFrame.to_sql."""
    from tests.bench.plain import load

    return {"wall": timed(lambda: load(Path(package).read_bytes(), url))}


def _peak() -> int:
    """Peak resident bytes of this process since its start (ru_maxrss would count what its parent had before it)."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


if __name__ == "__main__":
    result = globals()[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(result | {"rss": _peak()}))
