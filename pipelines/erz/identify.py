"""Identification of people in the register of the insured, set-wise: who they are, who pays for them on a day.

Keys in their order, each tried for those whom the keys before it did not find: ЕНП, policy, identity document, СНИЛС,
name with day of birth and sex. What a number finds stands only when the day of birth or the whole name agrees too:
papers of a relative identify nobody. Of several persons under one number the one who holds it on the day is meant;
several still – the next key.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text

from pipelines.ground.database import copy_table, read_frame
from pipelines.ground.sql import source

KEYS = {"ENP": "enp", "policy": "policy", "document": "document", "SNILS": "snils", "name": "name"}
"""Keys as answers call them, in the order in which they are tried, and the statement of each."""

_TABLES = ("identify_asked", "identify_found", "identify_doubt")
_UNIFIED = "3"


def identify(connection: Connection, people: pd.DataFrame, day: str) -> pd.DataFrame:
    """Who the people are in the register and who pays for them on the day in the column ``day`` (datetime64).

    ``people`` has elements of the registers of accounts, text where nothing else is said; absent columns count as empty:
    ``ENP``, ``VPOLIS``, ``SPOLIS``, ``NPOLIS``, ``DOCTYPE``, ``DOCSER``, ``DOCNUM``, ``SNILS``, ``FAM``, ``IM``,
    ``OT``, ``W``, ``DR`` (datetime64), ``SMO`` (insurer that is named), and for newborns (``NOVOR`` not 0) the
    representative's ``FAM_P``, ``IM_P``, ``OT_P``, ``W_P``, ``DR_P`` (datetime64): a newborn is insured as its
    representative is.

    One row a row of ``people``, in its order and under its index: ``case`` (Int64: its column of that name, else the
    position), ``person`` (Int64, id of erz.person), ``found`` own, other_smo, other_territory, none, dead (death
    before the day), ``payer`` (insurer of this territory, or ОКАТО of another), ``by`` ENP, policy, document, SNILS,
    name, and ``reason``: unknown, several, mismatch (the number is somebody else's), uninsured (known, but not insured
    on the day), dead.
    """
    for create in source("erz/identify_asked").split(";\n"):
        connection.execute(text(create))
    copy_table(connection, "identify_asked", _asked(people, day))
    connection.execute(text("analyze identify_asked"))
    for by, key in KEYS.items():
        candidates = source(f"erz/identify_by_{key}")
        connection.execute(text(source("erz/identify_key").replace("{candidates}", candidates)), {"by": by})
        connection.execute(text("analyze identify_found"))
    answer = read_frame(connection, source("erz/identify_answer"))
    connection.execute(text(f"drop table {', '.join(_TABLES)}"))
    return _answer(people, answer)


def _answer(people: pd.DataFrame, answer: pd.DataFrame) -> pd.DataFrame:
    answer = answer.rename(columns={"place": "case"}).set_index(people.index)
    if "case" in people:
        answer["case"] = people["case"]
    return answer.astype({"case": "Int64", "person": "Int64"})


def _asked(people: pd.DataFrame, day: str) -> pa.Table:
    """Rows of the temporary table: empty text as null, a unified policy's number as ЕНП, the representative for a
    newborn."""
    given = {
        name: _text(people, name) for name in ("VPOLIS", "SPOLIS", "NPOLIS", "DOCTYPE", "DOCSER", "DOCNUM", "SMO", "ENP")
    }
    newborn = pc.fill_null(pc.not_equal(_text(people, "NOVOR"), "0"), False)
    unified = pc.fill_null(pc.equal(given["VPOLIS"], _UNIFIED), False)
    enp = pc.coalesce(given["ENP"], pc.if_else(unified, given["NPOLIS"], pa.scalar(None, pa.string())))
    snils = _blank(pc.replace_substring_regex(_text(people, "SNILS"), r"[^0-9]", ""))
    person: Mapping[str, pa.Array] = {
        name.lower(): pc.if_else(newborn, _text(people, f"{name}_P"), _text(people, name))
        for name in ("FAM", "IM", "OT", "W")
    }
    return pa.table(
        {
            "place": pa.array(np.arange(len(people))),
            "enp": enp,
            "vpolis": given["VPOLIS"],
            "policy": _joined(given["SPOLIS"], given["NPOLIS"]),
            "doctype": given["DOCTYPE"],
            "document": _joined(given["DOCSER"], given["DOCNUM"]),
            "snils": snils,
            **person,
            "dr": pc.if_else(newborn, _days(people, "DR_P"), _days(people, "DR")),
            "smo": given["SMO"],
            "newborn": newborn,
            "day": _days(people, day),
        }
    )


def _text(people: pd.DataFrame, name: str) -> pa.Array:
    """A column as text without blanks around it, empty as null; all null when the frame has no such column."""
    if name not in people:
        return pa.nulls(len(people), pa.string())
    return _blank(pc.utf8_trim_whitespace(pa.array(people[name], pa.string(), from_pandas=True)))


def _blank(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def _joined(*parts: pa.Array) -> pa.Array:
    """Series and number side by side, null without the number."""
    series, number = parts
    return pc.binary_join_element_wise(pc.fill_null(series, ""), number, "")


def _days(people: pd.DataFrame, name: str) -> pa.Array:
    if name not in people:
        return pa.nulls(len(people), pa.date32())
    return pa.array(people[name], pa.timestamp("s"), from_pandas=True, safe=False).cast(pa.date32())
