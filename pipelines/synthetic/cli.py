"""Command line of the generator: registers, the demo's traffic, the list of faults."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipelines.exchange.region import Region, load
from pipelines.ground import database, settings
from pipelines.ground.commands import Json, print_json, progress
from pipelines.ground.settings import ROOT
from pipelines.pump.acts import decided
from pipelines.synthetic.acts import FAULTS as ACT_FAULTS
from pipelines.synthetic.acts import generate_acts
from pipelines.synthetic.faults import FAULTS, MAIN, Whole, faults_of
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import KINDS, generate_register
from pipelines.synthetic.traffic import demo_traffic

app = typer.Typer(help="Учебные пакеты вымышленной территории", no_args_is_help=True)

Period = Annotated[str, typer.Option(help="Отчётный месяц ГГГГ-ММ; по умолчанию прошлый")]
Seed = Annotated[int, typer.Option(help="Начальное число: одинаковые вызовы дают одинаковые байты")]
Out = Annotated[Path, typer.Option(help="Куда положить файлы")]
Profile = Annotated[str, typer.Option("--region", help="Профиль территории из include/region")]


@app.command()
def register(
    organisation: Annotated[str, typer.Option(help="Код медицинской организации")] = "980001",
    payer: Annotated[str, typer.Option(help="Код СМО или двузначный код фонда (пациенты из других территорий)")] = "98001",
    cases: Annotated[int, typer.Option(min=1, help="Законченных случаев в пакете")] = 1000,
    packages: Annotated[int, typer.Option(min=1, help="Сколько пакетов, с номерами 1, 2, …")] = 1,
    fault: Annotated[list[str] | None, typer.Option(help="Ошибка и доля записей, например sumv=0.01")] = None,
    kind: Annotated[str, typer.Option(help="Вид по описанию основного файла")] = "H",
    period: Period = "",
    seed: Seed = 1,
    out: Out = Path(),
    region: Profile = "demo",
    as_json: Json = False,
) -> None:
    """Реестры одной организации: основной файл (H, C, T, X) с персональными данными L в архиве."""
    profile, month = _region(region), _month(period)
    found = profile.by_code(organisation)
    if found is None or found.kind != "МО":
        raise typer.BadParameter(f"в профиле нет медицинской организации {organisation}", param_hint="--organisation")
    payers = [profile.code, *(item.code for item in profile.organisations if item.kind == "СМО")]
    if payer not in payers:
        raise typer.BadParameter("ожидается " + ", ".join(payers), param_hint="--payer")
    if kind not in KINDS:
        raise typer.BadParameter("ожидается " + ", ".join(KINDS), param_hint="--kind")
    shares = _shares(fault or [], kind)
    out.mkdir(parents=True, exist_ok=True)
    planted, written = [], []
    with progress("Пакеты", packages) as advance:
        for number in range(1, packages + 1):
            try:
                made = generate_register(profile, organisation, payer, month, cases, seed, shares, kind=kind, number=number)
            except ValueError as error:
                raise typer.BadParameter(f"пакет собрать нельзя: {error}") from error
            name, content = package(made)
            (out / name).write_bytes(content)
            planted += [{"package": name, **vars(entry)} for entry in made.faults]
            written.append(out / name)
            advance("Пакеты", number)
    _written(written, as_json, faults=planted)
    if planted:
        (out / "faults.json").write_text(json.dumps(planted, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@app.command()
def acts(
    closing: Annotated[int, typer.Option(help="Номер закрытия месяца, решения которого проверяет СМО")],
    organisation: Annotated[str, typer.Option(help="Код медицинской организации")] = "980001",
    payer: Annotated[str, typer.Option(help="Код СМО")] = "98001",
    day: Annotated[str, typer.Option(help="Дата актов ГГГГ-ММ-ДД; по умолчанию сегодня")] = "",
    share: Annotated[float, typer.Option(min=0, max=0.5, help="Доля случаев, проверенных МЭЭ и, сверх того, ЭКМП")] = 0.2,
    number: Annotated[int, typer.Option(min=1, help="Номер пакета за месяц")] = 1,
    fault: Annotated[list[str] | None, typer.Option(help="Ошибка: " + ", ".join(ACT_FAULTS))] = None,
    seed: Seed = 1,
    out: Out = Path(),
    region: Profile = "demo",
    as_json: Json = False,
) -> None:
    """Реестр актов контроля СМО о случаях закрытого месяца (из базы фонда, OMS_DATABASE_URL)."""
    profile = _region(region)
    if unknown := set(fault or ()) - set(ACT_FAULTS):
        raise typer.BadParameter(f"нет ошибки {', '.join(sorted(unknown))}", param_hint="--fault")
    try:
        on = date.fromisoformat(day) if day else datetime.now(UTC).date()
    except ValueError as error:
        raise typer.BadParameter("ожидается ГГГГ-ММ-ДД", param_hint="--day") from error
    with database.transaction(settings.load().database_url) as connection:
        cases = decided(connection, closing, payer, organisation)
    if not len(cases):
        raise typer.BadParameter(f"у {organisation} нет случаев, которые оплачивает {payer}", param_hint="--closing")
    name, content = generate_acts(
        profile, cases, payer, organisation, on, seed, share=share, number=number, faults=fault or ()
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / name).write_bytes(content)
    _written([out / name], as_json)


@app.command()
def traffic(period: Period = "", seed: Seed = 1, out: Out = Path(), region: Profile = "demo", as_json: Json = False) -> None:
    """Весь показ: хорошие, ошибочные и сломанные пакеты с описью traffic.json."""
    with progress("Отправления"):
        shipments = demo_traffic(_region(region), seed, _month(period))
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, shipment in enumerate(shipments):
        folder = out / f"{number:02d}"
        if shipment.name:
            folder.mkdir(exist_ok=True)
            (folder / shipment.name).write_bytes(shipment.sent)
        values = {key: value for key, value in vars(shipment).items() if key != "content"}
        rows.append({"number": number, **values, "rules": sorted(shipment.rules)})
    (out / "traffic.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    _written([out / "traffic.json"], as_json, shipments=len(rows))


@app.command()
def faults(as_json: Json = False) -> None:
    """Какие ошибки можно вставить и каким правилом они находятся."""
    if as_json:
        print_json(
            [
                {"name": name, "title": entry.title, "kinds": list(entry.kinds), "role": entry.role,
                 "element": entry.element, "rule": entry.rule, "once": isinstance(entry, Whole)}
                for name, entry in FAULTS.items()
            ]
        )  # fmt: skip
        return
    table = Table("Имя", "Ошибка", "Виды", "Элемент", "Правило")
    for name, entry in FAULTS.items():
        once = " (одна на файл)" if isinstance(entry, Whole) else ""
        file = "" if entry.role == MAIN else f"{entry.role}: "
        table.add_row(name, entry.title + once, entry.kinds, f"{file}{entry.element}", entry.rule)
    Console().print(table)


def _written(paths: Sequence[Path], as_json: bool, **beside: object) -> None:
    if as_json:
        print_json({"files": [str(path) for path in paths], **beside})
        return
    for path in paths:
        typer.echo(path)


def _region(name: str) -> Region:
    folder = ROOT / "include" / "region" / name
    if not (folder / "synthetic.yaml").exists():
        raise typer.BadParameter(f"у профиля {name} нет synthetic.yaml", param_hint="--region")
    return load(folder)


def _month(text: str) -> date:
    if not text:
        return (datetime.now(UTC).date().replace(day=1) - timedelta(days=1)).replace(day=1)
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise typer.BadParameter("ожидается ГГГГ-ММ", param_hint="--period") from error


def _shares(options: list[str], kind: str) -> dict[str, float]:
    shares = {}
    for option in options:
        name, _, share = option.partition("=")
        if name not in faults_of(kind):
            raise typer.BadParameter(f"у вида {kind} нет ошибки {name}; перечень – команда faults", param_hint="--fault")
        try:
            shares[name] = float(share)
        except ValueError as error:
            raise typer.BadParameter(f"доля у {name} – число от 0 до 1", param_hint="--fault") from error
        if not 0 < shares[name] <= 1:
            raise typer.BadParameter(f"доля у {name} – число от 0 до 1", param_hint="--fault")
    return shares
