"""Pages over a year of exchange: ``python -m tests.bench.bench_pages``; each must come within 300 ms.

The database is embedded and filled by SQL (``pages.sql``); days are closed as the night does it. A page is asked once to
warm up, then ``--repeat`` times through the application in this process: query, rendering and all. ``--keep`` names a folder
that keeps the database for another run.
"""

from __future__ import annotations

import argparse
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from pipelines.demo.servers.postgres import Postgres
from pipelines.exchange.metrics import openmetrics
from pipelines.exchange.protocol import LOCAL
from pipelines.exchange.totals import close_days
from pipelines.ground import database as db
from pipelines.ground import migrations
from pipelines.pages.filters import After
from pipelines.systems import metrics
from tests.bench.__main__ import _free_port
from tests.exchange.world import World
from tests.pages.site import Pages, pages_of

LIMIT_MS = 300
console = Console(width=140)


def fill(url: str, root: Path, packages: int) -> None:
    """The organisations and dictionaries of the demo, a year of packages, the days closed."""
    migrations.upgrade(url)
    World(url, root).set_up()
    for name in ("pages", "pages_months"):
        source = (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8").replace(":packages", str(packages))
        started = time.monotonic()
        with db.transaction(url) as connection:
            connection.connection.cursor().execute(source)
        console.print(f"Записано: {name}, {time.monotonic() - started:.0f} с")
    with db.engine(url).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    started = time.monotonic()
    with db.transaction(url) as connection:
        closed = close_days(connection, datetime.now(LOCAL).date())
    console.print(f"Закрыто дней: {closed}, {time.monotonic() - started:.1f} с")
    with db.engine(url).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def addresses(url: str) -> list[tuple[str, str, str]]:
    """Title, user and address of every page, with the packages of this database."""
    with db.transaction(url) as connection:

        def one(query: str) -> Any:
            return connection.execute(text(query)).first()

        newest = "select id, name, sha256 from exchange.package where result = 'PARTIAL' {} order by id desc limit 1"
        last, own = one(newest.format("")), one(newest.format("and sender = '980001'"))
        middle = one("select id, received_at from exchange.package where id = (select max(id) / 2 from exchange.package)")
        large = one("select package from exchange.finding where ordinal = 100100")
        idcase = one("select idcase from pump.h_zap limit 1 offset 1000")
        month = one("select closing, package from pump.decision where oplata = 2 and code_mo = '980001' limit 1")
        paid = one("select idcase from pump.decision join pump.h_zap using (package, idcase) limit 1") or idcase
    today = datetime.now(LOCAL).date()
    year = f"since={today - timedelta(days=364)}&until={today}"
    run = urlencode({"dag": "pump_intake", "run": f"r{last.id // 64}+", "task": "process", "index": 1})
    deep = After.text(middle.received_at, middle.id)
    return [
        ("Журнал, 30 дней", "audit", "/journal"),
        ("Журнал, год", "audit", f"/journal?{year}"),
        ("Журнал, середина года", "audit", f"/journal?{year}&after={deep}"),
        ("Журнал, организация, год", "audit", f"/journal?{year}&sender=980001"),
        ("Журнал, вид, год", "audit", f"/journal?{year}&kind=PUMP_C"),
        ("Журнал, канал, год", "audit", f"/journal?{year}&channel=mail"),
        ("Журнал, канал без пакетов, год", "audit", f"/journal?{year}&channel=folder"),
        ("Журнал, редкий результат, год", "audit", f"/journal?{year}&result=QUARANTINED"),
        ("Журнал, в обработке, год", "audit", f"/journal?{year}&result=RECEIVED"),
        ("Журнал, организация и результат, год", "audit", f"/journal?{year}&sender=980001&result=REJECTED&kind=PUMP_T"),
        ("Журнал, не опознаны, год", "audit", f"/journal?{year}&sender=-"),
        ("Журнал, имя целиком", "audit", f"/journal?q={last.name}"),
        ("Журнал, начало имени у четверти", "audit", "/journal?q=HM98"),
        ("Журнал, нет такого имени", "audit", "/journal?q=HM98000XS98"),
        ("Журнал, часть имени", "audit", f"/journal?q={last.name[3:]}"),
        ("Журнал, номер файла в имени", "audit", f"/journal?q={last.name.rpartition('_')[2]}"),
        ("Журнал, код МО и страховой", "audit", "/journal?q=980001S98002"),
        ("Журнал, часть имени, нет такого", "audit", "/journal?q=80001Q98"),
        ("Журнал, два знака", "audit", "/journal?q=HM"),
        ("Журнал, SHA-256", "audit", f"/journal?q={last.sha256}"),
        ("Журнал, номер", "audit", f"/journal?q={last.id}"),
        ("Журнал организации, год", "mo980001", f"/journal?{year}"),
        ("Журнал организации, имя", "mo980001", f"/journal?q={own.name}"),
        ("Журнал организации, нет такого имени", "mo980001", "/journal?q=HM98000XS98"),
        ("Пакет", "audit", f"/packages/{last.id}"),
        ("Пакет организации", "mo980001", f"/packages/{own.id}"),
        ("Пакет, 100 000 замечаний", "audit", f"/packages/{large.package}"),
        ("Замечания правила, конец", "audit", f"/packages/{large.package}/findings?rule=001F.00.0270&member=H&after=99900"),
        ("Пакеты задачи", "audit", f"/runs?{run}"),
        ("Пакеты задачи организации", "mo980001", f"/runs?{run}"),
        ("Организации", "audit", "/organisations"),
        ("Организация", "audit", "/organisations/980001"),
        ("Своя организация", "mo980001", "/organisations/980001"),
        ("Сроки", "audit", "/deadlines"),
        ("Сводки, 30 дней", "audit", "/summaries"),
        ("Сводки, год", "audit", f"/summaries?{year}"),
        ("Сводки организации, год", "mo980001", f"/summaries?{year}"),
        ("Месяцы", "audit", "/months"),
        ("Месяц, 1 000 000 случаев", "audit", f"/months/{month.closing}"),
        ("Месяц организации", "mo980001", f"/months/{month.closing}"),
        ("Счёт месяца, отказы", "audit", f"/months/{month.closing}/accounts/{month.package}"),
        ("Счёт месяца организации", "mo980001", f"/months/{month.closing}/accounts/{month.package}"),
        ("Правила", "audit", "/rules"),
        ("Правило", "audit", "/rules/001F.00.0270"),
        ("НСИ", "audit", "/dictionaries"),
        ("Справочник", "audit", "/dictionaries/V002?on=2026-10-01"),
        ("Аудит", "audit", "/audit"),
        ("История случая", "audit", f"/audit/case?idcase={idcase.idcase}"),
        ("История решённого случая", "audit", f"/audit/case?idcase={paid.idcase}"),
        ("Действия", "audit", "/audit/actions"),
        ("Действия одного", "audit", "/audit/actions?actor=oper"),
    ]


def milliseconds(act: Callable[[], Any], repeat: int) -> list[float]:
    """Wall times of an act after one that warms up."""
    act()
    found = []
    for _ in range(repeat):
        started = time.perf_counter()
        act()
        found.append(1000 * (time.perf_counter() - started))
    return found


def measure(pages: Pages, url: str, repeat: int) -> int:
    """Ask every page and print the table; returns how many are over the limit by their median."""
    clients = {user: pages.client(user) for user in ("audit", "mo980001")}
    table = Table("Страница", "Кто", "Медиана, мс", "Наибольшее, мс", "КБ", title=f"Страницы, предел {LIMIT_MS} мс")
    slow = 0
    for title, user, address in addresses(url):
        answer = clients[user].get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code}")
        times = milliseconds(lambda user=user, address=address: clients[user].get(address), repeat)
        middle = statistics.median(times)
        slow += middle > LIMIT_MS
        mark = " !" if middle > LIMIT_MS else ""
        table.add_row(title, user, f"{middle:.0f}{mark}", f"{max(times):.0f}", f"{len(answer.content) / 1024:.0f}")
    token = pages.token("audit", "/audit")
    sent = {"files": {"file": ("VHM980001S98001_2610.XML", b"unknown")}, "data": {"token": token}}
    settings = pages.world.exchange().settings
    times = milliseconds(lambda: clients["audit"].post("/audit/file", **sent), repeat)
    table.add_row("Неизвестный файл", "audit", f"{statistics.median(times):.0f}", f"{max(times):.0f}", "")
    told = milliseconds(lambda: openmetrics(metrics(settings)), repeat)
    table.add_row("Показатели для Prometheus", "", f"{statistics.median(told):.0f}", f"{max(told):.0f}", "")
    console.print(table)
    started = time.perf_counter()
    content = clients["audit"].get("/journal/export.csv?since=2000-01-01").content
    lines = content.count(b"\n") - 1
    console.print(f"Выгрузка CSV: {lines} строк, {time.perf_counter() - started:.1f} с")
    return slow


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="folder of the database, kept after the run")
    options = parser.parse_args()
    root = options.keep or Path(tempfile.mkdtemp(prefix="oms-bench-pages-"))
    there = (root / "data").exists()
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o755)  # the server runs under another account when started by root
    secret = root / "secret"
    if not secret.exists():
        secret.write_text(secrets.token_hex(8), encoding="ascii")
    server = Postgres(root / "data", _free_port(), secret.read_text(encoding="ascii"), durable=False).start()
    try:
        url = server.create_database("pages")
        if not there:
            fill(url, root, options.packages)
        return 1 if measure(pages_of(World(url, root)), url, options.repeat) else 0
    finally:
        server.stop("fast")
        if not options.keep:
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
