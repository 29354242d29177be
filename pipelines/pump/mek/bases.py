"""Grounds of refusal: F014 on the day of the act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from pipelines.nsi.dictionaries import Dictionaries
from pipelines.pump.tariffs.exact import Exact

SCALE = 5
"""Decimals of K_NO and K_SH."""


@dataclass(frozen=True)
class Bases:
    """``rows``: index Osn; ``Kod`` (text), ``K_NO``, ``K_SH`` (int64, hundred-thousandths), ``Naim``."""

    rows: pd.DataFrame

    @classmethod
    def on(cls, nsi: Dictionaries, day: date) -> Bases:
        """Grounds in force on a day.

        Editions overlap in published copies: of several rows of one ground the newest counts, then the lowest code.
        Raises ``LookupError`` without F014, ``ValueError`` where a coefficient has more than five decimals.
        """
        if "F014" not in nsi:
            raise LookupError("dictionary F014 is not loaded")
        dictionary, moment = nsi["F014"], np.datetime64(day, "D")
        rows = dictionary.rows.to_pandas().assign(first=dictionary.first)
        rows = rows[(dictionary.first <= moment) & (moment <= dictionary.last)]
        rows = rows.assign(number=rows["Kod"].astype("int64"), newest=-rows["first"].astype("int64"))
        rows = rows.sort_values(["Osn", "newest", "number"]).drop_duplicates("Osn").set_index("Osn")
        kept = pd.DataFrame({"Kod": rows["Kod"].astype("str"), "Naim": rows["Naim"].astype("str")}, index=rows.index)
        for name in ("K_NO", "K_SH"):
            kept[name] = _scaled(rows[name])
        return cls(kept)

    def code(self, osn: str) -> str:
        """Kod of a ground; raises ``LookupError`` where F014 has none in force."""
        if osn not in self.rows.index:
            raise LookupError(f"F014 has no ground {osn} in force")
        return str(self.rows.at[osn, "Kod"])

    def unpaid(self, osn: str, amounts: np.ndarray) -> np.ndarray:
        """Н = РТ × Кно in kopecks, a half up."""
        share = int(self.rows["K_NO"].loc[osn])
        whole: np.ndarray = (amounts * share + 10**SCALE // 2) // 10**SCALE
        return whole


def _scaled(texts: pd.Series) -> np.ndarray:
    exact = Exact.parse(texts, missing=0)
    if exact.scale > SCALE:
        raise ValueError("F014: a coefficient has more than five decimals")
    units: np.ndarray = (exact.units * 10 ** (SCALE - exact.scale)).astype(np.int64)
    return units
