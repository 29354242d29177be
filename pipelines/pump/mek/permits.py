"""Stages E and F: licences (T_LICENCE), certificates of workers (T_CERT), what the programme does not pay (T_NOPAY)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.nsi.dictionaries import APART, Dictionaries
from pipelines.pump.mek import hits
from pipelines.pump.mek.coded import Coded, Mask, Numbers, combined, constant
from pipelines.pump.mek.conditions import some
from pipelines.pump.mek.given import Given
from pipelines.pump.mek.hits import phrase


def known(nsi: Dictionaries, name: str, fields: Sequence[str], values: Sequence[Coded], on: Numbers) -> Mask:
    """Whether a dictionary has the combination of values in force on the day of each row; a missing value is not there.

    ``on``: days as ``facts.days`` has them. Texts are joined once for each combination that occurs.
    """
    codes, first = combined(values)
    columns = [pa.array(column[first].decoded().astype("str"), pa.string(), from_pandas=True) for column in values]
    joined = columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, APART)
    asked = pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), joined)
    return nsi.contains(name, "|".join(fields), asked, on.view("datetime64[D]"))


def licence_hits(given: Given) -> pd.DataFrame:
    """1.8.2 no licence on the day, 1.8.1 not for this kind of care, 1.8.3 not at this place. Nothing without T_LICENCE.

    T_LICENCE: MCOD, LPU_1, PROFIL, USL_OK, VIDPOM. Objects are visits, on the day when they end.
    """
    if "T_LICENCE" not in given.nsi:
        return hits.empty()
    level = given.facts.visits
    names = ["CODE_MO", "LPU_1", "PROFIL", "USL_OK", "VIDPOM"]
    columns = {name: level.coded(name) for name in names}
    day = level.days("DATE_2")

    def licensed(*wanted: str) -> Mask:
        fields = ["MCOD" if name == "CODE_MO" else name for name in wanted]
        return known(given.nsi, "T_LICENCE", fields, [columns[name] for name in wanted], day)

    checked = ~some(given.terms.licensed_unless, level)
    any_ = licensed("CODE_MO")
    activity = licensed("CODE_MO", "PROFIL", "USL_OK", "VIDPOM")
    place = licensed(*names)
    common = "PROFIL = {PROFIL}, USL_OK = {USL_OK}, VIDPOM = {VIDPOM}"
    found = [
        ("1.8.2", "MEK.E.1", checked & ~any_, "организация {CODE_MO}: ожидается лицензия, действующая {day}"),
        (
            "1.8.1",
            "MEK.E.2",
            checked & any_ & ~activity,
            f"{common}: ожидается вид деятельности из лицензии {{CODE_MO}} на {{day}}",
        ),
        (
            "1.8.3",
            "MEK.E.3",
            checked & activity & ~place,
            f"LPU_1 = {{LPU_1}}, {common}: ожидается адрес из лицензии {{CODE_MO}} на {{day}}",
        ),
    ]
    parts = []
    for osn, rule, wrong, template in found:
        visit = np.flatnonzero(wrong)
        shown = {name: column[visit].decoded() for name, column in columns.items()}
        text = phrase(template, len(visit), day=given.month.visits["DATE_2"].iloc[visit], **shown)
        parts.append(_visits_hit(given, "E", osn, rule, text, visit))
    return hits.concat(parts)


def worker_hits(given: Given) -> pd.DataFrame:
    """1.9: no certificate of the worker for the speciality on the day. Nothing without T_CERT (IDDOKT, PRVS)."""
    if "T_CERT" not in given.nsi:
        return hits.empty()
    facts = given.facts
    template = (
        "{field} = {worker}, PRVS = {prvs}: ожидается действующий сертификат или аккредитация по специальности на {day}"
    )
    visits, services = given.month.visits, given.month.services
    parts = []
    for frame, level, field, date_field, is_visit in (
        (visits, facts.visits, "IDDOKT", "DATE_2", True),
        (services, facts.services, "CODE_MD", "DATE_OUT", False),
    ):
        worker = level.coded(field)
        certified = known(given.nsi, "T_CERT", ["IDDOKT", "PRVS"], [worker, level.coded("PRVS")], level.days(date_field))
        rows = np.flatnonzero((worker.codes >= 0) & ~certified)
        wrong = frame.iloc[rows]
        text = phrase(template, len(rows), field=field, worker=wrong[field], prvs=wrong["PRVS"], day=wrong[date_field])
        if is_visit:
            parts.append(_visits_hit(given, "E", "1.9", "MEK.E.4", text, rows))
        else:
            parts.append(hits.make(given.bases, "E", "1.9", "MEK.E.5", text, facts.of_services(rows)))
    return hits.concat(parts)


def programme_hits(given: Given) -> pd.DataFrame:
    """Kinds of care that the programme does not pay: T_NOPAY (FIELD, VALUE, OSN, NAME). Nothing without it.

    FIELD is an element of the visit or of the service (CODE_USL, VID_VME), OSN the ground (1.6.1; 1.6.4 other payers).
    """
    if "T_NOPAY" not in given.nsi:
        return hits.empty()
    facts, dictionary = given.facts, given.nsi["T_NOPAY"]
    pairs = dictionary.rows.select(["FIELD", "OSN"]).to_pandas().drop_duplicates().sort_values(["FIELD", "OSN"])
    template = "{field} = {value}: помощь не входит в программу ОМС на {day}; ожидается значение не из перечня T_NOPAY"
    parts = []
    for field, osn in pairs.itertuples(index=False):
        of_service = field in ("CODE_USL", "VID_VME")
        level = facts.services if of_service else facts.visits
        ends = "DATE_OUT" if of_service else "DATE_2"
        values = level.coded(field)
        constants = [constant(text, level.rows) for text in (field, osn)]
        rows = np.flatnonzero(known(given.nsi, "T_NOPAY", ["FIELD", "OSN", "VALUE"], [*constants, values], level.days(ends)))
        text = phrase(template, len(rows), field=field, value=values[rows].decoded(), day=level.at(ends, rows))
        if of_service:
            parts.append(hits.make(given.bases, "F", osn, "MEK.F.2", text, facts.of_services(rows)))
        else:
            parts.append(_visits_hit(given, "F", osn, "MEK.F.1", text, rows))
    return hits.concat(parts)


def _visits_hit(given: Given, stage: str, osn: str, rule: str, text: pd.Series, visit: np.ndarray) -> pd.DataFrame:
    return hits.make(given.bases, stage, osn, rule, text, given.facts.of_visits(visit))
