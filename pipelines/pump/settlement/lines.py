"""Settlement of a month: what each payer owes each organisation, what is withheld and what is carried on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.pump.settlement.norms import KEYS, NORMS, OUTPATIENT
from pipelines.pump.settlement.settings import DEDUCTIONS, Terms

CONDITIONS = ("1", "2", "3", "4")
ACCEPTED = tuple(f"accepted_{condition}" for condition in CONDITIONS)
"""Columns of accepted sums by conditions of care (USL_OK)."""
ITEM = ("payer", "CODE_MO", "what", "act", "date", "amount")
"""Columns of a deduction: ``what`` of ``DEDUCTIONS``, ``act`` its document, ``amount`` in kopecks."""


@dataclass(frozen=True)
class Settled:
    """``lines``: a row for each payer and organisation; ``withheld``: every deduction; ``carried``: those of the next month.

    lines: ``payer``, ``CODE_MO``, ``ACCEPTED``, ``NORMS``, ``gross`` (their sum), ``DEDUCTIONS`` (withheld now),
    ``payable`` (gross − withheld, never below 0), ``carried`` (what could not be withheld). withheld: ``ITEM`` with
    ``withheld`` and ``rest``. carried: ``ITEM`` of what rests, as ``debt`` under the same document. Kopecks, int64.
    """

    lines: pd.DataFrame
    withheld: pd.DataFrame
    carried: pd.DataFrame


def accepted(cases: pd.DataFrame, decisions: pd.DataFrame, payers: pd.Series) -> pd.DataFrame:
    """Accepted sums by payer, organisation and condition: ``KEYS``, ``ACCEPTED``.

    ``cases``: CODE_MO, USL_OK; ``decisions``: SUMP of each; ``payers``: who pays for it (code of an insurer or territory);
    cases of nobody (empty) have nothing accepted. Examinations (X) have no USL_OK and are outpatient care.
    Raises ``ValueError`` where a case of nobody is paid.
    """
    frame = pd.DataFrame(
        {
            "payer": payers.to_numpy(),
            "CODE_MO": cases["CODE_MO"].to_numpy(),
            "column": ("accepted_" + cases["USL_OK"].fillna(OUTPATIENT).astype("str")).to_numpy(),
            "SUMP": decisions["SUMP"].to_numpy(np.int64),
        }
    )
    nobody = frame["payer"].isna() | (frame["payer"] == "")
    if (frame.loc[nobody, "SUMP"] != 0).any():
        raise ValueError("a case without payer is accepted for payment")
    frame = frame[~nobody]
    sums = frame.pivot_table(index=KEYS, columns="column", values="SUMP", aggfunc="sum", fill_value=0)
    sums = sums.reindex(columns=list(ACCEPTED), fill_value=0).astype("int64")
    return sums.rename_axis(columns=None).reset_index().astype({"payer": "str", "CODE_MO": "str"})


def settle(accepted_sums: pd.DataFrame, norm_sums: pd.DataFrame, deductions: pd.DataFrame, terms: Terms) -> Settled:
    """Lines of a month from accepted sums (``accepted``), sums by norms (``norms.norms``) and deductions (``ITEM``).

    Deductions are withheld in the region's order, earlier documents first, each as far as the money reaches; what rests is
    carried. Raises ``ValueError`` for a negative sum or an unknown kind of deduction.
    """
    unknown = set(deductions["what"]) - set(DEDUCTIONS)
    if unknown:
        raise ValueError(f"unknown deductions: {', '.join(sorted(unknown))}")
    lines = _gross(accepted_sums, norm_sums, deductions)
    money = [*ACCEPTED, *NORMS]
    if (lines[money] < 0).any().any() or (deductions["amount"] < 0).any():
        raise ValueError("a sum of the settlement is negative")
    items = _ordered(deductions, terms)
    place = pd.MultiIndex.from_frame(lines[KEYS]).get_indexer(pd.MultiIndex.from_frame(items[KEYS]))
    reached = items.groupby(KEYS)["amount"].cumsum() - items["amount"]
    left = lines["gross"].to_numpy()[place] - reached.to_numpy(np.int64)
    items["withheld"] = np.clip(left, 0, items["amount"].to_numpy(np.int64))
    items["rest"] = items["amount"] - items["withheld"]
    for what in DEDUCTIONS:
        own = (items["what"] == what).to_numpy()
        lines[what] = _summed(place[own], items.loc[own, "withheld"], len(lines))
    lines["payable"] = lines["gross"] - lines[list(DEDUCTIONS)].sum(axis=1).astype("int64")
    lines["carried"] = _summed(place, items["rest"], len(lines))
    rest = items[items["rest"] > 0]
    carried = rest.assign(what="debt", amount=rest["rest"])[list(ITEM)].reset_index(drop=True)
    return Settled(lines, items, carried)


def no_deductions() -> pd.DataFrame:
    """A frame of ``ITEM`` without rows."""
    texts = {name: pd.array([], "str") for name in ITEM[:4]}
    return pd.DataFrame({**texts, "date": pd.array([], "datetime64[ns]"), "amount": np.array([], np.int64)})


def _gross(accepted_sums: pd.DataFrame, norm_sums: pd.DataFrame, deductions: pd.DataFrame) -> pd.DataFrame:
    """Every pair of payer and organisation that has a sum or a deduction, with its sums."""
    pairs = pd.concat([accepted_sums[KEYS], norm_sums[KEYS], deductions[KEYS]]).drop_duplicates()
    lines = pairs.sort_values(KEYS, ignore_index=True).astype("str")
    for part, names in ((accepted_sums, ACCEPTED), (norm_sums, NORMS)):
        lines = lines.merge(part[[*KEYS, *names]], how="left", on=KEYS, validate="1:1")
    money = [*ACCEPTED, *NORMS]
    lines[money] = lines[money].fillna(0).astype("int64")
    return lines.assign(gross=lines[money].sum(axis=1).astype("int64"))


def _ordered(deductions: pd.DataFrame, terms: Terms) -> pd.DataFrame:
    rank = deductions["what"].map({what: number for number, what in enumerate(terms.order)})
    ordered = deductions.assign(rank=rank).sort_values([*KEYS, "rank", "date", "act"], kind="stable", ignore_index=True)
    result: pd.DataFrame = ordered[list(ITEM)].copy()
    return result


def _summed(place: np.ndarray, amounts: pd.Series, size: int) -> np.ndarray:
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, place, amounts.to_numpy(np.int64))
    return total
