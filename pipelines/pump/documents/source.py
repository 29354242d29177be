"""What the documents of a closed month are made of: the closing, sides, names, and its sums by position."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.exchange.region import Region
from pipelines.nsi.dictionaries import Dictionaries
from pipelines.pump.closing.model import Closed
from pipelines.pump.documents.parties import Party, party
from pipelines.pump.documents.settings import DocumentTerms
from pipelines.pump.mek import Bases
from pipelines.pump.month import Month
from pipelines.pump.settlement import Settled, Terms

OUTPATIENT = "3"
NOBODY = "плательщик не определён"
WHOLE = "случай целиком"
SUMS = ("presented", "refused", "payable")
"""Columns of a position's sums."""
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Turnover:
    """A settled month of the reconciliation."""

    period: date
    settled: Settled


@dataclass(frozen=True)
class Source:
    """A closed month and what its documents need beside it.

    settlement: terms of the applications. earlier: settled months of the quarter before this one. history: ``payer``,
    ``month`` (first day), ``amount`` paid to organisations, for the advance. received: ``SMO``, ``amount`` of advances from
    the fund. intake: ``CODE_MO``, ``cases``, ``amount`` of what format control refused. consumed: as ``mek.Given`` has it,
    volumes of the quarter before this month. first_order: number of the first payment order. Kopecks.
    """

    closed: Closed
    region: Region
    dictionaries: Dictionaries
    parties: Mapping[str, Party]
    terms: DocumentTerms
    settlement: Terms
    earlier: Sequence[Turnover] = ()
    history: pd.DataFrame = field(default_factory=lambda: _empty(payer="str", month="datetime64[ns]", amount="int64"))
    received: pd.DataFrame = field(default_factory=lambda: _empty(SMO="str", amount="int64"))
    intake: pd.DataFrame = field(default_factory=lambda: _empty(CODE_MO="str", cases="int64", amount="int64"))
    consumed: pd.DataFrame | None = None
    first_order: int = 1

    @property
    def period(self) -> date:
        return self.closed.closing.period

    @property
    def day(self) -> date:
        """Date of the documents: that of the conclusions."""
        return self.closed.closing.act_date

    @property
    def settled(self) -> Settled:
        """Raises ``ValueError`` for a closing of a day, which is not settled."""
        if self.closed.settled is None:
            raise ValueError("a closing of a day has no settlement")
        return self.closed.settled

    def party(self, code: str) -> Party:
        """A side; a payer of another territory pays through the fund."""
        return party(self.parties, self.region.code if self.elsewhere(code) else code)

    def elsewhere(self, payer: str) -> bool:
        """Whether a payer is the ОКАТО of another territory."""
        own = self.region.by_code(payer)
        return own is None or own.kind == "ТФОМС"

    @cached_property
    def positions(self) -> pd.DataFrame:
        """Sums of every SL, see ``positions``."""
        return positions(self.closed)

    @cached_property
    def cases(self) -> pd.DataFrame:
        """A row for each case: case, package, payer, kind, elements of its account, SUMV, SUMP, SANK_IT, OPLATA."""
        month, decided = self.closed.month.cases, self.closed.decision.cases
        frame = month[["case", "package", "CODE_MO", "NSCHET", "DSCHET", "kind", "SUMV"]].assign(
            payer=self.closed.payers.fillna("").astype("str").to_numpy(),
            **{name: decided[name].to_numpy() for name in ("SUMP", "SANK_IT", "OPLATA")},
        )
        return frame.reset_index(drop=True)

    @cached_property
    def accounts(self) -> pd.DataFrame:
        """Accounts by payer, in order: package, payer, CODE_MO, NSCHET, DSCHET, kind, cases, SUMV, SANK_IT, SUMP."""
        keys = ["package", "payer", "CODE_MO", "NSCHET", "DSCHET", "kind"]
        frame = self.cases.assign(cases=1)[[*keys, "cases", "SUMV", "SANK_IT", "SUMP"]]
        sums = frame.groupby(keys, as_index=False, dropna=False)[["cases", "SUMV", "SANK_IT", "SUMP"]].sum()
        return sums.sort_values(["CODE_MO", "package", "payer"], ignore_index=True)

    @cached_property
    def account_profiles(self) -> Mapping[tuple[int, str], Sequence[Any]]:
        """Rows of ``by_profile`` of each account and payer."""
        return _listed(self.by_profile("package", "payer"))

    @cached_property
    def account_hits(self) -> Mapping[tuple[int, str], Sequence[Any]]:
        """Hits on the cases of each account and payer, see ``described``."""
        return _listed(described(self))

    def by_profile(self, *keys: str) -> pd.DataFrame:
        """Sums by ``keys``, USL_OK and PROFIL, with their names: counts (``counted``) and kopecks.

        A SL counts as refused where all of its sum is.
        """
        names = [name for sums in SUMS for name in (f"n_{sums}", sums)]
        sums = counted(self.positions).groupby([*keys, "USL_OK", "PROFIL"], as_index=False)[names].sum()
        return sums.assign(
            condition=[self.conditions.get(code, code) for code in sums["USL_OK"]],
            profile=[self.profiles.get(code, "") if code else "профиль не указывается" for code in sums["PROFIL"]],
        )

    @cached_property
    def bases(self) -> Mapping[str, tuple[str, str]]:
        """F014 on the day of the conclusions: printed code and text by Kod."""
        rows = Bases.on(self.dictionaries, self.day).rows
        return {
            str(code): (str(osn), str(text)) for osn, code, text in zip(rows.index, rows["Kod"], rows["Naim"], strict=True)
        }

    @cached_property
    def _payers(self) -> Mapping[str, str]:
        return _names(self.dictionaries, "F010", "KOD_OKATO", "SUBNAME")

    @cached_property
    def territories(self) -> Mapping[str, str]:
        """KOD_TF by ОКАТО."""
        return _names(self.dictionaries, "F010", "KOD_OKATO", "KOD_TF")

    @cached_property
    def profiles(self) -> Mapping[str, str]:
        return _names(self.dictionaries, "V002", "IDPR", "PRNAME")

    @cached_property
    def conditions(self) -> Mapping[str, str]:
        return _names(self.dictionaries, "V006", "IDUMP", "UMPNAME")

    def payer_name(self, payer: str) -> str:
        """Who pays, as documents name it."""
        if not payer:
            return NOBODY
        if not self.elsewhere(payer):
            return self.party(payer).NAME
        return f"МТР: {self._payers.get(payer, 'территория ' + payer)}"

    def short_name(self, code: str) -> str:
        """An organisation as tables name it."""
        known = self.region.by_code(code)
        return known.short if known is not None else self.payer_name(code)


