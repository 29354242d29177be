"""Settlement of a closing from its decisions, the norms of the month and what is to be withheld."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from sqlalchemy import Connection

from pipelines import nsi
from pipelines.ground.database import read_frame
from pipelines.ground.sql import source
from pipelines.pump.closing import gather
from pipelines.pump.closing.model import Closing
from pipelines.pump.settlement import Settled, Terms, accepted, norms, settle


def settled(connection: Connection, terms: Path, closing: Closing) -> Settled:
    """Lines of a month by payer and organisation; ``terms`` is the folder with its ``month.yaml``."""
    decided = read_frame(connection, source("pump/outcome").format(table="decision", closing=closing.id))
    cases = pd.DataFrame({"CODE_MO": decided["code_mo"].astype("str"), "USL_OK": decided["usl_ok"].astype("str")})
    sums = accepted(cases, decided.rename(columns={"sump": "SUMP"}), decided["payer"].astype("str"))
    chosen = Terms.load(terms)
    by_norms = norms(closing.period, nsi.load_pinned(connection, closing.editions), chosen)
    return settle(sums, by_norms, gather.kept_dues(connection, closing), chosen)
