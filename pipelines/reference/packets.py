"""A packet of a federal dictionary as an edition: header, dated rows, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pandas as pd
import yaml
from sqlalchemy import Connection

from pipelines import nsi
from pipelines.checks import findings as found
from pipelines.exchange import messages
from pipelines.exchange.kinds import Opened
from pipelines.formats import packet
from pipelines.ground.settings import ROOT
from pipelines.reference.edition import (
    Before,
    Edition,
    Findings,
    before,
    dated,
    faults,
    lock,
    order_faults,
    version_number,
)

ROLE = "NSI"


def edition_of(opened: Opened) -> Edition:
    """The edition that a package holds."""
    tables = opened.tables[ROLE]
    header = packet.header(tables)
    dictionary = opened.match["dictionary"].upper()
    rows = dated(dictionary, packet.rows(tables))
    return Edition(dictionary, rows, ROLE, packet.RECORD, header["type"], header["version"], header["date"])


def check_edition(connection: Connection, opened: Opened, so_far: pd.DataFrame) -> pd.DataFrame:
    """Header, place among the editions kept, fields that are looked into, periods of the rows."""
    edition = edition_of(opened)
    lock(connection, [edition.dictionary])
    lost = _lost(before(connection, opened, edition.dictionary), edition)
    return found.frame([*_header(edition), *_order(connection, edition), *lost, *faults(connection, edition)])


def _header(edition: Edition) -> Findings:
    expected = types().get(edition.dictionary)
    if expected is not None and edition.type != expected:
        yield _place(edition, "NSI.020", "type", edition.type, dictionary=edition.dictionary, expected=expected)
    if version_number(edition.version) is None:
        yield _place(edition, "NSI.021", "version", edition.version)
    if edition.issued is None:
        yield _place(edition, "NSI.022", "date", edition.day)


def _order(connection: Connection, edition: Edition) -> Findings:
    for code, names in order_faults(nsi.published(connection, edition.dictionary), edition):
        value = edition.version if code == "NSI.030" else f"{edition.version} от {edition.day}"
        yield _place(edition, code, "version", value, **names)


def _lost(earlier: Before, edition: Edition) -> Findings:
    """Fields of the edition in force that this one lacks."""
    lost = [name for name in earlier.rows[0] if name not in edition.rows[0]] if earlier.rows and edition.rows else []
    if lost:
        yield edition.finding("NSI.061", fields=", ".join(lost))


def _place(edition: Edition, code: str, element: str, value: str, **names: object) -> dict[str, object]:
    """A finding in the header."""
    place = f"{packet.HEADER}/{element}"
    return messages.finding(code, role=edition.role, table=packet.HEADER, row=0, element=place, value=value or None, **names)


@cache
def types() -> Mapping[str, str]:
    """Type of the header by dictionary: ``include/reference/packets.yaml``."""
    return dict(yaml.safe_load((ROOT / "include" / "reference" / "packets.yaml").read_text(encoding="utf-8")))
