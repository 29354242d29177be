"""The whole of it: Airflow's processes, PostgreSQL, SFTP and mail, the demo's traffic, and no personal data left about."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.demo.run import SEED, month_before
from pipelines.demo.servers.postgres import binaries
from pipelines.exchange import journal
from pipelines.exchange.model import Result
from pipelines.ground import database as db
from pipelines.ground.store import Store
from pipelines.synthetic.broken import members
from pipelines.synthetic.identification import generate_persons
from pipelines.synthetic.traffic import Shipment, demo_traffic
from tests.demonstration.stand import Demonstration
from tests.exchange.world import REGION

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(1500)]


def traffic() -> list[Shipment]:
    return demo_traffic(REGION, SEED, month_before(datetime.now(UTC).date()))


def personal_data() -> Iterator[str]:
    """Surnames, numbers of policies and СНИЛС of everybody whom the packages and the register name."""
    for shipment in traffic():
        if shipment.result is Result.ACCEPTED and shipment.name[:1] in "HCTD" and shipment.name.endswith(".zip"):
            for content in members(shipment.content).values():
                text = content.decode("windows-1251")
                yield from re.findall(r"<(?:FAM|NPOLIS|SNILS)>([^<]{5,})<", text)
    persons = generate_persons(REGION)
    for column in ("fam", "enp", "snils"):
        yield from (value for value in persons[column].to_pylist() if value and len(value) >= 5)


@pytest.mark.feature("PUMP-01", "PUMP-02", "PUMP-09", "ERZ-04", "ERZ-12", "ERZ-16", "ERZ-39", "TECH-01", "TECH-03")
def test_every_package_gets_its_answer_and_the_month_is_closed(demonstration: Demonstration) -> None:
    said = demonstration.said
    assert "Все ответы — ожидаемые." in said, said[-8000:]
    assert "Закрытие сверено" in said
    assert "Закрытие месяца:" not in said  # what is not as it should be
    print(re.search(r"Первый протокол через .*", said))


def test_nobody_is_named_in_logs_and_in_airflow(demonstration: Demonstration) -> None:
    stand = demonstration.stand
    files = [path for path in stand.log.rglob("*") if path.is_file()]
    assert len(files) > 10
    logs = {str(path): path.read_text(encoding="utf-8", errors="replace") for path in files}
    said = "".join(text for path, text in logs.items() if "pump_intake" in path)
    assert "принят частично" in said
    assert "HM980001S98002_" in said
    dump = [binaries() / "pg_dump", "--dbname", stand.metadata_url]
    logs["metadata"] = subprocess.run(dump, capture_output=True, text=True, check=True).stdout
    assert "pump_intake" in logs["metadata"]
    needles = sorted(set(personal_data()))
    assert len(needles) > 3000
    pattern = re.compile("|".join(map(re.escape, needles)))
    assert {path: pattern.findall(text)[:3] for path, text in logs.items() if pattern.search(text)} == {}


def test_the_journal_is_whole(demonstration: Demonstration) -> None:
    stand = demonstration.stand
    with db.transaction(stand.database_url) as connection:
        assert list(journal.verify(connection, Store(stand.settings.store_url))) == []
        assert journal.head(connection)[0] > 100


def test_the_needles_would_be_found(tmp_path: Path) -> None:
    names = sorted(set(personal_data()))
    assert any(re.fullmatch(r"\d{16}", name) for name in names)
    assert any(re.fullmatch(r"\d{3}-\d{3}-\d{3} \d\d", name) for name in names)
    assert any(re.fullmatch(r"[А-ЯЁ][А-ЯЁа-яё-]+", name) for name in names)
