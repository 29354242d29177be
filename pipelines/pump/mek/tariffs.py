"""Stage G: billed sums beside the tariffs of the agreement (1.7.1, 1.7.2) and beside themselves (1.4.5)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.pump.mek import hits
from pipelines.pump.mek.given import Given
from pipelines.pump.mek.hits import phrase, roubles
from pipelines.pump.tariffs.exact import Exact


def price_hits(given: Given) -> pd.DataFrame:
    """Visits that have no tariff or another than billed. Visits without a row in ``prices`` are not looked at.

    ``terms.differs``: full – the whole visit is refused; difference – what exceeds the tariff, and a sum below it is noted.
    """
    if given.prices is None:
        return hits.empty()
    visit = given.prices["visit"].to_numpy(np.int64)
    due = given.prices["due"].astype("Int64")
    billed = given.facts.visit_sums[visit]
    missing = due.isna().to_numpy()
    right = due.fillna(0).to_numpy(np.int64)
    differs = ~missing & (right != billed)
    absent = _hits(given, "1.7.1", "MEK.G.1", visit[missing], billed[missing], "тарифа нет в тарифном соглашении", None)
    whole = given.terms.differs == "full"
    over = differs if whole else differs & (billed > right)
    worth = (billed if whole else billed - right)[over]
    wrong = _hits(given, "1.7.2", "MEK.G.2", visit[over], worth, "тариф соглашения", right[over])
    below = differs & ~over
    noted = _hits(given, "1.7.2", "MEK.G.3", visit[below], billed[below], "тариф соглашения", right[below], note=True)
    return hits.concat([absent, wrong, noted])


def _hits(
    given: Given,
    osn: str,
    rule: str,
    visit: np.ndarray,
    worth: np.ndarray,
    expected: str,
    due: np.ndarray | None,
    note: bool = False,
) -> pd.DataFrame:
    rows = given.month.visits.iloc[visit]
    template = "SL {id}: SUM_M = {sum}; " + ("{expected}" if due is None else "ожидается {expected} {due}")
    text = phrase(
        template,
        len(visit),
        id=rows["SL_ID"],
        sum=roubles(given.facts.visit_sums[visit]),
        expected=expected,
        due="" if due is None else roubles(due),
    )
    return hits.make(given.bases, "G", osn, rule, text, given.facts.of_visits(visit, worth), note=note)


def arithmetic_hits(given: Given) -> pd.DataFrame:
    """1.4.5: SUMV is not the sum of SUM_M, SUM_M is not TARIF × ED_COL, SUMV_USL is not TARIF × KOL_USL."""
    facts, visits, services = given.facts, given.month.visits, given.month.services
    parts = np.bincount(facts.visit_case, minlength=len(facts.sums))
    total = np.zeros(len(facts.sums), dtype=np.int64)
    np.add.at(total, facts.visit_case, facts.visit_sums)
    case = np.flatnonzero((parts > 0) & (total != facts.sums))
    text = phrase(
        "SUMV = {sum}; сумма SUM_M случаев = {total}, ожидается равенство",
        len(case),
        sum=roubles(facts.sums[case]),
        total=roubles(total[case]),
    )
    found = [hits.make(given.bases, "G", "1.4.5", "MEK.G.4", text, facts.of_cases(case))]
    visit, product = _products(visits, "ED_COL", facts.visit_sums)
    text = phrase(
        "SL {id}: SUM_M = {sum}; ожидается TARIF × ED_COL = {product}",
        len(visit),
        id=visits["SL_ID"].iloc[visit],
        sum=roubles(facts.visit_sums[visit]),
        product=roubles(product),
    )
    found.append(hits.make(given.bases, "G", "1.4.5", "MEK.G.5", text, facts.of_visits(visit)))
    service, product = _products(services, "KOL_USL", facts.service_sums)
    text = phrase(
        "услуга {id}: SUMV_USL = {sum}; ожидается TARIF × KOL_USL = {product}",
        len(service),
        id=services["IDSERV"].iloc[service],
        sum=roubles(facts.service_sums[service]),
        product=roubles(product),
    )
    found.append(hits.make(given.bases, "G", "1.4.5", "MEK.G.6", text, facts.of_services(service)))
    return hits.concat(found)


def _products(frame: pd.DataFrame, quantity: str, billed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose sum is not tariff × quantity to the kopeck, and the right products. Rows without either are passed over."""
    given = (frame["TARIF"].notna() & frame[quantity].notna()).to_numpy()
    rows = np.flatnonzero(given)
    if not len(rows):
        return rows, rows
    numbers = Exact.parse(frame[quantity].iloc[rows])
    units, base = numbers.units.astype(np.int64), 10**numbers.scale
    product = (frame["TARIF"].iloc[rows].to_numpy(np.int64) * units * 2 + base) // (2 * base)
    wrong = product != billed[rows]
    return rows[wrong], product[wrong]
