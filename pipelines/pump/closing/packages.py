"""Payment packages: the registers as they arrived, with the decision on every case (OPLATA, SUMP, SANK), for each receiver.

The insurer gets the cases that it pays for, the organisation all cases of its account. Order 79, tables Д.1–Д.5, file names
of its receivers: the fund (T) to the insurer (S) or organisation (M).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.exchange.kinds import Opened
from pipelines.formats.archive import write_archive
from pipelines.formats.tables import PARENT, Tables
from pipelines.formats.xml_writer import write_xml
from pipelines.ground.money import kopecks, roubles
from pipelines.pump.closing.model import Closed, Document
from pipelines.pump.load import PERSONS, main_role

SMO_REGISTER, MO_REGISTER = "SMO_REGISTER", "MO_REGISTER"
EARLY = "PRE_"
"""Before the name of what a control of a day sends: the month's own register has the plain name."""


@dataclass(frozen=True)
class Decided:
    """Decisions on the loaded cases of one package, by the row of ZAP: ``row``, ``payer``, OPLATA, SUMP, SANK_IT.

    ``sanctions`` have ``row`` too, and SL_ID.
    """

    cases: pd.DataFrame
    sanctions: pd.DataFrame

    @classmethod
    def of(cls, closed: Closed, package: int) -> Decided:
        """Those of a package of a closing."""
        cases, visits, sanctions = closed.month.cases, closed.month.visits, closed.decision.sanctions
        own = np.flatnonzero((cases["package"] == package).to_numpy())
        decided = closed.decision.cases.iloc[own][["OPLATA", "SUMP", "SANK_IT"]].reset_index(drop=True)
        decided = decided.assign(row=cases["row"].to_numpy()[own], payer=closed.payers.to_numpy()[own])
        mine = sanctions[np.isin(sanctions["case"].to_numpy(np.int64), own)].reset_index(drop=True)
        visit = mine["visit"].to_numpy(np.int64)
        names = visits["SL_ID"].array.take(visit, allow_fill=True)
        rows = cases["row"].to_numpy()[mine["case"].to_numpy(np.int64)]
        return cls(decided, mine.assign(row=rows, SL_ID=names))


def registers(closed: Closed, opened: Opened, fund: str) -> Iterator[Document]:
    """Packages of one account: for its organisation, and for each insurer that pays for cases of it; ``fund`` is its code.

    Cases of other territories and of nobody are in the organisation's package only.
    """
    decided = Decided.of(closed, opened.package.id)
    sender = str(opened.package.sender)
    every = np.ones(len(decided.cases), dtype=bool)
    yield _document(closed, opened, decided, every, f"T{fund}M{sender}", MO_REGISTER, sender, None)
    payers = decided.cases["payer"]
    for payer in sorted(set(payers[payers.str.len() == 5]) & closed_insurers(closed)):
        own = (payers == payer).to_numpy()
        yield _document(closed, opened, decided, own, f"T{fund}S{payer}", SMO_REGISTER, payer, payer)


def closed_insurers(closed: Closed) -> set[str]:
    """Insurers of the territory that pay for cases of the closing."""
    own = closed.answers["found"].isin(["own", "other_smo"]).to_numpy()
    return set(closed.payers[own]) - {""}


def _document(
    closed: Closed,
    opened: Opened,
    decided: Decided,
    chosen: np.ndarray,
    way: str,
    kind: str,
    recipient: str,
    payer: str | None,
) -> Document:
    closing = closed.closing
    letters, persons = _letters(opened)
    tail = f"{way}_{closing.period:%y%m}{opened.package.id}"
    names = {main_role(opened): f"{letters}{tail}", PERSONS: f"{persons}{tail}"}
    content = package(opened, decided, chosen, names, closing.act_date.isoformat(), payer)
    early = EARLY if closing.kind == "day" else ""
    name = f"{early}{names[main_role(opened)]}.zip"
    account = opened.tables[main_role(opened)].data["SCHET"]["NSCHET"][0].as_py()
    title = f"Реестр счёта № {account} с результатами МЭК за {closing.period:%m.%Y}"
    return Document(kind, name, title, content, recipient, payer, str(opened.package.sender))


def _letters(opened: Opened) -> tuple[str, str]:
    """Letters before the names of the main file and of the persons'."""
    tail = opened.match["tail"]
    persons = opened.file_names[PERSONS].rsplit(".", 1)[0]
    return opened.match.group()[: -len(tail)].upper(), persons[: -len(tail)].upper()


