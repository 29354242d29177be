"""Prices of single services by the region's list (T_USL) and of examinations (T_DISP), set-wise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.pump.month import Month
from pipelines.pump.pricing.reference import Reference, days_of
from pipelines.pump.tariffs import quantity_cost, screening_complete
from pipelines.pump.tariffs.exact import column, distinct, kopecks
from pipelines.pump.tariffs.services import DIALYSIS

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

REFUSED = "1"
"""P_OTK: the person refused the service or the examination, which is then not paid."""


def amounts(services: pd.DataFrame, reference: Reference) -> pd.Series:
    """Price of each service on DATE_OUT, ``Int64`` kopecks: T_USL × KOL_USL; 0 for a refused one, null without tariff."""
    found = reference.find("T_USL", "CODE_USL", services["CODE_USL"], days_of(services["DATE_OUT"]))
    frame = pd.DataFrame({"TARIF": found.text("TARIF"), "KOL_USL": services["KOL_USL"].array})
    rows, repeats = distinct(frame.assign(TARIF=frame["TARIF"].fillna("0")), ("TARIF", "KOL_USL"))
    cost = pd.Series(quantity_cost(rows).to_numpy()[repeats], index=services.index, dtype="Int64")
    refused = (services["P_OTK"].fillna("") == REFUSED).to_numpy()
    return cost.mask(~found.there).mask(refused, 0)


def is_dialysis(services: pd.DataFrame) -> Mask:
    """Services of dialysis, by the nomenclature or by a territorial code that begins with it."""
    named = [services[name].fillna("").str.startswith(DIALYSIS) for name in ("VID_VME", "CODE_USL")]
    found: Mask = (named[0] | named[1]).to_numpy(dtype=bool)
    return found


def by_visit(services: pd.DataFrame, amount: pd.Series) -> pd.DataFrame:
    """``visit``, ``amount`` (Int64): sums of the visits that have services; null where one of them has no tariff."""
    visit = services["visit"].to_numpy()
    size = int(visit.max()) + 1 if len(visit) else 0
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, visit, amount.fillna(0).to_numpy(np.int64))
    known = np.bincount(visit, minlength=size)
    lost = np.bincount(visit[amount.isna().to_numpy()], minlength=size) > 0
    rows = np.flatnonzero(known)
    sums = pd.Series(total[rows], dtype="Int64").mask(lost[rows])
    return pd.DataFrame({"visit": rows, "amount": sums})


def examinations(month: Month, chosen: Ints, sums: pd.DataFrame, reference: Reference) -> pd.DataFrame:
    """Prices of the visits of examinations by DISP of the account, indexed by the visit.

    A case that the person refused costs nothing. ``sums`` (``by_visit``) are paid instead where less than the region's share
    of the services was done. ``due`` is null without tariff; ``whole``: the complex tariff applies.
    """
    cases = month.cases.iloc[month.visits["case"].to_numpy()[chosen]].reset_index(drop=True)
    tariff = reference.find("T_DISP", "DISP", cases["DISP"], days_of(cases["DATE_Z_2"]))
    price = pd.DataFrame({"TARIF": tariff.text("TARIF").fillna("0")})
    due = kopecks(price, column(price, "TARIF")).astype("Int64").mask(~tariff.there)
    whole = np.ones(len(chosen), dtype=bool)
    if reference.settings.screening_share is not None:
        whole = _complete(month, chosen, reference.settings.screening_share)
        single = sums.set_index("visit")["amount"].reindex(chosen).reset_index(drop=True)
        due = due.where(whole, single)
    due = due.mask((cases["P_OTK"].fillna("") == REFUSED).to_numpy(), 0)
    return pd.DataFrame({"due": due.array, "whole": whole}, index=pd.Index(chosen))


def _complete(month: Month, chosen: Ints, share: str) -> Mask:
    visit, size = month.services["visit"].to_numpy(), len(month.visits)
    refused = (month.services["P_OTK"].fillna("") == REFUSED).to_numpy()
    planned = np.bincount(visit, minlength=size)[chosen]
    done = planned - np.bincount(visit[refused], minlength=size)[chosen]
    found: Mask = screening_complete(pd.Series(done), pd.Series(planned), share).to_numpy(dtype=bool)
    return found
