"""A month read back from the load tables: rows, links, kopecks and dates as they stood in the packages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from pipelines.ground import database as db
from pipelines.nsi.dictionaries import Dictionaries
from pipelines.pump import mek, month
from pipelines.synthetic.traffic import demo_traffic
from tests.exchange.world import REGION, World

PERIOD = date(2026, 10, 1)


@pytest.fixture(scope="module")
def loaded(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, month.Month]:
    world = World(module_database, tmp_path_factory.mktemp("month")).set_up()
    clean = [one for one in demo_traffic(REGION, 7, PERIOD) if "(для МЭК)" not in one.title]
    for shipment in clean:
        if shipment.attach and "@" not in shipment.sender and shipment.upload == "whole" and not shipment.rules:
            world.drop(shipment.sender, shipment.name, shipment.content)
    world.run()
    with db.transaction(module_database) as connection:
        read = month.read(connection, PERIOD)
    return world, read


def test_every_row_is_there_under_its_own_parent(loaded):
    world, read = loaded
    for frame, table, kinds in (
        (read.cases, "zap", "hctx"),
        (read.visits, "sl", "hctx"),
        (read.services, "usl", "hctx"),
        (read.criteria, "crit", "hc"),
    ):
        counted = world.rows(" union all ".join(f"select count(*) as n from pump.{kind}_{table}" for kind in kinds))
        assert len(frame) == sum(row["n"] for row in counted) > 0
    links = world.rows(
        "select z.n_zap, l.sl_id, u.idserv from pump.h_usl u join pump.h_sl l on l.package = u.package and l.row = u.parent "
        "join pump.h_zap z on z.package = l.package and z.row = l.parent order by u.package, u.row"
    )
    found = read.services.assign(
        N_ZAP=read.cases["N_ZAP"].to_numpy()[read.services["case"]],
        SL_ID=read.visits["SL_ID"].to_numpy()[read.services["visit"]],
    )
    of_h = (read.cases["kind"] == "H").to_numpy()[read.services["case"]]
    assert len(links) > 100
    assert found.loc[of_h, ["N_ZAP", "SL_ID", "IDSERV"]].to_numpy().tolist() == [
        [str(row["n_zap"]), row["sl_id"], row["idserv"]] for row in links
    ]


def test_money_is_whole_kopecks_and_days_are_days(loaded):
    world, read = loaded
    (total,) = world.rows(f"select sum(sumv) as s from pump.h_zap where report_month = '{PERIOD}'")
    assert read.cases["SUMV"].dtype == np.int64
    assert int(read.cases.loc[read.cases["kind"] == "H", "SUMV"].sum()) == int(total["s"] * Decimal(100)) > 0
    (row,) = world.rows("select date_z_1, date_z_2 from pump.h_zap order by package, row limit 1")
    assert [day.date() for day in read.cases.loc[0, ["DATE_Z_1", "DATE_Z_2"]]] == [row["date_z_1"], row["date_z_2"]]


def test_every_case_has_its_person_and_account(loaded):
    world, read = loaded
    assert not read.cases[["DR", "W", "CODE_MO", "NSCHET"]].isna().any().any()
    (row,) = world.rows(
        "select p.fam, p.dr from pump.h_zap z join pump.l_pers p on p.package = z.package and p.id_pac = z.id_pac "
        "order by z.package, z.row offset 10 limit 1"
    )
    assert read.cases.loc[10, "FAM"] == row["fam"]
    assert read.cases.loc[10, "DR"].date() == row["dr"]


def test_a_choice_of_packages_narrows_the_month(loaded):
    world, read = loaded
    package = int(read.cases["package"].max())
    with db.transaction(world.url) as connection:
        one = month.read(connection, PERIOD, [package])
        none = month.read(connection, date(2020, 1, 1))
    assert set(one.cases["package"]) == {package}
    assert len(one.visits) == (read.visits["package"] == package).sum() > 0
    assert len(none.cases) == len(none.services) == 0


def test_control_finds_nothing_in_clean_registers(loaded):
    """Only records that format control refused are missing from the totals of their accounts."""
    world, read = loaded
    cases = read.cases
    marked = {row["package"] for row in world.rows("select distinct package from exchange.finding where severity = 'error'")}
    sums = cases.groupby("package").agg(total=("SUMMAV", "first"), left=("SUMV", "sum"))
    refused = {package: int(total - left) for package, total, left in sums.itertuples() if package in marked}
    nsi = Dictionaries.from_folder(REGION.folder / "nsi")
    given = mek.Given(read, nsi, mek.load_terms(REGION.folder), date(2026, 11, 20), refused=refused)
    conclusion = mek.control(given, "1")
    assert conclusion.hits.groupby("rule")["detail"].first().to_dict() == {}
    assert (conclusion.decision.cases["SUMP"] == cases["SUMV"]).all()
    other = mek.control(mek.Given(read, nsi, mek.load_terms(REGION.folder), date(2026, 11, 20)), "1").hits
    assert set(other["rule"]) <= {"MEK.A.1"}
