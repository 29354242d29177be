"""Identification: people a second against a register of the same size: ``python -m tests.bench.bench_identify``.

The register and the people are made up; a fifth of the people come without ЕНП, and twentieths of them without policy,
document and СНИЛС too, so that every key has work. The database is embedded, with fsync on.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.demo.servers.postgres import Postgres
from pipelines.erz import identify, load_persons
from pipelines.exchange import subscribers
from pipelines.exchange.region import load
from pipelines.ground import database as db
from pipelines.ground import migrations
from pipelines.ground.settings import ROOT
from tests.bench.__main__ import _free_port

REGION = load(ROOT / "include" / "region" / "demo")
DAY = pd.Timestamp(2026, 10, 15)


def persons(count: int, seed: int = 1) -> pd.DataFrame:
    """Rows of ``load_persons``: every person with a ЕНП, an old policy's number, a passport and a СНИЛС."""
    rng = np.random.default_rng([seed, count])
    number = pd.Series(np.arange(count)).astype("str")
    syllables = np.array(["бо", "ра", "ми", "лё", "не", "ску", "до", "ва", "те", "ри"])
    name = [pd.Series("".join(map(str, row)) for row in syllables[rng.integers(10, size=(count, 4))]) for _ in range(3)]
    return pd.DataFrame(
        {
            "id": np.arange(1, count + 1),
            "enp": "98" + number.str.zfill(14),
            "fam": name[0].str.capitalize(),
            "im": name[1].str.capitalize(),
            "ot": name[2].str.capitalize(),
            "w": rng.integers(1, 3, count).astype(str),
            "snils": number.str.zfill(11),
            "kind": "С",
            "series": "ЗРК",
            "number": number.str.zfill(9),
            "smo": np.array(["98001", "98002"])[rng.integers(2, size=count)],
            "doctype": "14",
            "docser": "60 10",
            "docnum": number.str.zfill(7),
            "dr": (np.datetime64("1940-01-01") + rng.integers(0, 30_000, count)).astype("datetime64[D]"),
            "valid_from": np.datetime64("2020-01-01", "D"),
        }
    )


def people(known: pd.DataFrame, seed: int = 2) -> pd.DataFrame:
    """The persons as registers of accounts write them, each with some of the numbers."""
    rng = np.random.default_rng([seed, len(known)])
    asked = known.rename(columns={"series": "SPOLIS", "number": "NPOLIS"}).drop(columns=["id", "kind", "valid_from"])
    asked.columns = asked.columns.str.upper()
    asked = asked.iloc[rng.permutation(len(asked))].reset_index(drop=True)
    asked[["FAM", "IM", "OT"]] = asked[["FAM", "IM", "OT"]].apply(lambda column: column.str.upper().str.replace("Ё", "Е"))
    asked["DR"], asked["VPOLIS"], asked["NOVOR"], asked["DAY"] = pd.to_datetime(asked["DR"]), "1", "0", DAY
    roll = rng.random(len(asked))
    for share, name in ((0.2, "ENP"), (0.15, "NPOLIS"), (0.1, "DOCNUM"), (0.05, "SNILS")):
        asked.loc[roll < share, name] = None
    return asked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[100_000, 1_000_000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="oms-bench-") as folder:
        Path(folder).chmod(0o755)
        server = Postgres(Path(folder) / "pg", _free_port(), secrets.token_hex(8)).start()
        try:
            for count in options.people:
                _measure(server, count)
        finally:
            server.stop("immediate")


def _measure(server: Postgres, count: int) -> None:
    url = server.create_database(f"bench_{count}")
    migrations.upgrade(url)
    known = persons(count)
    asked = people(known)
    with db.transaction(url) as connection:
        subscribers.load_region(connection, REGION)
        started = time.perf_counter()
        load_persons(connection, pa.Table.from_pandas(known, preserve_index=False))
        loaded = time.perf_counter() - started
    with db.transaction(url) as connection:
        started = time.perf_counter()
        answer = identify(connection, asked, "DAY")
        seconds = time.perf_counter() - started
    found = answer["found"].value_counts().to_dict()
    print(
        f"{count} people: loaded in {loaded:.1f} s, identified in {seconds:.1f} s ({count / seconds:.0f} a second), {found}"
    )
    print(answer["by"].value_counts().to_dict())


if __name__ == "__main__":
    main()
