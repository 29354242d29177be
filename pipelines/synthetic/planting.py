"""Planting of faults in a good register: each in a record of its own, nothing else touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.formats.tables import PARENT
from pipelines.synthetic.columns import Ints
from pipelines.synthetic.faults import MAIN, Cell, Structure, Whole, faults_of
from pipelines.synthetic.model import Fault, Markup, Register, RegisterFile

PERSONS = "L"


def plant(register: Register, shares: Mapping[str, float], rng: np.random.Generator) -> Register:
    """The register with faults in the given shares of its records (at least one each), no two in one record.

    ``SUMMAV`` follows the changed ``SUMV``, so that only the cases are wrong. Raises ``KeyError`` for a fault that the kind
    does not know and ``ValueError`` when the register has no record left that could bear it.
    """
    files = dict(register.files)
    main = next(role for role in files if role != PERSONS)
    known = faults_of(main)
    if unknown := set(shares) - set(known):
        raise KeyError(f"no fault {sorted(unknown)[0]} of {main}")
    planted: list[Fault] = []
    taken: dict[str, set[int]] = {role: set() for role in files}
    for name in (name for name in known if shares.get(name, 0) > 0):
        fault = known[name]
        role = main if fault.role == MAIN else fault.role
        file = files[role]
        if isinstance(fault, Whole):
            rows = np.zeros(1, np.int64)
        else:
            count = max(1, round(shares[name] * file.tables[file.layout.record].num_rows))
            rows = _choose(file, fault, count, taken[role], rng)
            if not len(rows):
                raise ValueError(f"no record for the fault {name}")
        table = _table_of(file, fault.element)
        if isinstance(fault, Structure):
            files[role] = _marked(file, fault, rows)
            planted += [Fault(name, role, table, _first(file, table, int(row)), fault.element, fault.rule) for row in rows]
        else:
            files[role] = _changed(file, table, fault, rows)
            planted += [Fault(name, role, table, int(row), fault.element, fault.rule) for row in rows]
    if "sumv" in shares:
        files[main] = _totalled(files[main], shares)
    return replace(register, files=files, faults=tuple(planted))


def _table_of(file: RegisterFile, element: str) -> str:
    """The table that the element is in, or that of its parent for an element that the layout does not know."""
    known = file.layout.by_path.get(element)
    return known.table if known is not None else file.layout.table_of(element.rpartition("/")[0])


def _records(file: RegisterFile, table: str) -> Ints:
    """Record row of every row of a table."""
    rows = np.arange(file.tables[table].num_rows)
    while table != file.layout.record:
        rows = file.tables[table][PARENT].to_numpy()[rows]
        parent = file.layout.tables[table].parent
        assert parent is not None
        table = parent
    return rows


def _choose(file: RegisterFile, fault: Cell | Structure, count: int, taken: set[int], rng: np.random.Generator) -> Ints:
    """Rows to spoil: rows of the fault's table for a value, record rows for a structure; their records become taken."""
    cell = isinstance(fault, Cell)
    records = _records(file, _table_of(file, fault.element) if cell else file.layout.record)
    rows = np.arange(len(records))
    if isinstance(fault, Cell) and fault.where is not None:
        rows = rows[fault.where(file.tables)]
    rng.shuffle(rows)
    neighbour = isinstance(fault, Cell) and fault.neighbour
    chosen: list[int] = []
    for row in rows.tolist():
        if len(chosen) == count:
            break
        record = int(records[row])
        needed = {record, record - 1} if neighbour else {record}
        if min(needed) >= 0 and not needed & taken:
            taken |= needed
            chosen.append(row)
    return np.array(sorted(chosen), np.int64)


def _changed(file: RegisterFile, table: str, fault: Cell | Whole, rows: Ints) -> RegisterFile:
    column = fault.element.rpartition("/")[2]
    data = file.tables[table]
    old = data[column].to_pylist()
    mask = np.zeros(len(old), bool)
    mask[rows] = True
    spoilt = pa.array([fault.change(old, row) for row in rows.tolist()], pa.string())
    values = pc.replace_with_mask(data[column].combine_chunks(), pa.array(mask), spoilt)
    changed = data.set_column(data.schema.get_field_index(column), column, values)
    return replace(file, tables={**file.tables, table: changed})


def _marked(file: RegisterFile, fault: Structure, records: Ints) -> RegisterFile:
    markup = (*file.markup, *(Markup(record, fault.edit) for record in records.tolist()))
    return replace(file, markup=tuple(sorted(markup, key=lambda entry: entry.record)))


def _first(file: RegisterFile, table: str, record: int) -> int:
    """First row of the table within the record: where an edit of the record's bytes falls."""
    return int(np.searchsorted(_records(file, table), record))


def _totalled(file: RegisterFile, shares: Mapping[str, float]) -> RegisterFile:
    bill = file.tables["SCHET"]
    total = sum((Decimal(value) for value in file.tables["ZAP"]["SUMV"].to_pylist()), Decimal("summav" in shares))
    index = bill.schema.get_field_index("SUMMAV")
    return replace(file, tables={**file.tables, "SCHET": bill.set_column(index, "SUMMAV", pa.array([str(total)]))})
