"""Profile of a territory: ``include/region/<name>/region.yaml``, its organisations and the settings of the exchange."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

import yaml

OrganisationKind = Literal["МО", "СМО", "ТФОМС"]
ChannelCode = Literal["sftp", "mail"]
RecordPolicy = Literal["records", "package"]

_CODES: Mapping[OrganisationKind, re.Pattern[str]] = {
    "МО": re.compile(r"\d{6}"),
    "СМО": re.compile(r"\d{5}"),
    "ТФОМС": re.compile(r"\d{2}"),
}
_ADDRESS = re.compile(r"https?://[^\s]+/")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


REGIONAL = ("Q022", "Q023")
"""Rule dictionaries of the regional level: the second group of a rule's id is the region that wrote it."""


class RegionError(ValueError):
    """A profile that cannot be used; the text names the file and the place in it."""


@dataclass(frozen=True)
class Organisation:
    """A subscriber of the exchange, valid ``since`` … ``until`` inclusive (``None``: open)."""

    code: str
    kind: OrganisationKind
    name: str
    short: str
    mnemonic: str
    login: str
    addresses: tuple[str, ...]
    channels: tuple[ChannelCode, ...]
    since: date
    until: date | None

    def active(self, on: date) -> bool:
        """Whether the organisation takes part in the exchange on that day."""
        return self.since <= on and (self.until is None or on <= self.until)


@dataclass(frozen=True)
class Fund:
    """The territorial fund itself: the sender of every answer."""

    name: str
    mnemonic: str
    mail: str


@dataclass(frozen=True)
class Limits:
    """Limits of a package: bytes of the archive, members, bytes after inflating, inflated bytes per byte of the archive."""

    package_bytes: int
    members: int
    inflated_bytes: int
    ratio: int


@dataclass(frozen=True)
class ExchangeSettings:
    """Terms of the exchange: ``incomplete_after`` in seconds, ``retention_days`` by store, ``policies`` by kind of package.

    ``findings_sample`` is the number of findings of one rule that a protocol shows; ``rule_pages`` the address, ending in
    a slash, under which the fund publishes the pages of the rules (None: it does not).
    """

    incomplete_after: int
    limits: Limits
    policies: Mapping[str, RecordPolicy]
    retention_days: Mapping[str, int]
    findings_sample: int
    rule_pages: str | None


@dataclass(frozen=True)
class Operators:
    """Who is told of faults, decisions and deadlines: addresses; minutes in which a fault that repeats is told once."""

    mail: tuple[str, ...] = ()
    quiet: int = 60


@dataclass(frozen=True)
class Region:
    """A territory: ``code`` is its KOD_TF (2 digits), ``okato`` its ОКАТО (5 digits), ``folder`` the home of ``nsi/``.

    ``rules_regions``: by rule dictionary of the regional level (Q022, Q023) the regions whose rules it adopts.
    ``operators``: whom the exchange mails about itself.
    ``users``: by name of a user of the pages the code of the only organisation that the user sees.
    """

    code: str
    okato: str
    title: str
    fund: Fund
    organisations: tuple[Organisation, ...]
    settings: ExchangeSettings
    folder: Path
    rules_regions: Mapping[str, tuple[str, ...]]
    users: Mapping[str, str]
    operators: Operators

    @cached_property
    def _codes(self) -> Mapping[str, Organisation]:
        return {organisation.code: organisation for organisation in self.organisations}

    @cached_property
    def _logins(self) -> Mapping[str, Organisation]:
        return {organisation.login: organisation for organisation in self.organisations}

    @cached_property
    def _addresses(self) -> Mapping[str, Organisation]:
        return {address.casefold(): item for item in self.organisations for address in item.addresses}

    def by_code(self, code: str) -> Organisation | None:
        """The organisation with that registry code; ``None`` for a stranger."""
        return self._codes.get(code)

    def by_login(self, login: str) -> Organisation | None:
        """The organisation whose folder that login opens."""
        return self._logins.get(login)

    def of_user(self, name: str) -> Organisation | None:
        """The only organisation that a user of the pages sees: named in the profile, or the one whose login the name is."""
        return self._codes.get(self.users.get(name, "")) or self._logins.get(name)

    def by_address(self, address: str) -> Organisation | None:
        """The organisation that trusts the mail address, whatever its case."""
        return self._addresses.get(address.strip().casefold())

    def active(self, on: date) -> tuple[Organisation, ...]:
        """Organisations that take part in the exchange on that day, in the order of the profile."""
        return tuple(organisation for organisation in self.organisations if organisation.active(on))


def load(path: Path) -> Region:
    """Read a profile: the file, or the folder that holds ``region.yaml``; raises ``RegionError`` naming the place."""
    file = path / "region.yaml" if path.is_dir() else path
    try:
        declaration = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise RegionError(f"{file.name}: не читается ({type(error).__name__})") from error
    return _region(_Node(declaration, file.name), file.parent)


def _region(root: _Node, folder: Path) -> Region:
    root.only("code", "okato", "title", "fund", "rules_regions", "organisations", "settings", "users", "operators")
    region = Region(
        code=root.text("code", re.compile(r"\d{2}")),
        okato=root.text("okato", re.compile(r"\d{5}")),
        title=root.text("title"),
        fund=_fund(root.child("fund")),
        organisations=tuple(_organisation(node) for node in root.items("organisations")),
        settings=_settings(root.child("settings")),
        folder=folder,
        rules_regions=_rules_regions(root.child("rules_regions")),
        users=_users(root.child("users")) if "users" in root.fields else {},
        operators=_operators(root.child("operators")) if "operators" in root.fields else Operators(),
    )
    if strangers := sorted(set(region.users.values()) - set(region._codes)):
        raise RegionError(f"{root.place}.users: нет организации {strangers[0]}")
    _unique(region, "code", lambda organisation: (organisation.code,))
    _unique(region, "login", lambda organisation: (organisation.login,))
    _unique(region, "mnemonic", lambda organisation: (organisation.mnemonic,))
    _unique(region, "addresses", lambda organisation: tuple(address.casefold() for address in organisation.addresses))
    return region


