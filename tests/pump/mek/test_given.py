"""The paid history: what was accepted for money and not corrected by a later record."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from pipelines.pump.mek import Given
from tests.pump.mek import made
from tests.pump.mek.test_against_plain import ACT, TERMS, dictionaries


def test_the_paid_history_leaves_out_the_refused_and_the_corrected() -> None:
    month = made.month(400, 3)
    past = made.history(600, 4, month)
    random = np.random.default_rng(6)
    source = np.sort(random.integers(0, 200, len(past.cases)))  # many records of the same number
    key = {name: past.cases[name].iloc[source].array for name in ("CODE_MO", "IDCASE", "ID_PAC", "N_ZAP")}
    corrected = pd.array(np.where(random.random(len(source)) < 0.3, "1", "0"), dtype="str")
    cases = past.cases.assign(**key, PR_NOV=corrected)
    given = Given(month, dictionaries(), TERMS, ACT, history=replace(past, cases=cases))
    rows = cases.to_dict("records")
    expected = []
    for place, row in enumerate(rows):
        later = [other for other in rows[place + 1 :] if all(other[name] == row[name] for name in key)]
        if row["OPLATA"] != "2" and row["SUMP"] > 0 and not any(other["PR_NOV"] == "1" for other in later):
            expected.append(row["row"])
    assert given.paid is not None
    assert given.paid.month.cases["row"].tolist() == expected
    assert 0 < len(expected) < len(rows) / 2


def test_organisations_of_the_month_and_of_the_history_have_the_same_numbers() -> None:
    month = made.month(300, 3)
    given = Given(month, dictionaries(), TERMS, ACT, history=made.history(200, 4, month))
    assert given.paid is not None
    names = pd.concat([month.cases["CODE_MO"], given.paid.month.cases["CODE_MO"]])
    pairs = set(zip(np.concatenate(given.places).tolist(), names, strict=True))
    assert len(pairs) == names.nunique() == len({number for number, _ in pairs})
