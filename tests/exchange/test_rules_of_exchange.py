"""Rules of the regional dictionaries that the exchange itself executes: a package that breaks one gets the finding named."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date

import openpyxl
import pytest

from pipelines.checks import compiler, readings
from pipelines.exchange.messages import catalogue
from pipelines.exchange.protocol import answer_stem
from pipelines.formats.archive import write_archive
from pipelines.synthetic.broken import members, stem
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.exchange.world import REGION, World

PERIOD = date(2026, 10, 1)
SENDER = "980003"

Change = Callable[[dict[str, bytes]], dict[str, bytes]]


def written(member: int, pattern: str, instead: str) -> Change:
    """Change the text of the main file (0) or of the persons (1)."""

    def change(files: dict[str, bytes]) -> dict[str, bytes]:
        name = list(files)[member]
        text, count = re.subn(pattern, instead, files[name].decode("cp1251"), count=1, flags=re.DOTALL)
        assert count == 1
        return files | {name: text.encode("cp1251")}

    return change


def renamed(files: dict[str, bytes]) -> dict[str, bytes]:
    """The main file under another number than the archive."""
    (main, content), persons = files.items()
    return {f"{main[:-4]}9.xml": content} | dict([persons])


BREACHES: list[tuple[str, str, Change]] = [
    ("002F.36.0005", "PKG.090", renamed),
    ("002F.36.0005", "LNK.010", written(0, r"<FILENAME>\w+", "<FILENAME>HM980003S98001_26109999")),
    ("002F.36.0006", "PKG.090", lambda files: dict(list(files.items())[:1])),
    ("002F.36.0006", "PKG.091", lambda files: files | {"readme.txt": b"1"}),
    ("002F.36.0007", "STR.010", written(0, r"<PR_NOV>", "<XTAG>1</XTAG><PR_NOV>")),
    ("002F.36.0007", "STR.020", written(0, r"(<PR_NOV>\d</PR_NOV>)", r"\1\1")),
    ("002F.36.0007", "STR.030", written(0, r"(<N_ZAP>\d+</N_ZAP>)(\s*)(<PR_NOV>\d</PR_NOV>)", r"\3\2\1")),
    ("002F.36.0007", "STR.040", written(0, r"<PACIENT>.*?</PACIENT>", "")),
    ("002F.36.0007", "STR.050", written(0, r"<PR_NOV>0</PR_NOV>", "<PR_NOV><X>0</X></PR_NOV>")),
    ("002F.36.0007", "XML.040", written(0, r"<ZL_LIST>(.*)</ZL_LIST>", r"<ZL>\1</ZL>")),
    ("003F.16.0020", "LNK.010", written(0, r"<FILENAME>\w+", "<FILENAME>HM980003S98001_26108888")),
    ("003F.16.0050", "LNK.010", written(1, r"<FILENAME>\w+", "<FILENAME>LM980003S98001_26107777")),
    ("003F.16.0060", "LNK.020", written(1, r"<FILENAME1>\w+", "<FILENAME1>HM980003S98001_26106666")),
    ("002K.66.7005", "STR.020", written(0, r"(<Z_SL>.*?</Z_SL>)", r"\1\1")),
    ("002K.66.7006", "LNK.030", written(1, r"<ID_PAC>[^<]+", "<ID_PAC>nobody")),
    ("002K.66.7006", "LNK.050", written(1, r"(<PERS>.*?</PERS>)", r"\1\1")),
]


@pytest.fixture(scope="module")
def world(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(module_database, tmp_path_factory.mktemp("executed")).set_up()
    for number, (_, _, change) in enumerate(BREACHES, start=1):
        _, good = package(generate_register(REGION, SENDER, "98001", PERIOD, 5, seed=3, number=number))
        files = change(members(good))
        world.drop(SENDER, f"{stem(good)}.zip", write_archive(files))
    world.run()
    return world


def name_of(number: int) -> str:
    _, good = package(generate_register(REGION, SENDER, "98001", PERIOD, 5, seed=3, number=number))
    return f"{stem(good)}.zip"


@pytest.mark.parametrize("place", range(len(BREACHES)), ids=[f"{rule} {code}" for rule, code, _ in BREACHES])
def test_a_breach_gets_the_finding_that_executes_the_rule(world: World, place: int) -> None:
    rule, code, _ = BREACHES[place]
    found = world.rows(
        "select f.rule from exchange.finding f join exchange.package p on p.id = f.package where p.name = :name",
        name=name_of(place + 1),
    )
    assert code in {row["rule"] for row in found}
    assert code in readings.handwritten()[rule]["exchange"].split(", ")


def test_every_finding_named_by_a_rule_is_one_of_the_exchange_and_is_tried() -> None:
    named = {
        (rule, code)
        for rule, entry in readings.handwritten().items()
        for code in entry.get("exchange", "").split(", ")
        if code
    }
    assert {code for _, code in named} <= set(catalogue())
    assert named == {(rule, code) for rule, code, _ in BREACHES}


def test_the_protocol_names_the_adopted_rules_beside_the_finding(world: World) -> None:
    place = next(n for n, (_, code, _) in enumerate(BREACHES, start=1) if code == "PKG.091")
    book = openpyxl.load_workbook(io.BytesIO(world.answers(SENDER)[f"{answer_stem(name_of(place))}.XLSX"]))
    rows = [[cell.value for cell in line] for line in book["Сводка"].iter_rows()]
    column = next(row.index("Правила справочников") for row in rows if "Правила справочников" in row)
    lines = {row[0]: row[column] for row in rows}
    assert REGION.rules_regions["Q022"] == ("09", "36")
    assert lines["Правило"] == "Правила справочников"
    assert lines["PKG.091"] == "002F.36.0006"


def test_rules_of_regions_that_are_not_adopted_are_not_named() -> None:
    assert compiler.by_exchange({"Q022": (), "Q023": ("84",)}) == {}
    assert compiler.by_exchange({"Q022": ("16",)})["LNK.020"] == ("003F.16.0060",)
