"""What a region decides about МЭК: the section ``mek`` of its ``month.yaml``, where every choice is explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pipelines.pump.terms import section


@dataclass(frozen=True)
class Duplicate:
    """Rows with equal ``key`` are one and the same; ``unless`` and ``within`` are conditions (see ``conditions``)."""

    rule: str
    level: Literal["case", "visit"]
    key: Sequence[str]
    scope: Literal["both", "month", "history"]
    within: Mapping[str, Any]
    unless: Sequence[Mapping[str, Any]]
    title: str


@dataclass(frozen=True)
class Crossing:
    """Two kinds of care that exclude each other: a ``stay`` (interval) and what falls inside it.

    ``with_``: None – stays among themselves. ``touch``: ``interval`` – interiors overlap, ``ends`` – the first or last day
    lies strictly inside. ``loser``: the later presented or the inner one. ``policy``: refuse, or flag for МЭЭ.
    """

    rule: str
    osn: str
    stay: Mapping[str, Any]
    with_: Mapping[str, Any] | None
    touch: Literal["interval", "ends"]
    loser: Literal["later", "inner"]
    policy: Literal["refuse", "flag"]
    paid: Literal["refuse", "flag"]
    elsewhere: Mapping[str, Any] | None
    unless: Sequence[Mapping[str, Any]]
    title: str


@dataclass(frozen=True)
class MekTerms:
    """The section as values; months and years are whole numbers, codes are text."""

    registry: tuple[str, str]
    late_months: int
    history_months: int
    insured_on: Literal["DATE_Z_1", "DATE_Z_2"]
    payer_on: Literal["DATE_Z_1", "DATE_Z_2"]
    after_death: str
    not_found: str
    findings: Mapping[str, str]
    findings_default: str
    differs: Literal["full", "difference"]
    keep: Literal["first", "last"]
    paid_needs_money: bool
    duplicates: Sequence[Duplicate]
    once_a_year: Sequence[tuple[str, ...]]
    second_stage: Mapping[str, Sequence[str]]
    second_stage_base: str
    examined_at_home: Sequence[str]
    examined_base: str
    crossings: Sequence[Crossing]
    per_capita: frozenset[str]
    separate: Mapping[str, Any]
    licensed_unless: Sequence[Mapping[str, Any]]
    unlimited: Sequence[Mapping[str, Any]]
    without_plan: Literal["refuse", "pay"]
    back_fill: bool


@lru_cache(maxsize=32)
def load_terms(folder: Path) -> MekTerms:
    """Terms of a profile; raises ``KeyError`` for a choice that is not made."""
    data = section("mek", folder)
    return MekTerms(
        registry=(data["registry"]["dictionary"], data["registry"]["field"]),
        late_months=data["late_months"],
        history_months=data["history_months"],
        insured_on=data["identification"]["insured_on"],
        payer_on=data["identification"]["payer_on"],
        after_death=data["after_death"],
        not_found=data["not_found"],
        findings=data["findings"]["by_rule"],
        findings_default=data["findings"]["default"],
        differs=data["tariff_differs"],
        keep=data["duplicates"]["keep"],
        paid_needs_money=data["duplicates"]["paid_needs_money"],
        duplicates=[_duplicate(item) for item in data["duplicates"]["rules"]],
        once_a_year=[tuple(group.split()) for group in data["once_a_year"]],
        second_stage=data["examinations"]["second_stage"],
        second_stage_base=data["examinations"]["second_stage_base"],
        examined_at_home=data["examinations"]["at_home"],
        examined_base=data["examinations"]["at_home_base"],
        crossings=[_crossing(item) for item in data["crossings"]],
        per_capita=frozenset(data["per_capita"].split()),
        separate=data["separate"],
        licensed_unless=data["licences"]["unless"],
        unlimited=data["volumes"]["unlimited"],
        without_plan=data["volumes"]["without_plan"],
        back_fill=data["volumes"]["back_fill"],
    )


def _duplicate(item: Mapping[str, Any]) -> Duplicate:
    return Duplicate(
        rule=item["rule"],
        level=item["level"],
        key=item["key"].split(),
        scope=item.get("scope", "both"),
        within=item.get("within", {}),
        unless=item.get("unless", ()),
        title=item["title"],
    )


def _crossing(item: Mapping[str, Any]) -> Crossing:
    return Crossing(
        rule=item["rule"],
        osn=item["osn"],
        stay=item["stay"],
        with_=item.get("with"),
        touch=item.get("touch", "interval"),
        loser=item.get("loser", "later"),
        policy=item.get("policy", "refuse"),
        paid=item.get("paid", item.get("policy", "refuse")),
        elsewhere=item.get("elsewhere"),
        unless=item.get("unless", ()),
        title=item["title"],
    )
