"""Requisites: who must have which, and check digits."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from pipelines.nsi.dictionaries import Dictionaries, Dictionary
from pipelines.pump.documents import account_valid, parties
from tests.pump.pricing.generated import REGION, reference

ON = date(2026, 4, 15)
ROWS = reference().dictionaries["T_REKV"].rows.to_pylist()


def with_rows(rows: list[dict[str, str | None]]) -> Dictionaries:
    columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in ROWS[0]}
    return Dictionaries([Dictionary.of("T_REKV", pa.table(columns))])


def changed(code: str, **values: str | None) -> Dictionaries:
    return with_rows([{**row, **values} if row["CODE"] == code else row for row in ROWS])


def test_everyone_of_the_demo_region_has_requisites() -> None:
    found = parties(reference().dictionaries, REGION, ON)
    assert set(found) == {one.code for one in REGION.organisations}
    assert found["98"].NAME == "Территориальный фонд обязательного медицинского страхования Заречного края"
    assert len({(party.RS, party.BIK) for party in found.values()}) == len(found)


@pytest.mark.parametrize(
    ("account", "bik", "correspondent", "valid"),
    [
        ("40602810700000000025", "044525225", False, True),  # weights 7, 1, 3 over 225 and the account
        ("40602810600000000025", "044525225", False, False),
        ("30101810400000000225", "044525225", True, True),  # a bank's own account at the settlement centre
        ("30101810400000000225", "044525225", False, False),
        ("4060281070000000002", "044525225", False, False),
        ("4060281070000000002A", "044525225", False, False),
        ("40602810700000000025", "04452522", False, False),
    ],
)
def test_check_digit_of_an_account(account: str, bik: str, correspondent: bool, valid: bool) -> None:
    assert account_valid(account, bik, correspondent=correspondent) is valid


def test_any_changed_digit_of_an_account_is_found() -> None:
    row = ROWS[1]
    for place in range(20):
        other = str((int(row["RS"][place]) + 1) % 10)
        assert not account_valid(row["RS"][:place] + other + row["RS"][place + 1 :], row["BIK"])


@pytest.mark.parametrize("field", ["INN", "BANK", "ADDRESS", "POST", "RS"])
def test_a_missing_requisite_names_the_organisation(field: str) -> None:
    with pytest.raises(LookupError, match=rf"детская больница.* \(980002\): нет реквизита {field}"):
        parties(changed("980002", **{field: None}), REGION, ON)


def test_personal_account_and_budget_code_are_not_needed() -> None:
    assert parties(changed("980001", LS=None, KBK=None, OKTMO=None), REGION, ON)["980001"].LS == ""


@pytest.mark.parametrize(
    ("field", "value"), [("INN", "9801300116"), ("RS", "03224643262000009801"), ("OGRN", "1029800000109")]
)
def test_a_wrong_check_digit_is_refused(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=rf"980001\): неверен контрольный разряд {field}"):
        parties(changed("980001", **{field: value}), REGION, ON)


def test_requisites_are_those_of_the_day() -> None:
    later = [{**row, "DATEBEG": "2026-05-01", "ADDRESS": "Новый адрес"} for row in ROWS if row["CODE"] == "980001"]
    ended = [{**row, "DATEEND": "2026-04-30"} if row["CODE"] == "980001" else row for row in ROWS]
    known = with_rows([*ended, *later])
    assert parties(known, REGION, ON)["980001"].ADDRESS != "Новый адрес"
    assert parties(known, REGION, date(2026, 5, 1))["980001"].ADDRESS == "Новый адрес"
    with pytest.raises(LookupError, match="980001"):
        parties(with_rows(ended), REGION, date(2026, 5, 1))


def test_who_has_left_needs_none() -> None:
    rows = [row for row in ROWS if row["CODE"] != "980008"]
    assert "980008" not in parties(with_rows(rows), REGION, ON)
    with pytest.raises(LookupError, match=r"Берег.*980008"):
        parties(with_rows(rows), REGION, date(2025, 12, 31))
    with pytest.raises(LookupError, match="not loaded"):
        parties(Dictionaries([]), REGION, ON)
