"""Mutated DBF files: each gives tables or a fault of the file, never anything else, and none takes long."""

from __future__ import annotations

import random
import time

from pipelines.exchange.messages import catalogue
from pipelines.formats.dbf import read_dbf
from pipelines.formats.dbf_writer import write_dbf, write_dbt
from pipelines.formats.tables import FileFault
from tests.formats.dbf_files import LAYOUT, TODAY, layout, raw_dbf, samples

MUTANTS = 5_000

FOXPRO = layout(("T", "T4"), ("I", "N9"), ("B", "N9.4"), ("AT", "D"), ("Y", "N9.4"), ("OK", "T1"))
FOXPRO_FIELDS = [
    ("T", "C", 4, 0),
    ("I", "I", 4, 0),
    ("B", "B", 8, 0),
    ("AT", "T", 8, 0),
    ("Y", "Y", 8, 0),
    ("OK", "L", 1, 0),
]


def mutate(content: bytes, chance: random.Random) -> bytes:
    """A few changes: bytes in the header or anywhere, cuts, insertions, repeated parts."""
    body = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5))):
        place = chance.randrange(min(len(body), 260) if chance.random() < 0.6 else len(body))
        kind = chance.randrange(6)
        if kind <= 2:
            body[place] = chance.choice((0, 1, 0x0D, 0x1A, 0x20, 0x2A, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        elif kind == 3:
            del body[place : place + chance.choice((1, 1, 7, 32, 200))]
        elif kind == 4:
            body[place:place] = chance.randbytes(chance.choice((1, 1, 7, 32)))
        else:
            body[place : place + 8] = chance.randbytes(8)
        if len(body) < 2:
            break
    return bytes(body)


def test_only_tables_or_faults() -> None:
    chance = random.Random(20260314)
    table = samples(1, 12)
    plain, memo = write_dbf(table, LAYOUT, dated=TODAY), write_dbt(table, LAYOUT)
    fox = raw_dbf(FOXPRO_FIELDS, [b" " + chance.randbytes(33) for _ in range(12)], version=0x30)
    codes = set()
    whole = 0
    begun = time.monotonic()
    for number in range(MUTANTS):
        wanted, content = (FOXPRO, fox) if number % 4 == 0 else (LAYOUT, plain)
        try:
            read = read_dbf(mutate(content, chance), wanted, "DBF", memo=mutate(memo, chance) if number % 3 else memo)
        except FileFault as fault:
            codes.add(fault.code)
            catalogue()[fault.code].text.format(**fault.parameters)
            continue
        whole += 1
        codes.update(read.anomalies["code"].to_pylist())
        for name, values in read.data["REC"].to_pydict().items():
            texts = "".join(value or "" for value in values if name != "_offset")
            assert "\0" not in texts
            assert texts.encode("utf-8").decode("utf-8") == texts
    assert time.monotonic() - begun < 60
    assert whole > MUTANTS / 5
    assert codes >= {"DBF.010", "DBF.020", "DBF.030", "DBF.040", "DBF.050", "DBF.060", "VAL.010", "VAL.020", "VAL.040"}
