"""Register of the insured that fits generated registers of accounts: their people, most of them insured as they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.exchange.region import Region
from pipelines.synthetic.model import Register
from pipelines.synthetic.scenery import Scenery

SHARES: Mapping[str, float] = {
    "other_smo": 0.02,
    "other_territory": 0.01,
    "unknown": 0.01,
    "dead": 0.004,
    "changed": 0.01,
}
"""Shares of the people who are not insured as their register says: with another insurer, in another territory, in no
register, dead before the month, with another insurer from the middle of the month on. All others are insured as it says."""

AS_SAID = "as_said"
_IDS = 1_000_000  # of a month; its people's ids begin with ГГГГММ, beyond those of identification.generate_persons

_INSURED_SINCE = 400  # days before the month
_KINDS = {"1": "С", "2": "В", "3": "П"}


@dataclass(frozen=True)
class Insured:
    """``persons`` as ``erz.load_persons`` takes them; ``fates`` one row a person of the registers: ``register`` (name),
    ``ID_PAC``, ``fate`` (a key of ``SHARES`` or as_said), ``id`` (Int64, null for the unknown)."""

    persons: pa.Table
    fates: pd.DataFrame


def insured_of(
    region: Region, registers: Sequence[Register], seed: int, shares: Mapping[str, float] | None = None
) -> Insured:
    """The people of the registers as the register of the insured knows them; the same arguments give the same people.

    A newborn is known by the representative. People of registers to the fund itself are insured in other territories, and
    only their shares of unknown and dead apply. Raises ``ValueError`` for registers of no insurer or of several months.
    """
    periods = {register.period for register in registers}
    if len(periods) != 1:
        raise ValueError(f"registers of {len(periods)} months")
    period = periods.pop()
    shares = SHARES if shares is None else shares
    scenery = Scenery(region, period, period)
    rng = np.random.default_rng([seed, len(registers)])
    people = pd.concat([_people(register) for register in registers], ignore_index=True)
    people["okato"] = _territory(scenery, people, region)
    people["fate"] = rng.choice([*shares, AS_SAID], len(people), p=[*shares.values(), 1 - sum(shares.values())])
    away = people["okato"].notna()
    people.loc[away & ~people["fate"].isin(["unknown", "dead"]), "fate"] = AS_SAID
    people["id"] = pd.array((period.year * 100 + period.month) * _IDS + np.arange(len(people)), "Int64")
    people.loc[people["fate"] == "unknown", "id"] = pd.NA
    people.loc[people["enp"].duplicated() & people["enp"].notna(), "enp"] = None
    known = people[people["id"].notna()].reset_index(drop=True)
    rows = _policies(rng, scenery, known, region)
    fates = people[["register", "ID_PAC", "fate", "id"]]
    return Insured(pa.Table.from_pandas(rows, _SCHEMA, preserve_index=False), fates)


_TEXT = ("enp", "fam", "im", "ot", "w", "snils", "kind", "series", "number", "smo", "okato", "doctype", "docser", "docnum")
_SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        *((name, pa.string()) for name in _TEXT),
        *((name, pa.date32()) for name in ("dr", "dead_on", "valid_from", "valid_to")),
    ]
)


def _people(register: Register) -> pd.DataFrame:
    """Persons of a register under the names of erz, the representative in the newborn's place, with what the case says."""
    (role,) = register.files.keys() - {"L"}
    persons = register.files["L"].tables["PERS"].to_pandas()
    cases = register.files[role].tables["ZAP"].to_pandas().drop_duplicates("ID_PAC").set_index("ID_PAC")
    said = cases.reindex(persons["ID_PAC"]).reset_index(drop=True)
    newborn = said["NOVOR"].fillna("0") != "0"
    people = pd.DataFrame({"register": register.name, "ID_PAC": persons["ID_PAC"]})
    for name in ("FAM", "IM", "OT", "W", "DR"):
        people[name.lower()] = persons[name].mask(newborn, persons[f"{name}_P"])
    people["dr"] = pd.to_datetime(people["dr"]).dt.date
    people["enp"] = said["NPOLIS"].where(said["VPOLIS"] == "3")
    people["kind"] = said["VPOLIS"].map(_KINDS)
    people["series"], people["number"], people["smo"] = said.get("SPOLIS"), said["NPOLIS"], said["SMO"]
    people["payer"] = register.payer
    for name in ("SNILS", "DOCTYPE", "DOCSER", "DOCNUM"):
        people[name.lower()] = persons[name]
    return people


def _territory(scenery: Scenery, people: pd.DataFrame, region: Region) -> pd.Series:
    """ОКАТО of people insured in other territories, by the insurer or by the beginning of the ЕНП; null for the others."""
    of_insurer = {row["smocod"]: row["tf_okato"] for row in scenery.rows("F002")}
    others = {row["KOD_TF"]: row["KOD_OKATO"] for row in scenery.rows("F010") if row["KOD_TF"] != region.code}
    told = people["smo"].map(of_insurer).fillna(people["number"].str[:2].map(others)).fillna(next(iter(others.values())))
    return told.where(people["payer"] == region.code)


def _policies(rng: np.random.Generator, scenery: Scenery, people: pd.DataFrame, region: Region) -> pd.DataFrame:
    """One row a policy; those who change the insurer in the month have two."""
    period = scenery.first
    insurers = [other.code for other in region.active(period) if other.kind == "СМО"]
    others = [row["KOD_OKATO"] for row in scenery.rows("F010") if row["KOD_TF"] != region.code]
    rows = people.assign(valid_from=period - timedelta(_INSURED_SINCE), valid_to=None, dead_on=None)
    elsewhere = {code: insurers[(place + 1) % len(insurers)] for place, code in enumerate(insurers)}
    fate = rows["fate"]
    away = rows["okato"].notna()
    rows.loc[fate == "other_smo", "smo"] = rows["smo"].map(elsewhere)
    moved = fate == "other_territory"
    rows.loc[moved, "okato"] = np.array(others)[rng.integers(len(others), size=int(moved.sum()))]
    rows.loc[moved | away, "smo"] = None
    rows.loc[fate == "dead", ["dead_on", "valid_to"]] = period - timedelta(40)
    changed = fate == "changed"
    middle = period + timedelta(14)
    rows.loc[changed, "valid_to"] = middle - timedelta(1)
    later = rows[changed].assign(valid_from=middle, valid_to=None, smo=rows.loc[changed, "smo"].map(elsewhere))
    return pd.concat([rows, later], ignore_index=True)
