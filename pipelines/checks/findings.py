"""Findings: what is wrong, where, and by which rule. One frame for every kind of check."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

SEVERITIES = ("fatal", "error", "warning")
"""fatal refuses the package, error refuses the record, warning only tells."""
SEVERITY_TITLES = {"fatal": "отказ в приёме пакета", "error": "ошибка записи", "warning": "предупреждение"}

COLUMNS = {
    "member": "str",  # role of the member file in the package: H, L, DBF; "" for the package as a whole
    "rule": "str",  # id: 001F.00.0160, STR.010
    "severity": "str",
    "table": "str",  # table of the layout; "" for the file as a whole
    "row": "int64",  # row in that table, -1 for the file as a whole
    "element": "str",  # path below the root
    "value": "str",  # text as it arrived; null where there is none
    "message": "str",  # in Russian, complete
}


_EMPTY = pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)  # most checks find nothing, and types cost a millisecond each


def frame(rows: Iterable[dict[str, object]] = ()) -> pd.DataFrame:
    """A findings frame with the columns and dtypes of ``COLUMNS`` (strings are pandas ``str``)."""
    given = list(rows)
    return pd.DataFrame(given, columns=list(COLUMNS)).astype(COLUMNS) if given else _EMPTY.copy()


def concat(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """All findings in one frame, in the order given; empty parts are passed over."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else frame()
