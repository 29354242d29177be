"""Generated acts of control: the same for the same arguments, good without faults, each fault found by its rule."""

from __future__ import annotations

import io
import zipfile
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pipelines.exchange.model import Result
from pipelines.formats.layout import load
from pipelines.formats.xml_reader import read_xml
from pipelines.ground import database as db
from pipelines.synthetic.acts import FAULTS, NORM, generate_acts
from pipelines.synthetic.cli import app
from pipelines.synthetic.scenery import Scenery
from tests.exchange.world import REGION, World
from tests.pump.acts.conftest import paid, world
from tests.pump.acts.made import DAY, HOSPITAL, SMO, cases, rules

__all__ = ["paid", "world"]


def test_generated_acts_are_good_and_the_same(world: World) -> None:
    found = cases(world)
    name, content = generate_acts(REGION, found, SMO, HOSPITAL, DAY, 3, share=0.5)
    assert (name, content) == generate_acts(REGION, found, SMO, HOSPITAL, DAY, 3, share=0.5)
    assert content != generate_acts(REGION, found, SMO, HOSPITAL, DAY, 4, share=0.5)[1]
    world.drop(SMO, name, content)
    [outcome] = world.run()
    assert (outcome.result, outcome.findings) == (Result.ACCEPTED, 0)
    acts = world.rows('select kont, count(*) as n, sum(sank_it)::bigint as sums from pump.act join pump.act_case c '
                      'on (c.package, c.act) = (act.package, act."row") group by 1 order by 1')  # fmt: skip
    assert [(row["kont"], row["n"]) for row in acts] == [(1, len(found)), (2, 6), (3, 6)]
    assert [bool(row["sums"]) for row in acts] == [False, True, True]


def test_sums_follow_the_coefficients_of_f014(world: World) -> None:
    found = cases(world)
    _, content = generate_acts(REGION, found, SMO, HOSPITAL, DAY, 3, share=0.5)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        tables = read_xml(archive.read(archive.namelist()[0]), load("RAK"), "RAK").data
    grounds = {row["Kod"]: row for row in Scenery(REGION, DAY, DAY).open("F014")}
    paid_for = dict(zip(found["IDCASE"].astype(str), found["SUMP"], strict=True))
    cents = Decimal("0.01")
    for sanction in tables["SANK"].to_pylist():
        number = tables["SLUCH"]["IDCASE"][sanction["_parent"]].as_py()
        ground = grounds[sanction["S_OSN"]]
        sums = Decimal(int(paid_for[number])) / 100 * Decimal(ground["K_NO"])
        assert Decimal(sanction["S_SUM"]) == sums.quantize(cents, ROUND_HALF_UP)
        fine = (Decimal(NORM) / 100 * Decimal(ground["K_SH"])).quantize(cents, ROUND_HALF_UP)
        assert Decimal(sanction["FIN_PENALTY"] or 0) == fine
    assert tables["SANK"].num_rows == 12


def test_every_fault_is_found(world: World) -> None:
    found = cases(world)
    for number, fault in enumerate(FAULTS, start=1):
        name, content = generate_acts(REGION, found, SMO, HOSPITAL, DAY, 3, number=number, faults=[fault])
        world.drop(SMO, name, content)
        [outcome] = world.run()
        assert outcome.result is Result.PARTIAL, fault
        assert FAULTS[fault].rule in rules(world, outcome.package_id), fault
        with db.transaction(world.url) as connection:  # the acts that stand would be counted against the next fault
            connection.execute(text("truncate pump.act, pump.act_case, pump.act_sanction"))


def test_the_command_writes_the_package(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMS_DATABASE_URL", world.url)
    [closing] = world.rows("select id from pump.closing")
    arguments = ["acts", "--closing", str(closing["id"]), "--day", DAY.isoformat(), "--out", str(tmp_path)]
    done = CliRunner().invoke(app, [*arguments, "--seed", "3", "--share", "0.5"])
    assert done.exit_code == 0, done.output
    found = world.rows("select 1 from pump.decision where code_mo = :mo and payer = :smo", mo=HOSPITAL, smo=SMO)
    [path] = tmp_path.iterdir()
    assert path.name == f"AS{SMO}M{HOSPITAL}_26111.zip"
    world.drop(SMO, path.name, path.read_bytes())
    [outcome] = world.run()
    assert (outcome.result, outcome.findings) == (Result.ACCEPTED, 0)
    assert world.rows("select count(*) as n from pump.act_case join pump.act a on (a.package, a.row) = "
                      "(act_case.package, act_case.act) where kont = 1") == [{"n": len(found)}]  # fmt: skip
    for wrong in (["--fault", "none"], ["--day", "завтра"], ["--organisation", "980002"]):
        assert CliRunner().invoke(app, [*arguments, *wrong]).exit_code == 2, wrong


def test_no_cases_no_acts(world: World) -> None:
    with pytest.raises(ValueError, match="no cases"):
        generate_acts(REGION, cases(world).head(0), SMO, HOSPITAL, DAY, 3)
