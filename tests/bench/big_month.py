"""A month of a whole region for the benchmark: registers repeated over 600 organisations with fresh people.

The registers of a month and of the month before are made once by ``pipelines.synthetic`` for the seven organisations that
the demo region has of these kinds; each further copy has organisations, accounts, people and numbers of its own. Some people
are treated in several organisations; some cases are presented twice, late, with a wrong sum, by an unknown worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.nsi.dictionaries import Dictionaries, Dictionary
from pipelines.pump.month import Month
from pipelines.pump.pricing import Pricing, Reference, price
from pipelines.pump.pricing.reference import days_of
from pipelines.synthetic.registers import generate_register
from tests.pump.pricing.generated import ORGANISATIONS, REGION, month_of

PERIOD, BEFORE = date(2026, 11, 1), date(2026, 10, 1)
ACT = date(2026, 12, 20)
ORGANISATION_COUNT = 600
BASE = sorted({code for codes in ORGANISATIONS.values() for code in codes})
SHARES = {
    ("H", "98001"): 0.44,
    ("H", "98002"): 0.28,
    ("H", "98"): 0.03,
    ("C", "98001"): 0.03,
    ("T", "98001"): 0.01,
    ("X", "98001"): 0.13,
    ("X", "98002"): 0.07,
    ("X", "98"): 0.01,
}
"""Cases by register and payer; 98 is the fund itself, for people insured elsewhere."""
SERVICES = 3
"""Services of a case on average."""
LABORATORY = {"3.01.01": "B03.016.003", "3.01.02": "B03.016.006", "3.01.03": "A09.05.023", "3.01.04": "A09.05.026"}
SYLLABLES = ("бо", "ра", "ми", "ле", "не", "ску", "до", "ва", "те", "ри", "ко", "за", "жи", "ту", "пе", "хо")
FATES = {"unknown": 0.008, "dead": 0.002, "other_smo": 0.02, "other_territory": 0.01}
"""People who are not insured as their register says."""
DAMAGE = {"sum": 0.004, "worker": 0.004, "licence": 0.003}
"""Shares of visits with a wrong sum, an unknown worker, a profile that no licence covers."""
AGAIN, LATE = 0.005, 0.004
"""Shares of cases presented twice in the month, and once more after they were paid in the month before."""
PERSON = "identity"


@dataclass(frozen=True)
class Region:
    """What the chain works on; ``insured``: rows of ``erz.load_persons``."""

    month: Month
    history: Month
    insured: pa.Table
    reference: Reference


def region(cases: int, seed: int = 7) -> Region:
    """A month of about ``cases`` cases and a paid history as large, of the month before, and the insured of the region."""
    copies = max(1, min(-(-ORGANISATION_COUNT // len(BASE)), cases // 500))
    random = np.random.default_rng([seed, cases])
    nsi = Dictionaries.from_folder(REGION.folder / "nsi")
    own = Reference(nsi, Pricing.load(REGION.folder), REGION.okato)
    size = cases / copies / (1 + AGAIN + LATE)
    base, past = (_services(_base(period, size, seed), own, random) for period in (PERIOD, BEFORE))
    base, past, people = _linked(base, past, random)
    base = _presented_again(base, past, random)
    month, history = (_repeated(one, copies, number) for number, one in enumerate((base, past)))
    month = _identified(_damaged(month, random), people, copies)
    history = _identified(history, people, copies)
    history = replace(
        history, cases=history.cases.assign(OPLATA=pd.array(["1"] * len(history.cases), "str"), SUMP=history.cases["SUMV"])
    )
    dictionaries = extended(nsi, copies)
    return Region(month, history, _insured(people, copies, random), replace(own, dictionaries=dictionaries, _periods={}))


def _base(period: date, size: float, seed: int) -> Month:
    made = []
    for (kind, payer), share in SHARES.items():
        places = ORGANISATIONS[kind]
        # a call station has fewer cases than a hospital
        weight = np.array([0.4 if code == "980005" else 1 for code in places])
        for code, part in zip(places, weight / weight.sum(), strict=True):
            made.append(generate_register(REGION, code, payer, period, max(2, round(size * share * part)), seed, kind=kind))
    month = month_of(made, period)
    visits = month.visits.assign(package=month.cases["package"].to_numpy()[month.visits["case"]])
    services = month.services.assign(package=month.cases["package"].to_numpy()[month.services["case"]])
    return replace(month, visits=visits, services=services)


def _services(month: Month, reference: Reference, random: np.random.Generator) -> Month:
    """More laboratory services, so that a case has ``SERVICES`` of them, and the bill that the agreement gives for all."""
    lacking = max(0, len(month.cases) * SERVICES - len(month.services))
    source = np.flatnonzero((month.services["CODE_MD"].notna() & month.services["P_OTK"].isna()).to_numpy())
    more = month.services.iloc[np.sort(random.choice(source, lacking))].copy()
    code = random.choice(list(LABORATORY), lacking)
    found = reference.find("T_USL", "CODE_USL", pd.Series(code, dtype="str"), days_of(more["DATE_OUT"])).text("TARIF")
    paid = (month.cases["USL_OK"] == "3").to_numpy()[more["case"]]
    tariff = np.where(paid, found.str.replace(".", "", regex=False).astype("int64"), 0)
    more = more.assign(CODE_USL=pd.array(code, "str"), VID_VME=pd.array([LABORATORY[one] for one in code], "str"))
    more = more.assign(KOL_USL="1.00", TARIF=tariff, SUMV_USL=tariff)
    services = pd.concat([month.services, more]).sort_values("visit", kind="stable", ignore_index=True)
    month = replace(month, services=services.assign(service=np.arange(len(services))))
    prices = price(month, reference)
    due = prices.visits["due"].to_numpy(np.int64)
    visits = month.visits.assign(SUM_M=due, TARIF=due, ED_COL="1.00")
    return replace(month, visits=visits, cases=month.cases.assign(SUMV=prices.cases["due"].to_numpy(np.int64)))


def _linked(month: Month, history: Month, random: np.random.Generator) -> tuple[Month, Month, pd.DataFrame]:
    """Numbers of people (``PERSON``) in both months; adults may be one and the same person in several registers.

    People: W, DR, the insurer and the kind of policy, by number. A newborn stands for its representative.
    """
    rows = []
    for source, one in enumerate((month, history)):
        cases = one.cases
        code = pd.factorize(cases["package"].astype("str") + "|" + cases["ID_PAC"])[0]
        first = ~pd.Series(code).duplicated().to_numpy()
        child = (cases["NOVOR"] != "0").to_numpy()
        rows.append(
            pd.DataFrame(
                {
                    "source": source,
                    "child": child,
                    "kind": cases["kind"],
                    "W": cases["W"].where(~child, cases["W_P"]),
                    "DR": cases["DR"].where(~child, cases["DR_P"]),
                    "SMO": cases["SMO"],
                    "PLAT": cases["PLAT"],
                    "VPOLIS": cases["VPOLIS"],
                }
            )[first]
        )
        one.cases[PERSON] = code
    people = pd.concat(rows, ignore_index=True)
    start = len(rows[0])
    history.cases[PERSON] += start
    adult = (people["DR"] > "1950-01-01") & (people["DR"] < "2000-01-01") & ~people["child"] & people["PLAT"].notna()
    group = people.groupby(["W", "SMO", "VPOLIS"], dropna=False).ngroup()
    same = np.arange(len(people))
    leads = adult & (people["source"] == 0) & (people["kind"] != "X")
    for source, kinds, share in ((0, ("H", "C"), 0.25), (0, ("X",), 0.5), (1, ("H", "C", "T"), 0.5), (1, ("X",), 0.3)):
        follows = adult & (people["source"] == source) & people["kind"].isin(kinds)
        for number in np.unique(group[follows]):
            leaders = np.flatnonzero(leads & (group == number))
            followers = np.flatnonzero(follows & (group == number))
            count = min(int(len(followers) * share), len(leaders) // 2)
            chosen = random.choice(leaders, count, replace=False)
            taken = random.choice(followers, count, replace=False)
            free = (same[taken] == taken) & (same[chosen] == chosen) & ~np.isin(taken, same[same != np.arange(len(same))])
            same[taken[free]] = chosen[free]
    people = people.drop(columns=["source", "kind", "child", "PLAT"])
    numbered = []
    for one in (month, history):
        who = same[one.cases[PERSON].to_numpy()]
        moved = who != one.cases[PERSON].to_numpy()
        born = one.cases["DR"].mask(moved, pd.Series(people["DR"].to_numpy()[who]))
        numbered.append(replace(one, cases=one.cases.assign(DR=born, **{PERSON: who})))
    return numbered[0], numbered[1], people


def _presented_again(month: Month, past: Month, random: np.random.Generator) -> Month:
    """The month with copies of its own cases and of cases that were paid before, at the end."""
    # a record of the month before is presented in the package of the same organisation and payer
    parts = [month]
    for source, share in ((month, AGAIN), (past, LATE)):
        parts.append(_only(source, np.sort(random.choice(len(source.cases), int(len(source.cases) * share), replace=False))))
    return _joined(parts)


def _only(month: Month, kept: np.ndarray) -> Month:
    mask = np.zeros(len(month.cases), dtype=bool)
    mask[kept] = True
    case = np.cumsum(mask) - 1
    chosen = mask[month.visits["case"]]
    visit = np.cumsum(chosen) - 1
    under = {name: getattr(month, name) for name in ("services", "diagnoses", "criteria", "complexity")}
    under = {name: frame[chosen[frame["visit"]]] for name, frame in under.items()}
    under = {name: frame.assign(visit=visit[frame["visit"]]) for name, frame in under.items()}
    visits = month.visits[chosen]
    under["services"] = under["services"].assign(case=case[under["services"]["case"]])
    return replace(month, cases=month.cases[mask], visits=visits.assign(case=case[visits["case"]]), **under)


def _joined(parts: list[Month]) -> Month:
    """Months one after another; rows are numbered anew."""
    cases, visits = 0, 0
    frames: dict[str, list[pd.DataFrame]] = {}
    for part in parts:
        moved = {
            "cases": part.cases,
            "visits": part.visits.assign(case=part.visits["case"] + cases),
            "services": part.services.assign(case=part.services["case"] + cases, visit=part.services["visit"] + visits),
            **{
                name: getattr(part, name).assign(visit=getattr(part, name)["visit"] + visits)
                for name in ("diagnoses", "criteria", "complexity")
            },
        }
        for name, frame in moved.items():
            frames.setdefault(name, []).append(frame)
        cases, visits = cases + len(part.cases), visits + len(part.visits)
    return _sorted(Month(parts[0].period, **{name: pd.concat(rows, ignore_index=True) for name, rows in frames.items()}))


def _sorted(month: Month) -> Month:
    """Cases by package, visits by case, what is below by visit; all numbered."""
    order = np.argsort(month.cases["package"].to_numpy(), kind="stable")
    case = np.empty(len(order), dtype=np.int64)
    case[order] = np.arange(len(order))
    cases = month.cases.iloc[order].reset_index(drop=True).assign(case=np.arange(len(order)), row=np.arange(len(order)))
    visits = month.visits.assign(case=case[month.visits["case"]])
    order = np.argsort(visits["case"].to_numpy(), kind="stable")
    visit = np.empty(len(order), dtype=np.int64)
    visit[order] = np.arange(len(order))
    visits = visits.iloc[order].reset_index(drop=True).assign(visit=np.arange(len(order)), row=np.arange(len(order)))
    below = {}
    for name in ("services", "diagnoses", "criteria", "complexity"):
        frame = getattr(month, name)
        frame = frame.assign(visit=visit[frame["visit"]]).sort_values("visit", kind="stable", ignore_index=True)
        below[name] = frame
    services = below["services"].assign(service=np.arange(len(below["services"])), row=np.arange(len(below["services"])))
    below["services"] = services.assign(case=visits["case"].to_numpy()[services["visit"]])
    return Month(month.period, cases, visits, **below)


def _repeated(base: Month, copies: int, number: int) -> Month:
    """The month in ``copies``, each with organisations and numbers of its own; ``copy`` of each case stays."""
    packages = int(base.cases["package"].max())

    def tiled(frame: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
        rows = frame.iloc[np.tile(np.arange(len(frame)), copies)].reset_index(drop=True)
        return rows, np.repeat(np.arange(copies), len(frame))

    cases, copy = tiled(base.cases)
    visits, of_visit = tiled(base.visits)
    services, of_service = tiled(base.services)
    for frame, which in ((cases, copy), (visits, of_visit), (services, of_service)):
        frame["package"] = frame["package"] + which * packages
        for name in ("CODE_MO", "LPU", "NPR_MO", "PODR"):
            if name in frame:
                frame[name] = organisations(frame[name], which)
    order = pd.Series(np.arange(len(cases)))
    cases["case"] = order
    cases["copy"] = copy
    cases["N_ZAP"] = (order + 1).astype("str")
    cases["IDCASE"] = (order * 7919 % 10**7 + 10**7 * (number + 1)).astype("str")
    cases["NSCHET"] = f"{base.period:%y%m}-" + cases["package"].astype("str")
    visits["visit"], visits["case"] = np.arange(len(visits)), visits["case"] + of_visit * len(base.cases)
    visits["SL_ID"] = pd.Series(of_visit).astype("str").str.zfill(4) + visits["SL_ID"].str.slice(4)
    services["service"], services["case"] = np.arange(len(services)), services["case"] + of_service * len(base.cases)
    services["visit"] += of_service * len(base.visits)
    for frame in (cases, visits, services):
        frame["row"] = np.arange(len(frame))
    below = {}
    for name in ("diagnoses", "criteria", "complexity"):
        frame, which = tiled(getattr(base, name))
        below[name] = frame.assign(visit=frame["visit"] + which * len(base.visits))
    cases["SUMMAV"] = cases.groupby("package")["SUMV"].transform("sum")
    return Month(base.period, cases, visits, services, **below)


def organisations(values: pd.Series, copy: np.ndarray) -> pd.Series:
    """Codes that begin with that of an organisation of the demo region, as they are in a copy."""
    codes, distinct = pd.factorize(values)
    known = np.array([int(str(text)[:6]) if str(text)[:6] in BASE else -1 for text in distinct] + [-1])
    tails = pa.array([str(text)[6:] for text in distinct] + [""]).take(pa.array(codes % (len(distinct) + 1)))
    number = known[codes]
    own = pc.binary_join_element_wise(pa.array(number + copy * len(BASE)).cast(pa.string()), tails, "")
    return values.where(number < 0, pd.Series(pd.array(own, dtype="str"), index=values.index))


def _damaged(month: Month, random: np.random.Generator) -> Month:
    visits, size = month.visits, len(month.visits)
    mask = {name: random.random(size) < share for name, share in DAMAGE.items()}
    more = np.where(mask["sum"] & (visits["SUM_M"] > 0), 1000, 0)
    visits = visits.assign(
        SUM_M=visits["SUM_M"] + more,
        TARIF=visits["TARIF"] + more,
        IDDOKT=visits["IDDOKT"].mask(mask["worker"] & visits["IDDOKT"].notna(), "0"),
        PROFIL=visits["PROFIL"].mask(mask["licence"] & visits["PROFIL"].notna(), "1"),
    )
    total = np.zeros(len(month.cases), dtype=np.int64)
    np.add.at(total, visits["case"].to_numpy(), visits["SUM_M"].to_numpy())
    cases = month.cases.assign(SUMV=total)
    cases["SUMMAV"] = cases.groupby("package")["SUMV"].transform("sum")
    return replace(month, cases=cases, visits=visits)


def _identified(month: Month, people: pd.DataFrame, copies: int) -> Month:
    """Names and numbers of the people in the cases."""
    cases = month.cases
    who = (cases["copy"] + cases[PERSON] * copies).to_numpy(np.int64)
    written = _written(pd.Series(who), cases["VPOLIS"])
    child = (cases["NOVOR"] != "0").to_numpy()
    names = {name: pd.Series(pd.array(written[name], "str")) for name in ("fam", "im", "ot")}
    for name, values in names.items():
        own, parent = name.upper(), f"{name.upper()}_P"
        cases[own], cases[parent] = values.mask(child), values.where(child)
    cases["NPOLIS"] = pd.array(written["number"], "str")
    cases["SPOLIS"] = pd.Series(pd.array(written["series"], "str"))
    cases["SNILS"] = pd.Series(pd.array(written["snils"], "str")).where(cases["SNILS"].notna())
    cases["DOCSER"] = pd.Series("60 10", index=cases.index, dtype="str").where(cases["DOCNUM"].notna())
    cases["DOCTYPE"] = pd.Series("14", index=cases.index, dtype="str").where(cases["DOCNUM"].notna())
    cases["DOCNUM"] = pd.Series(pd.array(written["docnum"], "str")).where(cases["DOCNUM"].notna())
    package = pa.array(cases["package"]).cast(pa.string())
    cases["ID_PAC"] = pd.array(pc.binary_join_element_wise(package, pa.array(who).cast(pa.string()), "-"), "str")
    return replace(month, cases=cases.drop(columns=["copy", PERSON]))


def _written(number: pd.Series, policy: pd.Series) -> Mapping[str, pa.Array]:
    """Names and numbers that follow from the number of a person, texts."""
    text = pa.array(number).cast(pa.string())
    enp = pc.binary_join_element_wise("98", pc.utf8_lpad(text, 14, "0"), "")
    digits = (number.to_numpy(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(8)
    parts = {}
    for at, name in enumerate(("fam", "im", "ot")):
        syllables = [
            pa.array(SYLLABLES).take(pa.array(((digits >> np.uint64(16 * at + 4 * place)) & np.uint64(15)).astype(np.int64)))
            for place in range(4)
        ]
        parts[name] = pc.utf8_capitalize(pc.binary_join_element_wise(*syllables, ""))
    unified = pa.array((policy == "3").to_numpy())
    old = pa.array((policy == "1").to_numpy())
    return {
        **parts,
        "enp": enp,
        "number": pc.if_else(unified, enp, pc.utf8_lpad(text, 9, "0")),
        "series": pc.if_else(old, "ЗРК", pa.scalar(None, pa.string())),
        "snils": pc.utf8_lpad(text, 11, "0"),
        "docnum": pc.utf8_lpad(text, 8, "0"),
    }


def _insured(people: pd.DataFrame, copies: int, random: np.random.Generator) -> pa.Table:
    """The people of both months, most of them insured as they say; about half of them are not treated in the later one."""
    rows = people.iloc[np.repeat(np.arange(len(people)), copies)].reset_index(drop=True)
    number = pd.Series(np.arange(len(rows)))
    written = _written(number, rows["VPOLIS"])
    fate = random.choice([*FATES, ""], len(rows), p=[*FATES.values(), 1 - sum(FATES.values())])
    foreign = ~rows["SMO"].isin(["98001", "98002"]).to_numpy()
    smo = rows["SMO"].mask(fate == "other_smo", rows["SMO"].map({"98001": "98002", "98002": "98001"}))
    away = foreign | (fate == "other_territory")
    dead = pd.Series(fate == "dead")
    day = pd.Series(np.datetime64(BEFORE - timedelta(60), "D"), index=rows.index)
    table = pa.table(
        {
            "id": pa.array(number + 1),
            **{name: written[name] for name in ("enp", "fam", "im", "ot", "snils", "series", "number", "docnum")},
            "w": pa.array(rows["W"], pa.string(), from_pandas=True),
            "kind": pa.array(rows["VPOLIS"].map({"1": "С", "2": "В", "3": "П"}), pa.string(), from_pandas=True),
            "smo": pa.array(smo.mask(away), pa.string(), from_pandas=True),
            "okato": pa.array(pd.Series("45000", index=rows.index, dtype="str").where(away), pa.string(), from_pandas=True),
            "doctype": pa.repeat(pa.scalar("14"), len(rows)),
            "docser": pa.repeat(pa.scalar("60 10"), len(rows)),
            "dr": pa.array(days_of(rows["DR"]), pa.date32()),
            "dead_on": pa.array(days_of(day.where(dead)), pa.date32()),
            "valid_from": pa.repeat(pa.scalar(date(2020, 1, 1)), len(rows)),
            "valid_to": pa.nulls(len(rows), pa.date32()),
        }
    )
    return table.filter(pa.array(fate != "unknown"))


def extended(nsi: Dictionaries, copies: int) -> Dictionaries:
    """The region's dictionaries with the rows of each organisation repeated for its copies."""
    tables = []
    for name, dictionary in nsi.items():
        rows = dictionary.rows.to_pandas().astype("str")
        if "MCOD" in rows:
            own = rows["MCOD"].isin(BASE).to_numpy()
            place = np.concatenate([np.arange(len(rows)), np.tile(np.flatnonzero(own), copies - 1)])
            copy = np.concatenate([np.zeros(len(rows), dtype=np.int64), np.repeat(np.arange(1, copies), own.sum())])
            rows = rows.iloc[place].reset_index(drop=True)
            for column in ("MCOD", "PODR"):
                if column in rows:
                    rows[column] = organisations(rows[column], copy)
        tables.append(
            Dictionary.of(name, pa.table({one: pa.array(rows[one], pa.string(), from_pandas=True) for one in rows}))
        )
    return Dictionaries(tables)
