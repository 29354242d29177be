"""Tables of a month for operators: by stages of processing, by accounts, volumes against the plan."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd

from pipelines.pump.month import Month

STAGES = {
    "A": "счёт",
    "B": "идентификация",
    "C": "даты",
    "D": "справочники и заполнение",
    "E": "лицензии и медицинские работники",
    "F": "программа ОМС",
    "G": "тарифы",
    "H": "повторы",
    "I": "пересечения",
    "J": "включённые услуги",
    "K": "объёмы",
}
"""Stages of МЭК in their order."""
PRESENTED, STRUCTURE, TAKEN, PAYABLE = "Предъявлено", "Отклонено на ФЛК", "Принято на МЭК", "Принято к оплате"
PLAN = ("V", "VKM", "VDM")
"""Volumes of a plan: of the period with corrections, corrections among it, returned for cases that МЭК refused."""


def by_stages(month: Month, decisions: pd.DataFrame, refused: pd.DataFrame, intake: pd.DataFrame) -> pd.DataFrame:
    """«По этапам обработки»: CODE_MO, step (number), title, cases, amount (kopecks); all steps of each organisation.

    ``decisions``: OPLATA, SUMP of each case; ``refused``: ``case``, ``stage``, ``amount`` of the applied bases, one
    an object; ``intake``: CODE_MO, cases, amount of what ФЛК refused. A case is counted at the stage of its first refusal;
    what is refused and what is accepted add up to what was taken. Raises ``ValueError`` where they do not.
    """
    owner = month.cases["CODE_MO"].to_numpy(str)
    organisations = np.unique(np.concatenate([owner, intake["CODE_MO"].to_numpy(str)]))
    structure = _count(intake["CODE_MO"].to_numpy(str), organisations, intake["cases"], intake["amount"])
    taken = _count(owner, organisations, np.ones(len(owner), np.int64), month.cases["SUMV"])
    oplata = decisions["OPLATA"].astype("int64")  # numbers, or text as registers have it
    paid = _count(owner, organisations, (oplata != 2).astype("int64"), decisions["SUMP"])
    steps = [(PRESENTED, taken + structure), (STRUCTURE, structure), (TAKEN, taken)]
    cut = refused[refused["amount"] > 0].sort_values(["case", "stage"])
    whole = (oplata == 2).to_numpy()[cut["case"].to_numpy(np.int64)] & ~cut["case"].duplicated().to_numpy()
    at = owner[cut["case"].to_numpy(np.int64)]
    total = paid.copy()
    for stage, title in STAGES.items():
        own = (cut["stage"] == stage).to_numpy()
        found = _count(at[own], organisations, whole[own].astype(np.int64), cut.loc[own, "amount"])
        steps.append((f"Отказано на МЭК: {title}", found))
        total = total + found
    steps.append((PAYABLE, paid))
    if (total != taken).any():
        raise ValueError("refused and accepted sums do not add up to what was presented")
    rows = [
        (organisation, step, title, int(counted[number, 0]), int(counted[number, 1]))
        for number, organisation in enumerate(organisations)
        for step, (title, counted) in enumerate(steps, 1)
    ]
    frame = pd.DataFrame(rows, columns=["CODE_MO", "step", "title", "cases", "amount"])
    return frame.astype({"CODE_MO": "str", "title": "str"})


def by_accounts(month: Month, decisions: pd.DataFrame, payers: pd.Series) -> pd.DataFrame:
    """«По кодировкам счетов»: a row for each account and payer, kopecks.

    CODE_MO, NSCHET, DSCHET, kind, payer (empty for nobody), ``cases``, ``SUMV``, ``paid``, ``partial``, ``refused``
    (cases by OPLATA 1, 3, 2), ``SANK_IT``, ``SUMP``.
    """
    oplata = decisions["OPLATA"].astype("int64")
    frame = month.cases[["CODE_MO", "NSCHET", "DSCHET", "kind", "SUMV"]].assign(
        payer=payers.fillna("").to_numpy(),
        cases=1,
        SUMP=decisions["SUMP"].to_numpy(np.int64),
        SANK_IT=decisions["SANK_IT"].to_numpy(np.int64),
        **{
            name: (oplata == code).to_numpy().astype(np.int64)
            for name, code in (("paid", 1), ("partial", 3), ("refused", 2))
        },
    )
    keys = ["CODE_MO", "NSCHET", "DSCHET", "kind", "payer"]
    sums = frame.groupby(keys, dropna=False, as_index=False).sum()
    return sums[[*keys, "cases", "SUMV", "paid", "partial", "refused", "SANK_IT", "SUMP"]]


def by_volumes(plan: pd.DataFrame, fact: pd.DataFrame) -> pd.DataFrame:
    """Volumes against the plan: CODE_MO, UNIT, approved, correction, returned, fact, net, deviation, percent (``Decimal``).

    ``plan``: CODE_MO, UNIT, ``PLAN``; ``fact``: CODE_MO, UNIT, quantity (numbers as text, ``Decimal``, integers).
    approved = V − VKM, net = fact − VDM, deviation = net − V, percent = 100 × net / (V + VDM), of nothing planned 100 × net.
    """
    keys = ["CODE_MO", "UNIT"]
    done = fact.assign(quantity=_decimals(fact["quantity"])).groupby(keys)["quantity"].agg(_sum)
    given = plan.assign(**{name: _decimals(plan[name]) for name in PLAN}).groupby(keys)[list(PLAN)].agg(_sum)
    both = given.join(done, how="outer").sort_index()
    rows = []
    for row in both.reset_index().to_dict("records"):
        volume, change, returned, quantity = (Decimal(0) if pd.isna(row[n]) else row[n] for n in (*PLAN, "quantity"))
        net = quantity - returned
        percent = (100 * net / (volume + returned or 1)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        rows.append((row["CODE_MO"], row["UNIT"], volume - change, change, returned, quantity, net, net - volume, percent))
    names = ["approved", "correction", "returned", "fact", "net", "deviation", "percent"]
    return pd.DataFrame(rows, columns=[*keys, *names])


def _count(owner: np.ndarray, organisations: np.ndarray, cases: object, amounts: object) -> np.ndarray:
    place = np.searchsorted(organisations, owner)
    counted = np.zeros((len(organisations), 2), dtype=np.int64)
    np.add.at(counted[:, 0], place, np.asarray(cases, dtype=np.int64))
    np.add.at(counted[:, 1], place, np.asarray(amounts, dtype=np.int64))
    return counted


def _decimals(values: pd.Series) -> pd.Series:
    return pd.Series([Decimal(value) if isinstance(value, str | Decimal) else Decimal(int(value)) for value in values],
                     index=values.index, dtype=object)  # fmt: skip


def _sum(values: pd.Series) -> Decimal:
    return sum(values, Decimal(0))
