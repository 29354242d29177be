"""Synthetic people: invented names, valid ЕНП and СНИЛС, policies, documents. One row of ``People`` is one PERS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.formats.layout import Layout
from pipelines.ground.identifiers import enp, snils
from pipelines.synthetic import columns as col
from pipelines.synthetic.columns import Bools, Days, Ints
from pipelines.synthetic.scenery import Scenery

NEWBORN = "newborn"
YEAR = 365


@dataclass(frozen=True)
class People:
    """Persons as arrays of one length: ``sex`` 1/2, ``born`` datetime64[D], ``newborn`` a child under its parent's policy.

    ``lacks`` is the DOST code of the part that the document lacks (0 nothing, 1 patronymic, 2 surname, 3 name); for a
    newborn it is the representative's. ``policy`` VPOLIS, ``insurer`` row of ``insurers`` (F002), -1 for one unknown.
    ``number`` is the ordinal of the child at birth, 0 for those that are no newborns.
    """

    sex: Ints
    born: Days
    newborn: Bools
    parent_sex: Ints
    parent_born: Days
    lacks: Ints
    policy: Ints
    policy_number: pa.Array
    insurer: Ints
    number: Ints

    def __len__(self) -> int:
        return len(self.sex)

    @property
    def novor(self) -> pa.Array:
        """NOVOR: ПДДММГГН of a newborn, 0 of the others."""
        stamp = pa.array(self.born.astype("datetime64[D]"))
        text = col.join(
            col.integers(self.sex), pa.compute.strftime(stamp.cast(pa.timestamp("s")), "%d%m%y"), col.integers(self.number)
        )
        return pa.compute.if_else(pa.array(self.newborn), text, "0")


def assign(rng: np.random.Generator, band: Ints, newborn: int, share: float) -> Ints:
    """Person of every case, 0 … n-1 in the order of first appearance; persons repeat within a band, newborns never do.

    ``band`` is the band of every case, ``newborn`` the number of the newborns' band, ``share`` persons per case.
    """
    person = np.zeros(len(band), np.int64)
    taken = 0
    for number in np.unique(band):
        rows = np.flatnonzero(band == number)
        count = len(rows) if number == newborn else max(1, int(len(rows) * share))
        chosen = np.concatenate([np.arange(count), rng.integers(count, size=len(rows) - count)])
        rng.shuffle(chosen)
        person[rows] = taken + chosen
        taken += count
    return ranked(person)


def apart(person: Ints, begin: Days, end: Days) -> Ints:
    """Persons such that nobody is treated twice at a time; a case that begins inside another gets a person of its own.

    One common day is allowed, as it is for a transfer.
    """
    order = np.lexsort((end, begin, person))
    first, last = (days[order].astype("datetime64[D]").astype(np.int64) for days in (begin, end))
    who = person[order]
    width = int(last.max(initial=0)) + 1
    reach = np.maximum.accumulate(who * width + last)
    inside = np.zeros(len(person), bool)
    inside[1:] = who[1:] * width + first[1:] < reach[:-1]
    result = person.copy()
    result[order[inside]] = person.max(initial=-1) + 1 + np.arange(inside.sum())
    return ranked(result)


def ranked(person: Ints) -> Ints:
    """The same persons numbered in the order of first appearance."""
    _, first, inverse = np.unique(person, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def draw(
    rng: np.random.Generator, scenery: Scenery, payer: str, band: Ints, bands: tuple[str, ...], admitted: Days
) -> People:
    """People of the given bands (index into ``bands``); ``admitted`` is the first day on which each of them is treated.

    Insured with ``payer``; with the fund itself (its two-digit code) they are insured in other territories.
    """
    recipe = scenery.recipe
    rates: Mapping[str, float] = recipe["rates"]
    count = len(band)
    newborn = np.array([name == NEWBORN for name in bands])[band]
    low = np.array([recipe["bands"][name]["ages"][0] for name in bands])[band]
    high = np.array([recipe["bands"][name]["ages"][1] for name in bands])[band]
    fixed = np.array([recipe["bands"][name].get("sex", 0) for name in bands])[band]
    sex = np.where(fixed > 0, fixed, rng.integers(1, 3, count))
    # A margin of 60 days keeps the age inside its band from the first to the last case of the window.
    age = rng.integers(low * (YEAR + 1) + 60, np.maximum(high * YEAR + 200, low * (YEAR + 1) + 61))
    born = admitted - np.where(newborn, rng.integers(0, 4, count), age)
    parent_born = born - rng.integers(19 * (YEAR + 1), 40 * YEAR, count)
    roll = rng.random(count)
    lacks = np.where(roll < rates["no_patronymic"], 1, np.where(roll < rates["no_patronymic"] + rates["no_name"], 2, 0))
    lacks = np.where((lacks == 2) & (rng.random(count) < 0.5), 3, lacks)
    roll = rng.random(count)
    old, temporary = rates["old_policy"], rates["temporary_policy"]
    policy = np.where(roll < old, 1, np.where(roll < old + temporary, 2, 3))
    foreign = payer == scenery.region.code
    insurers = [row["smocod"] for row in scenery.open("F002")]
    if foreign:
        others = np.array([i for i, row in enumerate(scenery.open("F002")) if row["tf_okato"] != scenery.region.okato])
        insurer = np.where(
            rng.random(count) < rates["foreign_without_insurer"], -1, others[rng.integers(len(others), size=count)]
        )
    else:
        insurer = np.full(count, insurers.index(payer))
    holder_sex = np.where(newborn, 2, sex)
    holder_born = np.where(newborn, parent_born, born)
    return People(
        sex=sex,
        born=born,
        newborn=newborn,
        parent_sex=np.full(count, 2),
        parent_born=parent_born,
        lacks=lacks,
        policy=policy,
        policy_number=_policy_numbers(rng, scenery, policy, holder_sex, holder_born, foreign),
        insurer=insurer,
        number=np.where(newborn, np.where(rng.random(count) < rates["twin"], 2, 1), 0),
    )


def _policy_numbers(
    rng: np.random.Generator, scenery: Scenery, policy: Ints, sex: Ints, born: Days, foreign: bool
) -> pa.Array:
    territories = [row["KOD_TF"] for row in scenery.open("F010") if (row["KOD_TF"] != scenery.region.code) == foreign]
    count = len(policy)
    start = int(rng.integers(1, 99_999))
    step = 7_919  # coprime to 99 999: no number repeats among as many people
    numbers = (start + np.arange(count) * step) % 99_999 + 1
    place = rng.integers(len(territories), size=count)
    dates = born.astype("datetime64[D]").tolist()
    plain = rng.integers(100_000_000, 1_000_000_000, count)
    return pa.array(
        [
            enp(territories[place[row]], dates[row], int(sex[row]), int(numbers[row]))
            if policy[row] == 3
            else str(plain[row])
            for row in range(count)
        ],
        pa.string(),
    )


def tables(
    rng: np.random.Generator, scenery: Scenery, layout: Layout, people: People, prefix: str, documents: bool
) -> dict[str, pa.Table]:
    """Tables PERS, DOST, DOST_P of the persons file; ``prefix`` begins every ID_PAC.

    ``documents`` says whether the version of the file has DOCDATE and DOCORG (3.2 on).
    """
    names: Mapping[str, Any] = scenery.recipe["names"]
    rates: Mapping[str, float] = scenery.recipe["rates"]
    count = len(people)
    newborn = people.newborn
    holder_sex = np.where(newborn, people.parent_sex, people.sex)
    holder_born = np.where(newborn, people.parent_born, people.born)
    surname = _gendered(names["surnames"], rng, holder_sex)
    patronymic = _gendered(names["patronymics"], rng, holder_sex)
    both = list(names["male"]) + list(names["female"])
    first = col.pick(
        both,
        np.where(holder_sex == 1, rng.integers(len(names["male"]), size=count), 0)
        + np.where(holder_sex == 2, len(names["male"]) + rng.integers(len(names["female"]), size=count), 0),
    )
    shown = (people.policy != 3) | (rng.random(count) < rates["document"])
    adult = (people.born.max() - holder_born).astype(np.int64) > 14 * (YEAR + 1)
    okato = [row["TER"] + row["KOD1"] + row["KOD2"] + row["KOD3"] for row in scenery.open("O002") if row["KOD1"] != "000"]
    home = rng.integers(len(okato), size=count)
    issued = np.minimum(
        holder_born + np.where(adult, 14 * YEAR + 90, 30) + rng.integers(0, 60, count), np.datetime64(scenery.first, "D")
    )
    series = pa.compute.if_else(
        pa.array(adult),
        col.join(col.integers(rng.integers(60, 99, count)), " ", col.integers(rng.integers(10, 26, count))),
        col.join(col.pick(["I", "II", "III"], rng.integers(3, size=count)), "-ЗР"),
    )
    columns = {
        "ID_PAC": col.join(prefix, col.integers(np.arange(1, count + 1), 6)),
        "FAM": col.blank(surname, ~newborn & (people.lacks != 2)),
        "IM": col.blank(first, ~newborn & (people.lacks != 3)),
        "OT": col.blank(patronymic, ~newborn & (people.lacks != 1)),
        "W": col.integers(people.sex),
        "DR": col.days(people.born),
        "FAM_P": col.blank(surname, newborn & (people.lacks != 2)),
        "IM_P": col.blank(first, newborn & (people.lacks != 3)),
        "OT_P": col.blank(patronymic, newborn & (people.lacks != 1)),
        "W_P": col.integers(people.parent_sex, where=newborn),
        "DR_P": col.days(people.parent_born, newborn),
        "MR": col.pick(names["birthplaces"], rng.integers(len(names["birthplaces"]), size=count)),
        "DOCTYPE": col.blank(pa.compute.if_else(pa.array(adult), "14", "3"), shown),
        "DOCSER": col.blank(series, shown),
        "DOCNUM": col.integers(rng.integers(100_000, 1_000_000, count), where=shown),
        "DOCDATE": col.days(issued, shown & documents),
        "DOCORG": col.same(names["authority"], count, shown & documents),
        "SNILS": col.blank(_snils(rng, count), rng.random(count) < rates["snils"]),
        "OKATOG": col.pick(okato, home),
        "OKATOP": col.pick(okato, home, rng.random(count) < 0.5),
    }
    result = {"PERS": col.table(layout, "PERS", columns, count)}
    for name, rows in (("DOST", ~newborn), ("DOST_P", newborn)):
        parent = np.flatnonzero(rows & (people.lacks > 0))
        result[name] = col.table(layout, name, {name: col.integers(people.lacks[parent])}, len(parent), parent)
    return result


def _gendered(pairs: list[list[str]], rng: np.random.Generator, sex: Ints) -> pa.Array:
    flat = [form for pair in pairs for form in pair]
    return col.pick(flat, rng.integers(len(pairs), size=len(sex)) * 2 + sex - 1)


def _snils(rng: np.random.Generator, count: int) -> pa.Array:
    start = int(rng.integers(150_000_000, 900_000_000))
    return pa.array([snils(start + row * 11) for row in range(count)], pa.string())
