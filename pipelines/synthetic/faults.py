"""Faults that can be planted in a good register: each in its own record, each with the rule or message that must find it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.formats.tables import PARENT
from pipelines.synthetic.columns import Bools, Ints
from pipelines.synthetic.model import Fault, Markup, Register, RegisterFile

Tables = Mapping[str, pa.Table]
Change = Callable[[Sequence[str | None], int], str | None]
"""Values of the column and a row in it -> what stands there instead."""
Where = Callable[[Tables], Bools]
"""Rows of the fault's table in which it can be planted."""


@dataclass(frozen=True)
class Cell:
    """A wrong value of ``element``; a ``neighbour`` fault involves the record before, which gets no other fault."""

    title: str
    rule: str
    role: str
    element: str
    change: Change
    where: Where | None = None
    neighbour: bool = False


@dataclass(frozen=True)
class Whole:
    """A wrong value in the head of the file; planted once, whatever its share."""

    title: str
    rule: str
    role: str
    element: str
    change: Change


@dataclass(frozen=True)
class Structure:
    """A departure from the structure, made in the record's bytes; ``element`` is where the reader meets it."""

    title: str
    rule: str
    role: str
    element: str
    edit: Callable[[bytes], bytes]


def _filled(table: str, column: str) -> Where:
    return lambda tables: pc.is_valid(tables[table][column]).to_numpy()


def _equal(table: str, column: str, value: str) -> Where:
    return lambda tables: pc.fill_null(pc.equal(tables[table][column], value), False).to_numpy()


def _visits_in(condition: str) -> Where:
    def rows(tables: Tables) -> Bools:
        parents = tables["SL"][PARENT].to_numpy()
        result: Bools = _equal("ZAP", "USL_OK", condition)(tables)[parents]
        return result

    return rows


def _constant(value: str | None) -> Change:
    return lambda values, row: value


def _text(change: Callable[[str], str]) -> Change:
    return lambda values, row: change(values[row] or "")


def _plus(amount: str) -> Change:
    return _text(lambda old: str(Decimal(old) + Decimal(amount)))


def _before(values: Sequence[str | None], row: int) -> str | None:
    return values[row - 1]


def _sub(pattern: bytes, with_: bytes) -> Callable[[bytes], bytes]:
    return lambda record: re.sub(pattern, with_, record, count=1, flags=re.DOTALL)


