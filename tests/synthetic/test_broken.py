"""Every broken package breaks where it says, as far as the archive, the reader and the names of the kind can tell."""

from __future__ import annotations

import io
import re
import zipfile
from functools import cache

import pytest

from pipelines.exchange.messages import catalogue
from pipelines.exchange.model import Result
from pipelines.formats import layout as layouts
from pipelines.formats.archive import ArchiveLimits, open_archive
from pipelines.formats.tables import FileFault
from pipelines.formats.xml_reader import read_xml
from pipelines.synthetic.broken import BOMB_MIB, BREAKAGES, members, stem
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.synthetic.world import OCTOBER, REGION

NAME = re.compile(r"HM\d{6}(S\d{5}|T\d{2})_\d{4}\d{1,6}")


@cache
def good() -> bytes:
    return package(generate_register(REGION, "980001", "98001", OCTOBER, 40, seed=2))[1]


def refusal(name: str, data: bytes) -> str:
    """Id of what is wrong first with a package; "" when both files can be read without an anomaly."""
    base = name.rpartition(".")[0]
    if not NAME.fullmatch(base):
        return "PKG.010" if base.startswith("HM") else "PKG.020"
    limits = REGION.settings.limits
    try:
        found = {member.name: member for member in open_archive(data, ArchiveLimits(**vars(limits)))}
        for file, role in ((f"{base}.xml", "H"), (f"L{base[1:]}.xml", "L")):
            if file not in found:
                return "PKG.090"
            tables = read_xml(found.pop(file).stream(), layouts.load(role), role)
            if tables.anomalies.num_rows:
                return str(tables.anomalies["code"][0].as_py())
            if role == "H" and tables.data["ZGLV"]["FILENAME"][0].as_py() != base:
                return "LNK.010"
    except FileFault as fault:
        return fault.code
    return "PKG.091" if found else ""


def test_the_good_package_is_good() -> None:
    assert refusal(f"{stem(good())}.zip", good()) == ""
    assert list(members(good())) == ["HM980001S98001_26101.xml", "LM980001S98001_26101.xml"]


@pytest.mark.parametrize("name", sorted(set(BREAKAGES) - {"sums"}))
def test_a_broken_package_is_refused_for_its_reason(name: str) -> None:
    file, data = BREAKAGES[name].make(good())
    assert (refusal(file, data),) == BREAKAGES[name].rules
    assert BREAKAGES[name].result is Result.REJECTED


def test_makers_are_pure() -> None:
    for name, breakage in BREAKAGES.items():
        if name != "bomb":
            assert breakage.make(good()) == breakage.make(good()), name


def test_messages_exist() -> None:
    for breakage in BREAKAGES.values():
        assert set(breakage.rules) <= set(catalogue()) | {"006F.00.1040"}


def test_the_bomb_passes_the_limit_that_it_is_made_for() -> None:
    _, data = BREAKAGES["bomb"].make(good())
    assert REGION.settings.limits.inflated_bytes < BOMB_MIB << 20
    assert len(data) < 3 << 20
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.infolist()[0].file_size == BOMB_MIB << 20


def test_wrong_sums_change_the_bill_only() -> None:
    _, data = BREAKAGES["sums"].make(good())
    before, after = members(good()), members(data)
    main = next(iter(before))
    total = re.compile(rb"<SUMMAV>[^<]*</SUMMAV>")
    assert total.sub(b"", before.pop(main)) == total.sub(b"", after[main])
    assert b"<SUMMAV>1" in after.pop(main)
    assert before == after
