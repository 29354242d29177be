"""Impact over the journal and the store: the replay says beforehand what processing under the changed rules comes to."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path

import openpyxl
import pytest
from lxml import html
from sqlalchemy import Connection
from typer.testing import CliRunner

from pipelines import nsi
from pipelines.checks import editions, policy, rulebook
from pipelines.checks.records import Packet
from pipelines.checks.rulebook import RuleBook
from pipelines.checks.suites import Check, Suite
from pipelines.demo.servers.postgres import Postgres
from pipelines.exchange import journal
from pipelines.exchange.impact import service
from pipelines.exchange.impact.figures import Impact, by
from pipelines.exchange.impact.proposal import Proposal, Request, propose
from pipelines.exchange.impact.replay import ImpactError
from pipelines.exchange.service import Exchange
from pipelines.ground import database as db
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.exchange.world import REGION, World

SINCE = date(2026, 1, 1)
UNTIL = date(2026, 10, 1)
PROFILE = "001F.00.0270"
SEX = "001F.00.0700"
NEW = "002F.00.0080"
FAULTS = {"profil": 0.1, "w": 0.05, "missing": 0.05, "pr_nov": 0.05}
SENT = (
    ("980001", "98001", 9, 80, FAULTS),
    ("980001", "98002", 10, 60, FAULTS),
    ("980003", "98001", 10, 60, {"profil": 0.1}),
)
"""Organisation, payer, month, cases, faults."""
CASES = (
    "select p.sender as organisation, to_char(p.period, 'YYYY-MM') as period, p.name, h.idcase::text, "
    "(h.sumv * 100)::bigint as kopecks from pump.h_zap h join exchange.package p on p.id = h.package"
)

Enable = Callable[[Connection], None]


def request(action: str, rule: str = "", kind: str = "", **values: object) -> Request:
    form: dict[str, object] = {"action": action, "rule": rule, "kind": kind, "since": SINCE.isoformat(), "months": 2}
    return Request.of(form | values, UNTIL)


def sent_to(world: World) -> World:
    world.set_up()
    for organisation, payer, month, count, faults in SENT:
        register = generate_register(REGION, organisation, payer, date(2026, month, 1), count, 5, faults)
        world.drop(organisation, *package(register))
    return world


def with_policy(world: World, policy_of_kind: str) -> Exchange:
    """The world's exchange with the record policy of registers set."""
    exchange = world.exchange()
    terms = replace(exchange.region.settings, policies={"PUMP_H": policy_of_kind})
    exchange.__dict__["region"] = replace(exchange.region, settings=terms)
    return exchange


