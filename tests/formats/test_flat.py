"""Tables of files that name their own columns."""

from __future__ import annotations

import pytest

from pipelines.formats.flat import flat_layout, flat_rows, flat_tables


def test_any_name_is_a_column_even_one_with_the_mark_of_a_path() -> None:
    layout = flat_layout("T_X", {"КЗ": "T10", "Доля з/п": "N3.2", "D": "D"})
    assert [(element.column, element.type) for element in layout.tables["REC"].columns] == [
        ("КЗ", "T"),
        ("Доля з/п", "N"),
        ("D", "D"),
    ]
    tables = flat_tables(layout, [["0.5", None], [" 0.30 ", ""], [None, "2026-01-01"]], [10, 20])
    assert flat_rows(tables) == [
        {"КЗ": "0.5", "Доля з/п": "0.30", "D": ""},
        {"КЗ": "", "Доля з/п": "", "D": "2026-01-01"},
    ]
    assert tables.data["REC"]["_offset"].to_pylist() == [10, 20]


def test_a_type_that_there_is_none_makes_no_layout() -> None:
    with pytest.raises(ValueError, match="type"):
        flat_layout("T_X", {"A": "X"})
