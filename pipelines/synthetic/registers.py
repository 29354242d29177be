"""Synthetic registers: a main file (H, C, T, X) and its persons L as tables, with the faults planted in them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np

from pipelines.exchange.region import Region
from pipelines.formats import layout as layouts
from pipelines.synthetic import cases as cs
from pipelines.synthetic import columns as col
from pipelines.synthetic import people as pp
from pipelines.synthetic.examinations import ExaminationWriter, examine
from pipelines.synthetic.high_tech import HighTechWriter
from pipelines.synthetic.model import Register, RegisterFile
from pipelines.synthetic.oncology import OncologyWriter
from pipelines.synthetic.planting import plant
from pipelines.synthetic.scenery import Department, Scenery, Template
from pipelines.synthetic.writer import Drawn, Writer

VERSIONS = {"H": "3.1", "C": "3.1", "T": "3.1", "X": "3.1", "L": "3.2"}
"""Versions of the exchange that the default period asks for."""
PERSONS_VERSION_SINCE = date(2019, 11, 1)
"""From this period on the persons file is of version 3.2 (Q015, 002F.00.0050)."""


@dataclass(frozen=True)
class Variant:
    """A way to fill a kind: letters of the main file's name, mixes of cases, price list (dictionary and its key).

    ``settle`` completes what was drawn, ``writer`` makes the tables of it; ``repeated``: people may have several cases.
    """

    letters: str
    mixes: Sequence[Mapping[str, Any]]
    writer: Callable[..., Writer] = Writer
    prices: tuple[str, str] | None = None
    settle: Callable[..., Drawn] = lambda rng, scenery, templates, drawn: drawn
    repeated: bool = True


def _examination(recipe: Mapping[str, Any]) -> Variant:
    writer = partial(ExaminationWriter, disp=recipe["disp"])
    return Variant(recipe["letters"], recipe["mixes"], writer, ("T_DISP", "DISP"), examine, False)


KINDS: Mapping[str, Callable[[Mapping[str, Any]], Sequence[Variant]]] = {
    "H": lambda recipe: [Variant("H", recipe["mixes"])],
    "C": lambda recipe: [Variant("C", recipe["oncology"]["mixes"], OncologyWriter)],
    "T": lambda recipe: [Variant("T", recipe["high_tech"]["mixes"], HighTechWriter, ("T_VMP", "HGR"))],
    "X": lambda recipe: [_examination(one) for one in recipe["examinations"]],
}
"""Ways to fill a register by the layout of its main file; the first that an organisation can do is taken."""


def persons_name(letters: str, stem: str) -> str:
    """Name of the persons file: L, the letter that tells the kind where there is one, and the rest of the main one's."""
    return "L" + letters[-1:].replace("H", "") + stem.removeprefix(letters)


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
    ``faults.faults_of(kind)`` with the share of records. Raises ``KeyError`` for an unknown kind or fault and ``ValueError``
    for an organisation that cannot treat anybody in that period.
    """
    period = period.replace(day=1)
    last = (period + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    # A stay that ends in the month before may have begun a month earlier still.
    scenery = Scenery(region, (period - timedelta(days=1)).replace(day=1), last)
    departments = scenery.departments(organisation_code)
    variants = ((variant, scenery.templates(departments, variant.mixes)) for variant in KINDS[kind](scenery.recipe))
    variant, templates = next(((variant, found) for variant, found in variants if found), (None, ()))
    if variant is None:
        raise ValueError(f"{organisation_code} treats nobody in {period:%Y-%m}")
    stem = name_reestr(variant.letters, region, organisation_code, payer_code, period, number)
    salt = zlib.crc32(stem.encode())
    rng = np.random.default_rng([seed, salt])
    drawn = _draw(rng, scenery, organisation_code, payer_code, departments, templates, variant, cases)
    layout, persons = layouts.load(kind), layouts.load("L")
    writer = variant.writer(
        layout, rng, scenery, variant.settle(rng, scenery, templates, drawn), organisation_code, payer_code, period, number,
        templates, departments, stem,
    )  # fmt: skip
    versions = dict(VERSIONS, **({"L": "3.1"} if period < PERSONS_VERSION_SINCE else {}), **(versions or {}))
    tables = writer.tables(versions[kind])
    persons_stem = persons_name(variant.letters, stem)
    head = {
        "VERSION": versions["L"],
        "DATA": writer.created.isoformat(),
        "FILENAME": persons_stem,
        "FILENAME1": stem,
    }
    people = pp.tables(rng, scenery, persons, drawn.people, writer.person_prefix, versions["L"] >= "3.2")
    files = {
        kind: RegisterFile(kind, stem, layout, tables),
        "L": RegisterFile("L", persons_stem, persons, {"ZGLV": col.line(persons, "ZGLV", head), **people}),
    }
    register = Register(stem, organisation_code, payer_code, period, files)
    return plant(register, faults or {}, np.random.default_rng([seed, salt, 1]))


def _draw(
    rng: np.random.Generator,
    scenery: Scenery,
    organisation: str,
    payer: str,
    departments: tuple[Department, ...],
    templates: tuple[Template, ...],
    variant: Variant,
    count: int,
) -> Drawn:
    """Cases, people, visits and services of a register."""
    cases = cs.draw_cases(rng, scenery, templates, count)
    bands = tuple(scenery.recipe["bands"])
    band = np.array([bands.index(template.band) for template in templates])[cases.template]
    share = scenery.recipe["persons_per_case"] if variant.repeated else 1.0
    person = pp.apart(pp.assign(rng, band, bands.index(pp.NEWBORN), share), cases.begin, cases.end)
    persons = int(person.max()) + 1 if count else 0
    admitted = np.full(persons, np.datetime64("9999-12-31", "D"))
    np.minimum.at(admitted, person, cases.begin)
    band_of = np.zeros(persons, np.int64)
    band_of[person] = band
    people = pp.draw(rng, scenery, payer, band_of, bands, admitted)
    elderly = (cases.begin - people.born[person]).astype(np.int64) > 76 * 365
    visits = cs.draw_visits(rng, scenery, organisation, templates, departments, cases, elderly, variant.prices)
    services = cs.draw_services(rng, scenery, templates, cases, visits)
    return Drawn(cases, visits, services, people, person)
