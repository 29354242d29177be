"""Documents of real processing: registers with faults through the exchange, a closed month, a journal, a replay."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import xlsxwriter

from pipelines.demo.servers.postgres import Postgres
from pipelines.erz import load_persons
from pipelines.exchange.impact import service
from pipelines.exchange.impact.proposal import Request
from pipelines.exchange.protocol import LOCAL
from pipelines.ground import database as db
from pipelines.synthetic.insured import insured_of
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.databases import fresh
from tests.exchange.world import REGION, World
from tests.pump.closing.closed import NOW, PERIOD, closed
from tests.seen.office import Page, printed

FAULTY = {"profil": 0.2, "w": 0.1, "mask": 0.1, "missing": 0.1, "february": 0.05, "length": 0.1}
SEED = 5
SENT = (("980001", "98001", 220), ("980007", "98002", 120))
"""Organisation, payer, cases; the first with faults."""
BROKEN = "HM980003S98002_26081.zip"
OFF = {"action": "off", "rule": "001F.00.0270", "kind": "", "text": "", "edition": None, "since": "2026-01-01", "months": 2}
FATES = {"dead": 0.15, "unknown": 0.02}
"""So that there is what to refuse."""
DAY = (NOW - timedelta(days=5)).astimezone(LOCAL).date()
"""When the packages are received."""
UNTIL = date(2026, 9, 1)


@pytest.fixture(scope="session")
def made(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, bytes]]:
    """Files of all sorts by plain name."""
    with fresh(postgres) as url:
        clean = [generate_register(REGION, *one, PERIOD, cases, SEED) for *one, cases in SENT]
        faulty = generate_register(REGION, *SENT[0][:2], PERIOD, SENT[0][2], SEED, FAULTY)
        world = World(url, tmp_path_factory.mktemp("seen"), lambda: NOW - timedelta(days=5)).set_up()
        world.drop("980003", BROKEN, b"no archive")
        world.drop("98", "T_KOEF.csv", _newer(REGION.folder / "nsi" / "T_KOEF.csv"))
        with db.transaction(url) as connection:
            load_persons(connection, insured_of(REGION, clean, SEED, FATES).persons)
        for register in (faulty, *clean[1:]):
            world.drop(register.organisation, *package(register))
        world.run()
        closed(world)
        yield _files(world)


def _newer(path: Path) -> bytes:
    """A dictionary with one value changed."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join([*lines[:-1], lines[-1].replace("1", "2")]).encode() + b"\n"


def _files(world: World) -> dict[str, bytes]:
    sent = {name: content for code in ("980001", "980003", "980007", "98") for name, content in world.answers(code).items()}
    exchange = world.exchange()
    kept = {
        row["kind"]: exchange.store.get(row["sha256"])
        for row in world.rows("select kind, sha256 from pump.document where recipient is null and name like '%.xlsx'")
    }
    journal = next(path for path in exchange.daily_journal(DAY) if path.endswith(".xlsx"))
    asked = Request.of(OFF, UNTIL)
    digest = service.plan(exchange, asked)
    replayed = service.replay_months(exchange, asked, digest, asked.periods[0], asked.periods[-1])
    report = service.report(exchange, asked, digest, [replayed])
    impact = next(path for path in report.paths if path.endswith(".xlsx"))
    conclusion = max((name for name in sent if re.fullmatch(r"MEK_.*\.xlsx", name)), key=lambda name: len(sent[name]))
    return {
        "protocol_partial.xlsx": sent["VHM980001S98001_26081.XLSX"],
        "protocol_accepted.xlsx": sent["VHM980007S98002_26081.XLSX"],
        "protocol_refused.xlsx": sent[f"V{BROKEN.removesuffix('.zip')}.XLSX"],
        "dictionary_report.xlsx": sent["VT_KOEF_REPORT.XLSX"],
        "mek_conclusion.xlsx": sent[conclusion],
        "mek_conclusion_printed.pdf": sent[conclusion.replace(".xlsx", ".pdf")],
        "mek_register.xlsx": kept["conclusions"],
        "month_summaries.xlsx": kept["summaries"],
        "daily_journal.xlsx": Path(journal).read_bytes(),
        "impact_report.xlsx": Path(impact).read_bytes(),
    }


def _without_room() -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet()
    sheet.set_landscape()
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 3)
    for row in range(3):
        sheet.set_row(row, 13)
        sheet.write_string(row, 0, "слова одной строки и слова ещё второго ряда строк", wrapped)
        sheet.write_number(row, 1, 1234567)
    book.close()
    return target.getvalue()


@pytest.fixture(scope="session")
def seen(made: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Page]]:
    """Printed pages of every file that people read."""
    return printed(made | {"without_room.xlsx": _without_room()}, tmp_path_factory.mktemp("paper"))
