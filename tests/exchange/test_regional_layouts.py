"""A fund that adopts rules of regions whose files have elements of their own: they are read, checked and not loaded."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from pipelines.exchange.region import RegionError
from pipelines.formats.archive import write_archive
from pipelines.synthetic.broken import members, stem
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.exchange.world import REGION, World

PERIOD = date(2026, 10, 1)
SENDER = "980003"
PERIODS = "DATEBEG;DATEEND\n"
OWN = {
    "T_SENDERS": "CODE;" + PERIODS + "MIS-1;2020-01-01;\n" + "MIS-0;2015-01-01;2019-12-31\n",
    "T_PASSPORT": "CODE_LPU;CODE_MO;" + PERIODS + "0301;980003;2020-01-01;\n" + "0401;980004;2020-01-01;\n",
}
RIGHT = {"SENDER": "MIS-1", "CODE": "p-1", "CODE_MO": SENDER, "CODE_LPU": "0301"}
PMP = {
    "TYPE_PMP": "0",
    "LOCALITY": "1",
    "STAGE": "1",
    "GROUP_PMP": "18",
    "SOCIAL_STATUS": "1",
    "GROUP_Z": "II",
    "NAPR_RSLT": "0",
}

FILES: list[tuple[dict[str, str], dict[str, str], set[str]]] = [
    (RIGHT, PMP, set()),
    (RIGHT | {"SENDER": "MIS-0"}, PMP, {"005F.16.0010"}),
    (RIGHT | {"SENDER": ""}, PMP, {"003F.16.0070", "003F.16.0080"}),
    (RIGHT | {"CODE_LPU": "0401"}, PMP, {"003F.16.0160"}),
    (RIGHT | {"CODE_LPU": "0999"}, PMP, {"005F.16.0020"}),
    (RIGHT | {"CODE_MO": "980004", "CODE_LPU": "0401"}, PMP, {"003F.16.0130"}),
    (RIGHT, PMP | {"GROUP_PMP": "19"}, {"002F.45.1040"}),
    (RIGHT, PMP | {"TYPE_PMP": "8"}, {"002F.45.1010"}),
    (RIGHT, PMP | {"TYPE_PMP": "7"}, {"003F.45.1000"}),
    (RIGHT, PMP | {"NAPR_RSLT": "1", "GROUP_Z": "I"}, {"002F.45.1130"}),
    (RIGHT, PMP | {"GROUP_Z": "IIIА"}, set()),
    (RIGHT, PMP | {"GROUP_Z": "IV"}, {"002F.45.1100"}),
]
"""What a file holds, and the rules of regions 16 and 45 that find something."""


def profile(folder: Path, regions: list[str], own: Mapping[str, str]) -> Path:
    """The demo's profile with other regions adopted and dictionaries of its own."""
    home = folder / "region"
    shutil.copytree(REGION.folder, home)
    text = (home / "region.yaml").read_text(encoding="utf-8")
    changed, count = re.subn(r"Q022: \[.*\]", f"Q022: {regions}", text)
    assert count == 1
    (home / "region.yaml").write_text(changed, encoding="utf-8")
    for name, lines in own.items():
        (home / "nsi" / f"{name}.csv").write_text(lines, encoding="utf-8")
    return home


def group(name: str, values: Mapping[str, str]) -> str:
    return f"<{name}>" + "".join(f"<{key}>{value}</{key}>" for key, value in values.items()) + f"</{name}>"


def register(number: int) -> tuple[str, dict[str, bytes]]:
    """Name and files of a register of examinations that the rules of region 45 let pass.

    Grown-ups with a birth certificate (002F.45.1140) and visits without a diagnosis (004F.45.1020) break them.
    """
    payer, number = ("98001", "98002")[number // 9], number % 9 + 1
    for seed in range(100):
        _, good = package(generate_register(REGION, SENDER, payer, PERIOD, 5, seed=seed, number=number, kind="X"))
        files = members(good)
        text = b"".join(files.values())
        if text.count(b"<DS1>") == text.count(b"<SL>") and not re.search(rb"<DOCTYPE>(3|24)<", text):
            return f"{stem(good)}.zip", files
    raise AssertionError("no such register")


@cache
def content(number: int) -> tuple[str, bytes]:
    """A register with the elements of both regions."""
    head, pmp, _ = FILES[number]
    archive, files = register(number)
    (name, main), persons = files.items()
    text = main.decode("cp1251")
    pack = group("PACK", {key: head[key] for key in ("CODE", "CODE_MO", "CODE_LPU")})
    for pattern, more in (
        ("(</FILENAME>)", f"<SENDER>{head['SENDER']}</SENDER>"),
        ("(</ZGLV>)", pack),
        (r"(</SL>)(?!\s*<SL>)", group("PMP", pmp)),
    ):
        text, count = re.subn(pattern, rf"\g<1>{more}", text)
        assert count
    return archive, write_archive({name: text.encode("cp1251")} | dict([persons]))


@pytest.fixture(scope="module")
def world(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    root = tmp_path_factory.mktemp("regional")
    world = World(module_database, root, region=str(profile(root, ["16", "45"], OWN))).set_up()
    for number in range(len(FILES)):
        world.drop(SENDER, *content(number))
    world.run(together=True)
    return world


@pytest.mark.parametrize("number", range(len(FILES)))
def test_the_rules_of_the_adopted_regions_are_executed(world: World, number: int) -> None:
    found = world.rows(
        "select f.rule from exchange.finding f join exchange.package p on p.id = f.package where p.name = :name",
        name=content(number)[0],
    )
    assert {row["rule"] for row in found} == FILES[number][2]


def test_a_right_file_is_loaded_without_the_elements_that_have_no_place(world: World) -> None:
    package = world.rows("select * from exchange.package where name = :name", name=content(0)[0])[0]
    assert (package["result"], package["accepted"]) == ("ACCEPTED", 5)
    loaded = world.rows("select * from pump.x_zap where package = :package", package=package["id"])
    assert len(loaded) == 5
    assert not {"mcod", "type_pmp"} & set(loaded[0])


def test_a_profile_whose_adopted_rules_lack_a_dictionary_is_refused(database: str, tmp_path: Path) -> None:
    world = World(database, tmp_path, region=str(profile(tmp_path, ["16"], {})))
    with pytest.raises(RegionError, match=r"Q022: правилу 00\dF\.16\.\d+ нужен справочник T_(PASSPORT|SENDERS)"):
        world.set_up()
