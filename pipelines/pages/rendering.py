"""Templates of the pages and how they write numbers, money, times: Russian, with non-breaking spaces."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from pipelines.exchange.protocol import LOCAL
from pipelines.ground.money import SPACE, written
from pipelines.ground.settings import ROOT
from pipelines.pages import words

FOLDER = ROOT / "include" / "pages"
NOTHING = "—"


@cache
def environment() -> Environment:
    """Templates of ``include/pages``; whatever they are given is escaped, a name that they do not get is an error."""
    made = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {
        "when": when,
        "clock": clock,
        "day": day,
        "month": month,
        "number": number,
        "roubles": roubles,
        "size": size,
        "span": span,
        "share": share,
        "data": data,
        "channel": lambda code: words.CHANNELS.get(code, code),
        "event": lambda name: words.EVENTS.get(name, name),
        "plural": plural,
    }
    made.globals |= {"words": words}
    return made


def when(moment: datetime | None) -> str:
    """Local date and time to the second; a narrow column breaks between the two."""
    return NOTHING if moment is None else f"{moment.astimezone(LOCAL):%d.%m.%Y %H:%M:%S}"


def clock(moment: datetime | None) -> str:
    """Local time to the millisecond."""
    return NOTHING if moment is None else f"{moment.astimezone(LOCAL):%H:%M:%S.%f}"[:-3].replace(".", ",")


def day(value: date | None) -> str:
    return NOTHING if value is None else f"{value:%d.%m.%Y}"


def month(value: date | None) -> str:
    return NOTHING if value is None else f"{value:%m.%Y}"


def number(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}".replace(",", SPACE)


def roubles(kopecks: int | None) -> str:
    """Kopecks as roubles: ``1 234 567,89``."""
    return NOTHING if kopecks is None else written(kopecks, minus="−")


def size(value: int | None) -> str:
    """Bytes as people say them."""
    if value is None:
        return NOTHING
    units = ("байт", "КБ", "МБ", "ГБ")
    amount, place = float(value), 0
    while amount >= 1024 and place < len(units) - 1:
        amount, place = amount / 1024, place + 1
    text = f"{amount:.0f}" if place == 0 or amount >= 100 else f"{amount:.1f}".replace(".", ",")
    return f"{text}{SPACE}{units[place]}"


def span(value: timedelta | None) -> str:
    """A length of time in its two largest units."""
    if value is None:
        return NOTHING
    seconds = value.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f}{SPACE}мс"
    if seconds < 60:
        return f"{seconds:.1f}{SPACE}с".replace(".", ",")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{SPACE}мин {rest}{SPACE}с"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}{SPACE}ч {minutes}{SPACE}мин"
    return f"{hours // 24}{SPACE}сут {hours % 24}{SPACE}ч"


def share(part: int, whole: int) -> str:
    """Part of a whole in per cent with one decimal."""
    return NOTHING if not whole else f"{100 * part / whole:.1f}{SPACE}%".replace(".", ",")


def data(value: object) -> str:
    """A value as JSON for an attribute, to be escaped like any other text."""
    return json.dumps(value, ensure_ascii=False, default=str)


def plural(count: int, one: str, few: str, many: str) -> str:
    """The word that goes with a number: 1 пакет, 2 пакета, 5 пакетов."""
    if count % 10 == 1 and count % 100 != 11:
        return one
    return few if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else many


def markdown(text: str, links: dict[str, str]) -> Markup:
    """Markdown of the project's own pages as HTML; a link outside ``links`` becomes text. HTML in it is escaped."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(text)
    for token in tokens:
        _link(token.children or [], links)
    return Markup(reader.renderer.render(tokens, reader.options, {}))  # noqa: S704  (html is off)


def _link(tokens: list[Token], links: dict[str, str]) -> None:
    """Lead links to where the pages are here; those that lead nowhere lose their tags."""
    dropped: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            target: Any = links.get(str(token.attrGet("href")))
            dropped.append(target is None)
            if target is not None:
                token.attrSet("href", target)
            else:
                token.hidden, token.tag, token.type, token.content = True, "", "text", ""
        elif token.type == "link_close" and dropped.pop():
            token.hidden, token.tag, token.type, token.content = True, "", "text", ""
