"""The demonstration goes on: the month that was sent is closed, what it comes to is fetched and compared to the kopeck."""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from zipfile import ZipFile

from lxml import etree
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import Row

from pipelines.demo.airflow_api import AirflowApi, TaskState
from pipelines.demo.config import USERS, Stand
from pipelines.demo.send import Senders
from pipelines.exchange import region
from pipelines.exchange.model import Result
from pipelines.ground import database
from pipelines.ground.money import kopecks
from pipelines.ground.sql import statement
from pipelines.ground.store import digest
from pipelines.orchestration.policy import MONTH_ANSWERS
from pipelines.pump import acts
from pipelines.pump.closing import freeze
from pipelines.pump.closing.brief import money
from pipelines.synthetic.acts import generate_acts
from pipelines.synthetic.traffic import Shipment

DAG = "pump_month"
APPROVE, _ = MONTH_ANSWERS
OPERATOR = "oper"
REASON = "Суммы сверены с реестрами"
PATIENCE = 420.0
"""Seconds that the closing may take up to its question, and again after the answer."""
PARKING = 3.0
"""Seconds before a script answers: it may be quicker than the scheduler notices that the task waits."""
STEPS = ("freeze", "way", "gather", "control", "settle", "pack", "decision", "decide", "send")
"""Tasks of a run that closes a month."""
ENDED = frozenset({"success", "skipped"})
LOST = frozenset({"failed", "upstream_failed", "removed"})
REGISTER = re.compile(r"[A-Z]+T\d{2}(?P<kind>[SM])(?P<code>\d{5,6})_\d+\.zip")
"""Name of a payment package: to an insurer (S) or an organisation (M)."""

Sums = Mapping[tuple[str, str], int]
"""Kopecks by payer and organisation; the payer is empty for packages of organisations."""


class NotClosed(RuntimeError):  # noqa: N818
    """The month did not get as far as it should; the Russian text says what happened."""


@dataclass(frozen=True)
class Delivered:
    """A file that a closing has sent: to whom, by what channel and to which address."""

    recipient: str
    channel: str
    address: str
    name: str
    content: bytes = field(repr=False)


def close_month(
    stand: Stand, check: Callable[[], None], month: date, senders: Senders, console: Console
) -> tuple[int, list[str]]:
    """Close the month as the operator would; returns the number of its closing and what is not as it should be, in Russian.

    ``check`` raises when the stand has lost a process. Raises ``NotClosed``.
    """
    api = AirflowApi(stand.url, OPERATOR, USERS[OPERATOR])
    api.log_in()
    begun = time.monotonic()
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    ) as bar:
        stage = bar.add_task(f"Закрытие {month:%m.%Y}", total=len(STEPS))

        def show(tasks: Sequence[TaskState]) -> None:
            current = next((task.title for task in tasks if task.state in ("running", "awaiting_input")), "")
            done = sum(task.state == "success" for task in tasks if task.id in STEPS)
            bar.update(stage, completed=done, description=f"Закрытие {month:%m.%Y} {current}".rstrip())

        run = api.trigger(DAG, {"period": f"{month:%Y-%m}"})
        _follow(api, run, check, show, lambda tasks: _state(tasks, "decision") == "awaiting_input")
        time.sleep(PARKING)
        brief = api.question(DAG, run, "decision")
        bar.console.print(Markdown(brief))
        bar.console.print(f"Оператор {OPERATOR}: «{APPROVE}», основание: {REASON}")
        api.answer(DAG, run, "decision", APPROVE, {"reason": REASON})
        _follow(api, run, check, show, lambda tasks: _state(tasks, "send") == "success")
        bar.update(stage, description=f"Закрытие {month:%m.%Y}")
        closing = _closing(stand, month)
        files = _fetch(stand, closing, check, senders, bar)
    _save(stand, files)
    lines = _lines(stand, closing)
    console.print(_payers(lines))
    console.print(_received(stand, files))
    problems = compared(files, lines)
    if not problems:
        console.print("[bold green]Закрытие сверено[/]: суммы пакетов оплаты равны взаиморасчётам до копейки.")
    console.print(f"Документы и пакеты оплаты — в папке {stand.answers}; месяц закрыт за {time.monotonic() - begun:.0f} с.")
    return closing, problems


