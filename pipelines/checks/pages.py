"""Pages of the rules: what each rule says, how the compiler read it, examples, and how often it was broken.

A Markdown page a rule, whatever kinds of files it is for, an index by class and one by kind of file. Equal suites give equal
bytes. ``docs/rules`` holds the pages of the shipped suites; findings in a protocol lead to them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from pipelines.checks.drafts import Draft
from pipelines.checks.examples import TODAY, entries, examples
from pipelines.checks.findings import SEVERITY_TITLES
from pipelines.checks.frames import part_source
from pipelines.checks.readings import handwritten
from pipelines.checks.relation import Part, Reference, Today, parse, references
from pipelines.checks.russian import in_russian
from pipelines.checks.suites import Check, Suite
from pipelines.formats.layout import load
from pipelines.ground.settings import ROOT

FOLDER = ROOT / "docs" / "rules"
INDEX = "README.md"

Placed = tuple[Suite, Check]


@dataclass(frozen=True)
class Hits:
    """How often a rule was broken in files of a member: packages, findings, and packages in which the member was checked."""

    member: str
    packages: int
    findings: int
    checked: int


def pages(of: Iterable[Suite], hits: Mapping[str, Sequence[Hits]] | None = None) -> dict[str, str]:
    """Text of every page by file name: one a rule, the indexes ``class-….md``, ``kind-….md`` and ``README.md``."""
    rules = by_rule(of)
    made = {f"{rule}.md": page(rule, placed, (hits or {}).get(rule, ()), hits is not None) for rule, placed in rules.items()}
    return made | _indexes(rules)


def by_rule(of: Iterable[Suite]) -> dict[str, list[Placed]]:
    """Checks of each rule with their suites, rules in the order of their ids."""
    rules: dict[str, list[Placed]] = defaultdict(list)
    for suite in of:
        for check in suite.checks:
            rules[check.rule].append((suite, check))
    return dict(sorted(rules.items()))


def write(made: Mapping[str, str], folder: Path = FOLDER) -> None:
    """Write the pages; pages of rules that are no more are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.md"):
        if stale.name not in made:
            stale.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


def page(rule: str, placed: Sequence[Placed], hits: Sequence[Hits] = (), counted: bool = False) -> str:
    """The page of a rule; checks that say the same of several kinds of files stand together. ``counted``: show hits."""
    bodies: dict[str, list[str]] = defaultdict(list)
    for suite, check in placed:
        bodies[_section(suite, check)].append(suite.layout)
    lines = [f"# {rule}", "", f"Класс: [{_class(rule)}]({_class_page(rule)}){_titled(rule)}."]
    for body, kinds in bodies.items():
        lines += ["", f"## {', '.join(_kind_link(kind) for kind in sorted(set(kinds)))}", "", body]
    if counted:
        lines += ["", "## Срабатывания", "", *_hits(hits)]
    return "\n".join(lines) + "\n"


def _section(suite: Suite, check: Check) -> str:
    condition = check.parameters.get("condition")
    lines = [_plain(check.text), "", f"- Элемент: `{check.element}`", f"- Степень: {SEVERITY_TITLES[check.severity]}"]
    lines += [f"- Действует: {_period(check)}", f"- Источник: {check.source}"]
    if check.basis:
        lines += [f"- Основание отказа (F014): {check.basis}"]
    if check.rule in handwritten():
        lines += ["- Смысл записан вручную: в справочнике он дан прозой"]
    if condition:
        lines += _read("Проверяется, когда", condition["relation"])
    if relation := check.parameters.get("relation"):
        lines += _read("Требуется", relation)
    else:
        lines += [f"- Требуется: {_required(check)}"]
    lines += [f"- Проверка: `{check.type}`{_parameters(check)}"]
    return "\n".join([*lines, "", *_examples(suite, check)])


def _read(title: str, relation: str) -> list[str]:
    """A relation in Russian and, where that differs, in its own words."""
    read = in_russian(parse(relation))
    own = [f"  - на [языке правил](../rules-language.md): `{relation}`"] if read != relation else []
    return [f"- {title}: {_plain(read)}" if own else f"- {title}: `{relation}`", *own]


def _required(check: Check) -> str:
    """What is expected, without the condition, which has a line of its own."""
    if condition := check.parameters.get("condition"):
        return _plain(check.expected.removesuffix(f" (при условии: {in_russian(parse(condition['relation']))})"))
    return _plain(check.expected)


def _parameters(check: Check) -> str:
    shown = {
        name: value
        for name, value in check.parameters.items()
        if value not in (None, False, []) and name not in ("condition", "relation", "types")
    }
    return "".join(f", {name} `{_value(value)}`" for name, value in shown.items())


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={part}" for name, part in value.items())
    return "да" if value is True else str(value)


def _period(check: Check) -> str:
    since = f"с {check.since:%d.%m.%Y}" if check.since else "без даты начала"
    return since + (f" по {check.until:%d.%m.%Y}" if check.until else ", без даты окончания")


def _examples(suite: Suite, check: Check) -> list[str]:
    made = examples(suite, check)
    places = dict.fromkeys(place for draft in made for place in _cells(draft, check))
    lines = ["| пример | значения |", "|---|---|"]
    for title, draft in zip(("соблюдено", "нарушено", "не проверяется"), made, strict=False):
        cells = _cells(draft, check)
        values = ", ".join(f"`{place}` {_shown(cells.get(place))}" for place in places)
        lines.append(f"| {title} | {values or 'ни одной строки'} |")
    for name, rows in entries([(suite, check)]).items():
        shown = "; ".join(", ".join(f"{field} = {value}" for field, value in row.items() if value) for row in rows)
        lines += ["", f"В справочнике {name} для примера {'записи' if len(rows) > 1 else 'одна запись'}: {shown}."]
    if any(isinstance(found, Today) for found in _references(check)):
        lines += ["", f"День обработки в примере: {TODAY.isoformat()}."]
    return lines