@pytest.fixture(scope="module")
def waiting(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world whose registers lie in the folders, to be copied."""
    return sent_to(World(module_database, tmp_path_factory.mktemp("waiting")))


@pytest.fixture(scope="module")
def processed(waiting: World, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world after its registers were processed, to be copied."""
    with waiting.copied(postgres, tmp_path_factory.mktemp("processed") / "world") as world:
        world.run()
        yield world


@pytest.fixture
def worlds(waiting: World, postgres: Postgres, tmp_path: Path) -> Iterator[tuple[World, World]]:
    """Two equal ones with registers in the folders."""
    with waiting.copied(postgres, tmp_path / "now") as now, waiting.copied(postgres, tmp_path / "then") as then:
        yield now, then


def edition_of_changed_rules(connection: Connection) -> int:
    """An edition without one rule, with another as a warning, and with a third that now allows no PR_NOV but 1."""

    def changed(suite: Suite) -> Suite:
        return replace(suite, checks=tuple(map(edited, (check for check in suite.checks if check.rule != PROFILE))))

    def edited(check: Check) -> Check:
        if check.rule == SEX:
            return replace(check, severity="warning")
        return replace(check, parameters={**check.parameters, "values": ["1"]}) if check.rule == NEW else check

    shipped = rulebook.shipped()
    book = RuleBook({name: tuple(map(changed, shipped[name])) for name in ("pump/H", "pump/L")}, shipped.ends)
    kept = nsi.store_edition(connection, "Q015", [{"ID_TEST": PROFILE}], version="9.9")
    packet = Packet("Q015", "9.9", SINCE, ())
    return editions.propose(connection, packet, book, nsi_edition=kept, package=None, packet_sha256="0" * 64)


def proposed(world: World, action: str, rule: str, kind: str) -> Request:
    if action != "edition":
        return request(action, rule, kind)
    with db.transaction(world.url) as connection:
        return request(action, edition=edition_of_changed_rules(connection))


def loaded(world: World) -> dict[tuple[str, str], tuple[str, str, int]]:
    return {(row["name"], row["idcase"]): (row["organisation"], row["period"], row["kopecks"]) for row in world.rows(CASES)}


def replayed(exchange: Exchange, asked: Request) -> tuple[str, list[str]]:
    digest = service.plan(exchange, asked)
    return digest, [service.replay_months(exchange, asked, digest, month, month) for month in asked.periods]


@pytest.mark.parametrize(
    ("action", "rule", "kind", "records"),
    [
        ("off", PROFILE, "H", "records"),
        ("warning", SEX, "", "records"),
        ("fatal", PROFILE, "", "records"),
        ("edition", "", "", "records"),
        ("off", PROFILE, "", "package"),
    ],
)
def test_the_replay_says_what_processing_under_the_new_rules_comes_to(
    worlds: tuple[World, World], action: str, rule: str, kind: str, records: str
) -> None:
    now, then = worlds
    now.run(with_policy(now, records))
    exchange = with_policy(now, records)
    digest, parts = replayed(exchange, proposed(now, action, rule, kind))
    impact = service.joined(Impact.from_bytes(exchange.store.get(part)) for part in parts)

    other = with_policy(then, records)
    asked = proposed(then, action, rule, kind)
    assert service.plan(other, asked) == digest
    service.approve(other, asked, digest, {}, "Контролёр", "опыт")
    then.run(other)

    old, new = loaded(now), loaded(then)
    assert old != new
    refused = [old[case] for case in old.keys() - new.keys()]
    accepted = [new[case] for case in new.keys() - old.keys()]
    for _, row in impact.totals.iterrows():
        for side, cases in (("refused", refused), ("accepted", accepted)):
            costs = [cost for *place, cost in cases if place == [row["organisation"], row["period"]]]
            assert (row[f"cases_newly_{side}"], row[f"kopecks_newly_{side}"]) == (len(costs), sum(costs))
    sums = impact.totals.sum(numeric_only=True)
    assert (sums["cases_newly_refused"], sums["cases_newly_accepted"]) == (len(refused), len(accepted))
    assert (sums["packages"], sums["cases"]) == (3, 200)
    if action != "edition":
        assert set(impact.by_rule["rule"]) == {rule}
        assert by(impact.by_rule, "rule")["cases_newly_accepted"].tolist() == [len(accepted)]
    else:
        assert set(impact.by_rule["rule"]) == {PROFILE, SEX, NEW}
        assert refused
        assert not accepted, "every case has PR_NOV 0, which the edition refuses"


@pytest.fixture
def world(processed: World, postgres: Postgres, tmp_path: Path) -> Iterator[World]:
    with processed.copied(postgres, tmp_path / "world") as copy:
        yield copy


def test_the_report_says_the_same_everywhere_and_twice(world: World) -> None:
    exchange, asked = world.exchange(), request("off", PROFILE)
    digest, parts = replayed(exchange, asked)
    report = service.report(exchange, asked, digest, parts)
    assert service.report(exchange, asked, digest, [*reversed(parts)]).files == report.files
    assert replayed(exchange, asked) == (digest, parts)
    impact = service.joined(Impact.from_bytes(exchange.store.get(part)) for part in parts)
    total = int(impact.totals["cases_newly_accepted"].sum())
    assert total > 5
    assert f"| **Будет принято** | {total} | " in report.brief

    xlsx, page = (exchange.store.get(address) for address in report.files.values())
    assert [Path(path).read_bytes() for path in report.paths] == [xlsx, page]
    book = openpyxl.load_workbook(io.BytesIO(xlsx))
    assert book.sheetnames == ["Итоги", "Что меняется", "По правилам", "По МО", "Правила по МО", "Не воспроизведены"]
    rows = list(book["По МО"].iter_rows(values_only=True))
    heads = list(rows[0])
    assert heads[:3] == ["Код", "Организация", "Пакетов"]
    accepted = heads.index("Будет принято случаев")
    assert {row[0]: row[accepted] for row in rows[1:]} == by(impact.totals, "organisation").set_index("organisation")[
        "cases_newly_accepted"
    ].to_dict()
    tree = html.fromstring(page.decode())
    shown = [cell.text_content() for cell in tree.xpath("//h2[.='По МО']/following-sibling::div[1]//tbody/tr[1]/td")]
    assert shown[:3] == ["980001", "Краевая больница", "2"]
    assert not tree.xpath("//script | //link | //img")
    assert world.rows("select actor from exchange.event where name = 'RULE_IMPACT'")


def test_a_replay_changes_nothing(world: World) -> None:
    before = world.snapshot()
    replayed(world.exchange(), request("off", PROFILE))
    assert world.snapshot() == before


def test_packages_that_cannot_be_replayed_are_listed(world: World) -> None:
    exchange, asked = world.exchange(), request("off", PROFILE)
    purged = world.rows("select id, sha256 from exchange.package where sender = '980003'")[0]
    with db.transaction(world.url) as connection:
        nsi.store_edition(connection, "UNUSED", [])
    exchange.housekeeping(date.today() + timedelta(days=4000))
    (left,) = world.rows("select count(*) as n from exchange.package where purged_at is null")
    assert left["n"] == 0
    digest, parts = replayed(exchange, asked)
    impact = service.joined(Impact.from_bytes(exchange.store.get(part)) for part in parts)
    assert impact.totals.empty
    assert len(impact.missing) == 3
    row = impact.missing[impact.missing["package"] == purged["id"]].iloc[0]
    assert (row["organisation"], row["period"], row["reason"]) == ("980003", "2026-10", "файл удалён по сроку хранения")
    report = service.report(exchange, asked, digest, parts)
    assert "**Не воспроизведено пакетов:** 3" in report.brief
    sheet = openpyxl.load_workbook(io.BytesIO(exchange.store.get(next(iter(report.files.values())))))["Не воспроизведены"]
    assert sheet.max_row == 4


def test_only_the_months_asked_for_are_replayed(world: World) -> None:
    exchange, asked = world.exchange(), request("off", PROFILE, months=1)
    assert asked.periods == [UNTIL]
    _, parts = replayed(exchange, asked)
    totals = Impact.from_bytes(exchange.store.get(parts[0])).totals
    assert set(totals["period"]) == {"2026-10"}
    assert request("off", PROFILE, months=11).periods[0] == date(2025, 12, 1)


def test_an_approval_is_of_what_was_replayed_by_whom_and_once(world: World) -> None:
    exchange, asked = world.exchange(), request("off", PROFILE)
    digest = service.plan(exchange, asked)
    with pytest.raises(ImpactError, match="правила изменились"):
        service.approve(exchange, asked, "0" * 64, {}, "Петрова", "приказ 5")
    edition = service.approve(exchange, asked, digest, {"impact.xlsx": "1" * 64}, "Петрова", "приказ 5")
    assert service.approve(exchange, asked, digest, {"impact.xlsx": "1" * 64}, "Петрова", "приказ 5") == edition
    events = world.rows("select actor, details from exchange.event where name = 'RULE_IMPACT_APPROVED'")
    assert [(event["actor"], event["details"]["reason"], event["details"]["edition"]) for event in events] == [
        ("Петрова", "приказ 5", edition)
    ]
    with db.transaction(world.url) as connection:
        found = rulebook.switches(connection)
        assert [(switch.severity, switch.since) for switch in found if switch.rule == PROFILE] == [("off", SINCE)]
        assert list(journal.verify(connection, exchange.store)) == []
    with pytest.raises(ImpactError, match="ничего не меняет"):
        service.plan(exchange, asked)


def test_a_rejection_is_noted_and_enables_nothing(world: World) -> None:
    exchange, asked = world.exchange(), request("off", PROFILE)
    digest = service.plan(exchange, asked)
    service.reject(exchange, asked, digest, {}, "Петрова", "слишком много")
    with db.transaction(world.url) as connection:
        assert PROFILE not in {switch.rule for switch in rulebook.switches(connection)}
    (event,) = world.rows("select actor, details from exchange.event where name = 'RULE_IMPACT_REJECTED'")
    assert (event["actor"], event["details"]["reason"]) == ("Петрова", "слишком много")


def test_switches_follow_one_another(world: World) -> None:
    """Off, then a warning from a later day, then as in the dictionary: each state is in force and the rule comes back."""
    exchange = world.exchange()

    def decide(action: str, since: str, **values: object) -> None:
        asked = request(action, PROFILE, **(values | {"since": since}))
        service.approve(exchange, asked, service.plan(exchange, asked), {}, "Петрова", "приказ")

    def severities(*days: str) -> list[set[str]]:
        with db.transaction(world.url) as connection:
            checks = [check for _, suite in rulebook.in_force(connection).every() for check in suite.checks]
        return [
            {check.severity for check in checks if check.rule == PROFILE and check.valid_on(date.fromisoformat(day))}
            for day in days
        ]

    decide("off", "2026-03-01")
    assert severities("2026-02-28", "2026-03-01", "2026-12-01") == [{"error"}, set(), set()]
    decide("warning", "2026-05-01")
    decide("text", "2026-06-01", text="Профиль не из справочника")
    assert severities("2026-04-30", "2026-05-01", "2026-06-01") == [set(), {"warning"}, {"warning"}]
    decide("restore", "2026-04-01")
    assert severities("2026-03-31", "2026-04-01", "2026-05-01", "2026-06-01") == [set(), {"error"}, {"error"}, {"error"}]
    decide("restore", "2026-03-01")
    decide("off", "2026-03-01")
    decide("restore", "2026-03-01")
    assert severities("2026-03-01", "2026-12-01") == [{"error"}, {"error"}], "the same words again, and it is the newest"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"action": "delete"}, "действие «delete»"),
        ({"action": "off"}, "не указан код правила"),
        ({"action": "text", "rule": PROFILE}, "не указан новый текст"),
        ({"action": "edition"}, "не указан номер предложенной редакции"),
        ({"action": "off", "rule": PROFILE, "since": "01.03.2026"}, "ожидается дата ГГГГ-ММ-ДД"),
        ({"action": "off", "rule": PROFILE, "months": 0}, "месяцев 0, ожидается от 1 до 36"),
    ],
)
def test_an_incomplete_request_is_turned_away(values: dict[str, object], said: str) -> None:
    with pytest.raises(ImpactError, match=said):
        Request.of({"since": "2026-03-01", "months": 3} | values, UNTIL)


