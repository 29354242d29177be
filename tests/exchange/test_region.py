"""The territory's profile: look-ups, dates, and errors that name the place; the demo territory is whole."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.exchange.region import Operators, Region, RegionError, load
from pipelines.ground.identifiers import snils, snils_valid
from pipelines.ground.settings import ROOT

DEMO = ROOT / "include" / "region" / "demo"


@pytest.fixture(scope="module")
def demo() -> Region:
    return load(DEMO)


def _dictionary(name: str) -> list[dict[str, str]]:
    with (DEMO / "nsi" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def test_demo_has_eight_hospitals_and_two_insurers(demo: Region) -> None:
    kinds = [organisation.kind for organisation in demo.organisations]
    assert (kinds.count("МО"), kinds.count("СМО"), kinds.count("ТФОМС")) == (8, 2, 1)
    assert (demo.code, demo.okato) == ("98", "62000")


def test_look_ups_know_members_and_no_strangers(demo: Region) -> None:
    hospital = demo.by_code("980001")
    assert hospital is not None
    assert demo.by_login("mo980001") is hospital
    assert demo.by_address(" REESTR@KKB.zarechye.EXAMPLE ") is hospital
    assert demo.by_code("450001") is None
    assert demo.by_login("root") is None
    assert demo.by_address("reestr@kkb.zarechye.example.org") is None


def test_users_of_one_organisation(demo: Region) -> None:
    own = demo.by_code("980001")
    assert demo.of_user("smotrit.kkb") is own
    assert demo.of_user("mo980001") is own
    assert demo.of_user("audit") is None
    assert demo.of_user("") is None


def test_an_organisation_is_active_on_its_last_day_only(demo: Region) -> None:
    clinic = demo.by_code("980008")
    assert clinic is not None
    assert clinic.until == date(2025, 12, 31)
    assert clinic in demo.active(date(2025, 12, 31))
    assert clinic not in demo.active(date(2026, 1, 1))
    assert clinic not in demo.active(date(2018, 12, 31))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda d: d.pop("okato"), "нет поля okato"),
        (lambda d: d.update(code=98), "region.yaml.code"),
        (lambda d: d["organisations"][0].update(code="98001"), "organisations[1].code"),
        (lambda d: d["users"].update(x="111111"), "region.yaml.users"),
        (lambda d: d["users"].update(x=980001), "region.yaml.users.x"),
        (lambda d: d["organisations"][2].update(kind="ФОМС"), "organisations[3].kind"),
        (lambda d: d["organisations"][1].update(channels=["fax"]), "organisations[2].channels"),
        (lambda d: d["organisations"][1].update(until=date(2000, 1, 1)), "organisations[2].until"),
        (lambda d: d["organisations"][1].update(adresses=[]), "неизвестное поле adresses"),
        (lambda d: d["organisations"][1].update(addresses=["REESTR@kkb.zarechye.example"]), "980002"),
        (lambda d: d["organisations"][1].update(login="mo980001"), "login"),
        (lambda d: d["settings"]["limits"].update(ratio=0), "settings.limits.ratio"),
        (lambda d: d["settings"].update(policies=[]), "settings.policies"),
        (lambda d: d["settings"].update(rule_pages="docs/rules"), "settings.rule_pages"),
        (lambda d: d["settings"].update(number_policy="ask"), "number_policy"),
        (lambda d: d["operators"].update(mail=["дежурный"]), "region.yaml.operators.mail"),
        (lambda d: d["operators"].update(quiet_minutes=0), "operators.quiet_minutes"),
        (lambda d: d["operators"].update(phone=["1"]), "неизвестное поле phone"),
    ],
)
def test_a_faulty_profile_is_refused_with_its_place(tmp_path: Path, change: object, place: str) -> None:
    declaration = yaml.safe_load((DEMO / "region.yaml").read_text(encoding="utf-8"))
    assert callable(change)
    change(declaration)
    (tmp_path / "region.yaml").write_text(yaml.safe_dump(declaration, allow_unicode=True), encoding="utf-8")
    with pytest.raises(RegionError, match=place.replace("[", r"\[").replace("]", r"\]")):
        load(tmp_path)


def test_operators_may_be_left_out(tmp_path: Path, demo: Region) -> None:
    assert demo.operators == Operators(("dezhurny@tfoms.zarechye.example",), 60)
    declaration = yaml.safe_load((DEMO / "region.yaml").read_text(encoding="utf-8"))
    del declaration["operators"]
    (tmp_path / "region.yaml").write_text(yaml.safe_dump(declaration, allow_unicode=True), encoding="utf-8")
    assert load(tmp_path).operators == Operators((), 60)


def test_an_absent_or_broken_profile_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RegionError, match="не читается"):
        load(tmp_path / "region.yaml")
    (tmp_path / "region.yaml").write_text("- 1\n", encoding="utf-8")
    with pytest.raises(RegionError, match="ожидается набор полей"):
        load(tmp_path)


def test_every_dictionary_of_the_rules_is_there_with_its_fields(shared: Path) -> None:
    rules = shared / "data" / "rules" / "Q015.csv"
    named: dict[str, set[str]] = {}
    with rules.open(encoding="utf-8", newline="") as file:
        for rule in csv.DictReader(file, delimiter=";"):
            kinds = set(rule["TYPE_D"].split(","))
            if rule["NSI_OBJ"] and not rule["DATEEND"] and kinds & {"H", "L"}:
                named.setdefault(rule["NSI_OBJ"], set()).update(field for field in rule["NSI_EL"].split("+") if field)
    assert len(named) >= 24
    for dictionary, fields in named.items():
        header = set(_dictionary(dictionary)[0])
        assert fields <= header, dictionary
        assert {"DATEBEG", "DATEEND"} <= header, dictionary


def test_dictionary_rows_are_dated_and_some_are_closed() -> None:
    closed = 0
    for file in sorted((DEMO / "nsi").glob("*.csv")):
        for row in _dictionary(file.stem):
            begin = date.fromisoformat(row["DATEBEG"])
            if row["DATEEND"]:
                assert date.fromisoformat(row["DATEEND"]) >= begin, file.stem
                closed += 1
    assert closed > 50


def test_profile_and_dictionaries_name_the_same_organisations(demo: Region) -> None:
    hospitals = {row["mcod"]: row for row in _dictionary("F003")}
    insurers = {row["smocod"]: row for row in _dictionary("F002")}
    for organisation in (one for one in demo.organisations if one.kind != "ТФОМС"):
        row = (hospitals if organisation.kind == "МО" else insurers)[organisation.code]
        assert row["tf_okato"] == demo.okato
        assert row["DATEEND"] == (organisation.until.isoformat() if organisation.until else "")


def test_doctors_codes_are_valid_snils_numbers() -> None:
    for row in _dictionary("T_DOKT"):
        assert snils_valid(row["IDDOKT"])
        assert snils(int(row["IDDOKT"][:9])).replace("-", "").replace(" ", "") == row["IDDOKT"]


def test_the_territory_is_no_real_one(shared: Path) -> None:
    real = shared / "data" / "nsi" / "csv_from_mtr_db" / "F001.csv"
    with real.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert len(rows) > 80
    assert "98" not in {row["tf_kod"] for row in rows}
    assert "62000" not in {row["tf_okato"] for row in rows}
