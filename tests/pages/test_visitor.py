"""Who a login is to the pages, which role of the database reads for it, and what a form's token is worth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from pipelines.pages.visitor import TOKEN_SECONDS, Role, Visitor, reading, token, token_holds, visitor
from tests.exchange.world import REGION


@pytest.mark.parametrize(
    ("name", "acts", "expected"),
    [
        ("oper", True, Visitor("oper", Role.OPERATOR)),
        ("audit", False, Visitor("audit", Role.AUDITOR)),
        ("smotrit.kkb", False, Visitor("smotrit.kkb", Role.ORGANISATION, "980001")),
        ("smotrit.kkb", True, Visitor("smotrit.kkb", Role.ORGANISATION, "980001")),
        ("mo980002", False, Visitor("mo980002", Role.ORGANISATION, "980002")),
        ("mo980002", True, Visitor("mo980002", Role.ORGANISATION, "980002")),
    ],
)
def test_the_profile_limits_a_login_whatever_else_it_may(name: str, acts: bool, expected: Visitor) -> None:
    found = visitor(name, acts, REGION)
    assert found == expected
    assert found.acts == (found.role is Role.OPERATOR)
    assert found.sees_all == (found.organisation is None)


def test_the_profile_names_before_the_login() -> None:
    region = replace(REGION, users={"mo980002": "980003"})
    assert visitor("mo980002", False, region).organisation == "980003"


@pytest.mark.parametrize("role", list(Role))
def test_a_visitor_reads_in_the_role_of_the_database(database: str, role: Role) -> None:
    with reading(database, Visitor("x", role, "980001" if role is Role.ORGANISATION else None)) as connection:
        assert connection.execute(text("select current_user")).scalar_one() == f"oms_{role}"
        assert connection.execute(text("show statement_timeout")).scalar_one() == "20s"
    with pytest.raises(Exception, match="permission denied"), reading(database, Visitor("x", role, "1")) as connection:
        connection.execute(text("delete from exchange.package"))


def test_a_token_is_of_one_user_one_secret_and_a_time() -> None:
    made = token("secret", "oper", now=1000)
    assert token_holds("secret", "oper", made, now=1000)
    assert token_holds("secret", "oper", made, now=1000 + TOKEN_SECONDS)
    assert not token_holds("secret", "oper", made, now=1001 + TOKEN_SECONDS)
    assert not token_holds("secret", "oper", made, now=900)
    assert not token_holds("secret", "audit", made, now=1000)
    assert not token_holds("other", "oper", made, now=1000)
    assert not token_holds("secret", "oper", "1001" + made[4:], now=1001)
    for wrong in ("", ".", "x", "1000", "1000.", "\u0661000.x", made + "0"):
        assert not token_holds("secret", "oper", wrong, now=1000)


def test_only_the_access_module_knows_airflow() -> None:
    folder = Path(__file__).parents[2] / "pipelines" / "pages"
    knowing = {path.name for path in folder.rglob("*.py") if "airflow." in path.read_text(encoding="utf-8")}
    assert knowing == {"access.py"}