@dataclass(frozen=True)
class _Node:
    """A mapping of the profile with its place, for errors that say where."""

    value: Any
    place: str

    @property
    def fields(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise RegionError(f"{self.place}: ожидается набор полей")
        return self.value

    def get(self, key: str) -> Any:
        if key not in self.fields:
            raise RegionError(f"{self.place}: нет поля {key}")
        return self.fields[key]

    def fail(self, key: str, expected: str) -> RegionError:
        return RegionError(f"{self.place}.{key}: ожидается {expected}")

    def only(self, *known: str) -> None:
        """Raise for fields that the profile does not know: a misspelt optional field must not pass in silence."""
        if unknown := sorted(set(self.fields) - set(known)):
            raise RegionError(f"{self.place}: неизвестное поле {unknown[0]}")

    def text(self, key: str, mask: re.Pattern[str] | None = None) -> str:
        value = self.get(key)
        if not isinstance(value, str) or not value or (mask is not None and mask.fullmatch(value) is None):
            raise self.fail(key, f"строка вида {mask.pattern}" if mask else "непустая строка")
        return value

    def texts(self, key: str, mask: re.Pattern[str] | None = None) -> tuple[str, ...]:
        values = self.get(key)
        if not isinstance(values, list):
            raise self.fail(key, "список")
        return tuple(_Node({key: value}, self.place).text(key, mask) for value in values)

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        value = self.get(key)
        if value not in allowed:
            raise self.fail(key, "одно из " + ", ".join(allowed))
        return cast(str, value)

    def number(self, key: str) -> int:
        value = self.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            raise self.fail(key, "целое число больше нуля")
        return value

    def day(self, key: str, optional: bool = False) -> date | None:
        value = self.get(key)
        if value is None and optional:
            return None
        if not isinstance(value, date):
            raise self.fail(key, "дата ГГГГ-ММ-ДД")
        return value

    def child(self, key: str) -> _Node:
        return _Node(self.get(key), f"{self.place}.{key}")

    def items(self, key: str) -> tuple[_Node, ...]:
        values = self.get(key)
        if not isinstance(values, list):
            raise self.fail(key, "список")
        return tuple(_Node(value, f"{self.place}.{key}[{number}]") for number, value in enumerate(values, 1))


def _rules_regions(node: _Node) -> Mapping[str, tuple[str, ...]]:
    node.only(*REGIONAL)
    return {name: node.texts(name, re.compile(r"\d{2}")) for name in REGIONAL}


def _users(node: _Node) -> Mapping[str, str]:
    return {str(name): node.text(name) for name in node.fields}


def _operators(node: _Node) -> Operators:
    node.only("mail", "quiet_minutes")
    quiet = node.number("quiet_minutes") if "quiet_minutes" in node.fields else Operators.quiet
    return Operators(node.texts("mail", _MAIL), quiet)


def _fund(node: _Node) -> Fund:
    node.only("name", "mnemonic", "mail")
    return Fund(name=node.text("name"), mnemonic=node.text("mnemonic"), mail=node.text("mail", _MAIL))


def _organisation(node: _Node) -> Organisation:
    node.only("code", "kind", "name", "short", "mnemonic", "login", "addresses", "channels", "since", "until")
    kind = cast(OrganisationKind, node.choice("kind", tuple(_CODES)))
    since = node.day("since")
    until = node.day("until", optional=True)
    assert since is not None
    if until is not None and until < since:
        raise node.fail("until", "дата не раньше since")
    channels = node.texts("channels")
    if unknown := set(channels) - {"sftp", "mail"}:
        raise node.fail("channels", f"sftp, mail (указано {sorted(unknown)[0]})")
    return Organisation(
        code=node.text("code", _CODES[kind]),
        kind=kind,
        name=node.text("name"),
        short=node.text("short"),
        mnemonic=node.text("mnemonic"),
        login=node.text("login", re.compile(r"[a-z0-9._-]+")),
        addresses=node.texts("addresses", _MAIL),
        channels=cast("tuple[ChannelCode, ...]", channels),
        since=since,
        until=until,
    )


def _settings(node: _Node) -> ExchangeSettings:
    node.only("incomplete_after", "limits", "policies", "retention_days", "findings_sample", "rule_pages")
    limits = node.child("limits")
    limits.only("package_bytes", "members", "inflated_bytes", "ratio")
    policies = node.child("policies")
    retention = node.child("retention_days")
    return ExchangeSettings(
        incomplete_after=node.number("incomplete_after"),
        limits=Limits(
            package_bytes=limits.number("package_bytes"),
            members=limits.number("members"),
            inflated_bytes=limits.number("inflated_bytes"),
            ratio=limits.number("ratio"),
        ),
        policies={kind: cast(RecordPolicy, policies.choice(kind, ("records", "package"))) for kind in policies.fields},
        retention_days={store: retention.number(store) for store in retention.fields},
        findings_sample=node.number("findings_sample"),
        rule_pages=node.text("rule_pages", _ADDRESS) if "rule_pages" in node.fields else None,
    )


def _unique(region: Region, name: str, values: Callable[[Organisation], tuple[str, ...]]) -> None:
    seen: dict[str, str] = {}
    for organisation in region.organisations:
        for value in values(organisation):
            if value in seen:
                raise RegionError(f"{name}: значение организации {organisation.code} уже занято организацией {seen[value]}")
            seen[value] = organisation.code
