"""Synthetic registers: files H and L of Д.1/Д.5 as tables, with the faults planted in them.

Another kind of package gets its own generator in ``KINDS``; here is the register H with its persons file L.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from datetime import date, timedelta

import numpy as np

from pipelines.exchange.region import Region
from pipelines.formats import layout as layouts
from pipelines.synthetic import cases as cs
from pipelines.synthetic import columns as col
from pipelines.synthetic import people as pp
from pipelines.synthetic.faults import plant
from pipelines.synthetic.model import Register, RegisterFile
from pipelines.synthetic.register_h import Writer
from pipelines.synthetic.scenery import Scenery

VERSIONS = {"H": "3.1", "L": "3.2"}
"""Versions of the exchange that the default period asks for."""
PERSONS_VERSION_SINCE = date(2019, 11, 1)
"""From this period on the persons file is of version 3.2 (Q015, 002F.00.0050)."""


def name_reestr(prefix: str, region: Region, organisation: str, payer: str, period: date, number: int) -> str:
    """Name of a file of a register: prefix + M code + S insurer or T fund + _ГГММ + number of the package."""
    receiver = "T" if payer == region.code else "S"
    return f"{prefix}M{organisation}{receiver}{payer}_{period:%y%m}{number}"


def generate_register(
    region: Region,
    organisation_code: str,
    payer_code: str,
    period: date,
    cases: int,
    seed: int,
    faults: Mapping[str, float] | None = None,
    *,
    kind: str = "H",
    number: int = 1,
    versions: Mapping[str, str] | None = None,
) -> Register:
    """A register of ``cases`` completed cases of the period's month; the same arguments give the same register.

    ``payer_code`` is an insurer (5 digits), or the region's own code for people insured elsewhere. ``faults`` names of
    ``pipelines.synthetic.faults.FAULTS`` with the share of records. Raises ``KeyError`` for an unknown kind or fault and
    ``ValueError`` for an organisation that cannot treat anybody in that period.
    """
    return KINDS[kind](
        region, organisation_code, payer_code, period.replace(day=1), cases, seed, faults or {}, number, versions
    )


def _register_h(
    region: Region,
    organisation: str,
    payer: str,
    period: date,
    count: int,
    seed: int,
    faults: Mapping[str, float],
    number: int,
    versions: Mapping[str, str] | None,
) -> Register:
    stem = name_reestr("H", region, organisation, payer, period, number)
    salt = zlib.crc32(stem.encode())
    rng = np.random.default_rng([seed, salt])
    last = (period + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    # A stay that ends in the month before may have begun a month earlier still.
    scenery = Scenery(region, (period - timedelta(days=1)).replace(day=1), last)
    departments = scenery.departments(organisation)
    templates = scenery.templates(departments)
    if not templates:
        raise ValueError(f"{organisation} treats nobody in {period:%Y-%m}")
    versions = dict(VERSIONS, **({"L": "3.1"} if period < PERSONS_VERSION_SINCE else {}), **(versions or {}))
    cases = cs.draw_cases(rng, scenery, templates, count)
    bands = tuple(scenery.recipe["bands"])
    band = np.array([bands.index(template.band) for template in templates])[cases.template]
    person = pp.assign(rng, band, bands.index(pp.NEWBORN), scenery.recipe["persons_per_case"])
    persons = int(person.max()) + 1 if count else 0
    admitted = np.full(persons, np.datetime64("9999-12-31", "D"))
    np.minimum.at(admitted, person, cases.begin)
    band_of = np.zeros(persons, np.int64)
    band_of[person] = band
    people = pp.draw(rng, scenery, payer, band_of, bands, admitted)
    elderly = (cases.begin - people.born[person]).astype(np.int64) > 76 * 365
    visits = cs.draw_visits(rng, scenery, organisation, templates, departments, cases, elderly)
    services = cs.draw_services(rng, scenery, templates, cases, visits)
    writer = Writer(rng, scenery, organisation, payer, period, number, templates, departments, stem)
    persons_stem = "L" + stem[1:]
    main, pers = layouts.load("H"), layouts.load("L")
    tables = writer.tables(main, cases, visits, services, people, person, versions["H"])
    head = {
        "VERSION": versions["L"],
        "DATA": writer.created.isoformat(),
        "FILENAME": persons_stem,
        "FILENAME1": stem,
    }
    register = Register(
        name=stem,
        organisation=organisation,
        payer=payer,
        period=period,
        files={
            "H": RegisterFile("H", stem, main, tables),
            "L": RegisterFile(
                "L",
                persons_stem,
                pers,
                {
                    "ZGLV": col.line(pers, "ZGLV", head),
                    **pp.tables(rng, scenery, pers, people, writer.person_prefix, versions["L"] >= "3.2"),
                },
            ),
        },
    )
    return plant(register, faults, np.random.default_rng([seed, salt, 1]))


KINDS: Mapping[str, Callable[..., Register]] = {"H": _register_h}
"""Generators by layout code of the main file."""