FAULTS: Mapping[str, Cell | Whole | Structure] = {
    "profil": Cell("код вне справочника V002", "001F.00.0270", "H", "ZAP/Z_SL/SL/PROFIL", _constant("999")),
    "closed": Cell("код, закрытый в справочнике V002", "001F.00.0270", "H", "ZAP/Z_SL/SL/PROFIL", _constant("113")),
    "w": Cell("пол вне справочника V005", "001F.00.0700", "L", "PERS/W", _constant("3")),
    "koef_z": Cell(
        "коэффициент затратоёмкости не из V023",
        "001F.00.0600",
        "H",
        "ZAP/Z_SL/SL/KSG_KPG/KOEF_Z",
        _constant("9.99999"),
        _filled("SL", "KOEF_Z"),
    ),
    "pr_nov": Cell("недопустимое значение", "002F.00.0080", "H", "ZAP/PR_NOV", _constant("5")),
    "missing": Cell("нет обязательного элемента", "003F.00.2420", "H", "ZAP/Z_SL/SL/NHISTORY", _constant(None)),
    "p_cel": Cell(
        "нет элемента, обязательного по условию",
        "003F.00.0660",
        "H",
        "ZAP/Z_SL/SL/P_CEL",
        _constant(None),
        _visits_in("3"),
    ),
    "kd": Cell("лишний по условию элемент", "003F.00.0750", "H", "ZAP/Z_SL/SL/KD", _constant("7"), _visits_in("3")),
    "mask": Cell("диагноз не по маске", "004F.00.0810", "H", "ZAP/Z_SL/SL/DS1", _text(lambda old: f"{old[0]}-{old[1:]}")),
    "length": Cell(
        "ЕНП короче 16 знаков",
        "004F.00.0250",
        "H",
        "ZAP/PACIENT/NPOLIS",
        _text(lambda old: old[:-1]),
        _equal("ZAP", "VPOLIS", "3"),
    ),
    "snils": Cell(
        "СНИЛС не по маске",
        "004F.00.1720",
        "L",
        "PERS/SNILS",
        _text(lambda old: old.replace("-", "")),
        _filled("PERS", "SNILS"),
    ),
    "february": Cell("31 февраля", "004F.00.0780", "H", "ZAP/Z_SL/SL/DATE_2", _text(lambda old: old[:4] + "-02-31")),
    "issued": Cell(
        "31 февраля там, где Q015 молчит",
        "VAL.010",
        "L",
        "PERS/DOCDATE",
        _text(lambda old: old[:4] + "-02-31"),
        _filled("PERS", "DOCDATE"),
    ),
    "letter": Cell("буква в числе", "004F.00.0930", "H", "ZAP/Z_SL/SL/ED_COL", _constant("1.О0")),
    "sumv": Cell("SUMV не равна сумме SUM_M", "006F.00.0370", "H", "ZAP/Z_SL/SUMV", _plus("0.01")),
    "tarif": Cell("тариф больше стоимости услуги", "006F.00.0570", "H", "ZAP/Z_SL/SL/USL/TARIF", _plus("1.00")),
    "dates": Cell(
        "окончание раньше начала",
        "006F.00.0330",
        "H",
        "ZAP/Z_SL/DATE_Z_1",
        _text(lambda old: str(np.datetime64(old, "D") + 60)),
    ),
    "rslt": Cell(
        "результат не для этих условий", "006F.00.1330", "H", "ZAP/Z_SL/RSLT", _constant("101"), _equal("ZAP", "USL_OK", "3")
    ),
    "person": Cell("нет персональных данных", "LNK.030", "H", "ZAP/PACIENT/ID_PAC", _text(lambda old: old + "-0")),
    "n_zap": Cell("повтор N_ZAP", "LNK.060", "H", "ZAP/N_ZAP", _before, neighbour=True),
    "idcase": Cell("повтор IDCASE", "LNK.070", "H", "ZAP/Z_SL/IDCASE", _before, neighbour=True),
    "summav": Whole("SUMMAV не равна сумме SUMV", "006F.00.1040", "H", "SCHET/SUMMAV", _plus("1.00")),
    "sd_z": Whole("SD_Z не равно числу случаев", "006F.00.0110", "H", "ZGLV/SD_Z", _plus("1")),
    "unknown": Structure(
        "элемент вне структуры", "STR.010", "H", "ZAP/Z_SL/XTAG", _sub(rb"<IDSP>", rb"<XTAG>1</XTAG><IDSP>")
    ),
    "repeated": Structure("повтор элемента", "STR.020", "H", "ZAP/Z_SL/IDSP", _sub(rb"(<IDSP>[^<]*</IDSP>)", rb"\1\1")),
    "order": Structure(
        "нарушен порядок",
        "STR.030",
        "H",
        "ZAP/N_ZAP",
        _sub(rb"(<N_ZAP>[^<]*</N_ZAP>)(\s*)(<PR_NOV>[^<]*</PR_NOV>)", rb"\3\2\1"),
    ),
    "group": Structure("нет обязательной группы", "STR.040", "H", "ZAP/PACIENT", _sub(rb"<PACIENT>.*</PACIENT>", rb"")),
    "stray": Structure("текст вне элементов", "STR.050", "H", "ZAP/PACIENT", _sub(rb"<PACIENT>", rb"<PACIENT>x")),
    "byte": Structure(
        "байт вне кодовой страницы", "VAL.040", "H", "ZAP/Z_SL/SL/NHISTORY", _sub(rb"<NHISTORY>", b"<NHISTORY>\x98")
    ),
}
"""Every fault by name: the one table of what can be planted and what must find it."""


def plant(register: Register, shares: Mapping[str, float], rng: np.random.Generator) -> Register:
    """The register with faults in the given shares of its records (at least one each), no two in one record.

    ``SUMMAV`` follows the changed ``SUMV``, so that only the cases are wrong. Raises ``KeyError`` for an unknown fault and
    ``ValueError`` when the register has no record left that could bear it.
    """
    if unknown := set(shares) - set(FAULTS):
        raise KeyError(f"no fault {sorted(unknown)[0]}")
    files = dict(register.files)
    planted: list[Fault] = []
    taken: dict[str, set[int]] = {role: set() for role in files}
    for name in (name for name in FAULTS if shares.get(name, 0) > 0):
        fault = FAULTS[name]
        file = files[fault.role]
        if isinstance(fault, Whole):
            rows = np.zeros(1, np.int64)
        else:
            count = max(1, round(shares[name] * file.tables[file.layout.record].num_rows))
            rows = _choose(file, fault, count, taken[fault.role], rng)
            if not len(rows):
                raise ValueError(f"no record for the fault {name}")
        table = _table_of(file, fault.element)
        if isinstance(fault, Structure):
            files[fault.role] = _marked(file, fault, rows)
            planted += [
                Fault(name, fault.role, table, _first(file, table, int(row)), fault.element, fault.rule) for row in rows
            ]
        else:
            files[fault.role] = _changed(file, table, fault, rows)
            planted += [Fault(name, fault.role, table, int(row), fault.element, fault.rule) for row in rows]
    if "sumv" in shares:
        files["H"] = _totalled(files["H"], shares)
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
