"""Who is one and the same person: by the answer of identification, then by ЕНП, then by name and day of birth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.pump.mek.coded import Numbers

NEW_POLICY = "3"
"""VPOLIS whose number is the ЕНП."""


def people(month: pd.DataFrame, history: pd.DataFrame | None = None) -> tuple[Numbers, Numbers]:
    """Numbers of persons in the cases of the month and of the history, -1 where nothing says who it is.

    Columns ENP, VPOLIS, NPOLIS, NOVOR, FAM, IM, OT, DR, FAM_P, IM_P, OT_P, DR_P, and ``person`` (Int64) where known. A case
    without ЕНП takes the only one that its name and birthday have elsewhere; so does one without ``person``. A newborn
    (NOVOR not 0) is another person than the one whose policy it has.
    """
    frames = [month] if history is None else [history, month]
    both = pd.concat([_columns(frame) for frame in frames], ignore_index=True)
    names, policy, known = (_codes(both[name]) for name in ("name", "policy", "person"))
    policy = _lent(names, policy)
    known = _lent(policy, known)
    person = np.where(known >= 0, known, np.where(policy >= 0, policy + known.max(initial=-1) + 1, -1))
    named = (person < 0) & (names >= 0)
    person = np.where(named, names + max(int(person.max(initial=-1)), -1) + 1, person)
    who = pd.factorize(person * np.int64(1 << 32) + _codes(both["NOVOR"]))[0].astype(np.int64)
    who[person < 0] = -1
    earlier = len(both) - len(month)
    return who[earlier:], who[:earlier]


def _columns(cases: pd.DataFrame) -> pd.DataFrame:
    newborn = (cases["NOVOR"].fillna("0") != "0").to_numpy()
    policy = cases["ENP"].where(cases["ENP"].notna(), cases["NPOLIS"].where(cases["VPOLIS"] == NEW_POLICY))
    parts = [cases[f"{name}_P"].where(newborn, cases[name]).fillna("") for name in ("FAM", "IM", "OT")]
    born = cases["DR_P"].where(newborn, cases["DR"])
    name = parts[0].str.upper() + "|" + parts[1].str.upper() + "|" + parts[2].str.upper() + "|"
    name = name + pd.Series(born.to_numpy("datetime64[D]").astype(np.int64), index=name.index).astype("str")
    unknown = (parts[0] == "") & (parts[1] == "") | born.isna()
    person = cases["person"] if "person" in cases else pd.Series(pd.NA, index=cases.index, dtype="Int64")
    novor = cases["NOVOR"].fillna("0")
    return pd.DataFrame({"name": name.mask(unknown), "policy": policy, "person": person.astype("Int64"), "NOVOR": novor})


def _codes(values: pd.Series) -> Numbers:
    """Numbers of distinct values, -1 for a missing one."""
    return pd.factorize(values)[0].astype(np.int64)


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
