"""Where a price comes from: rows of dictionaries, their dates and the act, in Russian."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.pump.month import Month
from pipelines.pump.pricing.reference import Reference, days_of

SOURCES = {
    "ksg": "V023 {N_KSG}; T_BZTSZ условие {USL_OK}; T_KOEF {LPU}",
    "vmp": "T_VMP группа {group}; V019 метод {METOD_HMP}",
    "dialysis": "T_USL, услуги диализа",
    "unit": "T_USL, услуги случая",
    "diagnostics": "T_USL, диагностические услуги",
    "ambulance": "T_USL, вызов",
    "examination": "T_DISP {DISP}",
    "capita": "подушевой норматив: случай отдельно не оплачивается",
    "station": "норматив фельдшерского пункта (T_FAP): случай отдельно не оплачивается",
}
"""Rows that each way of payment takes its price from."""


def bases(month: Month, visits: pd.DataFrame, reference: Reference) -> pd.Series:
    """Text of each visit; made once for each distinct combination, of which a month has few."""
    case = visits["case"].to_numpy()
    closed = days_of(month.cases["DATE_Z_2"])[case]
    keys = pd.DataFrame({"way": visits["way"].astype("str"), "year": _acts(closed, reference)})
    own = {
        "ksg": {
            "N_KSG": visits["N_KSG"],
            "USL_OK": month.cases["USL_OK"].array[case],
            "LPU": month.cases["LPU"].array[case],
        },
        "vmp": {"group": visits["group"], "METOD_HMP": month.visits["METOD_HMP"]},
        "examination": {"DISP": month.cases["DISP"].array[case]},
    }
    for way, columns in own.items():
        for name, values in columns.items():
            shown = pd.Series(values, index=keys.index).astype("str").fillna("нет")
            keys[name] = shown.where(keys["way"] == way, "")
    codes = np.zeros(len(keys), dtype=np.int64)
    for column in keys:
        known, values = pd.factorize(keys[column])
        codes = pd.factorize(codes * (len(values) + 1) + known)[0]
    first = np.flatnonzero(~pd.Series(codes).duplicated().to_numpy())
    acts = ["", *(title for _, title in reference.settings.acts)]
    texts = []
    for row in keys.iloc[first].to_dict("records"):
        source = SOURCES[row["way"]].format_map(row)
        texts.append("; ".join(part for part in (source, acts[row["year"]]) if part))
    return pd.Series(np.array(texts, dtype=object)[codes] if texts else [], index=visits.index, dtype="str")


def _acts(closed: np.ndarray, reference: Reference) -> np.ndarray:
    """Number of the act in force on each day, 0 before the first."""
    since = np.array([day for day, _ in reference.settings.acts], dtype="datetime64[D]")
    return np.searchsorted(since, closed, side="right")
