"""Control of a closing: history, prices and МЭК over what was gathered; decisions written, sealed and read back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from pipelines import nsi
from pipelines.exchange.region import Region
from pipelines.ground.database import read_frame
from pipelines.ground.sql import statement
from pipelines.pump import month as months
from pipelines.pump.closing import gather
from pipelines.pump.closing.freeze import REGISTERS
from pipelines.pump.closing.gather import LETTERS, of_kind
from pipelines.pump.closing.model import Closed, Closing
from pipelines.pump.mek import Decision, Given, control, from_findings, hits, load_terms, taken
from pipelines.pump.month import Month
from pipelines.pump.pricing import Prices, Pricing, Reference, price

ELSEWHERE = "other_territory"


def controlled(connection: Connection, region: Region, terms: Path, closing: Closing) -> Closed:
    """The closing priced and controlled; ``terms`` is the folder with its ``month.yaml``. Writes nothing.

    The same closing gives the same frames, whatever the register of the insured and НСИ have become since.
    """
    month = months.read(connection, closing.period, closing.packages)
    dictionaries = nsi.load_pinned(connection, closing.editions)
    answers = gather.kept_answers(connection, closing, month)
    reference = Reference(dictionaries, Pricing.load(terms), region.okato)
    prices = price(month, reference, (answers["found"] == ELSEWHERE).to_numpy(bool))
    given = Given(
        month,
        dictionaries,
        load_terms(terms),
        closing.act_date,
        answers=answers,
        prices=prices.visits,
        history=_history(connection, closing),
        refused=_refused(connection, closing),
        earlier=_accounts(connection, closing),
        consumed=consumed(connection, closing),
        attached=answers["attached"],
    )
    findings = gather.kept_findings(connection, closing)
    found = hits.concat([from_findings(given, package, frame) for package, frame in sorted(findings.items())])
    conclusion = control(given, closing.act_number, found)
    decision = _numbered(closing, month, conclusion.decision)
    payers = answers["payer"].fillna("").astype("str")
    applied = np.zeros(len(conclusion.hits), dtype=np.int64)
    np.add.at(applied, decision.sanctions["hit"].to_numpy(np.int64), decision.sanctions["S_SUM"].to_numpy(np.int64))
    return Closed(
        closing,
        month,
        answers,
        _visit_prices(prices),
        conclusion.hits.assign(applied=applied),
        decision,
        payers,
        None,
        taken(given, decision.cases),
    )


def _numbered(closing: Closing, month: Month, decision: Decision) -> Decision:
    """Sanctions under the number of the conclusion on their account."""
    packages = month.cases["package"].to_numpy()[decision.sanctions["case"].to_numpy(np.int64)]
    numbers = pd.Series([closing.act(int(package)) for package in packages], dtype="str")
    return replace(decision, sanctions=decision.sanctions.assign(NUM_ACT=numbers))


def _visit_prices(prices: Prices) -> pd.DataFrame:
    kept: pd.DataFrame = prices.visits[["visit", "way", "due", "N_KSG", "fault"]].reset_index(drop=True)
    return kept.astype({"due": "Int64", "way": "str", "N_KSG": "str", "fault": "str"})


def _history(connection: Connection, closing: Closing) -> Month | None:
    """Decided cases of the earlier months that cases of this one may repeat or meet."""
    if not closing.earlier:
        return None
    periods = _periods(connection, closing)
    asked = {"earlier": list(closing.earlier), "closing": closing.id}
    connection.execute(statement("pump/history_chosen"), asked)
    repeated = asked | {"periods": periods, "period": closing.period, "packages": list(closing.packages)}
    for letter in LETTERS:
        connection.execute(of_kind("pump/history_same", letter), repeated)
    parts = [months.read(connection, period, chosen="history_chosen") for period in periods]
    history = months.joined(closing.period, parts)
    decided = read_frame(connection, 'select package, "row", oplata, sump, person from history_chosen')
    decided = decided.rename(columns={"oplata": "OPLATA", "sump": "SUMP"}).astype({"person": "Int64"})
    cases = history.cases.merge(decided, how="left", on=["package", "row"], validate="1:1")
    connection.execute(statement("pump/history_drop"))
    return replace(history, cases=cases.assign(OPLATA=cases["OPLATA"].astype("str")))


def _periods(connection: Connection, closing: Closing) -> list[date]:
    rows = connection.execute(statement("pump/closing_periods"), {"closings": list(closing.earlier)})
    return sorted(set(rows.scalars()))


def _refused(connection: Connection, closing: Closing) -> dict[int, int]:
    """Package -> kopecks of the records that format control refused."""
    asked = {"kinds": REGISTERS, "period": closing.period, "frozen_at": closing.frozen_at}
    rows = connection.execute(statement("pump/refused_by_format"), asked).all()
    return {row.package: row.amount for row in rows if row.package in set(closing.packages)}


def intake(connection: Connection, closing: Closing) -> pd.DataFrame:
    """What format control refused in the month: CODE_MO, cases, amount (kopecks) by organisation."""
    asked = {"kinds": REGISTERS, "period": closing.period, "frozen_at": closing.frozen_at}
    rows = connection.execute(statement("pump/refused_by_format"), asked).mappings().all()
    frame = pd.DataFrame(rows, columns=["package", "CODE_MO", "cases", "amount"])
    sums = frame.groupby("CODE_MO", as_index=False)[["cases", "amount"]].sum()
    return sums.astype({"CODE_MO": "str", "cases": "int64", "amount": "int64"})


def _accounts(connection: Connection, closing: Closing) -> frozenset[tuple[str, str, int]]:
    if not closing.earlier:
        return frozenset()
    asked = {"earlier": list(closing.earlier), "periods": _periods(connection, closing)}
    rows = [row for letter in LETTERS for row in connection.execute(of_kind("pump/earlier_accounts", letter), asked)]
    return frozenset((row.code_mo, row.nschet, row.year) for row in rows)


def consumed(connection: Connection, closing: Closing) -> pd.DataFrame:
    """What earlier months of the quarter took of the volumes."""
    quarter = closing.period.replace(month=(closing.period.month - 1) // 3 * 3 + 1)
    asked = {"earlier": list(closing.earlier), "since": quarter}
    rows = connection.execute(statement("pump/consumed"), asked).mappings().all()
    frame = pd.DataFrame(rows, columns=["CODE_MO", "UNIT", "QUANTITY", "MONEY"])
    return frame.astype({"CODE_MO": "str", "UNIT": "str", "QUANTITY": "int64", "MONEY": "int64"})
