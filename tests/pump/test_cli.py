"""``python -m pipelines pump explain`` over packages that came through the exchange."""

from __future__ import annotations

import json
from datetime import date

import pytest
from typer.testing import CliRunner

from pipelines.__main__ import app
from pipelines.ground import database as db
from pipelines.nsi import store
from pipelines.pump import month
from pipelines.pump.pricing import Pricing, Reference, price
from pipelines.synthetic.traffic import demo_traffic
from tests.exchange.world import REGION, World

PERIOD = date(2026, 10, 1)


@pytest.fixture(scope="module")
def loaded(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(module_database, tmp_path_factory.mktemp("explain")).set_up()
    billed_right = [one for one in demo_traffic(REGION, 7, PERIOD) if "(для МЭК)" not in one.title]
    for shipment in billed_right:
        if shipment.attach and "@" not in shipment.sender and shipment.upload == "whole" and not shipment.rules:
            world.drop(shipment.sender, shipment.name, shipment.content)
    world.run()
    return world


@pytest.fixture
def run(loaded, monkeypatch):
    monkeypatch.setenv("OMS_DATABASE_URL", loaded.url)
    return lambda *words: CliRunner().invoke(app, ["pump", "explain", *words])


def priced(loaded):
    with db.transaction(loaded.url) as connection:
        read = month.read(connection, PERIOD)
        reference = Reference(store.load(connection), Pricing.load(REGION.folder), REGION.okato)
    return read, price(read, reference)


def test_what_the_exchange_accepted_is_priced_as_billed(loaded):
    read, prices = priced(loaded)
    assert set(read.cases["kind"]) == {"H", "C", "T", "X"}
    assert len(read.cases) > 200
    assert prices.cases["due"].tolist() == read.cases["SUMV"].tolist()


def test_a_case_is_explained_for_a_reader_and_as_data(loaded, run):
    read, prices = priced(loaded)
    case = int(prices.visits.loc[prices.visits["way"] == "ksg", "case"].iloc[0])
    idcase = str(read.cases.loc[case, "IDCASE"])
    shown = run(idcase)
    assert shown.exit_code == 0, shown.output
    assert "Стоимость = " in shown.output
    assert "Тарифное соглашение в системе ОМС Заречного края на 2026 год" in shown.output
    answers = json.loads(run(idcase, "--json").output)
    own = [answer for answer in answers if answer["account"] == read.cases.loc[case, "NSCHET"]]
    assert [sum(visit["due"] for visit in answer["visits"]) for answer in own] == [int(prices.cases.loc[case, "due"])]
    assert {answer["idcase"] for answer in answers} == {idcase}


def test_an_unknown_case_is_said_so(run):
    for word, said in (("99999999999", "не найден"), ("нет такого", "должен состоять из цифр")):
        answer = run(word)
        assert answer.exit_code == 1
        assert said in answer.output
