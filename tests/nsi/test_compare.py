"""Editions compared, keys found, periods judged."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.nsi.compare import (
    CHANGED,
    CLOSED,
    GAP,
    GONE,
    NEW,
    OVERLAPPING,
    REVERSED,
    UNDATED,
    Change,
    compare,
    key_fields,
    period_faults,
)


def row(key: str, name: str = "а", begin: str = "2020-01-01", end: str = "") -> dict[str, str]:
    return {"K": key, "NAME": name, "DATEBEG": begin, "DATEEND": end}


def told(older: list[dict[str, str]], newer: list[dict[str, str]]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.key[0], one.kind, tuple(name for name, _, _ in one.fields)) for one in compare(older, newer, ("K",))]


def test_what_differs_is_told_by_kind_and_field() -> None:
    older = [row("1"), row("2"), row("3"), row("4")]
    newer = [row("1"), row("2", "б"), row("3", end="2025-12-31"), row("5")]
    assert [(key, kind) for key, kind, _ in told(older, newer)] == [("2", CHANGED), ("3", CLOSED), ("4", GONE), ("5", NEW)]
    assert compare(older, newer, ("K",))[0] == Change(("2",), CHANGED, (("NAME", "а", "б"),))


def test_periods_of_one_key_are_matched_by_their_first_day() -> None:
    older = [row("1", "а")]
    newer = [row("1", "а", end="2025-12-31"), row("1", "б", "2026-01-01")]
    assert [(key, kind) for key, kind, _ in told(older, newer)] == [("1", CLOSED), ("1", NEW)]


def test_one_record_that_begins_on_another_day_is_changed() -> None:
    assert told([row("1")], [row("1", begin="2020-02-01")]) == [("1", CHANGED, ("DATEBEG",))]


def test_fields_of_one_edition_only_do_not_make_changes() -> None:
    assert compare([row("1")], [row("1") | {"MORE": "x"}], ("K",)) == []


def test_the_key_is_the_fewest_first_fields_that_tell_records_apart() -> None:
    assert key_fields([row("1"), row("1", begin="2021-01-01"), row("2")]) == ("K",)
    assert key_fields([row("1", "а"), row("1", "б")]) == ("K", "NAME")
    assert key_fields([row("1"), row("1")]) == ("K", "NAME")
    assert key_fields([]) == ()


def test_faults_of_periods() -> None:
    rows = [
        row("1", end="2020-12-31"),
        row("1", begin="2021-01-01"),
        row("2", end="2021-01-01"),
        row("2", begin="2021-01-01"),
        row("3", begin=""),
        row("4", end="2019-12-31"),
    ]
    assert [(fault.row, fault.kind) for fault in period_faults(rows, ("K",))] == [
        (4, UNDATED),
        (5, REVERSED),
        (3, OVERLAPPING),
    ]


def test_a_gap_is_found_behind_the_longest_period_before_it() -> None:
    rows = [
        row("1", end="2020-12-31"),
        row("1", begin="2021-01-02", end="2021-12-31"),
        row("2", end="2021-12-31"),
        row("2", begin="2020-02-01", end="2020-02-29"),
        row("2", begin="2022-01-01"),
        row("3", end="2019-12-31"),
        row("3", begin="2023-01-01"),
    ]
    faults = {(fault.row, fault.kind) for fault in period_faults(rows, ("K",))}
    assert faults == {(1, GAP), (3, OVERLAPPING), (5, REVERSED)}


def test_fields_of_order_do_not_make_a_change() -> None:
    older, newer = [{"K": "1", "ROW": "1"}], [{"K": "1", "ROW": "7"}]
    assert compare(older, newer, ("K",), ("ROW",)) == []
    assert [change.kind for change in compare(older, newer, ("K",))] == ["changed"]


_ROWS = st.dictionaries(st.sampled_from("123456"), st.sampled_from("абв")).map(
    lambda names: [row(key, name) for key, name in names.items()]
)


@given(_ROWS, _ROWS)
def test_changes_lead_from_one_edition_to_the_other(older: list[dict[str, str]], newer: list[dict[str, str]]) -> None:
    names = {one["K"]: one["NAME"] for one in older}
    for change in compare(older, newer, ("K",)):
        fields = {name: now for name, _, now in change.fields}
        if change.kind == GONE:
            del names[change.key[0]]
        else:
            names[change.key[0]] = fields["NAME"]
    assert names == {one["K"]: one["NAME"] for one in newer}
    assert compare(older, older, ("K",)) == []
