"""Registers made for medical-economic control: format control accepts them whole, the closing refuses what was planted."""

from __future__ import annotations

from pipelines.synthetic.disputed import disputed, repeated
from pipelines.synthetic.registers import generate_register
from tests.pump.closing.closed import PERIOD, closed, received
from tests.synthetic.world import REGION


def test_control_finds_dearer_stays_visits_in_stays_and_repeats(database, tmp_path):
    first = generate_register(REGION, "980007", "98002", PERIOD, 60, 1)
    made = disputed(REGION, "980007", "98002", PERIOD, 100, 1, 2)
    again = repeated(REGION, first, range(0, 60, 10), 3)
    world = received(database, tmp_path, [first, made, again])
    assert {(row["result"], row["findings"]) for row in world.rows("select result, findings from exchange.package")} == {
        ("ACCEPTED", 0)
    }
    closed(world)
    cases = "select count(distinct (hit.package, hit.row)) as cases from pump.hit join exchange.package p on p.id = package"
    for osn, name, least in (("1.7.2", made.name, 5), ("1.10.5", made.name, 1), ("1.10.2", again.name, 5)):
        (found,) = world.rows(f"{cases} where osn = :osn and applied > 0 and name = :name", osn=osn, name=f"{name}.zip")
        assert found["cases"] >= least, osn


def test_the_same_arguments_give_the_same_register():
    one, other = (disputed(REGION, "980007", "98002", PERIOD, 100, 1, 2) for _ in range(2))
    assert all(one.files[role].tables == other.files[role].tables for role in "HL")
    assert one.files["H"].tables["ZAP"].num_rows == 100


def test_a_repeat_names_only_its_people():
    first = generate_register(REGION, "980007", "98002", PERIOD, 60, 1)
    again = repeated(REGION, first, [0, 7], 3)
    cases, people = again.files["H"].tables["ZAP"], again.files["L"].tables["PERS"]
    assert cases["IDCASE"].to_pylist() == first.files["H"].tables["ZAP"]["IDCASE"].take([0, 7]).to_pylist()
    assert set(people["ID_PAC"].to_pylist()) == set(cases["ID_PAC"].to_pylist())
    assert again.files["H"].tables["ZGLV"]["FILENAME"].to_pylist() == [again.name]
