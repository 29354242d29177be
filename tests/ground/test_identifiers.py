"""Check digits against the published vectors."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pipelines.ground.identifiers import enp, enp_fits, enp_valid, inn_valid, ogrn_valid, snils, snils_valid
from pipelines.ground.money import kopecks, roubles


@pytest.mark.parametrize(
    ("territory", "born", "sex", "number", "expected"),
    [
        ("50", date(1978, 4, 9), 1, 193, "5055120840001936"),
        ("77", date(1949, 12, 31), 2, 1, "7767050868000012"),
        ("64", date(1951, 1, 1), 1, 99999, "6458840848999994"),
        ("54", date(2000, 12, 31), 1, 2, "5447999718000022"),
        ("50", date(1936, 7, 20), 1, 83, "5072360829000835"),
        ("63", date(2001, 1, 1), 2, 3, "6398899798000032"),
        ("50", date(2024, 2, 29), 2, 12, "5097579770000129"),
    ],
)
def test_enp(territory: str, born: date, sex: int, number: int, expected: str) -> None:
    assert enp(territory, born, sex, number) == expected
    assert enp_valid(expected)
    assert enp_fits(expected, born, sex)
    assert not enp_fits(expected, born, 3 - sex)
    assert not enp_fits(expected, born.replace(year=born.year - 4), sex)
    assert not enp_valid(expected[:-1] + str((int(expected[-1]) + 1) % 10))


@pytest.mark.parametrize("value", ["5072360829000830", "3551110111001111", "507636083600007", "50723608290008З5", ""])
def test_enp_refuses(value: str) -> None:
    assert not enp_valid(value)


@pytest.mark.parametrize("value", ["112-233-445 95", "087-654-303 00", "116-973-385 89", "001-001-998 00"])
def test_snils(value: str) -> None:
    assert snils_valid(value)


@pytest.mark.parametrize("value", ["112-233-445 96", "158-361-694 89", "000-000-000 00", "112-233-445", ""])
def test_snils_refuses(value: str) -> None:
    assert not snils_valid(value)


def test_snils_is_made_valid() -> None:
    assert snils(112233445) == "112-233-445 95"
    assert all(snils_valid(snils(number)) for number in range(1001999, 1003000))


OGRN = ["1027739099772", "1027739008440", "1025403200151", "1024201390740", "1045207042528", "1027700132195"]
OGRNIP = ["304500116000157", "304463210700212"]


@pytest.mark.parametrize("value", [*OGRN, *OGRNIP])
def test_ogrn(value: str) -> None:
    assert ogrn_valid(value)
    assert not ogrn_valid(value[:-1] + str((int(value[-1]) + 1) % 10))


@pytest.mark.parametrize("value", ["102773099772", "102630954785", "1027739099773", "10277390997720", "", "102773909977²"])
def test_ogrn_refuses(value: str) -> None:
    assert not ogrn_valid(value)


@pytest.mark.parametrize("value", ["7707083893", "7736050003", "500100732259", "784806113663"])
def test_inn(value: str) -> None:
    assert inn_valid(value)


@pytest.mark.parametrize("value", ["5001007322", "500100732258", "500100732249", "77070838930", "", "770708389З"])
def test_inn_refuses(value: str) -> None:
    assert not inn_valid(value)


@pytest.mark.parametrize(("text", "amount"), [("0.005", 1), ("1.235", 124), ("-0.01", -1), ("1e3", 100000), ("7", 700)])
def test_kopecks(text: str, amount: int) -> None:
    assert kopecks(text) == amount


@pytest.mark.parametrize("text", ["", "NaN", "Infinity", "1,5", "1O"])
def test_kopecks_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="not"):
        kopecks(text)


@pytest.mark.parametrize("amount", [0, 1, -1, 99, 100, -12345, 10**15 + 7])
def test_roubles_come_back(amount: int) -> None:
    assert kopecks(roubles(amount)) == amount
    assert Decimal(roubles(amount)) * 100 == amount
