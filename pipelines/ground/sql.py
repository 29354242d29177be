"""SQL statements live in ``sql/``; this is the one way to get at them."""

from __future__ import annotations

from functools import cache

from sqlalchemy import TextClause, text

from pipelines.ground.settings import ROOT


@cache
def source(name: str) -> str:
    """Text of ``sql/<name>.sql``; raises ``FileNotFoundError`` for a name that is not there."""
    return (ROOT / "sql" / f"{name}.sql").read_text(encoding="utf-8")


@cache
def statement(name: str) -> TextClause:
    """The statement ``sql/<name>.sql`` with its ``:named`` parameters."""
    return text(source(name))
