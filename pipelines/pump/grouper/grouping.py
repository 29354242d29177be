"""Choice of a clinical group: all candidates by the table, exceptional algorithms, priorities, then the dearest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.pump.grouper.evidence import PARENT, Evidence
from pipelines.pump.grouper.exceptions import Candidates, exceptional, polytrauma
from pipelines.pump.grouper.match import Ints, RowTable, age_bits, duration_bits, first_of_equal
from pipelines.pump.grouper.rules import Rules, load_rules
from pipelines.pump.grouper.workbook import Workbook
from pipelines.pump.tariffs.capitation import full_years
from pipelines.pump.tariffs.exact import Exact, Frame
from pipelines.pump.tariffs.stays import days, main_visits, stay_days

CHUNK = 200_000
"""Visits matched at a time: bounds the memory of the pairs."""

Price = Callable[[pd.DataFrame], pd.Series]
"""From candidates (``_parent``, N_KSG, KOEF_Z, K_ZP) to their cost in kopecks, int64, row by row."""

OPERATION, REHABILITATION, ONCOLOGY, SHORT_BURN, REGIONAL = 1, 2, 3, 4, 5
_LATER = 99

_PRIORITIES = {
    OPERATION: "хирургическая операция",
    REHABILITATION: "медицинская реабилитация",
    ONCOLOGY: "онкология",
    SHORT_BURN: "пребывание до 3 дней",
    REGIONAL: "приоритет тарифного соглашения",
}


@dataclass(frozen=True)
class Grouping:
    """``candidates``: a row for each pair of visit and group; ``chosen``: a row for each visit, with the visits' index.

    candidates: ``_parent`` (row of the visit), N_KSG, KOEF_Z, K_ZP (text, null without a share), ROW (number in the table,
    null where an algorithm named the group), PRIORITY (0 none), EXCEPTION (part of appendix 9, 0 none), EXCLUDED (bool: a
    rule takes the candidate out), COST (kopecks, null without prices), CHOSEN (bool). chosen: N_KSG (null for none), ROW,
    CANDIDATES (how many), REASON_CODE (``exception``, ``priority``, ``cost``, ``weight``, ``single``, ``none``), REASON (in
    Russian).
    """

    candidates: pd.DataFrame
    chosen: pd.DataFrame

    def billed(self, n_ksg: pd.Series) -> pd.Series:
        """What the group of a register is: ``same`` as chosen, ``other`` candidate, ``none``; a subgroup is its group."""
        group = n_ksg.astype("str").str.extract(r"^([a-z]+\d+\.\d+)")[0].to_numpy()
        own = pd.MultiIndex.from_arrays([np.arange(len(n_ksg)), group])
        known = own.isin(pd.MultiIndex.from_frame(self.candidates.loc[~self.candidates["EXCLUDED"], [PARENT, "N_KSG"]]))
        result = pd.Series(np.where(known, "other", "none"), index=n_ksg.index, dtype="str")
        return result.mask((self.chosen["N_KSG"].to_numpy() == group) & known, "same")


@dataclass(frozen=True)
class _Book:
    """A workbook compiled: its table, and by row the group and the kinds of priority."""

    workbook: Workbook
    table: RowTable
    codes: npt.NDArray[np.str_]
    group: Ints  # of a row
    priority: Ints  # of a row, before what the visit decides
    yields: npt.NDArray[np.bool_]  # group before which oncology has no priority
    weight: Ints  # КЗ of a group in units of the last digit
    by_code_and_service: npt.NDArray[np.bool_]  # of a row
    by_code_only: npt.NDArray[np.bool_]
    own_services: dict[str, frozenset[str]]


class Grouper:
    """Groups visits by workbooks of one edition, one for each kind of hospital."""

    def __init__(self, *workbooks: Workbook | Path, rules: Rules | None = None) -> None:
        self.rules = rules or load_rules()
        read = [book if isinstance(book, Workbook) else Workbook.read(book) for book in workbooks]
        self.books = {book.usl_ok: _compiled(book, self.rules) for book in read}
        if len(self.books) != len(read):
            raise ValueError("two workbooks for one kind of hospital")

    def group(
        self,
        visits: pd.DataFrame,
        services: Frame | None = None,
        *,
        ds2: Frame | None = None,
        ds3: Frame | None = None,
        crit: Frame | None = None,
        price: Price | None = None,
    ) -> Grouping:
        """Candidates and choice for each visit.

        ``visits``: USL_OK, DS1, DATE_1, DATE_2 (ISO text or dates), W, DR (of the patient, of the child where NOVOR names
        one), optional KD, DAYS (days as paid; else ``stay_days``), RSLT, ``_parent`` (the stay). ``services``: ``_parent``
        (row of the visit), VID_VME or CODE_USL; ``ds2``, ``ds3``, ``crit``: ``_parent`` and DS2, DS3, CRIT (fraction ranges
        among the criteria). Without ``price`` the greatest КЗ stands for the greatest cost. Visits of other USL_OK have no
        candidates.
        """
        evidence = Evidence.of(visits, services, DS2=ds2, DS3=ds3, CRIT=crit)
        facts = self._facts(visits)
        parts = []
        for usl_ok, book in self.books.items():
            own = (visits["USL_OK"].astype("str") == usl_ok).to_numpy()
            for first in range(0, len(visits), CHUNK):
                last = min(first + CHUNK, len(visits))
                if own[first:last].any():
                    part = _candidates(
                        book, self.rules, evidence.between(first, last), facts.iloc[first:last], own[first:last]
                    )
                    parts.append(part.assign(**{PARENT: part[PARENT] + first}))
        if not parts:
            parts = [_frame(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64), None, np.empty(0, np.int8))]
        candidates = pd.concat(parts, ignore_index=True).sort_values([PARENT, "N_KSG"], ignore_index=True)
        cost = price(candidates[[PARENT, "N_KSG", "KOEF_Z", "K_ZP"]]).to_numpy() if price is not None else None
        return _choose(candidates, visits.index, cost, self.rules)

    def _facts(self, visits: pd.DataFrame) -> pd.DataFrame:
        admitted = pd.Series(days(visits["DATE_1"]))
        born = pd.Series(days(visits["DR"]))
        length = visits["DAYS"] if "DAYS" in visits else stay_days(visits)
        stay = visits[PARENT] if PARENT in visits else pd.Series(np.arange(len(visits)))
        age = np.asarray((admitted - born).dt.days, dtype=np.int64)
        return pd.DataFrame(
            {
                "age": age_bits(age, full_years(born, admitted).to_numpy(np.int64), self.rules.second_year),
                "sex": pd.to_numeric(visits["W"]).to_numpy(np.int64),
                "duration": duration_bits(length.to_numpy(np.int64)),
                "lethal": visits["RSLT"].astype("str").isin(self.rules.lethal).to_numpy() if "RSLT" in visits else False,
                "main": main_visits(stay, admitted.to_numpy(), days(visits["DATE_2"])),
            }
        )


def _compiled(workbook: Workbook, rules: Rules) -> _Book:
    rows, groups = workbook.table, workbook.groups
    codes = groups["N_KSG"].to_numpy(str)
    profile = rows["N_KSG"].str.slice(0, 4)
    regional = np.zeros(len(rows), dtype=bool)
    for rule in rules.regional:
        asked = [(rows["DS1"], rule.ds1), (rows["CRIT"], rule.crit), (rows["AGE"], {rule.age} - {""})]
        regional |= np.logical_and.reduce([cells.isin(wanted).to_numpy() | (not wanted) for cells, wanted in asked])
    kinds = {
        REGIONAL: regional,
        SHORT_BURN: ((rows["DURATION"] == "1") & rows["N_KSG"].isin(rules.short_burns)).to_numpy(),
        ONCOLOGY: profile.isin(rules.oncology).to_numpy(),
        REHABILITATION: profile.isin(rules.rehabilitation).to_numpy(),
        OPERATION: rows["CODE_USL"].fillna("").str.startswith(rules.operations).to_numpy(),
    }
    priority = np.zeros(len(rows), dtype=np.int64)
    for number, mask in kinds.items():
        if rules.choose_by == "cost" or number == REHABILITATION:
            priority[mask] = number
    named = rows.dropna(subset="CODE_USL").groupby("N_KSG")["CODE_USL"]
    return _Book(
        workbook=workbook,
        table=RowTable(rows),
        codes=codes,
        group=pd.Index(codes).get_indexer(rows["N_KSG"]).astype(np.int64),
        priority=priority,
        yields=np.isin(codes, list(rules.oncology_gives_way_to)),
        weight=Exact.parse(groups["KOEF_Z"]).rounded(5).units.astype(np.int64),
        by_code_and_service=(rows["DS1"].notna() & rows["CODE_USL"].notna()).to_numpy(),
        by_code_only=(rows["DS1"].notna() & rows["CODE_USL"].isna()).to_numpy(),
        own_services={str(group): frozenset(services) for group, services in named},
    )


def _candidates(
    book: _Book, rules: Rules, evidence: Evidence, facts: pd.DataFrame, own: npt.NDArray[np.bool_]
) -> pd.DataFrame:
    """Candidates of a chunk; ``_parent`` counts within it."""
    pairs = evidence.pairs(book.table)
    pairs = pairs[own[pairs // len(book.table.tokens)]]
    age, sex, duration = (facts[name].to_numpy(np.int64) for name in ("age", "sex", "duration"))
    visit, row = book.table.match(pairs, age, sex, duration)
    priority = _priorities(book, visit, row, facts["lethal"].to_numpy())
    keys = visit * len(book.codes) + book.group[row]
    order = np.lexsort((row, np.where(priority == 0, _LATER, priority), keys))
    best = order[first_of_equal(keys[order])]
    proven = polytrauma(evidence, rules) & own
    at = int(np.append(np.flatnonzero(book.codes == rules.polytrauma.group), -1)[0])
    added = np.setdiff1d(np.flatnonzero(proven), visit[book.group[row] == at]) if at >= 0 else np.empty(0, np.int64)
    visits = np.concatenate([visit[best], added])
    groups = np.concatenate([book.group[row[best]], np.full(len(added), at)])
    rows = np.concatenate([row[best], np.full(len(added), -1)])
    priority = np.concatenate([priority[best], np.zeros(len(added), np.int64)])
    exception = exceptional(
        Candidates(visits, book.codes[groups], evidence, facts["main"].to_numpy(), book.workbook.usl_ok, book.own_services),
        rules,
    )
    frame = _frame(visits, groups, rows, book, exception)
    frame["PRIORITY"] = priority.astype(np.int8)
    frame["EXCLUDED"] = (groups == at) & ~proven[visits]
    if rules.choose_by == "weight":
        frame["EXCLUDED"] |= _outweighed(visits, groups, book, visit, row, rules)
    return frame


def _frame(visits: Ints, groups: Ints, rows: Ints, book: _Book | None, exception: npt.NDArray[np.int8]) -> pd.DataFrame:
    named = None if book is None else book.workbook.groups.iloc[groups]
    numbers = None if book is None else book.workbook.table["ROW"].astype("Int64").to_numpy()
    return pd.DataFrame(
        {
            PARENT: visits,
            "N_KSG": pd.Series([] if named is None else named["N_KSG"].array, dtype="str"),
            "KOEF_Z": pd.Series([] if named is None else named["KOEF_Z"].array, dtype="str"),
            "K_ZP": pd.Series([] if named is None else named["K_ZP"].array, dtype="str"),
            "ROW": pd.Series([] if numbers is None else numbers[rows], dtype="Int64").mask(rows < 0),
            "PRIORITY": np.zeros(len(visits), np.int8),
            "EXCEPTION": exception,
            "EXCLUDED": np.zeros(len(visits), bool),
            "WEIGHT": np.zeros(len(visits), np.int64) if book is None else book.weight[groups],
        }
    )


def _priorities(book: _Book, visit: Ints, row: Ints, lethal: npt.NDArray[np.bool_]) -> Ints:
    priority = book.priority[row]
    yields = np.bincount(visit[book.yields[book.group[row]]], minlength=len(lethal)) > 0
    lost = ((priority == ONCOLOGY) & yields[visit]) | ((priority == SHORT_BURN) & lethal[visit])
    result: Ints = np.where(lost, 0, priority)
    return result


def _outweighed(visits: Ints, groups: Ints, book: _Book, visit: Ints, row: Ints, rules: Rules) -> npt.NDArray[np.bool_]:
    """Candidates that the older instructions drop: losers of a pair, and diagnosis alone beside diagnosis with service."""
    code = book.codes[groups]
    lost = np.zeros(len(visits), dtype=bool)
    for winner, loser in rules.pairs:
        lost |= (code == loser) & np.isin(visits, visits[code == winner])
    specific = np.isin(visits, visit[book.by_code_and_service[row]])
    other = ~book.by_code_only[row]
    grounded = np.isin(visits * len(book.codes) + groups, visit[other] * len(book.codes) + book.group[row[other]])
    result: npt.NDArray[np.bool_] = lost | (specific & ~grounded)
    return result


def _choose(candidates: pd.DataFrame, index: pd.Index, cost: npt.NDArray[np.int64] | None, rules: Rules) -> Grouping:
    by_cost = rules.choose_by == "cost" and cost is not None
    key = pd.DataFrame(
        {
            "visit": candidates[PARENT],
            "excluded": candidates["EXCLUDED"],
            "ordinary": candidates["EXCEPTION"] == 0,
            "later": candidates["PRIORITY"] == 0,
            "cheap": -(cost if by_cost and cost is not None else candidates["WEIGHT"].to_numpy()),
            "light": -candidates["WEIGHT"],
        }
    )
    ordered = key.assign(code=candidates["N_KSG"]).sort_values([*key.columns, "code"])
    best = ordered[~ordered["excluded"]].drop_duplicates("visit").index
    candidates["COST"] = pd.array(cost if cost is not None else [None] * len(candidates), dtype="Int64")
    candidates["CHOSEN"] = candidates.index.isin(best)
    count = np.bincount(candidates[PARENT], minlength=len(index))
    usable = np.bincount(candidates.loc[~candidates["EXCLUDED"], PARENT], minlength=len(index))
    chosen = candidates.loc[best].set_index(PARENT).reindex(range(len(index)))
    reason = _reasons(chosen, usable, by_cost)
    result = pd.DataFrame(
        {
            "N_KSG": chosen["N_KSG"].array,
            "ROW": chosen["ROW"].array,
            "CANDIDATES": count,
            "REASON_CODE": reason["code"].array,
            "REASON": reason["text"].array,
        },
        index=index,
    )
    return Grouping(candidates.drop(columns="WEIGHT"), result)


def _reasons(chosen: pd.DataFrame, usable: Ints, by_cost: bool) -> pd.DataFrame:
    """Why a candidate was chosen, as a code and in Russian; texts repeat, so they are made once for each kind."""
    kinds = pd.DataFrame(
        {
            "none": chosen["N_KSG"].isna(),
            "exception": chosen["EXCEPTION"].fillna(0).astype("int64"),
            "priority": chosen["PRIORITY"].fillna(0).astype("int64"),
            "count": usable,
        }
    )
    number = kinds.groupby(list(kinds.columns), sort=False).ngroup().to_numpy()
    first = kinds.drop_duplicates()
    made = [_reason(bool(n), int(e), int(p), int(c), by_cost) for n, e, p, c in first.itertuples(index=False)]
    return pd.DataFrame(made, columns=["code", "text"]).iloc[number].reset_index(drop=True)


def _reason(none: bool, exception: int, priority: int, count: int, by_cost: bool) -> tuple[str, str]:
    if none:
        return "none", "Ни одна строка группировщика не подходит"
    if exception:
        return "exception", f"Особый порядок формирования группы (приложение 9, пункт {exception})"
    if count == 1:
        return "single", "Единственная подходящая группа"
    if priority:
        rest = "наибольшая стоимость" if by_cost else "наибольший КЗ"
        return "priority", f"Приоритет: {_PRIORITIES[priority]}; среди приоритетных — {rest}, всего подходящих групп {count}"
    if by_cost:
        return "cost", f"Наибольшая стоимость среди подходящих групп ({count})"
    return "weight", f"Наибольший КЗ среди подходящих групп ({count})"
