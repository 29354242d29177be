"""The register of the insured that fits a month: every answer occurs, and each person is found as was meant."""

from __future__ import annotations

import pandas as pd
import pytest

from pipelines.erz import identify, load_persons
from pipelines.exchange import subscribers
from pipelines.ground import database as db
from pipelines.synthetic.identification import generate_persons
from pipelines.synthetic.insured import AS_SAID, Insured, insured_of
from pipelines.synthetic.model import Register
from pipelines.synthetic.traffic import demo_registers
from tests.synthetic.world import OCTOBER, REGION, register

SHARES = {"other_smo": 0.08, "other_territory": 0.06, "unknown": 0.05, "dead": 0.04, "changed": 0.1}


@pytest.fixture(scope="module")
def registers() -> list[Register]:
    return [register(cases=1500), register("980003", "98002", cases=300), register("980007", "98", cases=200)]


@pytest.fixture(scope="module")
def made(registers: list[Register]) -> Insured:
    return insured_of(REGION, registers, 5, SHARES)


@pytest.fixture(scope="module")
def answers(registers: list[Register], made: Insured, module_database: str) -> pd.DataFrame:
    """Cases of the registers with the fates of their persons and what the identification says."""
    with db.transaction(module_database) as connection:
        subscribers.load_region(connection, REGION)
        assert load_persons(connection, made.persons) == made.persons.num_rows
        people = pd.concat([_cases(one) for one in registers], ignore_index=True)
        answer = identify(connection, people, "DATE_Z_2")
    return people.merge(made.fates, on=["register", "ID_PAC"], how="left").join(answer)


def _cases(one: Register) -> pd.DataFrame:
    (role,) = one.files.keys() - {"L"}
    cases = one.files[role].tables["ZAP"].to_pandas()
    people = cases.merge(one.files["L"].tables["PERS"].to_pandas(), on="ID_PAC", suffixes=("", "_l"))
    for name in ("DR", "DR_P", "DATE_Z_2"):
        people[name] = pd.to_datetime(people[name])
    return people.assign(register=one.name, payer_said=one.payer)


def test_the_same_arguments_give_the_same_people(registers: list[Register], made: Insured) -> None:
    assert insured_of(REGION, registers, 5, SHARES).persons.equals(made.persons)


def test_who_is_insured_as_the_register_says(answers: pd.DataFrame) -> None:
    here = answers[answers["payer_said"] != "98"]
    as_said = here[here["fate"] == AS_SAID]
    assert set(as_said["found"]) == {"own"}
    assert (as_said["payer"] == as_said["SMO"]).all()
    assert (as_said["person"] == as_said["id"]).all()
    assert set(as_said["by"]) >= {"ENP", "policy"}


@pytest.mark.parametrize(("fate", "found"), [("other_smo", "other_smo"), ("other_territory", "other_territory")])
def test_who_is_insured_elsewhere_is_paid_there(answers: pd.DataFrame, fate: str, found: str) -> None:
    here = answers[(answers["payer_said"] != "98") & (answers["fate"] == fate)]
    assert len(here) > 20
    assert set(here["found"]) == {found}
    assert (here["payer"] != here["SMO"]).all()


def test_the_unknown_and_the_dead_have_no_payer(answers: pd.DataFrame) -> None:
    newborn = answers["NOVOR"] != "0"
    unknown, dead = answers[answers["fate"] == "unknown"], answers[(answers["fate"] == "dead") & ~newborn]
    assert len(unknown) > 10
    assert len(dead) > 10
    assert set(unknown["found"]) == {"none"}
    assert set(dead["found"]) == {"dead"}
    assert pd.concat([unknown, dead])["payer"].isna().all()


def test_a_change_of_the_insurer_divides_the_month(answers: pd.DataFrame) -> None:
    changed = answers[answers["fate"] == "changed"]
    before = changed["DATE_Z_2"] < pd.Timestamp(OCTOBER) + pd.Timedelta(days=14)
    assert set(changed.loc[before, "found"]) == {"own"}
    assert set(changed.loc[~before, "found"]) == {"other_smo"}


def test_people_of_registers_to_the_fund_are_insured_in_other_territories(answers: pd.DataFrame) -> None:
    away = answers[(answers["payer_said"] == "98") & (answers["fate"] == AS_SAID)]
    assert len(away) > 100
    assert set(away["found"]) == {"other_territory"}
    assert set(away["payer"]) & {REGION.okato} == set()


def test_newborns_are_insured_as_their_representatives(answers: pd.DataFrame) -> None:
    newborn = answers[(answers["NOVOR"] != "0") & (answers["fate"] == AS_SAID) & (answers["payer_said"] != "98")]
    assert len(newborn) > 3
    assert set(newborn["found"]) == {"own"}


def test_the_demo_month_has_every_answer(database: str) -> None:
    found = demo_registers(REGION, 1, OCTOBER)
    made = insured_of(REGION, found, 1)
    assert {role for register in found for role in register.files} == {"H", "C", "T", "X", "L"}
    with db.transaction(database) as connection:
        subscribers.load_region(connection, REGION)
        load_persons(connection, generate_persons(REGION))
        load_persons(connection, made.persons)
        load_persons(connection, made.persons)
        answer = identify(connection, pd.concat([_cases(one) for one in found], ignore_index=True), "DATE_Z_2")
    assert set(answer["found"]) == {"own", "other_smo", "other_territory", "none", "dead"}
    assert (answer["found"] == "own").mean() > 0.8
