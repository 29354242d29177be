"""Request of identification and attachment: ``PR<lpu_id><QQ>_<ммг>.zip`` with the DBF ``PR<lpu_id><QQ>.<ммг>``.

``lpu_id`` is the six-digit code of the organisation in F003, ``QQ`` the last two digits of the insurer's code in F002,
``ммг`` the month and the last digit of the year; ``_1`` … ``_999`` after them number further files of the month.

The persons are identified over the whole package at once: by ЕНП, else by name, day of birth and sex. Those insured with the
insurer are attached; when another organisation holds the person at that time, ``erz.wins`` decides.
"""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text

from pipelines.erz import rules
from pipelines.erz.answers import answers
from pipelines.erz.checks import RECORD, ROLE, check_records, insurer
from pipelines.exchange.kinds import Applied, Mask, Member, Opened, PackageKind
from pipelines.ground.database import copy_table
from pipelines.ground.sql import statement

_COPIED = ("RECID", "DATE_IN", "DATE_OUT", "SPOS", "N_POL", "FAM", "IM", "OT", "W")
_STEPS = ("person_lock", "request_weigh", "attachment_end", "attachment_insert", "request_reference", "request_keep")

_ANALYSE = text("analyze request_arriving")
"""Without it the planner takes the table for empty and joins row by row."""


def month(opened: Opened) -> date:
    """First day of the month in the file's name: the latest such year that is not beyond the next one."""
    period = opened.match["period"]
    latest = opened.package.received_at.year + 1
    return date(latest - (latest - int(period[2])) % 10, int(period[:2]), 1)


def apply(connection: Connection, opened: Opened, accepted: Mask) -> Applied:
    """Keep the accepted records as ``erz.request``, identify their persons, attach those who can be."""
    package = opened.package
    connection.execute(statement("erz/request_arriving"))
    copy_table(connection, "request_arriving", _requests(opened, accepted))
    parameters = {
        "package": package.id,
        "sender": package.sender,
        "smo": insurer(connection, opened),
        "today": package.received_at.date(),
        "attached": [name for name, outcome in rules.outcomes().items() if outcome.attach],
    }
    connection.execute(_ANALYSE)
    connection.execute(statement("erz/request_identify"), parameters)
    connection.execute(_ANALYSE)
    for step in _STEPS:
        connection.execute(statement(f"erz/{step}"), parameters)
    return Applied(len(accepted), int(accepted.sum()), month(opened))


def _requests(opened: Opened, accepted: Mask) -> pa.Table:
    """Rows of ``erz.request``; ``row`` is the record's row in the file's table."""
    rows = np.flatnonzero(accepted).astype(np.int32)
    records = opened.tables[ROLE].data[RECORD].take(pa.array(rows))
    letters, kinds = zip(*rules.policies().items(), strict=True)
    kind = pa.array(kinds).take(pc.index_in(records["TIP_D"].combine_chunks(), value_set=pa.array(letters)))
    return pa.table(
        {
            "package": pa.repeat(pa.scalar(opened.package.id), len(rows)),
            "row": pa.array(rows),
            **{name.lower(): records[name] for name in _COPIED},
            "policy": kind,
            "dr": records["DR"],
        }
    )


KINDS = (
    PackageKind(
        code="ERZ_PR",
        title="Запрос идентификации и прикрепления (PR)",
        subsystem="erz",
        name=re.compile(
            r"PR(?P<sender>\d{6})(?P<smo>\d{2})_(?P<period>(?:0[1-9]|1[0-2])\d)(?:_[1-9]\d{0,2})?", re.IGNORECASE
        ),
        family=re.compile(r"PR\d", re.IGNORECASE),
        members=(Member(ROLE, r"PR{sender}{smo}\.{period}", "dbf", "PR", suites="erz/PR"),),
        senders=frozenset({"МО"}),
        policy="records",
        report_date=month,
        apply=apply,
        checks=(check_records,),
        answers=answers,
    ),
)