def records(frame: pd.DataFrame) -> Iterator[Any]:
    """Rows of a frame as named tuples."""
    return iter(frame.itertuples(index=False))


def positions(closed: Closed) -> pd.DataFrame:
    """Sums of the SL so that those of each case are its SUMV, SANK_IT and SUMP: a row for each SL, one for a case without.

    ``case``, ``visit`` (-1), package, payer, CODE_MO, USL_OK (outpatient where the kind has none), PROFIL, N_KSG (of the
    price, else as billed), ``presented``, ``refused``, ``payable`` (kopecks). A case whose SUM_M do not add up to its SUMV
    counts at its first SL. What is refused in a SL counts there, what is refused of the whole case from the first SL on.
    """
    month: Month = closed.month
    cases, visits = month.cases, month.visits
    owner = visits["case"].to_numpy(np.int64)
    bare = np.setdiff1d(np.arange(len(cases)), owner)
    frame = pd.DataFrame({"case": np.append(owner, bare), "visit": np.append(np.arange(len(owner)), np.full(len(bare), -1))})
    frame = frame.sort_values(["case", "visit"], ignore_index=True)
    case, visit = frame["case"].to_numpy(np.int64), frame["visit"].to_numpy(np.int64)
    first = np.append(True, case[1:] != case[:-1]) if len(case) else np.array([], dtype=bool)
    sumv = cases["SUMV"].fillna(0).to_numpy(np.int64)
    presented = np.append(visits["SUM_M"].fillna(0).to_numpy(np.int64), 0)[visit]
    agree = (_total(case, presented, len(cases)) == sumv)[case]
    presented = np.where(agree, presented, np.where(first, sumv[case], 0))
    sanctions = closed.decision.sanctions
    inner = sanctions[~sanctions["whole"].astype(bool)]
    part = _total(inner["visit"].to_numpy(np.int64), inner["S_SUM"].to_numpy(np.int64), len(visits) + 1)
    refused = np.where(visit >= 0, np.minimum(part[visit], presented), 0)
    room = presented - refused
    rest = closed.decision.cases["SANK_IT"].to_numpy(np.int64) - _total(case, refused, len(cases))
    before = pd.Series(room).groupby(case).cumsum().to_numpy(np.int64) - room
    refused = refused + np.clip(rest[case] - before, 0, room)
    if (_total(case, refused, len(cases)) != closed.decision.cases["SANK_IT"].to_numpy(np.int64)).any():
        raise ValueError("sanctions of a case exceed its sum")
    return frame.assign(
        package=cases["package"].to_numpy(np.int64)[case],
        payer=closed.payers.fillna("").astype("str").to_numpy()[case],
        CODE_MO=cases["CODE_MO"].to_numpy()[case],
        USL_OK=cases["USL_OK"].fillna(OUTPATIENT).astype("str").to_numpy()[case],
        PROFIL=_taken(visits["PROFIL"], visit),
        N_KSG=_group(closed, visit),
        presented=presented,
        refused=refused,
        payable=presented - refused,
    )


