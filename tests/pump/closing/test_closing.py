"""A month from its registers to the files of its closing, through the exchange: sums, states, replay, what may go wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pytest
from sqlalchemy import text

from pipelines.exchange import journal
from pipelines.formats.archive import open_archive
from pipelines.formats.layout import load
from pipelines.formats.xml_reader import read_xml
from pipelines.ground import database as db
from pipelines.ground.money import kopecks
from pipelines.ground.settings import ROOT
from pipelines.pump.closing.freeze import NotReady
from pipelines.pump.closing.service import Closings, Unfit
from pipelines.synthetic.packages import package
from tests.databases import fresh
from tests.exchange.world import REGION, World
from tests.pump.closing.closed import NOW, PERIOD, closed, received, registers_of, send

SMALL = (("H", "980001", "98001", 60), ("H", "980007", "98002", 40), ("X", "980003", "98001", 20))
OF_ORGANISATIONS = "003F.00.0550"
"""OPLATA only beside a sanction: a rule on what an organisation sends, which decides on no payment."""
NEXT = date(2026, 9, 1)
LATER = NOW + timedelta(days=30)


@pytest.fixture(scope="module")
def month(postgres, tmp_path_factory):
    """A closed and delivered month of all kinds."""
    with fresh(postgres) as url:
        world = received(url, tmp_path_factory.mktemp("closing"), registers_of(PERIOD, 5))
        closings, number = closed(world)
        yield world, closings, number


@pytest.fixture(scope="module")
def ready(postgres, tmp_path_factory):
    """A small month whose registers are processed, to be copied."""
    with fresh(postgres) as url:
        yield received(url, tmp_path_factory.mktemp("small"), registers_of(PERIOD, 5, SMALL))


@pytest.fixture
def small(ready, postgres, tmp_path) -> Iterator[World]:
    with ready.copied(postgres, tmp_path / "world") as world:
        yield world


@pytest.fixture(scope="module")
def settled(ready, postgres, tmp_path_factory) -> Iterator[tuple[World, int]]:
    """The small month closed and delivered, to be copied, and the number of its closing."""
    with ready.copied(postgres, tmp_path_factory.mktemp("settled") / "world") as world:
        _, number = closed(world)
        yield world, number


@pytest.fixture
def paid(settled, postgres, tmp_path) -> Iterator[tuple[World, int]]:
    with settled[0].copied(postgres, tmp_path / "world") as world:
        yield world, settled[1]


def registers(world: World, number: int, kind: str) -> dict[str, dict[str, object]]:
    """Main files of the payment packages of a closing by name, as the reader gives them."""
    found = {}
    rows = world.rows("select * from pump.document where closing = :n and kind = :kind", n=number, kind=kind)
    for row in rows:
        content = world.exchange().store.get(row["sha256"])
        main = next(member for member in open_archive(content) if not member.name.startswith("L"))
        letters = row["name"].split("T98")[0]
        layout = load({"H": "H", "C": "C", "T": "T"}.get(letters, "X"))
        found[row["name"]] = {"row": row, "tables": read_xml(main, layout, layout.code).data}
    return found


def total(column) -> int:
    return sum(kopecks(value) for value in column.to_pylist() if value)


@pytest.mark.feature("PUMP-04", "PUMP-05")
def test_every_case_has_a_decision_and_every_kopeck_a_place(month):
    world, _, number = month
    (sums,) = world.rows("select sum(sumv) v, sum(sump) p, sum(sank_it) s, count(*) n from pump.decision")
    (loaded,) = world.rows(
        "select sum(n) n, sum(s) s from ("
        + " union all ".join(f"select count(*) n, sum(sumv) * 100 s from pump.{kind}_zap" for kind in "hctx")
        + ") x"
    )
    assert sums["n"] == loaded["n"] > 900
    assert sums["v"] == loaded["s"] == sums["p"] + sums["s"]
    (refused,) = world.rows("select sum(applied) a from pump.hit")
    (sanctions,) = world.rows("select sum(s_sum) a from pump.sanction")
    assert refused["a"] == sanctions["a"] == sums["s"] > 0
    (lines,) = world.rows("select sum(accepted_1 + accepted_2 + accepted_3 + accepted_4) a from pump.line")
    assert lines["a"] == sums["p"]
    wrong = world.rows(
        "select * from pump.decision where oplata <> case when sank_it = 0 then 1 when sump = 0 then 2 else 3 end"
    )
    assert wrong == []
    (state,) = world.rows("select state, decided_by, reason from pump.closing where id = :n", n=number)
    assert state == {"state": "DELIVERED", "decided_by": "главный бухгалтер", "reason": "суммы сверены"}


@pytest.mark.feature("PUMP-06")
def test_payment_packages_hold_what_the_lines_say(month):
    world, _, number = month
    to_insurers = registers(world, number, "SMO_REGISTER")
    assert {entry["row"]["recipient"] for entry in to_insurers.values()} == {"98001", "98002"}
    sums: dict[tuple[str, str], int] = {}
    for entry in to_insurers.values():
        row, tables = entry["row"], entry["tables"]
        head, cases, sank = tables["SCHET"], tables["ZAP"], tables["SANK"]
        paid, cut = total(cases["SUMP"]), total(cases["SANK_IT"])
        assert (total(head["SUMMAP"]), total(head["SANK_MEK"])) == (paid, cut)
        assert total(head["SUMMAV"]) == total(cases["SUMV"]) == paid + cut
        assert total(sank["S_SUM"]) == cut
        assert head["PLAT"].to_pylist() == [row["payer"]]
        assert tables["ZGLV"]["SD_Z"].to_pylist() == [str(cases.num_rows)]
        key = (row["payer"], row["code_mo"])
        sums[key] = sums.get(key, 0) + paid
    lines = world.rows(
        "select payer, code_mo, accepted_1 + accepted_2 + accepted_3 + accepted_4 a from pump.line "
        "where payer in ('98001', '98002')"
    )
    assert {(row["payer"], row["code_mo"]): row["a"] for row in lines if row["a"]} == {
        key: amount for key, amount in sums.items() if amount
    }


def test_the_organisation_gets_every_case_with_its_decision(month):
    world, _, number = month
    decisions = {
        (row["package"], row["row"]): row for row in world.rows("select * from pump.decision where closing = :n", n=number)
    }
    sanctions = world.rows("select * from pump.sanction where closing = :n order by ordinal", n=number)
    seen = 0
    for name, entry in registers(world, number, "MO_REGISTER").items():
        source = int(name.split("_")[-1].removesuffix(".zip")[4:])
        own = [row for key, row in sorted(decisions.items()) if key[0] == source]
        cases = entry["tables"]["ZAP"]
        assert cases["OPLATA"].to_pylist() == [str(row["oplata"]) for row in own]
        assert [kopecks(value) for value in cases["SUMP"].to_pylist()] == [row["sump"] for row in own]
        assert [kopecks(value or "0") for value in cases["SANK_IT"].to_pylist()] == [row["sank_it"] for row in own]
        mine = sorted((row["row"], row["s_code"]) for row in sanctions if row["package"] == source)
        assert sorted(entry["tables"]["SANK"]["S_CODE"].to_pylist()) == sorted(code for _, code in mine)
        assert set(entry["tables"]["SANK"]["S_OSN"].to_pylist()) <= {row["s_osn"] for row in sanctions}
        assert None not in entry["tables"]["SL_ID"]["SL_ID"].to_pylist()
        seen += len(own)
    assert seen == len(decisions)


def test_what_is_sent_passes_the_format_control_of_registers(month):
    from pipelines.checks.rulebook import shipped
    from pipelines.checks.runner import run
    from pipelines.nsi.dictionaries import Dictionaries

    world, _, _ = month
    dictionaries = Dictionaries.from_folder(ROOT / "include" / "region" / "demo" / "nsi")
    checked = 0
    for row in world.rows("select name, sha256 from pump.document where kind in ('SMO_REGISTER', 'MO_REGISTER')"):
        tables = {}
        for member in open_archive(world.exchange().store.get(row["sha256"])):
            letters = member.name.split("T98")[0]
            role = "L" if letters.startswith("L") else {"H": "H", "C": "C", "T": "T"}.get(letters, "X")
            tables[role] = replace(read_xml(member, load(role), role), name=member.name.removesuffix(".xml"))
            assert tables[role].anomalies.num_rows == 0
        suites = {role: shipped()[f"pump/{role}"] for role in tables}
        found = run(tables, suites, dictionaries, PERIOD, NOW.date())
        stands = (found["severity"] == "warning") | (found["rule"] == OF_ORGANISATIONS)
        assert found[~stands].drop_duplicates("rule")[["rule", "element", "value"]].to_numpy().tolist() == []
        checked += 1
    assert checked > 10


def test_files_reach_the_folders_they_are_for(month):
    world, _, number = month
    for row in world.rows("select * from pump.document where closing = :n and recipient is not null", n=number):
        assert world.answers(row["recipient"])[row["name"]] == world.exchange().store.get(row["sha256"])
    with db.transaction(world.url) as connection:
        assert list(journal.verify(connection, world.exchange().store)) == []
    names = [row["name"] for row in world.rows("select name from exchange.event where name like 'MONTH%' order by seq")]
    assert names == [
        "MONTH_FROZEN", "MONTH_CONTROLLED", "MONTH_SETTLED", "MONTH_PACKED", "MONTH_APPROVED", "MONTH_DELIVERED",
    ]  # fmt: skip


def test_organisations_see_their_own_decisions_only(month):
    world, _, _ = month
    for table, code in (("decision", "980007"), ("line", "98002"), ("document", "980003")):
        with db.transaction(world.url, role="oms_organisation", organisation=code) as connection:
            rows = connection.execute(text(f"select * from pump.{table}")).mappings().all()
        assert rows
        assert all(code in (row.get("code_mo"), row.get("payer"), row.get("recipient")) for row in rows)
        (every,) = world.rows(f"select count(*) n from pump.{table}")
        assert len(rows) < every["n"]


def test_a_replay_gives_the_same_kopecks_and_bytes_whatever_became_of_the_world(month):
    world, closings, number = month
    before = world.rows("select * from pump.decision order by package, row")
    with db.transaction(world.url) as connection:
        connection.execute(text("update erz.policy set smo = '98002' where smo = '98001'"))
        connection.execute(text("update nsi.edition set loaded_at = now()"))
    found = closings.replay(number)
    assert found.differences == []
    assert (found.cases, found.documents) == (len(before), len(world.rows("select * from pump.document")))
    assert world.rows("select * from pump.decision order by package, row") == before


def test_another_choice_of_the_region_does_not_reach_a_closed_month(month, tmp_path):
    world, _, number = month
    folder = tmp_path / "demo"
    shutil.copytree(REGION.folder, folder)
    settings = (folder / "month.yaml").read_text(encoding="utf-8")
    (folder / "month.yaml").write_text(settings.replace("late_months: 2", "late_months: 0"), encoding="utf-8")
    other = Closings(world.exchange())
    other.exchange.__dict__["region"] = replace(REGION, folder=folder)
    assert other.terms(other.read(number)) != folder
    assert other.replay(number).differences == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("update pump.decision set sump = sump - 1, sank_it = sank_it + 1 where sump > 0 and idcase = (select min(idcase) "
         "from pump.decision where sump > 0)", "решения"),
        ("update pump.line set payable = payable - 1, advance = advance + 1 where payable > 0", "расчёт"),
        ("update pump.document set sha256 = repeat('0', 64) where ordinal = 1", "другие байты"),
    ],
)  # fmt: skip
def test_a_replay_finds_what_was_changed(paid, change, told):
    world, number = paid
    with db.transaction(world.url) as connection:
        connection.execute(text(change))
    found = Closings(world.exchange()).replay(number)
    assert any(told in difference for difference in found.differences), found.differences


def test_a_closed_month_takes_no_more_registers_until_it_is_rejected(small):
    closings, number = closed(small, approve=False)
    late = registers_of(PERIOD, 6, (("H", "980003", "98001", 20),))[0]
    name, content = package(late)
    small.drop("980003", name, content)
    small.run()
    (row,) = small.rows("select * from exchange.package where name = :name", name=name)
    (found,) = small.rows("select * from exchange.finding where package = :id", id=row["id"])
    assert (row["result"], row["accepted"]) == ("REJECTED", 0)
    assert (found["rule"], found["element"], found["value"]) == ("PER.010", "SCHET/MONTH", "08.2026")
    assert "закрыт 09.09.2026" in found["message"]

    closings.decide(number, False, "начальник отдела", "ошибка в тарифах")
    with pytest.raises(Unfit, match="отклонён"):
        closings.decide(number, True, "кто-то", "")
    with pytest.raises(Unfit, match="отправлять нечего"):
        closings.deliver(number)
    again = registers_of(PERIOD, 7, (("H", "980002", "98001", 20),))[0]
    name, content = package(again)
    small.drop("980002", name, content)
    small.run()
    (row,) = small.rows("select * from exchange.package where name = :name", name=name)
    assert row["result"] == "ACCEPTED"
    _, second = closed(small)
    assert second != number
    assert small.rows("select act_number from pump.closing order by id") == [
        {"act_number": "МЭК-0826-1"}, {"act_number": "МЭК-0826-2"},
    ]  # fmt: skip


def test_a_step_done_again_changes_nothing_and_one_that_dies_leaves_nothing(small, monkeypatch):
    closings = Closings(small.exchange())
    number = closings.freeze_month(PERIOD, NOW).id
    assert closings.freeze_month(PERIOD, NOW + timedelta(days=1)).id == number
    with pytest.raises(Unfit, match="этот шаг сейчас невозможен"):
        closings.settle(number)
    from pipelines.pump.closing import service

    steps = {"gather": "gather.keep_findings", "control": "outcome.keep", "settle": "outcome.keep_withheld"}
    for step, place in steps.items():
        before = small.snapshot()
        module, _, name = place.partition(".")
        with monkeypatch.context() as patched:

            def dies(*_: object) -> None:
                raise RuntimeError("died")

            patched.setattr(getattr(service, module), name, dies)
            if step == "gather":
                patched.setattr(service.gather, "suite_findings", lambda *_: iter([(1, None)]))
            with pytest.raises(RuntimeError):
                getattr(closings, step)(number)
        assert small.snapshot() == before
        getattr(closings, step)(number)
        done = small.snapshot()
        getattr(closings, step)(number)
        assert small.snapshot() == done
    closings.pack(number)
    closings.decide(number, True, "бухгалтер", "сверено")
    assert closings.deliver(number) == len(small.rows("select * from exchange.outgoing where package is null")) > 0
    assert closings.deliver(number) == 0
    with pytest.raises(Unfit):
        closings.decide(number, False, "бухгалтер", "передумал")


def test_a_month_waits_for_what_is_still_under_way_and_for_earlier_months(small):
    closings = Closings(small.exchange())
    with pytest.raises(NotReady, match="нет принятых реестров"):
        closings.freeze_month(date(2026, 3, 1), NOW)
    name, content = package(registers_of(NEXT, 8, (("H", "980002", "98001", 20),))[0])
    small.drop("980002", name, content)
    small.receive(small.exchange())
    with pytest.raises(NotReady, match="Ждут обработки пакеты реестров: 1"):
        closings.freeze_month(PERIOD, LATER)
    small.run()
    with pytest.raises(NotReady, match=r"Не закрыты прошлые месяцы: 08\.2026"):
        closings.freeze_month(NEXT, LATER)


def test_the_next_month_knows_what_was_paid_owed_and_taken(paid):
    world, _ = paid
    first = registers_of(PERIOD, 5, SMALL)
    again = [replace(register, period=PERIOD) for register in first[:1]]
    # The organisation presents August's cases once more, in the account of September.
    repeated = again[0]
    tables = repeated.files["H"].tables

    def with_values(table, **values):
        for column, value in values.items():
            place = table.schema.get_field_index(column)
            table = table.set_column(place, column, pa.array([value] * table.num_rows, pa.string()))
        return table

    stem = repeated.name.replace("_2608", "_2609")
    head = with_values(tables["SCHET"], MONTH="9", NSCHET="ПОВТОР-1", DSCHET="2026-10-02")
    zglv = with_values(tables["ZGLV"], FILENAME=stem, DATA="2026-10-02")
    main = replace(repeated.files["H"], name=stem, tables={**tables, "SCHET": head, "ZGLV": zglv})
    persons = repeated.files["L"]
    others = with_values(persons.tables["ZGLV"], FILENAME=f"L{stem[1:]}", FILENAME1=stem, DATA="2026-10-02")
    people = replace(persons, name=f"L{stem[1:]}", tables={**persons.tables, "ZGLV": others})
    following = replace(repeated, name=stem, period=NEXT, files={"H": main, "L": people})
    fresh = registers_of(NEXT, 9, (("H", "980007", "98002", 40),))
    world.clock = lambda: LATER - timedelta(days=5)
    send(world, fresh)
    name, content = package(following)
    world.drop("980001", name, content)
    world.run()
    _, number = closed(world, NEXT, LATER)

    before = {row["idcase"] for row in world.rows(
        "select d.idcase from pump.decision d join pump.closing c on c.id = d.closing "
        "where c.period = '2026-08-01' and d.code_mo = '980001' and d.oplata <> 2 and d.sump > 0")}  # fmt: skip
    hits = world.rows(
        "select d.idcase, h.osn, h.other_ref from pump.hit h join pump.decision d using (closing, package, row) "
        "where h.closing = :n and h.osn = '1.10.1'", n=number,
    )  # fmt: skip
    assert before == {row["idcase"] for row in hits}
    assert all(row["other_ref"].endswith(f"/{row['idcase']}") for row in hits)
    debts = world.rows("select payer, code_mo, amount from pump.due where closing = :n and what = 'debt'", n=number)
    rests = world.rows(
        "select payer, code_mo, rest as amount from pump.due d join pump.closing c on c.id = d.closing "
        "where c.period = '2026-08-01' and rest > 0"
    )
    assert sorted(map(str, debts)) == sorted(map(str, rests)) != []


@pytest.mark.feature("PUMP-04")
def test_a_day_answers_its_registers_once_and_knows_the_others_of_the_month(small):
    closings = Closings(small.exchange())
    (first,) = closings.freeze_days(NOW - timedelta(days=4))
    assert (first.kind, first.fresh, first.act_number) == ("day", first.packages, "МЭКД-0826-1")
    for step in (closings.gather, closings.control, closings.settle, closings.pack):
        step(first.id)
    assert closings.deliver(first.id) > 0
    assert closings.freeze_days(NOW - timedelta(days=3)) == []
    send(small, registers_of(PERIOD, 11, (("H", "980002", "98001", 20),)))
    (second,) = closings.freeze_days(NOW - timedelta(days=2))
    assert len(second.packages) == 4
    assert len(second.fresh) == 1
    for step in (closings.gather, closings.control, closings.settle, closings.pack):
        step(second.id)
    closings.deliver(second.id)
    small.exchange().deliver()
    sent = small.rows("select distinct recipient, name from pump.document where closing = :n", n=second.id)
    assert {row["recipient"] for row in sent} >= {"980002", "98001"}
    assert all(row["name"].startswith("PRE_") for row in sent)
    assert any(name.startswith("PRE_HT98M980002") for name in small.answers("980002"))
    assert small.rows("select * from pump.line") == []
    _, number = closed(small)
    assert closings.replay(number).differences == []
