"""Faults that can be planted in a good register, each with the rule or message that must find it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.formats.tables import PARENT
from pipelines.synthetic.columns import Bools

Tables = Mapping[str, pa.Table]
Change = Callable[[Sequence[str | None], int], str | None]
"""Values of the column and a row in it -> what stands there instead."""
Where = Callable[[Tables], Bools]
"""Rows of the fault's table in which it can be planted."""


MAIN = "main"
"""Role of a fault in the main file, whichever kind it is of."""
EVERY_KIND = "HCTX"


@dataclass(frozen=True)
class Cell:
    """A wrong value of ``element``; a ``neighbour`` fault involves the record before, which gets no other fault.

    ``kinds`` are the registers that the rule is of, by the layouts of their main files.
    """

    title: str
    rule: str
    role: str
    element: str
    change: Change
    where: Where | None = None
    neighbour: bool = False
    kinds: str = EVERY_KIND


@dataclass(frozen=True)
class Whole:
    """A wrong value in the head of the file; planted once, whatever its share."""

    title: str
    rule: str
    role: str
    element: str
    change: Change
    kinds: str = EVERY_KIND


@dataclass(frozen=True)
class Structure:
    """A departure from the structure, made in the record's bytes; ``element`` is where the reader meets it."""

    title: str
    rule: str
    role: str
    element: str
    edit: Callable[[bytes], bytes]
    kinds: str = EVERY_KIND


AnyFault = Cell | Whole | Structure


def _filled(table: str, column: str) -> Where:
    return lambda tables: pc.is_valid(tables[table][column]).to_numpy()


def _equal(table: str, column: str, value: str) -> Where:
    return lambda tables: pc.fill_null(pc.equal(tables[table][column], value), False).to_numpy()


def _absent(table: str, column: str) -> Where:
    return lambda tables: pc.is_null(tables[table][column]).to_numpy()


def _both(first: Where, second: Where) -> Where:
    return lambda tables: first(tables) & second(tables)


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


