"""The demonstration: a stand, a month's traffic, a table of what became of it, and the month closed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import text

from pipelines.demo.config import USERS, Stand
from pipelines.demo.month import NotClosed, acts_of, close_month, withheld_next
from pipelines.demo.send import Senders
from pipelines.demo.stand import Running, StandError, running
from pipelines.demo.watch import Entry, Track, match
from pipelines.erz import load_persons
from pipelines.exchange import region
from pipelines.exchange.model import RESULT_TITLES
from pipelines.ground import database
from pipelines.ground.sql import statement
from pipelines.synthetic.insured import insured_of
from pipelines.synthetic.registers import name_reestr
from pipelines.synthetic.traffic import Shipment, demo_registers, demo_traffic

SEED = 1
PATIENCE = 420.0
"""Seconds after the last sending in which every answer must be there."""
STAGES = ("Отправлено", "Принято в журнал", "Обработано", "Ответы у отправителей")


def demonstrate(stand: Stand, console: Console, *, once: bool) -> int:
    """Run the demonstration; returns the exit code: 1 when a shipment or the month did not become what it should.

    Without ``once`` the stand stays up afterwards until the user stops it.
    """
    begun = time.monotonic()
    with running(stand, lambda told: console.print(f"[dim]{time.monotonic() - begun:5.1f} с[/]  {told}")) as up:
        with closing(Senders(stand, up.sftp_host_key)) as senders:
            month = _month(stand)
            tracks = _exchange(stand, up, senders, console, lambda: _traffic(stand, month))
            failed = sum(bool(track.problems()) for track in tracks)
            console.print(_table(stand, tracks))
            console.print(f"Протоколы — в папке {_short(stand.answers)}.")
            first = min((track.ended_at - begun for track in tracks if track.ended_at and track.received), default=None)
            if first is not None:
                console.print(f"Первый протокол через {first:.0f} с от запуска.")
            console.print(f"[bold red]Не так, как ожидалось: {failed}" if failed else "[bold green]Все ответы — ожидаемые.")
            problems = _close(stand, up, senders, month, console)
            problems += _letters(stand, senders, console)
            for problem in problems:
                console.print(f"[bold red]Закрытие месяца: {problem}")
        if not once:
            users = ", ".join(f"{name}/{password}" for name, password in USERS.items())
            console.print(f"Airflow: [bold]{stand.url}[/] (вход: {users})")
            console.print(
                f"Командная строка: set -a; . {_short(stand.environment_file)}; python -m pipelines exchange status"
            )
            console.print("Останов — Ctrl-C.")
            while True:
                up.check()
                time.sleep(1)
    return 1 if failed or problems else 0


def _close(stand: Stand, up: Running, senders: Senders, month: date, console: Console) -> list[str]:
    """Close the month that was sent, and send an insurer's acts about it; returns what is not as it should be."""
    try:
        number, problems = close_month(stand, up.check, month, senders, console)
    except NotClosed as error:
        return [str(error)]
    (track,) = _exchange(stand, up, senders, console, lambda: [acts_of(stand, number, month, SEED)])
    problems += [f"акты страховой компании: {problem}" for problem in track.problems()]
    if track.entry and track.ended:
        problems += withheld_next(stand, track.entry.id, console)
    return problems


def _letters(stand: Stand, senders: Senders, console: Console) -> list[str]:
    """Show what the operators were mailed, and keep it; returns what is missing."""
    letters = senders.to_operators()
    table = Table("Получено", "Письмо", title=f"Почта операторов: {', '.join(stand.operators)}")
    for number, letter in enumerate(letters, 1):
        name = f"{number:02d}.eml"
        table.add_row(f"{parsedate_to_datetime(letter['Date']).astimezone():%H:%M:%S}", f"{letter['Subject']}\n[dim]{name}")
        path = stand.answers / letter["To"] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(letter.as_bytes())
    console.print(table)
    asked = any(str(letter["Subject"]).startswith("Ждёт решения") for letter in letters)
    return [] if asked else ["операторам не сообщено письмом, что месяц ждёт решения"]


