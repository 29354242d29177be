"""Every page for every role: it comes, it is HTML that closes its tags, and it says what it is about."""

from __future__ import annotations

import pytest
from lxml import html

from tests.pages.site import Pages

EVERYBODY = [
    "/journal",
    "/months",
    "/organisations",
    "/organisations/980001",
    "/deadlines",
    "/summaries",
    "/rules",
    "/audit",
]
FUND = ["/dictionaries", "/dictionaries/F002", "/audit/case?idcase=1", "/audit/actions", "/audit/verify"]


@pytest.mark.parametrize("user", ["oper", "audit", "mo980001"])
@pytest.mark.parametrize("address", EVERYBODY)
def test_pages_of_everybody(pages: Pages, user: str, address: str) -> None:
    document = html.fromstring(pages.text(user, address))
    assert document.xpath("string(//h1)")
    assert document.xpath("//html/@lang") == ["ru"]


@pytest.mark.parametrize("address", FUND)
def test_pages_of_the_fund(pages: Pages, address: str) -> None:
    for user in ("oper", "audit"):
        pages.text(user, address)
    assert pages.get("mo980001", address).status_code == 404