FAULTS: Mapping[str, AnyFault] = {
    "profil": Cell("код вне справочника V002", "001F.00.0270", MAIN, "ZAP/Z_SL/SL/PROFIL", _constant("999"), kinds="HCT"),
    "closed": Cell(
        "код, закрытый в справочнике V002", "001F.00.0270", MAIN, "ZAP/Z_SL/SL/PROFIL", _constant("113"), kinds="HCT"
    ),
    "w": Cell("пол вне справочника V005", "001F.00.0700", "L", "PERS/W", _constant("3")),
    "koef_z": Cell(
        "коэффициент затратоёмкости не из V023",
        "001F.00.0600",
        MAIN,
        "ZAP/Z_SL/SL/KSG_KPG/KOEF_Z",
        _constant("9.99999"),
        _filled("SL", "KOEF_Z"),
        kinds="HC",
    ),
    "pr_nov": Cell("недопустимое значение", "002F.00.0080", MAIN, "ZAP/PR_NOV", _constant("5")),
    "missing": Cell("нет обязательного элемента", "003F.00.2420", MAIN, "ZAP/Z_SL/SL/NHISTORY", _constant(None)),
    "p_cel": Cell(
        "нет элемента, обязательного по условию",
        "003F.00.0660",
        MAIN,
        "ZAP/Z_SL/SL/P_CEL",
        _constant(None),
        _visits_in("3"),
        kinds="H",
    ),
    "kd": Cell(
        "лишний по условию элемент", "003F.00.0750", MAIN, "ZAP/Z_SL/SL/KD", _constant("7"), _visits_in("3"), kinds="HC"
    ),
    "mask": Cell(
        "диагноз не по маске",
        "004F.00.0810",
        MAIN,
        "ZAP/Z_SL/SL/DS1",
        _text(lambda old: f"{old[0]}-{old[1:]}"),
        _filled("SL", "DS1"),
    ),
    "length": Cell(
        "ЕНП короче 16 знаков",
        "004F.00.0250",
        MAIN,
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
    "february": Cell("31 февраля", "004F.00.0780", MAIN, "ZAP/Z_SL/SL/DATE_2", _text(lambda old: old[:4] + "-02-31")),
    "issued": Cell(
        "31 февраля там, где Q015 молчит",
        "VAL.010",
        "L",
        "PERS/DOCDATE",
        _text(lambda old: old[:4] + "-02-31"),
        _filled("PERS", "DOCDATE"),
    ),
    "letter": Cell("буква в числе", "004F.00.0930", MAIN, "ZAP/Z_SL/SL/ED_COL", _constant("1.О0")),
    "sumv": Cell("SUMV не равна сумме SUM_M", "006F.00.0370", MAIN, "ZAP/Z_SL/SUMV", _plus("0.01")),
    "tarif": Cell("тариф больше стоимости услуги", "006F.00.0570", MAIN, "ZAP/Z_SL/SL/USL/TARIF", _plus("1.00")),
    "dates": Cell(
        "окончание раньше начала",
        "006F.00.0330",
        MAIN,
        "ZAP/Z_SL/DATE_Z_1",
        _text(lambda old: str(np.datetime64(old, "D") + 60)),
    ),
    "rslt": Cell(
        "результат не для этих условий",
        "006F.00.1330",
        MAIN,
        "ZAP/Z_SL/RSLT",
        _constant("101"),
        _equal("ZAP", "USL_OK", "3"),
        kinds="HC",
    ),
    "person": Cell("нет персональных данных", "LNK.030", MAIN, "ZAP/PACIENT/ID_PAC", _text(lambda old: old + "-0")),
    "n_zap": Cell("повтор N_ZAP", "LNK.060", MAIN, "ZAP/N_ZAP", _before, neighbour=True),
    "idcase": Cell("повтор IDCASE", "LNK.070", MAIN, "ZAP/Z_SL/IDCASE", _before, neighbour=True),
    "summav": Whole("SUMMAV не равна сумме SUMV", "006F.00.1040", MAIN, "SCHET/SUMMAV", _plus("1.00")),
    "sd_z": Whole("SD_Z не равно числу случаев", "006F.00.0110", MAIN, "ZGLV/SD_Z", _plus("1")),
    "stad": Cell(
        "стадия вне справочника N002",
        "001F.00.0420",
        MAIN,
        "ZAP/Z_SL/SL/ONK_SL/STAD",
        _constant("999"),
        _filled("SL", "STAD"),
        kinds="C",
    ),
    "sod": Cell(
        "доза без лучевой терапии",
        "003F.00.1040",
        MAIN,
        "ZAP/Z_SL/SL/ONK_SL/SOD",
        _constant("2.00"),
        _both(_filled("SL", "DS1_T"), _absent("SL", "SOD")),
        kinds="C",
    ),
    "code_sh": Cell(
        "схема вне справочника V024",
        "001F.00.0572",
        MAIN,
        "ZAP/Z_SL/SL/ONK_SL/ONK_USL/LEK_PR/CODE_SH",
        _constant("sh0001"),
        kinds="C",
    ),
    "date_inj": Cell(
        "введение препарата до начала лечения",
        "006F.00.0610",
        MAIN,
        "ZAP/Z_SL/SL/ONK_SL/ONK_USL/LEK_PR/DATE_INJ",
        _text(lambda old: str(np.datetime64(old, "D") - 60)),
        kinds="C",
    ),
    "metod_hmp": Cell(
        "метод ВМП вне справочника V019", "001F.00.0260", MAIN, "ZAP/Z_SL/SL/METOD_HMP", _constant("999"), kinds="T"
    ),
    "tal_d": Cell("нет даты талона на ВМП", "003F.00.2540", MAIN, "ZAP/Z_SL/SL/TAL_D", _constant(None), kinds="T"),
    "tal_p": Cell(
        "госпитализация назначена раньше выдачи талона",
        "006F.00.0314",
        MAIN,
        "ZAP/Z_SL/SL/TAL_P",
        _text(lambda old: str(np.datetime64(old, "D") - 90)),
        kinds="T",
    ),
    "rslt_d": Cell(
        "результат осмотра вне справочника V017",
        "001F.00.0240",
        MAIN,
        "ZAP/Z_SL/RSLT_D",
        _constant("77"),
        _filled("ZAP", "RSLT_D"),
        kinds="X",
    ),
    "naz_r": Cell("недопустимый вид назначения", "002F.00.0350", MAIN, "ZAP/Z_SL/SL/NAZ/NAZ_R", _constant("9"), kinds="X"),
    "idsp": Cell("осмотр не тем способом оплаты", "006F.00.1150", MAIN, "ZAP/Z_SL/IDSP", _constant("33"), kinds="X"),
    "disp": Whole("тип осмотра вне справочника V016", "001F.00.0050", MAIN, "SCHET/DISP", _constant("ЯЯ1"), kinds="X"),
    "unknown": Structure(
        "элемент вне структуры", "STR.010", MAIN, "ZAP/Z_SL/XTAG", _sub(rb"<IDSP>", rb"<XTAG>1</XTAG><IDSP>")
    ),
    "repeated": Structure("повтор элемента", "STR.020", MAIN, "ZAP/Z_SL/IDSP", _sub(rb"(<IDSP>[^<]*</IDSP>)", rb"\1\1")),
    "order": Structure(
        "нарушен порядок",
        "STR.030",
        MAIN,
        "ZAP/N_ZAP",
        _sub(rb"(<N_ZAP>[^<]*</N_ZAP>)(\s*)(<PR_NOV>[^<]*</PR_NOV>)", rb"\3\2\1"),
    ),
    "group": Structure("нет обязательной группы", "STR.040", MAIN, "ZAP/PACIENT", _sub(rb"<PACIENT>.*</PACIENT>", rb"")),
    "stray": Structure("текст вне элементов", "STR.050", MAIN, "ZAP/PACIENT", _sub(rb"<PACIENT>", rb"<PACIENT>x")),
    "byte": Structure(
        "байт вне кодовой страницы", "VAL.040", MAIN, "ZAP/Z_SL/SL/NHISTORY", _sub(rb"<NHISTORY>", b"<NHISTORY>\x98")
    ),
}
"""Every fault by name: the one table of what can be planted and what must find it."""


def faults_of(kind: str) -> Mapping[str, AnyFault]:
    """Faults that a register of a kind (layout of its main file) can bear."""
    return {name: fault for name, fault in FAULTS.items() if kind in fault.kinds}
