"""Prices of single services and units: dialysis, high technology care, visits, separate diagnostics, other territories."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.pump.tariffs.coefficients import PARENT
from pipelines.pump.tariffs.exact import Exact, Frame, column, kopecks
from pipelines.pump.tariffs.ksg import ksg_cost

DIALYSIS = ("A18.05", "A18.30")
"""Beginnings of the codes of dialysis services, which are added to the price of a group."""
REFERRAL = ("NPR_MO", "NPR_DATE")
PER_CAPITA = frozenset({"25", "26", "27", "31", "35", "36", "37", "38", "39", "44"})
"""Ways of payment (IDSP, V010) by a norm per head: not allowed between territories (003K.00.0400)."""


def dialysis_tariff(frame: Frame, *, scale: int = 2) -> pd.Series:
    """БТ × КЗ × ((1 − Дзп) + Дзп × КД) in kopecks: BZTSZ, KOEF_Z, K_ZP, KOEF_D; regions publish it to the rouble too."""
    return ksg_cost(_only(frame, "BZTSZ", "KOEF_Z", "K_ZP", "KOEF_D"), scale=scale)


def vmp_cost(frame: Frame, *, scale: int = 2) -> pd.Series:
    """НФЗ × ((1 − Дзп) + Дзп × КД) in kopecks: BZTSZ (норматив финансовых затрат группы), K_ZP, KOEF_D. No КУС, no КСЛП."""
    return ksg_cost(_only(frame, "BZTSZ", "K_ZP", "KOEF_D"), scale=scale)


def unit_tariff(frame: Frame, factors: tuple[str, ...] = ("KOEF_SPEC", "KOEF_U", "KOEF_D"), *, scale: int = 2) -> pd.Series:
    """Tariff of a unit of outpatient care in kopecks: BASE (roubles) by the factors, absent ones 1, rounded once."""
    product = column(frame, "BASE")
    for factor in factors:
        product = product * column(frame, factor, 1)
    return kopecks(frame, product.rounded(scale))


def quantity_cost(frame: Frame) -> pd.Series:
    """TARIF (roubles) × KOL_USL (absent: 1) in kopecks."""
    return kopecks(frame, column(frame, "TARIF") * column(frame, "KOL_USL", 1))


def dialysis_costs(services: pd.DataFrame, visits: int, codes: tuple[str, ...] = DIALYSIS) -> pd.Series:
    """Dialysis that is paid on top of a group, kopecks by row of the visit (int64, 0 where none).

    ``services``: ``_parent``, CODE_USL, TARIF (roubles), KOL_USL; only codes that begin as ``codes`` count.
    """
    chosen = services[services["CODE_USL"].fillna("").str.startswith(codes)]
    sums = quantity_cost(chosen).groupby(chosen[PARENT]).sum()
    return sums.reindex(range(visits), fill_value=0).astype("int64")


def screening_complete(done: pd.Series, planned: pd.Series, share: str = "0.85") -> pd.Series:
    """Whether enough of the examinations were done to pay the complex tariff of a screening; else single visits are paid."""
    reached = Exact.parse(done).compare(Exact.parse(planned) * Exact.of(share, len(done))) >= 0
    return pd.Series(reached, index=done.index)


class Published:
    """Tariffs as an agreement publishes them: never recomputed, kept with their own number of decimals.

    ``rows``: a code column, a price column (text), optional ``DATEBEG`` and ``DATEEND`` (ISO text, both days included).
    Raises ``ValueError`` where periods of a code overlap.
    """

    def __init__(self, rows: pd.DataFrame, code: str, price: str) -> None:
        first = pd.to_datetime(rows["DATEBEG"]) if "DATEBEG" in rows else pd.Series(pd.NaT, index=rows.index)
        last = pd.to_datetime(rows["DATEEND"]) if "DATEEND" in rows else pd.Series(pd.NaT, index=rows.index)
        table = pd.DataFrame(
            {
                "code": rows[code].astype("str"),
                "first": first.fillna(pd.Timestamp(1900, 1, 1)),
                "last": last.fillna(pd.Timestamp(2200, 1, 1)),
                "kopecks": Exact.parse(rows[price]).kopecks(),
                "published": rows[price].astype("str"),
            }
        ).sort_values(["code", "first"], ignore_index=True)
        if ((table["code"] == table["code"].shift()) & (table["first"] <= table["last"].shift())).any():
            raise ValueError("periods of a published tariff overlap")
        self.table = table

    def rows_on(self, codes: pd.Series, days: pd.Series | None = None) -> np.ndarray:
        """Number of the row in ``table`` in force for each code on its day (the last one without days), -1 for none."""
        wanted = pd.DataFrame({"code": codes.astype("str").to_numpy(), "row": np.arange(len(codes))})
        when = (
            pd.Series(pd.Timestamp(2199, 1, 1), index=wanted.index)
            if days is None
            else pd.to_datetime(days.reset_index(drop=True))
        )
        found = wanted.assign(day=when).merge(self.table.reset_index(names="number"), on="code")
        inside = found[found["day"].between(found["first"], found["last"])]
        result = np.full(len(codes), -1)
        result[inside["row"]] = inside["number"]
        return result

    def lookup(self, codes: pd.Series, days: pd.Series | None = None) -> pd.Series:
        """Published price of each code on its day in kopecks, ``Int64``; null where the agreement has none (1.7.1)."""
        rows = self.rows_on(codes, days)
        prices = pd.Series(
            self.table["kopecks"].to_numpy()[rows] if len(self.table) else 0, index=codes.index, dtype="Int64"
        )
        return prices.mask(rows < 0)


def diagnostics_cost(services: pd.DataFrame, tariffs: Published) -> pd.DataFrame:
    """Separate diagnostic services: COST (``Int64`` kopecks) and FAULT: empty, ``tariff`` (1.7.1), ``referral``.

    Columns CODE_USL, KOL_USL, DATE_OUT, NPR_MO, NPR_DATE. Paid to the organisation that did it, also for attached persons;
    only by referral.
    """
    price = tariffs.lookup(services["CODE_USL"], services["DATE_OUT"])
    referred = services[list(REFERRAL)].replace("", pd.NA).notna().all(axis=1)
    quantity = column(services, "KOL_USL", 1)
    units = Exact(price.fillna(0).astype("int64").to_numpy().astype(object), 2)
    cost = kopecks(services, units * quantity).astype("Int64")
    fault = pd.Series("", index=services.index, dtype="str").mask(~referred, "referral").mask(price.isna(), "tariff")
    return pd.DataFrame({"COST": cost.mask(fault != ""), "FAULT": fault})


def interterritorial_faults(cases: pd.DataFrame, per_capita: frozenset[str] = PER_CAPITA) -> pd.Series:
    """Whether a case of a person insured elsewhere is presented by a norm per head (IDSP), which is not allowed there.

    Such cases take the tariffs of the place of treatment: outpatient care by unit, ambulance by call.
    """
    return cases["IDSP"].astype("str").isin(per_capita)


def _only(frame: Frame, *names: str) -> pd.DataFrame:
    rows = frame if isinstance(frame, pd.DataFrame) else frame.to_pandas()
    return rows[[name for name in names if name in rows]]
