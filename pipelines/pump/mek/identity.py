"""Stage B: what identification answered. Another payer is no refusal: the case goes to that payer's register."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.pump.mek import hits
from pipelines.pump.mek.given import Given
from pipelines.pump.mek.hits import phrase


def identity_hits(given: Given) -> pd.DataFrame:
    """Unknown persons and care after death are refused; other payers are noted (``code`` empty)."""
    if given.answers is None:
        return hits.empty()
    answers, cases = given.answers.reset_index(drop=True), given.month.cases
    place = answers["case"].to_numpy(np.int64)
    about = {name: cases[name].iloc[place].reset_index(drop=True) for name in ("ID_PAC", "DATE_Z_1", "DATE_Z_2", "SMO")}
    about |= {"payer": answers["payer"]}

    def chosen(found: np.ndarray, osn: str, rule: str, template: str, note: bool = False) -> pd.DataFrame:
        rows = np.flatnonzero(found)
        text = phrase(template, len(rows), **{name: values.iloc[rows] for name, values in about.items()})
        case = place[rows]
        return hits.make(given.bases, "B", osn, rule, text, given.facts.of_cases(case), note=note)

    found = answers["found"]
    moved = (found == "other_smo") | ((found == "own") & (answers["payer"] != about["SMO"]) & answers["payer"].notna())
    terms = given.terms
    return hits.concat(
        [
            chosen(
                (found == "none").to_numpy(),
                terms.not_found,
                "MEK.B.1",
                "пациент {ID_PAC}: лицо не найдено в регистре застрахованных на {DATE_Z_1}; ожидаются верные данные",
            ),
            chosen(
                (found == "dead").to_numpy(),
                terms.after_death,
                "MEK.B.2",
                "пациент {ID_PAC}: помощь по {DATE_Z_2} оказана после даты смерти; ожидается дата не позже даты смерти",
            ),
            chosen(
                moved.to_numpy(bool),
                terms.not_found,
                "MEK.B.3",
                "пациент {ID_PAC}: SMO = {SMO}, застрахован в {payer}; случай переадресован плательщику {payer}",
                note=True,
            ),
            chosen(
                (found == "other_territory").to_numpy(),
                terms.not_found,
                "MEK.B.4",
                "пациент {ID_PAC}: застрахован на другой территории ({payer}); случай включён в межтерриториальные расчёты",
                note=True,
            ),
        ]
    )
