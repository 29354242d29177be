"""The two XML readers against each other and against the writer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xml_documents import differences, mutated, outcome, random_tables, values

from pipelines.formats import xml_fast
from pipelines.formats.layout import load
from pipelines.formats.tables import OFFSET, FileFault, Tables
from pipelines.formats.xml_reader import read_xml
from pipelines.formats.xml_writer import write_xml

LAYOUTS = {code: load(code) for code in ("H", "L")}
ENCODINGS = ("windows-1251", "utf-8")
LEGAL = st.characters(codec="utf-8", exclude_characters="\ufffe\uffff", min_codepoint=32) | st.sampled_from("\t\n\r&<>]Яё№")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("code", LAYOUTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), texts=st.lists(st.text(LEGAL, max_size=12), min_size=1, max_size=8))
def test_what_is_written_is_read_back(code: str, encoding: str, seed: int, texts: list[str]) -> None:
    layout, rng = LAYOUTS[code], random.Random(seed)
    data = random_tables(rng, layout, rng.randrange(4), texts)
    document = write_xml(data, layout, encoding)
    for reader in ("fast", "lxml"):
        tables = outcome(reader, document, layout)
        assert isinstance(tables, Tables), f"{reader}: {tables}"
        read = values(tables.data)
        assert [name for name, table in values(data).items() if not read[name].equals(table)] == []


def test_both_readers_agree_on_ten_thousand_documents() -> None:
    """A document that the scanner accepts is well-formed for lxml and gives the same tables and anomalies."""
    rng = random.Random(20261122)
    accepted = refused = dirty = 0
    for number in range(10_200):
        if number % 17 == 0:
            layout = LAYOUTS["H" if rng.random() < 0.15 else "L"]
            encoding = rng.choice(ENCODINGS)
            clean = write_xml(random_tables(rng, layout, rng.randrange(1, 4)), layout, encoding)
        document = mutated(rng, clean) if number % 17 else clean
        fast, reference = outcome("fast", document, layout), outcome("lxml", document, layout)
        refused += isinstance(reference, tuple)
        if fast is None or isinstance(fast, tuple):
            assert fast is None or fast == reference
            continue
        assert isinstance(reference, Tables), f"scanner accepted what lxml refuses: {reference} {document!r}"
        assert differences(fast, reference) == [], document
        accepted += 1
        dirty += fast.anomalies.num_rows > 0
    # The comparison means something only while a good share goes each way.
    assert accepted > 3_000
    assert dirty > 1_500
    assert refused > 3_000


@pytest.mark.parametrize("block", [1, 40, 300])
def test_any_cut_into_pieces_and_blocks_gives_the_same(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(xml_fast, "BLOCK", block)
    layout = LAYOUTS["L"]
    document = write_xml(random_tables(random.Random(3), layout, 3), layout)
    whole = outcome("lxml", document, layout)
    for cut in range(len(document)):
        for reader in ("fast", "lxml") if cut % 20 == 0 else ("fast",):
            pieces = outcome(reader, iter([document[:cut], document[cut:]]), layout)
            assert differences(pieces, whole) == [], (reader, cut)
    single = outcome("fast", (document[at : at + 1] for at in range(len(document))), layout)
    assert differences(single, whole) == []


def test_agreement_over_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_fast, "BLOCK", 5_000)
    rng = random.Random(7)
    for code, layout in LAYOUTS.items():
        document = write_xml(random_tables(rng, layout, 60), layout)
        for _ in range(10):
            fast, reference = outcome("fast", document, layout), outcome("lxml", document, layout)
            assert fast is None or differences(fast, reference) == [], code
            document = mutated(rng, document)


@pytest.mark.parametrize("reader", ["fast", "lxml"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_offsets_point_at_start_tags(reader: str, encoding: str) -> None:
    layout = LAYOUTS["H"]
    document = write_xml(random_tables(random.Random(5), layout, 9), layout, encoding)
    tables = outcome(reader, document, layout)
    offsets = tables.data["ZAP"][OFFSET].to_pylist()
    assert len(offsets) == 9
    assert all(document[at:].startswith(b"<ZAP>") for at in offsets)
    assert offsets == sorted(set(offsets))


def test_offsets_skip_comments_and_cdata() -> None:
    document = (
        b"\xef\xbb\xbf<?xml version='1.0'?><!-- <PERS> --><?p <PERS>?><PERS_LIST><ZGLV><FILENAME>"
        b"<![CDATA[<PERS>]]></FILENAME></ZGLV><PERS/></PERS_LIST>"
    )
    tables = read_xml(document, LAYOUTS["L"], "L")
    assert tables.data["PERS"][OFFSET].to_pylist() == [document.index(b"<PERS/>")]
    assert tables.data["ZGLV"]["FILENAME"].to_pylist() == ["<PERS>"]


def test_byte_order_mark_is_no_text_but_counts_in_offsets() -> None:
    document = b"\xef\xbb\xbf" + write_xml(random_tables(random.Random(1), LAYOUTS["L"], 2), LAYOUTS["L"], "utf-8")
    fast, reference = outcome("fast", document, LAYOUTS["L"]), outcome("lxml", document, LAYOUTS["L"])
    assert differences(fast, reference) == []
    assert fast.data["PERS"][OFFSET].to_pylist()[0] == document.index(b"<PERS>")


def test_reader_goes_again_through_what_can_be_iterated_again() -> None:
    document = write_xml(random_tables(random.Random(1), LAYOUTS["L"], 2), LAYOUTS["L"])
    commented = document.replace(b"</ZGLV>", b"<!-- x --></ZGLV>")
    tables = [read_xml(content, LAYOUTS["L"], "L") for content in (document, [commented], iter([commented]))]
    assert all(values(table.data) == values(tables[0].data) for table in tables)


def test_real_files_of_other_regions_are_read_the_same_by_both(shared: Path) -> None:
    paths = [path for path in sorted((shared / "data" / "samples").rglob("*.xml")) if path.parent.name != "bad_encoding"]
    assert len(paths) >= 9
    read = 0
    for path in paths:
        for layout in LAYOUTS.values():
            fast, reference = outcome("fast", path.read_bytes(), layout), outcome("lxml", path.read_bytes(), layout)
            assert fast is None or differences(fast, reference) == [], path.name
            read += isinstance(reference, Tables)
    assert read >= 6


def test_writer_leaves_out_what_a_later_version_brought() -> None:
    layout = LAYOUTS["L"]
    data = random_tables(random.Random(2), layout, 8, ["x"])
    assert data["PERS"]["DOCORG"].null_count < 8
    old, new = (write_xml(data, layout, version=version) for version in ("3.1", "3.2"))
    assert b"<DOCORG>" in new
    assert b"<DOCORG>" not in old
    assert new == write_xml(data, layout)


def test_writer_puts_beyond_the_encoding_as_references() -> None:
    layout = LAYOUTS["L"]
    data = random_tables(random.Random(2), layout, 1, ["Ж é 😀"])
    assert "Ж &#233; &#128512;".encode("cp1251") in write_xml(data, layout)
    assert "Ж é 😀".encode() in write_xml(data, layout, "utf-8")


@pytest.mark.parametrize("text", ["\x00", "a\x0b", "\x1f", "\ufffe", "\uffff"])
def test_writer_refuses_what_xml_cannot_hold(text: str) -> None:
    data = random_tables(random.Random(2), LAYOUTS["L"], 8, [text])
    with pytest.raises(ValueError, match="XML cannot hold"):
        write_xml(data, LAYOUTS["L"])


def test_writer_refuses_rows_out_of_order() -> None:
    data = random_tables(random.Random(4), LAYOUTS["H"], 3)
    data["SL"] = data["SL"].take([2, 1, 0])
    with pytest.raises(ValueError, match="ascending"):
        write_xml(data, LAYOUTS["H"])


def test_writer_takes_missing_tables_and_columns_for_empty() -> None:
    layout = LAYOUTS["L"]
    data = random_tables(random.Random(2), layout, 2)
    written = write_xml({"ZGLV": data["ZGLV"].select(["FILENAME"])}, layout)
    assert written.decode("cp1251").split("\n", 1)[1] == (
        "<PERS_LIST>\n<ZGLV>\n<FILENAME>Я-1</FILENAME>\n</ZGLV>\n</PERS_LIST>\n"
    )


def test_fault_of_the_source_comes_through() -> None:
    def damaged() -> object:
        yield b"<PERS_LIST>"
        raise FileFault("PKG.050", reason="x")

    with pytest.raises(FileFault, match=r"PKG\.050"):
        read_xml(damaged(), LAYOUTS["L"], "L")  # type: ignore[arg-type]
