"""Registers that format control accepts and medical-economic control refuses in part: wrong tariffs, crossings, repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.exchange.region import Region
from pipelines.formats.tables import PARENT, Tables
from pipelines.ground.money import kopecks, roubles
from pipelines.pump.closing.packages import below
from pipelines.synthetic.columns import Ints
from pipelines.synthetic.model import Register, RegisterFile
from pipelines.synthetic.registers import KINDS, generate_register, name_reestr, persons_name

MORE = 10_000
"""Kopecks that a case with a wrong tariff costs more."""
STAY = 4
"""Days in hospital from which on a visit may fall inside."""
_PATIENT = ("ID_PAC", "VPOLIS", "SPOLIS", "NPOLIS", "ST_OKATO", "SMO", "SMO_OK", "SMO_NAM", "INV", "MSE")


def disputed(region: Region, organisation: str, payer: str, period: date, cases: int, seed: int, number: int) -> Register:
    """A register of accounts (H) with stays dearer than their tariff (1.7.2) and visits inside the person's stays (1.10.5).

    A twentieth of its cases each, one at least; else as ``generate_register`` makes it, whose people it has. Raises
    ``ValueError`` where no case fits.
    """
    register = generate_register(region, organisation, payer, period, cases, seed, number=number)
    main = register.files["H"]
    frames = {name: main.tables[name].to_pandas() for name in ("ZAP", "SL", "USL")}
    zap, visits = frames["ZAP"], frames["SL"]
    single = visits[PARENT].map(visits[PARENT].value_counts()) == 1
    short = ((zap["USL_OK"] == "3") & (zap["DATE_Z_1"] == zap["DATE_Z_2"])).to_numpy()[visits[PARENT]]
    count = max(1, cases // 20)
    dearer = np.flatnonzero((single & visits["N_KSG"].notna()).to_numpy())[:count]
    moved = _inside(frames, register.files["L"], np.flatnonzero(single.to_numpy() & short), count)
    if not len(dearer) and not moved:
        raise ValueError(f"{organisation} has no cases to dispute")
    for visit in dearer.tolist():
        _raise(frames, visit)
    for visit, stay in moved:
        _move(frames, visit, stay)
    account = {"SUMMAV": roubles(sum(map(kopecks, zap["SUMV"])))}
    tables = {**main.tables, **{name: _table(frame, main.tables[name]) for name, frame in frames.items()}}
    tables["SCHET"] = _with(main.tables["SCHET"], account)
    files = {"H": replace(main, tables=tables), "L": _persons(register.files["L"], set(zap["ID_PAC"]), {})}
    return replace(register, files=files)


def repeated(region: Region, register: Register, rows: Sequence[int], number: int) -> Register:
    """Some cases (rows of ZAP) of a register of accounts, billed once more in a package of their own (1.10.2)."""
    main = register.files["H"]
    (variant,) = KINDS["H"]({"mixes": ()})
    stem = name_reestr(variant.letters, region, register.organisation, register.payer, register.period, number)
    tables: dict[str, pa.Table] = below(_read(main), np.asarray(rows, dtype=np.int64))
    bill = main.tables["SCHET"].to_pylist()[0]
    total = roubles(sum(map(kopecks, tables["ZAP"]["SUMV"].to_pylist())))
    account = {"SUMMAV": total, "NSCHET": f"{bill['NSCHET']}-{number}", "CODE": str(int(bill["CODE"]) + number)}
    tables["SCHET"] = _with(main.tables["SCHET"], account)
    tables["ZGLV"] = _with(main.tables["ZGLV"], {"FILENAME": stem, "SD_Z": str(len(rows))})
    persons = persons_name(variant.letters, stem)
    head = {"FILENAME": persons, "FILENAME1": stem}
    others = replace(_persons(register.files["L"], set(tables["ZAP"]["ID_PAC"].to_pylist()), head), name=persons)
    files = {"H": replace(main, name=stem, tables={**_empty(main), **tables}), "L": others}
    return replace(register, name=stem, files=files)


def _inside(frames: Mapping[str, pd.DataFrame], persons: RegisterFile, visits: Ints, count: int) -> list[tuple[int, int]]:
    """Visits with the record of a stay into which each may be moved: of a person of the same sex, both grown up or not."""
    zap, sl = frames["ZAP"], frames["SL"]
    people = persons.tables["PERS"].select(["ID_PAC", "W", "OT"]).to_pandas().set_index("ID_PAC").reindex(zap["ID_PAC"])
    like = people["W"].to_numpy()
    grown = sl.drop_duplicates(PARENT).set_index(PARENT)["DET"].reindex(range(len(zap)))
    own = (zap["NOVOR"] == "0") & people["OT"].notna().to_numpy()  # others have signs of their own in the case
    long = (pd.to_datetime(zap["DATE_Z_2"]) - pd.to_datetime(zap["DATE_Z_1"])).dt.days >= STAY
    stays = np.flatnonzero(((zap["USL_OK"] == "1") & own & long).to_numpy()).tolist()
    found: list[tuple[int, int]] = []
    for visit in visits.tolist():
        case = int(sl[PARENT].iloc[visit])
        fits = (stay for stay in stays if (like[stay], grown[stay]) == (like[case], grown[case]))
        if own[case] and len(found) < count and (stay := next(fits, None)) is not None:
            found.append((visit, stay))
            stays.remove(stay)
    return found


def _raise(frames: Mapping[str, pd.DataFrame], visit: int) -> None:
    """Bill a visit that is paid by its group dearer."""
    case = int(frames["SL"][PARENT].iloc[visit])
    for table, row, names in (("ZAP", case, ["SUMV"]), ("SL", visit, ["TARIF", "SUM_M"])):
        for name in names:
            frames[table].loc[row, name] = roubles(kopecks(str(frames[table].loc[row, name])) + MORE)


def _move(frames: Mapping[str, pd.DataFrame], visit: int, stay: int) -> None:
    """Let the visit be of the person who lies in hospital, on the third day of the stay."""
    zap, case = frames["ZAP"], int(frames["SL"][PARENT].iloc[visit])
    names = [name for name in _PATIENT if name in zap]
    zap.loc[case, names] = zap.loc[stay, names].to_numpy()
    day = str(np.datetime64(str(zap.loc[stay, "DATE_Z_1"]), "D") + 2)
    zap.loc[case, ["DATE_Z_1", "DATE_Z_2"]] = day
    frames["SL"].loc[visit, ["DATE_1", "DATE_2"]] = day
    frames["USL"].loc[frames["USL"][PARENT] == visit, ["DATE_IN", "DATE_OUT"]] = day


def _persons(file: RegisterFile, named: set[str], head: Mapping[str, str]) -> RegisterFile:
    """The persons file with those named only."""
    rows = np.flatnonzero([one in named for one in file.tables["PERS"]["ID_PAC"].to_pylist()])
    tables = below(_read(file), rows)
    return replace(file, tables={**_empty(file), **tables, "ZGLV": _with(file.tables["ZGLV"], head)})


def _read(file: RegisterFile) -> Tables:
    """The file as one that was read without a fault."""
    return Tables(file.layout, file.tables, pa.table({}))


def _empty(file: RegisterFile) -> dict[str, pa.Table]:
    return {name: table.slice(0, 0) for name, table in file.tables.items()}


def _with(table: pa.Table, values: Mapping[str, str]) -> pa.Table:
    for name, value in values.items():
        table = table.set_column(table.schema.get_field_index(name), name, pa.array([value] * table.num_rows, pa.string()))
    return table


def _table(frame: pd.DataFrame, like: pa.Table) -> pa.Table:
    return pa.Table.from_pandas(frame, schema=like.schema, preserve_index=False)
