"""Books of rules: merging by dates, enabling from a day, switches of the region."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import nsi
from pipelines.checks import rulebook
from pipelines.checks.rulebook import (
    OFF,
    RuleBook,
    Switch,
    apply,
    book_of,
    from_day,
    in_force,
    merge,
    over,
    shipped,
    switches,
    without,
)
from pipelines.checks.suites import Check, Suite
from pipelines.ground.database import transaction
from pipelines.ground.settings import ROOT
from pipelines.nsi.dictionaries import read_csv

D = date(2026, 2, 1)
BEFORE = D - timedelta(days=1)


def check(
    rule: str = "1", source: str = "старая", since: date | None = None, until: date | None = None, text: str = ""
) -> Check:
    return Check("expect_element_present", ("A",), {}, rule, "A", "error", text or source, "", source, "", since, until)


def book(*checks: Check, layout: str = "H", table: str = "ZAP", ends: dict[str, date | None] | None = None) -> RuleBook:
    suites = [Suite(f"pump_{layout}_{table}", layout, table, checks)] if checks else []
    return book_of("pump", suites, {(layout, rule): day for rule, day in (ends or {}).items()})


def held(of: RuleBook, day: date, rule: str = "1") -> list[tuple[str, str]]:
    """Messages and severities of a rule on a day, over all suites."""
    return [(c.text, c.severity) for _, suite in of.every() for c in suite.checks if c.rule == rule and c.valid_on(day)]


def texts(of: RuleBook, day: date, rule: str = "1") -> list[str]:
    return [text for text, _ in held(of, day, rule)]


def test_the_newer_record_holds_from_its_first_day_and_the_older_until_the_day_before() -> None:
    merged = merge(book(check()), book(check(source="новая", since=D)))
    assert texts(merged, BEFORE) == ["старая"]
    assert texts(merged, D) == ["новая"]


def test_a_newer_record_without_first_day_replaces_the_older() -> None:
    merged = merge(book(check(since=BEFORE)), book(check(source="новая")))
    assert texts(merged, date(2000, 1, 1)) == texts(merged, D) == ["новая"]


def test_an_older_record_that_begins_with_the_newer_or_later_is_gone() -> None:
    for since in (D, D + timedelta(days=30)):
        merged = merge(book(check(since=since)), book(check(source="новая", since=D)))
        assert [c.source for _, suite in merged.every() for c in suite.checks] == ["новая"]


def test_a_newer_record_with_last_day_closes_the_rule() -> None:
    merged = merge(book(check()), book(check(source="новая", since=D, until=D)))
    assert texts(merged, D) == ["новая"]
    assert texts(merged, D + timedelta(days=1)) == []


def test_an_older_record_that_ended_before_keeps_its_end() -> None:
    merged = merge(book(check(until=date(2020, 1, 1))), book(check(source="новая", since=D)))
    assert texts(merged, date(2020, 1, 2)) == []


def test_rules_meet_within_a_layout_whatever_their_table() -> None:
    older = merge(book(check()), book(check(), layout="C"))
    merged = merge(older, book(check(source="новая", since=D), table="SL"))
    assert [(suite.layout, suite.table) for _, suite in merged.every()] == [("H", "ZAP"), ("H", "SL"), ("C", "ZAP")]
    assert sorted(texts(merged, D)) == ["новая", "старая"]  # the rule of C stays as it was
    assert set(merged.suites) == {"pump/H", "pump/C"}


def test_a_record_that_is_not_executed_ends_the_older_check() -> None:
    merged = merge(book(check(), check("2")), book(ends={"1": D}))
    assert texts(merged, BEFORE) == ["старая"]
    assert texts(merged, D) == []
    assert texts(merged, D, "2") == ["старая"]
    assert merged.ends == {("H", "1"): D}


def test_a_third_edition_may_execute_what_the_second_did_not() -> None:
    later = D + timedelta(days=10)
    merged = merge(merge(book(check()), book(ends={"1": D})), book(check(source="третья", since=later)))
    assert texts(merged, D) == []
    assert texts(merged, later) == ["третья"]
    assert merged.ends == {}


def test_an_edition_enabled_from_a_day_says_nothing_before() -> None:
    edition = book(
        check(source="новая", since=date(2019, 11, 1)),
        check("2", "новая", since=date(2019, 11, 1), until=date(2025, 12, 31)),
        check("3", "новая", since=date(2026, 7, 1)),
    )
    merged = merge(book(check(), check("2"), check("3")), from_day(edition, D))
    assert texts(merged, BEFORE) == ["старая"]
    assert texts(merged, D) == ["новая"]
    assert texts(merged, BEFORE, "2") == ["старая"]
    assert texts(merged, D, "2") == []  # the edition closed it before the day of enabling
    assert texts(merged, date(2026, 6, 30), "3") == ["старая"]
    assert texts(merged, date(2026, 7, 1), "3") == ["новая"]


def test_rules_taken_out_end_the_day_before() -> None:
    less = without(book(check(), check("2")), [("H", "1")], D)
    assert texts(less, BEFORE) == ["старая"]
    assert texts(less, D) == []
    assert texts(less, D, "2") == ["старая"]


def test_a_switch_changes_the_severity_within_its_period_only() -> None:
    switched = apply(book(check()), [Switch("1", "H", "warning", "мягче", D, D + timedelta(days=9))])
    assert held(switched, BEFORE) == [("старая", "error")]
    assert held(switched, D) == held(switched, D + timedelta(days=9)) == [("мягче", "warning")]
    assert held(switched, D + timedelta(days=10)) == [("старая", "error")]


def test_a_switch_without_severity_replaces_the_text_only() -> None:
    assert held(apply(book(check()), [Switch("1", text="понятнее")]), D) == [("понятнее", "error")]


def test_a_rule_switched_off_is_judged_before_and_after() -> None:
    switched = apply(book(check()), [Switch("1", severity=OFF, since=D, until=D)])
    assert held(switched, D) == []
    assert len(held(switched, BEFORE)) == len(held(switched, D + timedelta(days=1))) == 1


def test_a_switch_of_one_kind_leaves_the_others() -> None:
    both = merge(book(check()), book(check(), layout="C"))
    assert sorted(held(apply(both, [Switch("1", "C", "warning")]), D)) == [("старая", "error"), ("старая", "warning")]


def test_of_two_switches_on_a_day_the_later_wins() -> None:
    switched = apply(book(check()), [Switch("1", severity="warning"), Switch("1", severity="fatal", since=D)])
    assert held(switched, BEFORE) == [("старая", "warning")]
    assert held(switched, D) == [("старая", "fatal")]


def test_a_switch_does_not_prolong_a_rule() -> None:
    switched = apply(book(check(since=D, until=D)), [Switch("1", severity="warning")])
    assert held(switched, D) == [("старая", "warning")]
    assert held(switched, BEFORE) == held(switched, D + timedelta(days=1)) == []


_DAYS = st.none() | st.integers(-20, 20).map(lambda days: D + timedelta(days=days))
_SWITCHES = st.builds(
    Switch, rule=st.just("1"), severity=st.sampled_from(["", "warning", "fatal", OFF]), since=_DAYS, until=_DAYS
)
_CHECKS = st.builds(check, since=_DAYS, until=_DAYS)


@given(_CHECKS, st.lists(_SWITCHES, max_size=4))
def test_every_day_has_the_severity_of_the_last_switch_that_names_it(one: Check, switches: list[Switch]) -> None:
    switched = apply(book(one), switches)
    for offset in range(-22, 23):
        day = D + timedelta(days=offset)
        expected = ["error"] if one.valid_on(day) else []
        for switch in switches:
            if (switch.since or date.min) <= day <= (switch.until or date.max) and expected:
                expected = [] if switch.severity == OFF else [switch.severity or expected[0]]
        assert [severity for _, severity in held(switched, day)] == expected


@given(_CHECKS, _CHECKS.map(lambda c: check(source="новая", since=c.since, until=c.until)))
def test_every_day_has_one_record_at_most_and_the_newer_from_its_first_day(old: Check, new: Check) -> None:
    merged = merge(book(old), book(new))
    for offset in range(-22, 23):
        day = D + timedelta(days=offset)
        expected = new if day >= (new.since or date.min) else old
        assert texts(merged, day) == ([expected.source] if expected.valid_on(day) else [])


def test_the_shipped_book_holds_every_suite_and_names_its_editions() -> None:
    assert {"pump/H", "pump/L", "erz/PR"} <= set(shipped().suites)
    assert any(name.startswith("Q015, редакция ") for name in shipped().editions)


def test_rules_of_a_dictionary_that_its_new_edition_lacks_end_with_it_and_others_stay() -> None:
    old = book(check(source="Q015, редакция 1"), check("2", "Q015, редакция 1"), check("3", "Q022, редакция 1"))
    merged = over(old, book(check(source="Q015, редакция 2")), "Q015", D)
    assert texts(merged, D) == ["Q015, редакция 2"]
    assert (texts(merged, BEFORE, "2"), texts(merged, D, "2")) == (["Q015, редакция 1"], [])
    assert texts(merged, D, "3") == ["Q022, редакция 1"]


def test_a_book_written_and_read_is_the_same() -> None:
    one = book(check(since=D), ends={"2": D, "3": None})
    assert rulebook.from_json(rulebook.to_json(one)) == one


def test_without_editions_and_policy_the_shipped_book_is_in_force(database: str) -> None:
    with transaction(database) as connection:
        assert in_force(connection) == shipped()
        assert in_force(connection) is in_force(connection)


def test_the_policy_is_read_from_its_last_edition(database: str) -> None:
    row = {"RULE": "1", "KIND": "H", "SEVERITY": "off", "TEXT": "", "DATEBEG": "2026-02-01", "DATEEND": ""}
    with transaction(database) as connection:
        nsi.store_edition(connection, rulebook.POLICY, [row | {"SEVERITY": "warning"}])
        nsi.store_edition(connection, rulebook.POLICY, [row])
        assert switches(connection) == (Switch("1", "H", OFF, "", D, None),)


def test_a_policy_with_an_unknown_severity_is_a_fault_of_ours(database: str) -> None:
    with transaction(database) as connection:
        nsi.store_edition(connection, rulebook.POLICY, [{"RULE": "1", "SEVERITY": "мягко"}])
        with pytest.raises(ValueError, match="степень мягко, ожидается fatal, error, warning, off"):
            in_force(connection)


def test_switches_of_the_demo_name_rules_that_there_are(database: str) -> None:
    policy = read_csv(ROOT / "include" / "region" / "demo" / "nsi" / "T_RULES.csv").to_pylist()
    with transaction(database) as connection:
        nsi.store_edition(connection, rulebook.POLICY, policy)
        demo, named = in_force(connection), switches(connection)
    assert len(named) == len(policy) == 3
    for switch in named:
        assert any(held(shipped(), date(2020, 6, 1), switch.rule)), switch.rule
        day = switch.until or date(2026, 8, 1)
        assert held(demo, day, switch.rule) != held(shipped(), day, switch.rule), switch.rule


def test_every_look_up_of_the_shipped_rules_is_known_with_its_field() -> None:
    needed = shipped().look_ups(shipped().suites)
    assert "001F.00.0160" in needed["V006", "IDUMP"]
    assert needed["F011", "DocSer"]  # the mask of a document's series
    assert {"DS_St", "ID_St"} <= {field for dictionary, field in needed if dictionary == "N002"}
    assert {"ICD10", "TNM_8", "ICDOTopography"} <= {field for dictionary, field in needed if dictionary == "M002"}