def _exchange(
    stand: Stand, up: Running, senders: Senders, console: Console, make: Callable[[], Sequence[Shipment]]
) -> list[Track]:
    """Send everything that is made, and watch until everything has ended or the patience is over."""
    url = stand.database_url
    with database.transaction(url) as connection:
        before = connection.execute(text("select coalesce(max(id), 0) from exchange.package")).scalar_one()
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    ) as bar:
        making = bar.add_task("Подготовка пакетов", total=None)
        tracks = [Track(shipment, senders.address(shipment)) for shipment in make()]
        bar.remove_task(making)
        stages = [bar.add_task(title, total=len(tracks)) for title in STAGES]
        last_sent = time.monotonic()
        while not all(track.ended for track in tracks) and time.monotonic() < last_sent + PATIENCE:
            up.check()
            for track in _due(tracks):
                senders.send(track)
                last_sent = time.monotonic()
                bar.advance(stages[0])
            with database.transaction(url) as connection:
                rows = connection.execute(statement("demo/packages"), {"after": before}).mappings().all()
            for index, entry in match(tracks, [Entry.of(row) for row in rows]).items():
                tracks[index].see(entry, partial(senders.fetch, tracks[index]))
            _show(bar, stages, tracks)
            time.sleep(0.5)
    _save(stand, tracks)
    return tracks


def _month(stand: Stand) -> date:
    """The latest month that this journal has not seen in an earlier demonstration."""
    profile = region.load(stand.settings.region_dir)
    earliest = min((one.until for one in profile.organisations if one.until), default=date.min)
    month = month_before(datetime.now(UTC).date())
    clinic = next(one.code for one in profile.organisations if one.kind == "МО")
    payer = next(one.code for one in profile.organisations if one.kind == "СМО")
    while month > earliest:
        name = f"{name_reestr('H', profile, clinic, payer, month, 1)}.zip"
        with database.transaction(stand.database_url) as connection:
            used = connection.execute(text("select 1 from exchange.package where name = :name"), {"name": name}).first()
        if not used:
            return month
        month = month_before(month)
    raise StandError("Все отчётные месяцы показа уже в журнале: начните с чистого места (make clean)")


def _traffic(stand: Stand, month: date) -> list[Shipment]:
    """Shipments of the month; insures their people."""
    profile = region.load(stand.settings.region_dir)
    insured = insured_of(profile, demo_registers(profile, SEED, month), SEED)
    with database.transaction(stand.database_url) as connection:
        load_persons(connection, insured.persons)
    return demo_traffic(profile, SEED, month)


def month_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def _due(tracks: Sequence[Track]) -> list[Track]:
    """What may be sent now: not sent yet, and what it comes after has been answered."""
    return [
        track
        for track in tracks
        if track.sent_at is None and (track.shipment.after is None or tracks[track.shipment.after].ended)
    ]


def _show(bar: Progress, stages: Sequence[TaskID], tracks: Sequence[Track]) -> None:
    seen = [track.entry for track in tracks if track.entry]
    counts = (len(seen), sum(entry.result is not None for entry in seen), sum(track.ended for track in tracks))
    for stage, count in zip(stages[1:], counts, strict=True):
        bar.update(stage, completed=count)


def _save(stand: Stand, tracks: Sequence[Track]) -> None:
    """Keep the answers where the user can open them."""
    for track in tracks:
        for name, content in track.received.items():
            path = stand.answers / track.address / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _table(stand: Stand, tracks: Sequence[Track]) -> Table:
    names = {organisation.code: organisation.short for organisation in stand.organisations}
    table = Table("Что отправлено", "Отправитель", "Канал", "Результат", "Замечаний", "Секунд", "Протокол", "Сверка")
    for column in table.columns:
        column.overflow = "fold"
    for track in tracks:
        entry, problems = track.entry, track.problems()
        book = next((name for name in sorted(track.received) if name.upper().endswith(".XLSX")), "")
        table.add_row(
            f"{track.shipment.title}\n[dim]{track.shipment.name}".rstrip(),
            names.get(track.shipment.sender, track.shipment.sender),
            track.shipment.channel,
            RESULT_TITLES[entry.result] if entry and entry.result else "—",
            str(entry.findings) if entry else "—",
            f"{track.seconds:.1f}" if track.seconds is not None else "—",
            f"{track.address}/{book}" if book else "—",
            "[red]" + "; ".join(problems) if problems else "[green]✓",
        )
    return table


def _short(path: Path) -> str:
    """The path as seen from the current folder, where that is shorter."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