def counted(positions: pd.DataFrame) -> pd.DataFrame:
    """Positions with the counts that their sums stand for: ``n_presented``, ``n_refused``, ``n_payable``."""
    whole = (positions["refused"] > 0) & (positions["payable"] == 0)
    return positions.assign(n_presented=1, n_refused=whole.astype("int64"), n_payable=(~whole).astype("int64"))


def described(source: Source) -> pd.DataFrame:
    """All hits with what names their objects, in the order of the registers.

    package, payer, IDCASE, N_ZAP, SL_ID (``WHOLE`` for a case), ID_PAC, ``first`` and ``last`` day (None where absent),
    ``code`` and ``osn`` of F014 with its text ``ground``, ``amount`` and ``applied`` (kopecks), ``rule``, ``detail``.
    """
    hits = source.closed.hits.sort_values(["case", "visit"], kind="stable", ignore_index=True)
    case, visit = hits["case"].to_numpy(np.int64), hits["visit"].to_numpy(np.int64)
    frames = source.closed.month
    record = source.cases.iloc[case].reset_index(drop=True)
    whole = frames.cases[["IDCASE", "N_ZAP", "ID_PAC", "DATE_Z_1", "DATE_Z_2"]].iloc[case].reset_index(drop=True)
    frame = pd.concat([record[["package", "payer"]], whole[["IDCASE", "N_ZAP", "ID_PAC"]]], axis=1)
    inner = visit >= 0
    part = frames.visits[["SL_ID", "DATE_1", "DATE_2"]].iloc[visit[inner]]
    columns = {"SL_ID": np.full(len(hits), WHOLE, dtype=object)}
    columns |= {name: whole[element].to_numpy(copy=True) for name, element in (("first", "DATE_Z_1"), ("last", "DATE_Z_2"))}
    for name, element in (("SL_ID", "SL_ID"), ("first", "DATE_1"), ("last", "DATE_2")):
        columns[name][inner] = part[element].to_numpy()
    texts = hits[["code", "osn", "rule", "detail", "amount", "applied"]]
    ground = [source.bases.get(code, ("", ""))[1] for code in texts["code"]]
    return pd.concat([frame.assign(**columns), texts], axis=1).assign(ground=ground)


def _listed(frame: pd.DataFrame) -> Mapping[tuple[int, str], Sequence[Any]]:
    """Rows of each package and payer."""
    found: dict[tuple[int, str], list[Any]] = {}
    for row in records(frame):
        found.setdefault((int(row.package), str(row.payer)), []).append(row)
    return found


def _group(closed: Closed, visit: Rows) -> npt.NDArray[np.object_]:
    prices = closed.prices
    group = closed.month.visits["N_KSG"].fillna("").to_numpy(object)
    known = prices[prices["N_KSG"].notna() & (prices["N_KSG"] != "")]
    group[known["visit"].to_numpy(np.int64)] = known["N_KSG"].to_numpy(object)
    return _taken(pd.Series(group, dtype="str"), visit)


def _taken(values: pd.Series, rows: Rows) -> npt.NDArray[np.object_]:
    texts: npt.NDArray[np.object_] = np.append(values.fillna("").astype("str").to_numpy(object), "")[rows]
    return texts


def _total(place: Rows, amounts: Rows, size: int) -> Rows:
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, place, amounts)
    return total


def _names(dictionaries: Dictionaries, name: str, key: str, text: str) -> Mapping[str, str]:
    """Texts of a dictionary, of all its periods: the last one counts."""
    if name not in dictionaries:
        return {}
    rows = dictionaries[name].rows
    pairs = zip(rows[key].to_pylist(), rows[text].to_pylist(), strict=True)
    return {str(code): str(title or "") for code, title in pairs if code}


def _empty(**columns: str) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
