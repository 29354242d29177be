"""Synthetic register of the insured, and requests of identification and attachment (PR) about its persons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.exchange.region import Region
from pipelines.formats.archive import write_archive
from pipelines.formats.dbf_writer import write_dbf
from pipelines.formats.layout import load
from pipelines.ground.identifiers import enp, snils
from pipelines.synthetic.scenery import Scenery

SNAPSHOT = date(2026, 1, 1)
"""Day of the register's snapshot: nobody in it is born later."""

Record = dict[str, str | None]
Person = Mapping[str, Any]


def generate_persons(region: Region, count: int = 2000, seed: int = 98) -> pa.Table:
    """Insured of the territory as rows of ``erz.person``; the same arguments give the same people.

    One in fifty has died, one in thirty is no longer insured, and one in a hundred has a namesake of the same day of birth.
    """
    rng = np.random.default_rng([seed, count])
    names: Mapping[str, Any] = Scenery(region, SNAPSHOT, SNAPSHOT).recipe["names"]
    insurers = [organisation.code for organisation in region.active(SNAPSHOT) if organisation.kind == "СМО"]
    people: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        sex = int(rng.integers(1, 3))
        born = SNAPSHOT - timedelta(int(rng.integers(30, 95 * 365)))
        surname = names["surnames"][rng.integers(len(names["surnames"]))][sex - 1]
        given = names["male" if sex == 1 else "female"]
        first = given[rng.integers(len(given))]
        patronymic = names["patronymics"][rng.integers(len(names["patronymics"]))][sex - 1]
        if people and rng.random() < 0.01:
            twin = people[-1]
            surname, first, patronymic, born, sex = (twin[name] for name in ("fam", "im", "ot", "dr", "w"))
            sex = int(sex)
        since = max(born + timedelta(20), SNAPSHOT - timedelta(int(rng.integers(100, 4000))))
        fate = rng.random()
        people.append(
            {
                "id": number,
                "enp": enp(region.code, born, sex, (number - 1) % 99_999 + 1),
                "fam": surname,
                "im": first,
                "ot": patronymic if rng.random() > 0.02 else None,
                "dr": born,
                "w": str(sex),
                "snils": snils(150_000_000 + number * 11),
                "smo": insurers[rng.integers(len(insurers))],
                "valid_from": min(since, SNAPSHOT),
                "valid_to": SNAPSHOT if 0.02 <= fate < 0.05 else None,
                "dead_on": SNAPSHOT if fate < 0.02 else None,
            }
        )
    return pa.Table.from_pylist(people)


def _constant(**values: str | None) -> Callable[[Record], Record]:
    return lambda record: record | values


def _wrong_digit(record: Record) -> Record:
    number = record["N_POL"] or ""
    return record | {"N_POL": f"{number[:-1]}{(int(number[-1]) + 1) % 10}", "TIP_D": "П"}


FAULTS: Mapping[str, tuple[str, Callable[[Record], Record]]] = {
    "no_surname": ("PR.017", _constant(FAM=None)),
    "wrong_sex": ("PR.031", _constant(W="3")),
    "wrong_method": ("PR.030", _constant(SPOS="7")),
    "february": ("VAL.010", _constant(DATE_IN="20260231")),
    "ends_before": ("PR.050", _constant(DATE_OUT="2001-01-01")),
    "birth": ("PR.060", _constant(DR="19850230")),
    "enp_digit": ("PR.061", _wrong_digit),
    "foreign_organisation": ("PR.064", _constant(LPU_ID="999999")),
}
"""Faults by name: the rule that must find them, and what they do to a record."""


def generate_identification(
    region: Region,
    organisation: str,
    day: date,
    records: int,
    seed: int,
    faults: Mapping[str, float] | None = None,
    *,
    persons: pa.Table | None = None,
    insurer: str | None = None,
    number: int = 0,
) -> tuple[str, bytes]:
    """Name and bytes of a PR package of an organisation, sent on ``day``; the same arguments give the same bytes.

    ``persons`` (default: ``generate_persons(region)``) are asked about, mostly those of ``insurer`` (default: the first of
    the territory), each at most once; one record in twenty asks about somebody unknown. ``faults`` names of ``FAULTS`` with
    the share of records; ``number`` > 0 is a further package of the month. Raises ``KeyError`` for an unknown fault.
    """
    rng = np.random.default_rng([seed, records, int(organisation)])
    known = (generate_persons(region) if persons is None else persons).to_pylist()
    active = [other.code for other in region.active(day) if other.kind == "СМО"]
    payer = insurer or active[0]
    own = [person for person in known if person["smo"] == payer]
    others = [person for person in known if person["smo"] != payer]
    rows = []
    for index, place in enumerate(rng.permutation(len(own))[:records].tolist()):
        person = others[rng.integers(len(others))] if others and rng.random() < 0.05 else own[place]
        rows.append(_record(rng, person, organisation, payer, day, index + 1))
    for name, share in (faults or {}).items():
        spoil = FAULTS[name][1]
        for place in rng.permutation(len(rows))[: round(share * len(rows))].tolist():
            rows[place] = spoil(rows[place])
    layout = load("PR")
    schema = pa.schema([(element.column, pa.string()) for element in layout.tables["REC"].columns])
    content = write_dbf(pa.Table.from_pylist(rows, schema), layout, dated=day)
    stem = f"PR{organisation}{payer[-2:]}"
    period = f"{day:%m}{day.year % 10}"
    serial = f"_{number}" if number else ""
    return f"{stem}_{period}{serial}.zip", write_archive({f"{stem}.{period}": content})


def _record(rng: np.random.Generator, person: Person, organisation: str, payer: str, day: date, number: int) -> Record:
    """One record: names in capitals as organisations write them, one in ten under a temporary certificate."""
    temporary = rng.random() < 0.1
    unknown = rng.random() < 0.05
    earliest = max(person["dr"], day - timedelta(1500))
    since = earliest + timedelta(int(rng.integers(max(1, (day - earliest).days))))
    surname = str(person["fam"]).upper().replace("Ё", "Е")
    return {
        "RECID": f"{number:06d}",
        "LPU_ID": organisation,
        "DATE_IN": since.isoformat(),
        "SPOS": str(rng.integers(1, 3)),
        "N_POL": f"{rng.integers(10**8, 10**9)}" if temporary or unknown else person["enp"],
        "TIP_D": "В" if temporary or unknown else "П",
        "Q": payer[-2:],
        "FAM": f"{surname}-НЕИЗВЕСТНЫЙ"[:25] if unknown else surname,
        "IM": str(person["im"]).upper(),
        "OT": str(person["ot"]).upper() if person["ot"] else None,
        "DR": f"{person['dr']:%Y%m%d}",
        "W": person["w"],
        "RESERV": f"карта {number}",
    }
