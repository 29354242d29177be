"""Identification of people in the register: the stories of ``cases/identify.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import yaml
from sqlalchemy import text

from pipelines.erz import identify, load_persons
from pipelines.exchange import subscribers
from pipelines.ground import database as db
from tests.exchange.world import REGION

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "identify.yaml").read_text(encoding="utf-8"))
DAYS = ("DR", "DR_P", "DAY")
NAMES = ("enp", "fam", "im", "ot", "w", "snils", "kind", "series", "number", "smo", "okato", "doctype", "docser", "docnum")
PERSON = pa.schema(
    [
        ("id", pa.int64()),
        *((name, pa.string()) for name in NAMES),
        *((name, pa.date32()) for name in ("dr", "dead_on", "valid_from", "valid_to")),
    ]
)


def people(asked: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame([CASES["asked"] | row for row in asked])
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in DAYS if name in frame})


@pytest.fixture(scope="module")
def url(module_database: str) -> str:
    with db.transaction(module_database) as connection:
        subscribers.load_region(connection, REGION)
    return module_database


def loaded(url: str, persons: list[dict[str, Any]]) -> None:
    with db.transaction(url) as connection:
        connection.execute(text("truncate erz.person cascade"))
        load_persons(connection, pa.Table.from_pylist([CASES["person"] | row for row in persons], PERSON))


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["story"])
def test_story(url: str, case: dict[str, Any]) -> None:
    loaded(url, case["register"])
    with db.transaction(url) as connection:
        found = identify(connection, people([row.get("asked", {}) for row in case["people"]]), "DAY")
    columns = ["person", "found", "payer", "by", "reason"]
    rows = found[columns].astype(object).where(found[columns].notna(), None).to_dict("records")
    assert rows == [dict.fromkeys(columns) | row["answer"] for row in case["people"]]


def test_answers_keep_index_and_case_of_the_people(url: str) -> None:
    loaded(url, [{"id": 1}])
    asked = people([{}, {"FAM": "Никто"}]).assign(case=[7, 9]).set_index(pd.Index(["a", "b"]))
    with db.transaction(url) as connection:
        found = identify(connection, asked, "DAY")
        again = identify(connection, asked.drop(columns="case").iloc[::-1], "DAY")
    assert found["case"].to_dict() == {"a": 7, "b": 9}
    assert found["found"].to_dict() == again["found"].to_dict() == {"a": "own", "b": "none"}
    assert again["case"].to_dict() == {"b": 0, "a": 1}
    assert str(found["person"].dtype) == "Int64"


def test_nobody_is_asked_about(url: str) -> None:
    with db.transaction(url) as connection:
        assert identify(connection, people([{}]).iloc[:0], "DAY").empty


def test_the_order_of_the_keys(url: str) -> None:
    """Every number names another person of the same birthday: the strongest key that is there decides."""
    person = {"dr": CASES["person"]["dr"]}
    loaded(
        url,
        [
            {"id": 1, "enp": "5055120840001936", "fam": "А", **person},
            {"id": 2, "fam": "Б", "kind": "С", "number": "77", **person},
            {"id": 3, "fam": "В", "doctype": "14", "docser": "46 03", "docnum": "485468", **person},
            {"id": 4, "fam": "Г", "snils": "112-233-445 95", **person},
            {"id": 5, **person},
        ],
    )
    asked = {
        "ENP": "5055120840001936", "VPOLIS": "1", "NPOLIS": "77", "DOCTYPE": "14", "DOCSER": "46 03", "DOCNUM": "485468",
        "SNILS": "112-233-445 95",
    }  # fmt: skip
    gone: list[dict[str, Any]] = [{}]
    for name in ("ENP", "NPOLIS", "DOCNUM", "SNILS"):
        gone.append(gone[-1] | {name: ""})
    with db.transaction(url) as connection:
        found = identify(connection, people([asked | without for without in gone]), "DAY")
    assert found["by"].tolist() == ["ENP", "policy", "document", "SNILS", "name"]
    assert found["person"].tolist() == [1, 2, 3, 4, 5]
