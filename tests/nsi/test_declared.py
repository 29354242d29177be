"""Titles and keys of dictionaries as they are declared, held against the dictionaries of the demo region."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.ground.settings import ROOT
from pipelines.nsi.compare import period_faults
from pipelines.nsi.declared import declared, key_of, title_of
from pipelines.nsi.dictionaries import read_csv

FILES = sorted((ROOT / "include" / "region" / "demo" / "nsi").glob("*.csv"))


def test_a_declared_key_counts_where_the_records_have_its_fields() -> None:
    rows = [{"NAME": "а", "K_KSG": "st01.001"}, {"NAME": "а", "K_KSG": "st01.002"}]
    assert key_of("T_KSG", rows).key == ("K_KSG",)
    assert key_of("T_UNKNOWN", rows).key == ("NAME", "K_KSG")
    assert key_of("T_USL", rows).key == ("NAME", "K_KSG")
    assert key_of("T_GROUPER", [dict.fromkeys((*declared()["T_GROUPER"].key.key, "ROW"), "1")]).order == ("ROW",)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_keys_tell_the_records_of_the_region_apart(path: Path) -> None:
    rows = read_csv(path).to_pylist()
    assert set(declared()[path.stem].key.key) <= set(rows[0]), "the declared fields are there"
    assert list(period_faults(rows, key_of(path.stem, rows).key)) == []


def test_every_dictionary_has_a_title_of_its_own() -> None:
    titles = [one.title for one in declared().values()]
    assert len(set(titles)) == len(titles)
    assert title_of("V006") == "Условия оказания медицинской помощи"
    assert title_of("X001", "Пробный") == "Пробный"
    assert title_of("X001") == "Справочник территории"