def test_what_there_is_not_cannot_be_proposed(database: str) -> None:
    def of(asked: Request) -> Proposal:
        with db.transaction(database) as connection:
            return propose(connection, asked)

    with pytest.raises(ImpactError, match=r"правила 999F\.00\.0001 нет"):
        of(request("off", "999F.00.0001"))
    with pytest.raises(ImpactError, match="проверяется у файлов: L"):
        of(request("off", SEX, "H"))
    with pytest.raises(ImpactError, match="редакции № 77 нет"):
        of(request("edition", edition=77))
    with db.transaction(database) as connection:
        policy.store(connection, [dict.fromkeys(policy.FIELDS) | {"RULE": SEX, "SEVERITY": "off"}], "опыт")
    with pytest.raises(ImpactError, match="выключено для всех видов файлов"):
        of(request("warning", SEX, "L"))


def test_the_command_line_reports_without_enabling(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.__main__ import app

    class InNovember(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime(2026, 11, 20, tzinfo=tz)

    monkeypatch.setattr("pipelines.exchange.impact.cli.datetime", InNovember)  # it counts months back from today
    monkeypatch.setenv("OMS_DATABASE_URL", world.url)
    monkeypatch.setenv("OMS_STORE_URL", (world.root / "store").as_uri())
    monkeypatch.setenv("OMS_JOURNAL_URL", (world.root / "journal").as_uri())
    arguments = ["checks", "impact", "--rule", PROFILE, "--since", "2026-01-01", "--months", "3"]
    done = CliRunner().invoke(app, [*arguments, "--action", "off"])
    assert done.exit_code == 0, done.output
    assert "Будет принято" in done.output
    assert len(list((world.root / "journal").rglob("impact_*"))) == 2
    refused = CliRunner().invoke(app, [*arguments, "--action", "delete"])
    assert refused.exit_code == 1
    assert "Ошибка: действие «delete»" in refused.output
    with db.transaction(world.url) as connection:
        assert PROFILE not in {switch.rule for switch in rulebook.switches(connection)}
