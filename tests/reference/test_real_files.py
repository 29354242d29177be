"""Every real dictionary that the project has at hand, sent through the exchange into a fund that has none yet."""

from __future__ import annotations

import csv
import io
import shutil
import sqlite3
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml

from pipelines import nsi
from pipelines.exchange.model import Result
from pipelines.exchange.processing import Outcome
from pipelines.formats.archive import write_archive
from pipelines.ground import database as db
from pipelines.ground.settings import ROOT
from pipelines.nsi import Dictionaries
from tests.exchange.world import World

NSI = "98"
REFUSED = {
    "N021": {"NSI.060"},  # no ID_LEKP_EXT, which the rules of 2026 look into
    "TF_USL_TEST": {"CSV.020"},  # no header
    "KS_STRUCTURE": {"CSV.030", "NSI.073", "NSI.075"},  # a description of sheets, not a table
}
PERIODS = {
    "F014": {"NSI.074"},
    "F014_2021-06_SQLT": {"NSI.074"},
    "F014_BEFORE2021": {"NSI.074"},
    "M001": {"NSI.070"},
    "V023": {"NSI.072"},
    "V023_KSG_2017-2022_SQLT": {"NSI.072"},
}
UNDATED = {"NSI.073"}
TRIMMED = UNDATED | {"CSV.040"}  # empty values at the ends of lines were cut off
SHORT = {
    "DS_AMT_SCHEMES", "DS_DKK", "DS_GIBP_SCHEMES", "DS_KSG", "DS_MNN", "DS_ONKO_SCHEMES", "KS_DKK", "KS_GIBP_SCHEMES",
    "KS_HVG_SCHEMES", "KS_KSG", "KS_MKB10", "KS_ONKO_SCHEMES",
}  # fmt: skip
PACKAGE = 8 << 20
ON = date(2022, 6, 1)