def package(
    opened: Opened, decided: Decided, chosen: np.ndarray, names: Mapping[str, str], day: str, payer: str | None
) -> bytes:
    """A ZIP of the register and its persons with the chosen cases; the same input gives the same bytes."""
    main, persons = opened.tables[main_role(opened)], opened.tables[PERSONS]
    cases = decided.cases[chosen]
    rows = cases["row"].to_numpy(np.int64)
    tables = below(main, rows)
    tables["ZAP"] = _decided(tables["ZAP"], cases)
    if payer:
        tables["ZAP"] = _with(tables["ZAP"], {"SMO": payer})  # also of a case that named another insurer
    tables |= sanctions(decided.sanctions, rows)
    account = {
        "SUMMAV": _total(tables["ZAP"]["SUMV"]),
        "SUMMAP": roubles(int(cases["SUMP"].sum())),
        "SANK_MEK": roubles(int(cases["SANK_IT"].sum())),
    }
    tables["SCHET"] = _with(main.data["SCHET"], account | ({"PLAT": payer} if payer else {}))
    stem = names[main_role(opened)]
    tables["ZGLV"] = _with(main.data["ZGLV"], {"DATA": day, "FILENAME": stem, "SD_Z": str(len(rows))})
    named = set(tables["ZAP"]["ID_PAC"].to_pylist())
    people = np.flatnonzero([one in named for one in persons.data["PERS"]["ID_PAC"].to_pylist()])
    others = below(persons, people)
    header = {"DATA": day, "FILENAME": names[PERSONS], "FILENAME1": stem}
    others["ZGLV"] = _with(persons.data["ZGLV"], header)
    files = {
        f"{stem}.xml": write_xml(tables, main.layout),
        f"{names[PERSONS]}.xml": write_xml(others, persons.layout),
    }
    return write_archive(files)


def below(tables: Tables, records: np.ndarray) -> dict[str, pa.Table]:
    """Some records of a file (rows ascending) with what is under them; tables beside the records are left out."""
    layout = tables.layout
    kept = {layout.record: records}
    found = {layout.record: tables.data[layout.record].take(pa.array(records))}
    for name, spec in layout.tables.items():
        if spec.parent not in kept:
            continue
        data = tables.data[name]
        parents = data[PARENT].to_numpy()
        place = np.searchsorted(kept[spec.parent], parents)
        inside = place < len(kept[spec.parent])
        inside[inside] = kept[spec.parent][place[inside]] == parents[inside]
        kept[name] = np.flatnonzero(inside)
        chosen = data.take(pa.array(kept[name]))
        number = chosen.schema.get_field_index(PARENT)
        found[name] = chosen.set_column(number, PARENT, pa.array(place[inside], pa.int64()))
    return found


def _decided(records: pa.Table, cases: pd.DataFrame) -> pa.Table:
    sank = [roubles(amount) if amount else None for amount in cases["SANK_IT"]]
    values = {
        "OPLATA": pa.array(cases["OPLATA"].astype(str), pa.string()),
        "SUMP": pa.array(map(roubles, cases["SUMP"]), pa.string()),
        "SANK_IT": pa.array(sank, pa.string()),
    }
    return _columns(records, values)


def sanctions(made: pd.DataFrame, rows: np.ndarray) -> dict[str, pa.Table]:
    """Tables SANK and SL_ID of the records; what stood there before belongs to nobody's decision and goes."""
    place = np.searchsorted(rows, made["row"].to_numpy(np.int64))
    inside = place < len(rows)
    inside[inside] = rows[place[inside]] == made["row"].to_numpy(np.int64)[inside]
    own = made[inside].assign(place=place[inside]).sort_values("place", kind="stable")
    sank = {
        PARENT: pa.array(own["place"].to_numpy(np.int64)),
        "S_CODE": _texts(own["S_CODE"]),
        "S_SUM": pa.array(map(roubles, own["S_SUM"]), pa.string()),
        "S_TIP": _texts(own["S_TIP"]),
        "S_OSN": _texts(own["S_OSN"]),
        "DATE_ACT": pa.array(own["DATE_ACT"].dt.strftime("%Y-%m-%d"), pa.string(), from_pandas=True),
        "NUM_ACT": _texts(own["NUM_ACT"]),
        "S_COM": pa.array([_legal(text) for text in own["S_COM"]], pa.string()),
        "S_IST": _texts(own["S_IST"]),
    }
    visits = {PARENT: pa.array(np.arange(len(own)), pa.int64()), "SL_ID": _texts(own["SL_ID"])}
    return {"SANK": pa.table(sank), "SL_ID": pa.table(visits), "CODE_EXP": pa.table({PARENT: pa.array([], pa.int64())})}


def _total(sums: pa.ChunkedArray) -> str:
    return roubles(sum(kopecks(text) for text in sums.to_pylist() if text))


def _with(table: pa.Table, values: Mapping[str, str | None]) -> pa.Table:
    return _columns(table, {name: pa.array([value] * table.num_rows, pa.string()) for name, value in values.items()})


def _columns(table: pa.Table, values: Mapping[str, pa.Array]) -> pa.Table:
    for name, column in values.items():
        number = table.schema.get_field_index(name)
        table = table.set_column(number, name, column) if number >= 0 else table.append_column(name, column)
    return table


def _texts(values: pd.Series) -> pa.Array:
    return pa.array(values.astype("str"), pa.string(), from_pandas=True)


def _legal(text: str) -> str:
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)
