"""Rules of choice of a year, read from ``include/tariffs/grouping-*.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

from pipelines.ground.settings import ROOT
from pipelines.pump.tariffs.terms import Codes, codes

DEFAULT = ROOT / "include" / "tariffs" / "grouping-2026.yaml"


@dataclass(frozen=True)
class Regional:
    """Rows that a region's agreement gives priority to; what is empty is not asked."""

    ds1: Codes = frozenset()
    crit: Codes = frozenset()
    age: str = ""


@dataclass(frozen=True)
class Obstetrics:
    """Groups of deliveries by services, for diagnoses of one letter in round-the-clock hospitals."""

    letter: str
    delivery_services: Codes
    no_delivery: str
    delivery: str
    caesarean: str
    caesarean_services: Codes
    operations: Codes


@dataclass(frozen=True)
class Polytrauma:
    """A criterion, injuries of two regions or one code of several, and a complication."""

    group: str
    criterion: str
    several: Codes
    regions: tuple[Codes, ...]
    complications: Codes


@dataclass(frozen=True)
class Rules:
    """How a group is chosen; see the YAML for the meaning of each part.

    ``second_year``: see ``match.age_bits``.
    """

    year: int
    choose_by: Literal["cost", "weight"]
    operations: str
    rehabilitation: Codes
    oncology: Codes
    oncology_gives_way_to: Codes
    short_burns: Codes
    lethal: Codes
    regional: tuple[Regional, ...]
    pairs: tuple[tuple[str, str], ...]
    obstetrics: Obstetrics
    immunisation_diagnosis: str
    immunisation: tuple[tuple[str, Codes], ...]
    antimicrobial: Codes
    antimicrobial_criteria: Codes
    polytrauma: Polytrauma
    second_year: int = 1


@lru_cache(maxsize=32)
def load_rules(path: Path = DEFAULT) -> Rules:
    """Rules from a YAML file; raises ``KeyError`` for a missing part."""
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    first, birth, trauma = data["priority"], data["obstetrics"], data["polytrauma"]
    drugs, shots = data["antimicrobial"], dict(data["immunisation"])
    return Rules(
        year=data["year"],
        choose_by=data["choose_by"],
        operations=first["operations"],
        rehabilitation=codes(first["rehabilitation"]),
        oncology=codes(first["oncology"]),
        oncology_gives_way_to=codes(first["oncology_gives_way_to"]),
        short_burns=codes(first["short_burns"]),
        lethal=codes(first["lethal"]),
        regional=tuple(
            Regional(codes(item.get("ds1", "")), codes(item.get("crit", "")), str(item.get("age", "")))
            for item in first["regional"]
        ),
        pairs=tuple((winner, loser) for winner, _, loser in (pair.partition(">") for pair in data["pairs"].split())),
        obstetrics=Obstetrics(
            letter=birth["letter"],
            delivery_services=codes(birth["delivery_services"]),
            no_delivery=birth["no_delivery"],
            delivery=birth["delivery"],
            caesarean=birth["caesarean"],
            caesarean_services=codes(birth["caesarean_services"]),
            operations=codes(birth["operations"]),
        ),
        immunisation_diagnosis=shots.pop("diagnosis"),
        immunisation=tuple((criterion, codes(groups)) for criterion, groups in shots.items()),
        antimicrobial=codes(drugs["groups"]),
        antimicrobial_criteria=frozenset(f"amt{number:03d}" for number in range(drugs["first"], drugs["last"] + 1)),
        polytrauma=Polytrauma(
            group=trauma["group"],
            criterion=trauma["criterion"],
            several=codes(trauma["several"]),
            regions=tuple(codes(region) for region in trauma["regions"]),
            complications=codes(trauma["complications"]),
        ),
        second_year=data.get("second_year", 1),
    )
