"""Impact of changed rules on single packages, counted by hand: who moves, what it costs, which rule is the cause."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from pipelines.checks import suites
from pipelines.checks.difference import Change, between, rule_changes
from pipelines.checks.rulebook import OFF, RuleBook, Switch, apply
from pipelines.exchange.impact.compare import Compared, compare
from pipelines.exchange.impact.figures import Impact, by, joined, missing, of_package
from pipelines.exchange.kinds import Opened, PackageKind, Policy
from pipelines.exchange.model import Package
from pipelines.pump import KINDS
from tests.checks.build import ON, Rows, changed, dictionaries, files, persons, register

NAME = "HM990001S99001_26021"
SHIPPED = RuleBook({f"pump/{layout}": suites.load(f"pump/{layout}") for layout in ("H", "L")})
OUTCOME = "001F.00.0220"  # ISHOD is of V012
HISTORY = "003F.00.2420"  # NHISTORY is there
SEX = "001F.00.0700"  # W is of V005


def kind(policy: Policy = "records") -> PackageKind:
    return replace(KINDS[0], policy=policy)


def opened(main: Rows, pers: Rows | None = None) -> Opened:
    received = datetime(2026, 3, 15, 9, tzinfo=UTC)
    package = Package(1, "990001", "folder", "mo", f"{NAME}.zip", None, "", 0, received, False, True)
    match = KINDS[0].name.fullmatch(NAME)
    assert isinstance(match, re.Match)
    names = {"H": f"{NAME}.xml", "L": f"L{NAME[1:]}.xml"}
    return Opened(package, match, files(main, pers), names)


def three() -> Rows:
    """Three cases of 1000.50, 2000.50 and 600.00, one person each."""
    rows = register()
    rows["ZAP"].append(rows["ZAP"][0] | {"N_ZAP": "3", "IDCASE": "3", "ID_PAC": "p-3", "SUMV": "600.00", "SUMP": "600.00"})
    rows["SL"].append(rows["SL"][0] | {"_parent": 2, "SL_ID": "a-4", "SUM_M": "600.00"})
    return changed(changed(rows, "ZGLV", 0, SD_Z="3"), "SCHET", 0, SUMMAV="3601.00", SUMMAP="3501.00")


def three_persons() -> Rows:
    rows = persons()
    rows["PERS"].append(rows["PERS"][0] | {"ID_PAC": "p-3"})
    return rows


def replayed(
    before: RuleBook,
    after: RuleBook,
    main: Rows,
    pers: Rows | None = None,
    policy: Policy = "records",
    day: date | None = None,
) -> Compared:
    difference = between(before.suites, after.suites, day)
    of = opened(main, pers if pers is not None else three_persons())
    return compare(None, kind(policy), of, difference, dictionaries())  # type: ignore[arg-type]


def switched(*switches: Switch) -> RuleBook:
    return apply(SHIPPED, switches)


def off(*rules: str) -> RuleBook:
    return switched(*(Switch(rule, severity=OFF) for rule in rules))


def cases(mask: Sequence[bool]) -> list[int]:
    return np.flatnonzero(mask).tolist()


def test_the_package_of_these_tests_keeps_every_rule() -> None:
    compared = replayed(RuleBook({}), SHIPPED, three())
    assert not compared.moved.refused.any()
    assert compared.kopecks.tolist() == [100050, 200050, 60000]


def test_a_rule_switched_on_refuses_its_cases() -> None:
    compared = replayed(off(OUTCOME), SHIPPED, changed(three(), "ZAP", 1, ISHOD="399"))
    assert cases(compared.moved.refused) == [1]
    assert cases(compared.moved.accepted) == []
    assert list(compared.rules) == [OUTCOME]
    figures = of_package({"kind": "PUMP_H", "period": "2026-02", "organisation": "990001"}, compared)
    assert figures.by_rule.to_dict("records") == [
        {
            "rule": OUTCOME,
            "kind": "PUMP_H",
            "period": "2026-02",
            "organisation": "990001",
            "cases_newly_refused": 1,
            "kopecks_newly_refused": 200050,
            "cases_newly_accepted": 0,
            "kopecks_newly_accepted": 0,
            "findings_appeared": 0,
            "findings_vanished": 0,
            "packages": 1,
        }
    ]
    assert figures.totals[["cases", "kopecks", "cases_newly_refused"]].to_numpy().tolist() == [[3, 360100, 1]]


def test_a_case_of_two_rules_counts_once_in_total_and_once_for_each_rule() -> None:
    rows = changed(changed(three(), "ZAP", 1, ISHOD="399"), "SL", 1, NHISTORY="")
    rows = changed(rows, "SL", 0, NHISTORY="")
    compared = replayed(off(OUTCOME, HISTORY), SHIPPED, rows)
    assert cases(compared.moved.refused) == [0, 1]
    assert {rule: cases(moved.refused) for rule, moved in compared.rules.items()} == {OUTCOME: [1], HISTORY: [0, 1]}
    back = replayed(SHIPPED, off(OUTCOME, HISTORY), rows)
    assert cases(back.moved.accepted) == [0, 1]
    assert {rule: cases(moved.accepted) for rule, moved in back.rules.items()} == {OUTCOME: [1], HISTORY: [0, 1]}


def test_a_case_that_another_rule_refuses_anyway_does_not_move() -> None:
    rows = changed(changed(three(), "ZAP", 1, ISHOD="399"), "SL", 1, NHISTORY="")
    compared = replayed(SHIPPED, off(OUTCOME), rows)
    assert cases(compared.moved.accepted) == []
    assert (compared.rules[OUTCOME].appeared, compared.rules[OUTCOME].vanished) == (0, 1)


def test_a_rule_that_replaces_another_at_the_same_place_moves_nothing() -> None:
    rows = changed(changed(three(), "ZAP", 1, ISHOD="399"), "SL", 1, NHISTORY="")
    compared = replayed(off(OUTCOME), off(HISTORY), rows)
    assert not compared.moved.refused.any()
    assert not compared.moved.accepted.any()
    assert compared.rules[OUTCOME].appeared == compared.rules[HISTORY].vanished == 1


def test_a_rule_made_a_warning_accepts_its_cases_and_goes_on_warning() -> None:
    after = switched(Switch(OUTCOME, severity="warning"))
    compared = replayed(SHIPPED, after, changed(changed(three(), "ZAP", 1, ISHOD="399"), "ZAP", 2, ISHOD="398"))
    assert cases(compared.moved.accepted) == [1, 2]
    rule = compared.rules[OUTCOME]
    assert cases(rule.accepted) == [1, 2]
    assert (rule.appeared, rule.vanished) == (2, 0)


def test_a_warning_switched_on_moves_nothing() -> None:
    compared = replayed(off(OUTCOME), switched(Switch(OUTCOME, severity="warning")), changed(three(), "ZAP", 1, ISHOD="399"))
    assert not compared.moved.refused.any()
    assert compared.rules[OUTCOME].appeared == 1


def test_a_warning_does_not_make_an_impossible_date_loadable() -> None:
    """The value itself refuses the case, whatever the rules say of it."""
    rows = changed(three(), "SL", 1, DATE_1="2026-02-30")
    named = set(replayed(RuleBook({}), SHIPPED, rows).rules)
    assert named
    for severity in ("warning", OFF):
        after = switched(*(Switch(rule, severity=severity) for rule in named))
        assert not replayed(SHIPPED, after, rows).moved.accepted.any()


def test_one_error_refuses_the_whole_package_where_that_is_the_policy() -> None:
    rows = changed(changed(three(), "ZAP", 1, ISHOD="399"), "SL", 0, NHISTORY="")
    compared = replayed(off(OUTCOME, HISTORY), SHIPPED, rows, policy="package")
    assert cases(compared.moved.refused) == [0, 1, 2]
    assert [cases(moved.refused) for moved in compared.rules.values()] == [[0, 1, 2], [0, 1, 2]]
    assert not replayed(SHIPPED, off(OUTCOME), rows, policy="package").moved.accepted.any(), "the other error is left"


def test_a_fatal_rule_refuses_every_case() -> None:
    after = switched(Switch(OUTCOME, severity="fatal"))
    compared = replayed(SHIPPED, after, changed(three(), "ZAP", 1, ISHOD="399"))
    assert cases(compared.moved.refused) == [0, 2], "the case at fault was refused before"
    assert cases(compared.rules[OUTCOME].refused) == [0, 2]


def test_an_error_of_a_person_moves_the_cases_of_that_person() -> None:
    rows = changed(three(), "ZAP", 2, ID_PAC="p-1")
    pers = changed(persons(), "PERS", 0, W="3")
    compared = replayed(off(SEX), SHIPPED, rows, pers)
    assert cases(compared.moved.refused) == [0, 2]
    assert cases(compared.rules[SEX].refused) == [0, 2]
    assert compared.rules[SEX].appeared == 0


def test_another_text_moves_nothing_but_is_told() -> None:
    after = switched(Switch(OUTCOME, text="Исход не из справочника"))
    assert between(SHIPPED.suites, after.suites).names == frozenset()
    assert not replayed(SHIPPED, after, changed(three(), "ZAP", 1, ISHOD="399")).rules
    told = rule_changes(SHIPPED.suites, after.suites, date(2026, 2, 1))
    assert [(change.rule, change.change, change.text) for change in told] == [
        (OUTCOME, Change.TEXT, "Исход не из справочника")
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (off(OUTCOME), SHIPPED, Change.ADDED),
        (SHIPPED, off(OUTCOME), Change.REMOVED),
        (SHIPPED, switched(Switch(OUTCOME, severity="warning")), Change.SEVERITY),
        (SHIPPED, switched(Switch(OUTCOME, severity=OFF, since=date(2027, 1, 1))), Change.LATER),
    ],
)
def test_changes_are_told_by_rule(before: RuleBook, after: RuleBook, expected: Change) -> None:
    told = rule_changes(before.suites, after.suites, date(2026, 3, 1))
    assert [(change.layout, change.rule, change.change) for change in told] == [("H", OUTCOME, expected)]


def test_a_change_to_come_is_seen_on_the_registers_that_are_there() -> None:
    after = switched(Switch(OUTCOME, severity=OFF, since=date(2027, 1, 1)))
    rows = changed(three(), "ZAP", 1, ISHOD="399")
    assert not replayed(SHIPPED, after, rows).moved.accepted.any(), "on the report month's own day nothing changes yet"
    assert cases(replayed(SHIPPED, after, rows, day=date(2027, 1, 1)).moved.accepted) == [1]


def test_a_change_that_begins_earlier_is_no_difference_later() -> None:
    """So that a new edition, which begins anew for every rule, is compared by what it judges."""
    begun = RuleBook(
        {
            name: tuple(
                replace(suite, checks=tuple(replace(check, since=max(check.since or ON, ON)) for check in suite.checks))
                for suite in of_name
            )
            for name, of_name in SHIPPED.suites.items()
        }
    )
    assert between(SHIPPED.suites, begun.suites).names == {"pump/H", "pump/L"}
    assert between(SHIPPED.suites, begun.suites, ON).names == frozenset()


def test_figures_add_up_and_survive_the_store() -> None:
    compared = replayed(off(OUTCOME), SHIPPED, changed(three(), "ZAP", 1, ISHOD="399"))
    places: list[Mapping[str, str]] = [
        {"kind": "PUMP_H", "period": period, "organisation": organisation}
        for period in ("2026-02", "2026-01")
        for organisation in ("990001", "990001", "990002")
    ]
    gone = missing(7, "HM1.zip", places[0], "файл удалён по сроку хранения")
    whole = joined([gone, *(of_package(place, compared) for place in places)])
    assert whole.totals[["period", "organisation", "packages", "kopecks_newly_refused"]].to_numpy().tolist() == [
        ["2026-01", "990001", 2, 400100],
        ["2026-01", "990002", 1, 200050],
        ["2026-02", "990001", 2, 400100],
        ["2026-02", "990002", 1, 200050],
    ]
    assert by(whole.by_rule, "rule")[["rule", "cases_newly_refused", "packages"]].to_numpy().tolist() == [[OUTCOME, 6, 6]]
    again = Impact.from_bytes(whole.to_bytes())
    for name in ("by_rule", "totals", "missing"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(whole, name))
    assert again.missing["package"].tolist() == [7]
    assert Impact.from_bytes(joined([]).to_bytes()).totals.empty
