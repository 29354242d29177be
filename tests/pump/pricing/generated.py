"""A month as the generator bills it, without a database: registers of all kinds as the frames of ``pump.month``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache

import numpy as np
import pandas as pd

from pipelines.exchange.region import load
from pipelines.ground.settings import ROOT
from pipelines.nsi.dictionaries import Dictionaries
from pipelines.pump.month import DIAGNOSES, Month, elements
from pipelines.pump.pricing import Pricing, Reference
from pipelines.synthetic.model import Register
from pipelines.synthetic.registers import generate_register

REGION = load(ROOT / "include" / "region" / "demo")
PERIOD = date(2026, 1, 1)
ORGANISATIONS = {
    "H": ("980001", "980002", "980003", "980004", "980005", "980006", "980007"),
    "C": ("980006",),
    "T": ("980001",),
    "X": ("980003", "980002"),
}


@cache
def reference() -> Reference:
    """The demo region's prices."""
    return Reference(Dictionaries.from_folder(REGION.folder / "nsi"), Pricing.load(REGION.folder), REGION.okato)


def registers(cases: int, period: date = PERIOD, seed: int = 5, payers: Iterable[str] = ("98001", "98")) -> list[Register]:
    """Registers of every organisation and kind, ``cases`` each."""
    return [
        generate_register(REGION, organisation, payer, period, cases, seed, kind=kind)
        for kind, organisations in ORGANISATIONS.items()
        for organisation in organisations
        for payer in payers
    ]


def month_of(made: Iterable[Register], period: date = PERIOD) -> Month:
    """The frames that ``month.read`` gives for registers that were loaded as they are."""
    frames: dict[str, list[pd.DataFrame]] = {"cases": [], "visits": [], "services": [], "DS": [], "CRIT": [], "SL_KOEF": []}
    start = {"cases": 0, "visits": 0, "services": 0}
    for package, register in enumerate(made, 1):
        kind = next(role for role in register.files if role != "L")
        tables = register.files[kind].tables
        own = {name: table.to_pandas() for name, table in tables.items()}
        zap, persons = own["ZAP"], register.files["L"].tables["PERS"].to_pandas()
        account = own["SCHET"].iloc[[0] * len(zap)].reset_index(drop=True)
        person = persons.drop_duplicates("ID_PAC").set_index("ID_PAC").reindex(zap["ID_PAC"]).reset_index(drop=True)
        cases = pd.concat(
            [
                _taken(account, elements()["account"]),
                _taken(zap, elements()["case"]),
                _taken(person, elements()["person"]),
            ],
            axis=1,
        )
        cases.insert(0, "kind", kind)
        cases.insert(0, "row", np.arange(len(cases)))
        cases.insert(0, "package", package)
        frames["cases"].append(cases)
        visits = _taken(own["SL"], elements()["visit"])
        visits.insert(0, "case", own["SL"]["_parent"].to_numpy() + start["cases"])
        frames["visits"].append(visits)
        services = _taken(own["USL"], elements()["service"])
        services.insert(0, "visit", own["USL"]["_parent"].to_numpy() + start["visits"])
        services.insert(1, "case", visits["case"].to_numpy()[own["USL"]["_parent"].to_numpy()])
        frames["services"].append(services)
        for table in DIAGNOSES:
            if table in own:
                part = own[table].rename(columns={table[:3]: "DS"})
                frames["DS"].append(_child(part, ["DS"], start["visits"]).assign(which=table[:3]))
        for table, columns in (("CRIT", ["CRIT"]), ("SL_KOEF", ["IDSL", "Z_SL"])):
            if table in own:
                frames[table].append(_child(own[table], columns, start["visits"]))
        start = {
            name: start[name] + len(own[table]) for name, table in (("cases", "ZAP"), ("visits", "SL"), ("services", "USL"))
        }
    whole = {name: pd.concat(parts, ignore_index=True) for name, parts in frames.items()}
    for name, key in (("cases", "case"), ("visits", "visit"), ("services", "service")):
        whole[name].insert(0, key, np.arange(len(whole[name])))
    return Month(
        period,
        whole["cases"],
        whole["visits"],
        whole["services"],
        whole["DS"][["visit", "which", "DS"]],
        whole["CRIT"],
        whole["SL_KOEF"],
    )


def _child(table: pd.DataFrame, columns: list[str], start: int) -> pd.DataFrame:
    return table[columns].astype("str").assign(visit=table["_parent"].to_numpy() + start)[["visit", *columns]]


def _taken(table: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Elements as ``month.read`` keeps them; null where the kind has no such element."""
    frame = {}
    for name in names:
        values = table[name] if name in table else pd.Series(None, index=table.index, dtype="str")
        if name in elements()["money"]:
            exact = values.fillna("0").str.replace(".", "", regex=False)
            frame[name] = exact.astype("int64")
        elif name in elements()["dates"]:
            frame[name] = pd.to_datetime(values)
        elif name in elements()["numbers"]:
            frame[name] = values.astype("Int64")
        else:
            frame[name] = values.astype("str")
    return pd.DataFrame(frame, index=table.index)