def _references(check: Check) -> list[Reference]:
    condition = check.parameters.get("condition")
    texts = (check.parameters.get("relation"), condition and condition["relation"])
    return [found for text in texts if text for found in references(parse(text))]


def _cells(draft: Draft, check: Check) -> dict[str, object]:
    """Values of an example by reference from the rule's row; a table's second row is ``TABLE[2]``."""
    cells: dict[str, object] = {}
    parts = [found.name for found in _references(check) if isinstance(found, Part)]
    if any(part_source(draft.layout, name)[0] is None for name in parts):
        cells["имя файла"] = draft.name
    for side in (draft.own, draft.partner):
        for table, rows in side.items():
            for number, row in enumerate(rows, 1):
                prefix = "" if table == draft.table and number == 1 else table + (f"[{number}]" if number > 1 else "") + "."
                values = {name: value for name, value in row.items() if _says_something(draft, check, name)}
                cells |= {f"{prefix}{name}": value for name, value in values.items()}
                if not values and table != draft.table and _wanted(draft, check, table):
                    cells[prefix.removesuffix(".")] = True
    return cells


def _says_something(draft: Draft, check: Check, name: str) -> bool:
    """All but notes of the draft and the key by which files meet, which every example has, unless the rule is of it."""
    return not name.startswith("_") and (draft.join is None or name != draft.join.key or name in check.columns)


def _wanted(draft: Draft, check: Check, table: str) -> bool:
    """Whether rows of the table are there because the example needs them, not because they lie above the rule's row."""
    if f"count({table})" in check.columns:
        return True
    above = draft.layout.ancestors(draft.table) if draft.table in draft.layout.tables else ()
    return table not in (*above, "ZGLV", "SCHET") and table in draft.layout.tables


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "есть" if value else "нет"
    return "нет" if value is None or value == "" else f"= {value}"


def _hits(hits: Sequence[Hits]) -> list[str]:
    if not hits:
        return ["Ни одного замечания."]
    lines = ["| файл | пакетов с замечаниями | замечаний | доля проверенных пакетов |", "|---|---|---|---|"]
    for of in sorted(hits, key=lambda of: of.member):
        share = f"{100 * of.packages / of.checked:.1f} %".replace(".", ",") if of.checked else "—"
        lines.append(f"| {of.member} | {of.packages} | {of.findings} | {share} |")
    return lines


def _indexes(rules: Mapping[str, Sequence[Placed]]) -> dict[str, str]:
    classes: dict[str, list[str]] = defaultdict(list)
    kinds: dict[str, dict[str, Check]] = defaultdict(dict)
    for rule, placed in rules.items():
        classes[_class_page(rule)].append(rule)
        for suite, check in placed:
            kinds[suite.layout].setdefault(rule, check)
    made = {}
    for name, of_class in classes.items():
        lines = [f"# {_class(of_class[0])}{_titled(of_class[0])}", "", "| правило | файлы | сообщение |", "|---|---|---|"]
        for rule in of_class:
            of_kinds = ", ".join(sorted({suite.layout for suite, _ in rules[rule]}))
            lines.append(f"| [{rule}]({rule}.md) | {of_kinds} | {_cell(rules[rule][0][1].text)} |")
        made[name] = "\n".join(lines) + "\n"
    for kind, of_kind in kinds.items():
        lines = [f"# {kind}: {load(kind).title}", "", "| правило | элемент | степень |", "|---|---|---|"]
        for rule, check in of_kind.items():
            lines.append(f"| [{rule}]({rule}.md) | `{check.element}` | {SEVERITY_TITLES[check.severity]} |")
        made[f"kind-{kind}.md"] = "\n".join(lines) + "\n"
    return made | {INDEX: _contents(rules, classes, kinds)}


def _contents(
    rules: Mapping[str, Sequence[Placed]], classes: Mapping[str, Sequence[str]], kinds: Mapping[str, Mapping[str, Check]]
) -> str:
    """The first page: rules of each class for each kind of file."""
    order = sorted(kinds)
    lines = ["# Правила контроля", ""]
    lines += [f"Правил: {len(rules)}. Страницы созданы командой `python -m pipelines checks pages` из наборов"]
    lines += ["`expectations/`; правка вручную пропадёт. Язык условий — [rules-language.md](../rules-language.md).", ""]
    lines += [f"| класс | правил | {' | '.join(map(_kind_link, order))} |", f"|---|---|{'---|' * len(order)}"]
    for name, of_class in sorted(classes.items()):
        counts = [sum(rule in kinds[kind] for rule in of_class) for kind in order]
        numbers = " | ".join(str(count) if count else "" for count in counts)
        lines.append(f"| [{_class(of_class[0])}]({name}){_titled(of_class[0])} | {len(of_class)} | {numbers} |")
    lines += ["", *(f"- {_kind_link(kind)}: {load(kind).title}" for kind in order)]
    return "\n".join(lines) + "\n"


def _class(rule: str) -> str:
    return rule.partition(".")[0]


def _class_page(rule: str) -> str:
    return f"class-{_class(rule)}.md"


def _titled(rule: str) -> str:
    title = _class_titles().get(_class(rule))
    return f", {title}" if title else ""


def _kind_link(kind: str) -> str:
    return f"[{kind}](kind-{kind}.md)"


def _plain(text: str) -> str:
    """Text in which Markdown sees no markup (an underscore within a word is none)."""
    return "".join(f"\\{sign}" if sign in "*<[`" else sign for sign in text)


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


@cache
def _class_titles() -> dict[str, str]:
    text = (ROOT / "include" / "rules" / "classes.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))