def compared(files: Iterable[Delivered], lines: Sequence[Row[tuple[object, ...]]]) -> list[str]:
    """Differences between the payment packages and the settlement (rows of ``sql/demo/month_lines.sql``), in Russian."""
    to_insurers: dict[tuple[str, str], int] = defaultdict(int)
    to_organisations: dict[tuple[str, str], int] = defaultdict(int)
    problems = []
    for file in files:
        if (name := REGISTER.fullmatch(file.name)) is None:
            continue
        organisation, paid, stated = sums(file.content)
        if paid != stated:
            problems.append(f"{file.name}: SUMMAP {money(stated)}, по случаям {money(paid)}")
        if name["kind"] == "S":
            to_insurers[name["code"], organisation] += paid
        else:
            to_organisations["", organisation] += paid
    settled: dict[tuple[str, str], int] = defaultdict(int)
    owed: dict[tuple[str, str], int] = defaultdict(int)
    for line in lines:
        owed["", line.code_mo] += int(line.accepted)
        if line.insurer:
            settled[line.payer, line.code_mo] += int(line.accepted)
    if not to_insurers or not to_organisations:
        problems.append("нет пакетов оплаты")
    return [*problems, *_differences(settled, to_insurers), *_differences(owed, to_organisations)]


def sums(package: bytes) -> tuple[str, int, int]:
    """Of a payment package: the organisation, the sum of SUMP over its cases, SUMMAP of its account; kopecks."""
    with ZipFile(BytesIO(package)) as archive:
        (main,) = (name for name in archive.namelist() if not name.startswith("L"))
        root = etree.fromstring(archive.read(main), etree.XMLParser(resolve_entities=False, no_network=True))
    paid = sum(kopecks(str(element.text)) for element in root.iterfind("ZAP/Z_SL/SUMP"))
    return str(root.findtext("SCHET/CODE_MO")), paid, kopecks(str(root.findtext("SCHET/SUMMAP")))


def acts_of(stand: Stand, closing: int, month: date, seed: int) -> Shipment:
    """Acts of the insurer that has accepted the most about the organisation that it owes the most, for a closed month."""
    largest = max((line for line in _lines(stand, closing) if line.insurer), key=lambda line: line.accepted)
    with database.transaction(stand.database_url) as connection:
        cases = acts.decided(connection, closing, largest.payer, largest.code_mo)
    following = (month + timedelta(31)).replace(day=1)
    day = min(datetime.now(UTC).date(), following + timedelta(9))
    profile = region.load(stand.settings.region_dir)
    name, content = generate_acts(profile, cases, largest.payer, largest.code_mo, day, seed)
    return Shipment(
        "Акты МЭК, МЭЭ и ЭКМП за закрытый месяц", largest.payer, "sftp", name, content, Result.ACCEPTED, frozenset()
    )


def withheld_next(stand: Stand, package: int, console: Console) -> list[str]:
    """Tell what accepted acts change in the next settlement; returns what is wrong about it."""
    with database.transaction(stand.database_url) as connection:
        if package not in acts.waiting(connection, datetime.now(UTC)):
            return ["акты страховой компании не ждут следующего расчёта"]
        sanctions = acts.deductions(connection, [package])
    total = sanctions.groupby("what")["amount"].sum()
    if not total.sum():
        return ["акты страховой компании ничего не удерживают"]
    console.print(
        f"Акты страховой компании приняты и изменят следующий расчёт: санкции {money(int(total.get('sanction', 0)))} руб., "
        f"штрафы {money(int(total.get('fine', 0)))} руб."
    )
    return []


def _follow(
    api: AirflowApi,
    run: str,
    check: Callable[[], None],
    show: Callable[[Sequence[TaskState]], None],
    arrived: Callable[[Sequence[TaskState]], bool],
) -> None:
    """Watch a run until it has arrived somewhere; raises ``NotClosed`` when it fails or takes too long."""
    deadline = time.monotonic() + PATIENCE
    while True:
        check()
        tasks = api.tasks(DAG, run)
        show(tasks)
        if arrived(tasks):
            return
        if lost := [task.title for task in tasks if task.state in LOST]:
            raise NotClosed(f"не выполнена задача «{lost[0]}» (журнал — в Airflow, {DAG} {run})")
        if time.monotonic() > deadline:
            states = ", ".join(f"{task.title}: {task.state}" for task in tasks if task.state not in ENDED)
            raise NotClosed(f"закрытие не дошло до конца за {PATIENCE:.0f} с ({states})")
        time.sleep(0.5)


