"""Who is one and the same person: by the answer of identification, then by ЕНП, then by name and day of birth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.pump.mek.coded import Mask, Numbers, digits, encode, packed, plain, touched
from pipelines.pump.mek.facts import ABSENT, days

NEW_POLICY = "3"
"""VPOLIS whose number is the ЕНП."""


def people(month: pd.DataFrame, history: pd.DataFrame | None = None) -> tuple[Numbers, Numbers]:
    """Numbers of persons in the cases of the month and of the history, -1 where nothing says who it is.

    Columns ENP, VPOLIS, NPOLIS, NOVOR, FAM, IM, OT, DR, FAM_P, IM_P, OT_P, DR_P, and ``person`` (Int64) where known. A case
    without ЕНП takes the only one that its name and birthday have elsewhere; so does one without ``person``. A newborn
    (NOVOR not 0) is another person than the one whose policy it has.
    """
    frames = [month] if history is None else [history, month]
    parts = [_columns(frame) for frame in frames]
    policy = pd.factorize(digits(pa.concat_arrays([part.policy for part in parts])))
    policy_codes = np.where(policy[1][policy[0]] == -1, -1, policy[0]).astype(np.int64)
    known = np.concatenate([part.known for part in parts])
    names = _names(parts, policy_codes < 0)
    policy_codes = _lent(names, policy_codes)
    known = _lent(policy_codes, known)
    person = np.where(known >= 0, known, np.where(policy_codes >= 0, policy_codes + known.max(initial=-1) + 1, -1))
    named = (person < 0) & (names >= 0)
    person = np.where(named, names + max(int(person.max(initial=-1)), -1) + 1, person)
    novor = encode(pd.concat([part.novor for part in parts], ignore_index=True))
    who = pd.factorize(person * np.int64(len(novor.values)) + novor.codes)[0].astype(np.int64)
    who[person < 0] = -1
    earlier = sum(map(len, parts)) - len(month)
    return who[earlier:], who[:earlier]


@dataclass(frozen=True)
class _Columns:
    """What tells people from each other. ``names``: surname, name, patronymic as written; ``known`` -1 where it is not."""

    policy: pa.Array
    known: npt.NDArray[np.int64]
    novor: pd.Series
    names: Sequence[pa.Array]
    born: Numbers

    def __len__(self) -> int:
        return len(self.born)


def _columns(cases: pd.DataFrame) -> _Columns:
    novor = cases["NOVOR"].fillna("0")
    newborn = pa.array((novor != "0").to_numpy(bool))
    own = pc.if_else(pc.equal(plain(cases["VPOLIS"]), NEW_POLICY), plain(cases["NPOLIS"]), None)
    born = np.where(newborn.to_numpy(zero_copy_only=False), days(cases["DR_P"]), days(cases["DR"]))
    known: npt.NDArray[np.int64] = np.full(len(cases), -1, dtype=np.int64)
    if "person" in cases:
        known = cases["person"].astype("Int64").fillna(-1).to_numpy(np.int64).astype(np.int64)
    return _Columns(
        policy=pc.coalesce(plain(cases["ENP"]).cast(pa.large_string()), own.cast(pa.large_string())),
        known=known,
        novor=novor,
        names=[pc.if_else(newborn, plain(cases[f"{name}_P"]), plain(cases[name])) for name in ("FAM", "IM", "OT")],
        born=born,
    )


def _names(parts: Sequence[_Columns], asked: Mask) -> Numbers:
    """Numbers of name and birthday of the rows ``asked`` and of those that have the same, -1 elsewhere and where unknown."""
    joined = map(pa.concat_arrays, zip(*(part.names for part in parts), strict=True))
    texts = [encode(pd.Series(pd.array(one, "str"))) for one in joined]
    upper = [pd.factorize(one.values.fillna("").str.upper())[0].astype(np.int64) for one in texts]
    empty = [one.of((one.values.fillna("") == "").to_numpy(bool)) for one in texts[:2]]
    born = np.concatenate([part.born for part in parts])
    there = ~(empty[0] & empty[1]) & (born != ABSENT)
    columns = [(numbers[one.codes], len(numbers)) for one, numbers in zip(texts, upper, strict=True)]
    first = int(born[there].min()) if there.any() else 0
    columns.append((np.where(there, born - first, -1), int(born[there].max()) - first + 1 if there.any() else 1))
    key = packed(columns)
    rows = np.flatnonzero(touched([key.view(np.uint64)], asked & there) & there)
    names = np.full(len(key), -1, dtype=np.int64)
    names[rows] = pd.factorize(key[rows])[0]
    return names


def _lent(weak: Numbers, strong: Numbers) -> Numbers:
    """``strong`` where it is known; elsewhere the only one that the same ``weak`` has in other rows."""
    both = (weak >= 0) & (strong >= 0)
    size = int(weak.max(initial=-1)) + 1
    low = np.full(size, np.iinfo(np.int64).max)
    high = np.full(size, -1, dtype=np.int64)
    np.minimum.at(low, weak[both], strong[both])
    np.maximum.at(high, weak[both], strong[both])
    single = np.append(np.where(low == high, high, -1), -1)
    return np.where(strong >= 0, strong, single[weak])
