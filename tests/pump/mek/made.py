"""Months made up as frames: cases of all kinds, with copies, overlapping stays and people known by different keys."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from pipelines.pump.month import Month, elements

PERIOD = date(2026, 10, 1)
FIRST = np.datetime64("2026-10-01", "D")
MO = np.array([f"98000{number}" for number in range(1, 8)])
SUMS = {"1": 6_000_000, "2": 2_000_000, "3": 40_000, "4": 300_000}


def frame(level: str, rows: int, **columns: object) -> pd.DataFrame:
    """A frame with all the elements that ``month.yaml`` names, absent ones null, of the dtypes of ``month.read``."""
    names = [*elements()[level]] if level != "case" else [*elements()["account"], *elements()["case"], *elements()["person"]]
    data = {name: columns.get(name) for name in names}
    data = {**{name: value for name, value in columns.items() if name not in data}, **data}
    made = pd.DataFrame(data, index=range(rows))
    for name in names:
        if name in elements()["money"]:
            made[name] = made[name].fillna(0).astype("int64")
        elif name in elements()["dates"]:
            made[name] = pd.to_datetime(made[name])
        elif name in elements()["numbers"]:
            made[name] = made[name].astype("Int64")
        else:
            made[name] = made[name].astype("str")
    return made


def month(size: int, seed: int, *, first: np.datetime64 = FIRST, busy: float = 0.5) -> Month:
    """``size`` cases, ``busy`` persons a case; a tenth of the cases copy an earlier one, whole or with another number."""
    random = np.random.default_rng(seed)
    person = random.integers(0, max(1, int(size * busy)), size)
    usl_ok = random.choice(["1", "2", "3", "4"], size, p=[0.15, 0.1, 0.65, 0.1])
    span = np.where(
        usl_ok == "4", 0, np.where(usl_ok == "3", random.choice([0, 0, 0, 4, 12], size), random.integers(0, 12, size))
    )
    end = first + random.integers(0, 31, size)
    fields = {
        "person": person,
        "mo": random.integers(0, len(MO), size),
        "USL_OK": usl_ok,
        "begin": end - span,
        "end": end,
        "profile": random.choice(["97", "29", "112", "53"], size),
        "prvs": random.choice(["49", "15", "60"], size),
        "ds": random.choice(["I10", "J06.9", "K29.5", "E11.9"], size),
        "urgent": random.choice(["1", "2", "3"], size),
        "idsp": np.where(usl_ok == "3", random.choice(["28", "29", "30", "25"], size, p=[0.1, 0.4, 0.4, 0.1]), "33"),
        "novor": np.where(random.random(size) < 0.02, "1", "0"),
        "sum": np.array([SUMS[code] for code in usl_ok]) + random.integers(0, 3, size) * 1000,
    }
    copied = random.random(size) < 0.1
    source = (random.random(size) * np.arange(size)).astype(np.int64)
    source = np.where(copied, source, np.arange(size))
    fields = {name: values[source] for name, values in fields.items()}
    fields["mo"] = np.where(random.random(size) < 0.1, random.integers(0, len(MO), size), fields["mo"])
    return _frames(fields, random, first, copied & (random.random(size) < 0.2), source)


def _frames(fields: dict, random: np.random.Generator, first: np.datetime64, same: np.ndarray, source: np.ndarray) -> Month:
    size = len(fields["person"])
    at = np.arange(size)
    package = np.sort(random.integers(1, 40, size))
    mo = MO[fields["mo"]]
    billed = np.where(fields["idsp"] == "25", 0, fields["sum"])
    day = fields["end"]
    number = pd.Series(fields["person"])
    known = random.random(size)
    enp = ("98" + number.astype(str).str.zfill(14)).where(known < 0.6)
    cases = frame(
        "case",
        size,
        case=at,
        package=package,
        row=at,
        kind="H",
        CODE_MO=mo,
        NSCHET="10-" + pd.Series(package).astype(str),
        DSCHET=first + 33,
        PLAT="98001",
        N_ZAP=at.astype(str),
        PR_NOV="0",
        ID_PAC="p" + number.astype(str),
        VPOLIS=np.where((known >= 0.6) & (known < 0.8), "3", "2"),
        NPOLIS=("98" + number.astype(str).str.zfill(14)).where(known >= 0.6, "123"),
        ENP=enp,
        SMO="98001",
        NOVOR=fields["novor"],
        IDCASE=random.permutation(size).astype(str),
        USL_OK=fields["USL_OK"],
        VIDPOM=pd.Series(fields["USL_OK"]).map({"1": "31", "2": "31", "3": "12", "4": "2"}),
        FOR_POM=fields["urgent"],
        LPU=mo,
        DATE_Z_1=fields["begin"],
        DATE_Z_2=day,
        IDSP=fields["idsp"],
        SUMV=billed,
        FAM="Фамилия" + number.astype(str),
        IM="Имя",
        OT="Отчество",
        W="1",
        DR=np.datetime64("1970-01-01") + fields["person"] % 9000,
        FAM_P=pd.Series("Фамилия" + number.astype(str)).where(fields["novor"] != "0"),
        IM_P="Имя",
        OT_P="Отчество",
        DR_P=np.datetime64("1970-01-01") + fields["person"] % 9000,
    )
    cases["SUMMAV"] = cases.groupby("package")["SUMV"].transform("sum")
    twice = (fields["USL_OK"] == "1") & (day - fields["begin"] > np.timedelta64(4, "D")) & (at % 3 == 0)
    owner = np.repeat(at, 1 + twice)
    second = np.append(False, owner[1:] == owner[:-1])
    two = twice[owner]
    middle = (fields["begin"] + (day - fields["begin"]) // 2)[owner]
    half = billed[owner] // 2
    visits = frame(
        "visit",
        len(owner),
        visit=np.arange(len(owner)),
        case=owner,
        package=package[owner],
        row=np.arange(len(owner)),
        SL_ID=pd.Series("sl" + pd.Series(np.where(same, source, at)).astype(str)).to_numpy()[owner]
        + np.where(second, "-2", ""),
        LPU_1="01",
        PROFIL=fields["profile"][owner],
        DATE_1=np.where(second, middle, fields["begin"][owner]),
        DATE_2=np.where(two & ~second, middle, day[owner]),
        DS1=fields["ds"][owner],
        PRVS=fields["prvs"][owner],
        IDDOKT="d" + pd.Series(fields["prvs"]).to_numpy()[owner],
        NHISTORY="n1",
        P_CEL="1.0",
        ED_COL="1.00",
        SUM_M=np.where(two, np.where(second, billed[owner] - half, half), billed[owner]),
    )
    visits["TARIF"] = visits["SUM_M"]
    many = np.repeat(np.arange(len(owner)), random.integers(1, 4, len(owner)))
    services = frame(
        "service",
        len(many),
        service=np.arange(len(many)),
        visit=many,
        case=owner[many],
        package=package[owner[many]],
        row=np.arange(len(many)),
        IDSERV=np.arange(len(many)).astype(str),
        DATE_IN=visits["DATE_1"].to_numpy()[many],
        DATE_OUT=visits["DATE_1"].to_numpy()[many],
        CODE_USL=random.choice(["3.01.01", "3.02.01", "2.97.01"], len(many)),
        VID_VME=random.choice(["A06.09.007", "B01.047.001", "A18.05.002"], len(many), p=[0.05, 0.9, 0.05]),
        KOL_USL="1.00",
        SUMV_USL=0,
        TARIF=0,
    )
    nothing = pd.DataFrame({"visit": pd.Series(dtype="int64")})
    return Month(PERIOD, cases, visits, services, nothing, nothing, nothing)


def history(size: int, seed: int, repeated: Month) -> Month:
    """Cases of the month before and the first of ``repeated``, decided: a fifth refused, a tenth paid in part."""
    earlier, count = month(size, seed, first=FIRST - 20), size // 10
    visits = repeated.visits[repeated.visits["case"] < count]
    services = repeated.services[repeated.services["case"] < count]
    again = repeated.cases.iloc[:count]
    cases = pd.concat([earlier.cases, again.assign(case=again["case"] + size)], ignore_index=True)
    ids = visits["SL_ID"].where(visits["case"] % 2 == 0, "new" + visits["SL_ID"])
    visits = visits.assign(case=visits["case"] + size, visit=visits["visit"] + len(earlier.visits), SL_ID=ids)
    services = services.assign(
        case=services["case"] + size,
        visit=services["visit"] + len(earlier.visits),
        service=services["service"] + len(earlier.services),
    )
    random = np.random.default_rng(seed + 1)
    oplata = random.choice(["1", "2", "3"], len(cases), p=[0.7, 0.2, 0.1])
    share = np.select([oplata == "1", oplata == "2"], [100, 0], 50)
    cases = cases.assign(OPLATA=pd.array(oplata, dtype="str"), SUMP=cases["SUMV"].to_numpy() * share // 100)
    old = earlier.visits.assign(SL_ID="old" + earlier.visits["SL_ID"])
    return Month(
        earlier.period,
        cases,
        pd.concat([old, visits], ignore_index=True),
        pd.concat([earlier.services, services], ignore_index=True),
        *[earlier.criteria] * 3,
    )
