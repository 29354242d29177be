"""Look-ups of several columns in a dictionary, for the expectation and for the rule language alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.checks.vectors import Days, Mask, encoded
from pipelines.nsi.dictionaries import APART, Dictionaries, plain_numbers


def in_force(
    dictionaries: Dictionaries,
    dictionary: str,
    field: str,
    subject: pa.Array,
    beside: Mapping[str, pa.Array] | Sequence[tuple[str, pa.Array]] = (),
    on: Days | None = None,
    *,
    number: bool,
) -> Mask:
    """Whether ``dictionary`` has a row in force with the value of ``subject`` in ``field`` and those ``beside`` in theirs.

    ``number``: the subject compares as a number. ``on``: days of the rows, NaT and None ask for any period. Where one of the
    values is absent there is no such row. Raises ``LookupError`` for a dictionary that is not loaded.
    """
    keys = encoded(subject)
    pairs = list(beside.items()) if isinstance(beside, Mapping) else list(beside)
    if pairs:
        others = [column.cast(pa.string()) for _, column in pairs]
        keys = encoded(pc.binary_join_element_wise(*others, keys.cast(pa.string()), APART))
    if number:
        keys = pa.DictionaryArray.from_arrays(keys.indices, plain_numbers(keys.dictionary))
    return dictionaries.contains(dictionary, "|".join([*(name for name, _ in pairs), field]), keys, on, number=number)