def _state(tasks: Sequence[TaskState], name: str) -> str | None:
    return next((task.state for task in tasks if task.id == name), None)


def _closing(stand: Stand, month: date) -> int:
    with database.transaction(stand.database_url) as connection:
        found = freeze.of_period(connection, month)
    if found is None or found.state != "DELIVERED":
        raise NotClosed(f"месяц {month:%m.%Y} в журнале обмена не закрыт")
    return found.id


def _lines(stand: Stand, closing: int) -> Sequence[Row[tuple[object, ...]]]:
    with database.transaction(stand.database_url) as connection:
        return connection.execute(statement("demo/month_lines"), {"closing": closing}).all()


def _fetch(stand: Stand, closing: int, check: Callable[[], None], senders: Senders, bar: Progress) -> Sequence[Delivered]:
    """Fetch what the closing sends, each organisation its own, until all is there byte for byte; raises ``NotClosed``."""
    with database.transaction(stand.database_url) as connection:
        expected = connection.execute(statement("demo/month_files"), {"closing": closing}).all()
    if not expected or any(file.channel is None for file in expected):
        raise NotClosed("документы закрытия не переданы на отправку")
    stage = bar.add_task("Файлы у организаций", total=len(expected))
    found: dict[tuple[str, str], Delivered] = {}
    deadline = time.monotonic() + PATIENCE
    while missing := [file for file in expected if (file.recipient, file.name) not in found]:
        check()
        if time.monotonic() > deadline:
            raise NotClosed(f"не доставлено файлов: {len(missing)}, первый — {missing[0].name}")
        for channel, address in sorted({(file.channel, file.address) for file in missing}):
            there = senders.delivered(channel, address)
            for file in missing:
                if (file.channel, file.address) == (channel, address) and file.name in there:
                    content = there[file.name]()
                    if digest(content) == file.sha256:
                        one = Delivered(file.recipient, channel, address, file.name, content)
                        found[file.recipient, file.name] = one
        bar.update(stage, completed=len(found))
        time.sleep(0.5)
    return list(found.values())


def _save(stand: Stand, files: Iterable[Delivered]) -> None:
    for file in files:
        path = stand.answers / file.address / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)


def _payers(lines: Sequence[Row[tuple[object, ...]]]) -> Table:
    table = Table("Плательщик", title="Взаиморасчёты, руб.")
    for title in ("Начислено", "Удержано", "К оплате"):
        table.add_column(title, justify="right")
    totals: dict[str, list[int]] = {}
    for line in lines:
        name = f"{line.payer} {line.title}" if line.insurer else "Другие территории"
        row = totals.setdefault(name, [0, 0, 0])
        for place, value in enumerate((line.gross, line.withheld, line.payable)):
            row[place] += int(value)
    for name, amounts in totals.items():
        table.add_row(name, *map(money, amounts))
    table.add_section()
    table.add_row("Всего", *(money(sum(column)) for column in zip(*totals.values(), strict=True)), style="bold")
    return table


def _received(stand: Stand, files: Iterable[Delivered]) -> Table:
    table = Table("Организация", "Канал", title="Что получено после утверждения")
    for title in ("Пакетов оплаты", "Документов"):
        table.add_column(title, justify="right")
    names = {one.code: one.short for one in stand.organisations}
    counts: dict[tuple[str, str], Counter[bool]] = defaultdict(Counter)
    for file in files:
        counts[file.recipient, file.channel][REGISTER.fullmatch(file.name) is not None] += 1
    for (code, channel), count in sorted(counts.items()):
        table.add_row(f"{code} {names.get(code, '')}".rstrip(), channel, str(count[True]), str(count[False]))
    return table


def _differences(settled: Sums, packed: Sums) -> list[str]:
    found = []
    for payer, organisation in sorted(settled.keys() | packed.keys()):
        there, due = (side.get((payer, organisation), 0) for side in (packed, settled))
        if there != due:
            found.append(f"{payer} {organisation}".lstrip() + f": в пакетах {money(there)}, в расчёте {money(due)}")
    return found
