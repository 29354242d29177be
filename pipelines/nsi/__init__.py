"""Dated dictionaries (НСИ): load, look up on a date, keep editions."""

from pipelines.nsi.dictionaries import Dictionaries, Dictionary
from pipelines.nsi.store import (
    Edition,
    current,
    edition,
    editions,
    entries,
    load,
    load_one,
    load_pinned,
    pinned,
    previous,
    published,
    read,
    store_edition,
    store_folder,
)

__all__ = [
    "Dictionaries",
    "Dictionary",
    "Edition",
    "current",
    "edition",
    "editions",
    "entries",
    "load",
    "load_one",
    "load_pinned",
    "pinned",
    "previous",
    "published",
    "read",
    "store_edition",
    "store_folder",
]