@pytest.fixture(scope="module")
def sent(module_database: str, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A fund without dictionaries, after all files of ``data/nsi`` and ``data/tariffs``."""
    root = tmp_path_factory.mktemp("real")
    world = World(module_database, root, region=str(_bare_region(root / "region"))).set_up()
    for name, content in _packages(shared).items():
        world.drop(NSI, name, content)
    _outcomes[:] = world.run()
    return world


_outcomes: list[Outcome] = []


def _bare_region(folder: Path) -> Path:
    """The demo region without any dictionaries, and without the rules of other regions that need them."""
    shutil.copytree(ROOT / "include" / "region" / "demo", folder, ignore=shutil.ignore_patterns("*.csv"))
    profile = yaml.safe_load((folder / "region.yaml").read_text(encoding="utf-8"))
    profile["rules_regions"] = {"Q022": [], "Q023": []}
    (folder / "region.yaml").write_text(yaml.safe_dump(profile, allow_unicode=True), encoding="utf-8")
    return folder


def _files(shared: Path) -> dict[str, bytes]:
    """All CSV, and the tables of the SQLite file as CSV."""
    paths = [*(shared / "data" / "nsi").rglob("*.csv"), *(shared / "data" / "tariffs").rglob("*.csv")]
    files = {path.name: path.read_bytes() for path in sorted(paths)}
    assert len(files) == len(paths)
    with sqlite3.connect(":memory:") as base:
        base.deserialize((shared / "data" / "nsi" / "volgograd" / "nsi_ffoms.db3").read_bytes())
        for (table,) in base.execute("select name from sqlite_master where type = 'table'").fetchall():
            found = base.execute(f'select * from "{table}"')
            target = io.StringIO()
            csv.writer(target, delimiter=";").writerows([[column[0] for column in found.description], *found])
            files[f"db3_{table}.csv"] = target.getvalue().encode()
    return files


def _packages(shared: Path) -> dict[str, bytes]:
    """Each file that is refused alone, the others several in a ZIP; workbooks as they are published."""
    packages: dict[str, bytes] = {}
    part: dict[str, bytes] = {}
    for name, content in _files(shared).items():
        if _dictionary(name) in REFUSED:
            packages[f"NSI_CSV_{_dictionary(name)}.zip"] = write_archive({name: content})
            continue
        if len(part) == 16 or sum(map(len, part.values())) + len(content) > PACKAGE:
            packages[f"NSI_CSV_{len(packages)}.zip"] = write_archive(part)
            part = {}
        part[name] = content
    packages["NSI_CSV_LAST.zip"] = write_archive(part)
    return packages | {path.name: path.read_bytes() for path in (shared / "data" / "tariffs" / "ksg2026").glob("*.xlsx")}


def _dictionary(name: str) -> str:
    stem = name.removesuffix(".csv").upper()
    return stem.split("_1.2.643.")[0]


def _records(content: bytes) -> list[dict[str, str]]:
    """Records as the csv module reads them, lines of blanks left out."""
    text = content.decode("utf-8-sig")
    head = text.split("\n", 1)[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    return [row for row in rows if any(value for value in row.values())]


def _told(world: World) -> Mapping[str, set[str]]:
    """Rules of the findings by dictionary."""
    found: dict[str, set[str]] = {}
    for row in world.rows("select distinct member, rule from exchange.finding"):
        found.setdefault(_dictionary(row["member"]), set()).add(row["rule"])
    return found


@pytest.fixture(scope="module")
def kept(sent: World) -> Dictionaries:
    with db.transaction(sent.url) as connection:
        return nsi.load(connection)


@pytest.mark.feature("ERZ-19")
def test_every_file_is_kept_with_all_its_rows_or_refused_for_a_named_defect(
    sent: World, kept: Dictionaries, shared: Path
) -> None:
    refused = {outcome.name for outcome in _outcomes if outcome.result is not Result.ACCEPTED}
    assert refused == {f"NSI_CSV_{name}.zip" for name in REFUSED}
    files = {_dictionary(name): content for name, content in _files(shared).items()}
    assert len(files) > 85
    counts = {name: len(_records(content)) for name, content in files.items() if name not in REFUSED}
    with db.transaction(sent.url) as connection:
        first = {edition.dictionary: rows for edition, rows in reversed(nsi.editions(connection))}
    assert {name: first[name] for name in counts} == counts
    assert set(kept) == set(counts) | {"T_GROUPER"}
    assert not REFUSED.keys() & set(kept)


def test_the_findings_are_those_of_the_known_defects(sent: World, kept: Dictionaries, shared: Path) -> None:
    told = dict(_told(sent))
    undated = {name for name in kept if (kept[name].first == np.datetime64("0001-01-01")).all()}
    for name in _files(shared):
        dictionary = _dictionary(name)
        usual = TRIMMED if dictionary in SHORT else UNDATED if dictionary in undated else set()
        expected = REFUSED.get(dictionary) or PERIODS.get(dictionary) or usual
        assert told.pop(dictionary, set()) == expected, dictionary
    assert told == {}  # nothing against the workbooks


def test_rows_of_every_dictionary_are_found_on_a_date(kept: Dictionaries) -> None:
    for name in kept:
        dictionary = kept[name]
        day = dictionary.first[0] if dictionary.first[0] > np.datetime64("0001-01-01") else np.datetime64(ON)
        inside = np.flatnonzero((dictionary.first <= day) & (day <= dictionary.last))
        assert len(inside), name
        field = next(one for one in dictionary.rows.column_names if dictionary.rows[one].null_count == 0)
        texts = dictionary.rows[field].combine_chunks().take(pa.array(inside))
        rows = dictionary.find(field, texts, day)
        assert (rows >= 0).all(), name
        assert dictionary.rows[field].combine_chunks().take(pa.array(rows)).equals(texts), name


@pytest.mark.parametrize(
    ("dictionary", "field", "value", "day", "other", "expected"),
    [
        ("BASE_RATES_VOLGOGRAD", "USL_OK", "1", date(2026, 12, 31), "BS", "34133.51"),
        ("V010", "IDSP", "1", date(2014, 1, 24), "SPNAME", "Посещение в поликлинике"),
        ("V010", "IDSP", "1", date(2014, 1, 25), "SPNAME", None),
        ("N017", "ID_TLuch", "3", date(2019, 1, 1), "TLuch_NAME", None),
        ("DB3_GENERAL", "code", "F001", date(2026, 1, 1), "version", "8.11"),
        ("MKB10", "MKB_CODE", "I", date(2026, 1, 1), "REC_CODE", "01"),
        ("T_GROUPER", "N_KSG", "ds02.001", date(2026, 1, 1), "DS1", "A34"),
        ("T_GROUPER", "N_KSG", "ds02.001", date(2025, 12, 31), "DS1", None),
        ("V023", "K_KSG", "st01.001", date(2026, 1, 1), "KOEF_Z", "0.5"),
    ],
)
def test_single_values_on_a_date(
    kept: Dictionaries, dictionary: str, field: str, value: str, day: date, other: str, expected: str | None
) -> None:
    row = kept[dictionary].get(field, value, day)
    assert (row and row[other]) == expected


def test_all_groups_of_the_workbooks_are_in_force_together(kept: Dictionaries) -> None:
    table = kept["T_GROUPER"]
    day = np.datetime64("2026-02-01")
    codes = table.rows["N_KSG"].to_pandas()[(table.first <= day) & (day <= table.last)]
    assert codes.str.slice(0, 2).value_counts().to_dict() == {"st": 37_531, "ds": 21_204}
