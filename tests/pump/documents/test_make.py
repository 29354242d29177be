"""All documents of a month: who gets what, bytes that repeat, months of nothing."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import replace
from functools import cache

import pytest

from pipelines.ground.settings import ROOT
from pipelines.pump.closing.model import Document
from pipelines.pump.documents import TITLES, make_all
from tests.pump import closing_made

INSURERS, FUND = {"98001", "98002"}, {None}


@cache
def made(name: str) -> list[Document]:
    return list(make_all(getattr(closing_made, name)()))


def digests(name: str) -> dict[str, str]:
    """SHA-256 of every document of a month by recipient and name."""
    documents = make_all(getattr(closing_made, name)())
    return {f"{one.recipient} {one.name}": hashlib.sha256(one.content).hexdigest() for one in documents}


def test_everything_goes_to_whom_it_is_for() -> None:
    source = closing_made.usual()
    organisations = set(source.closed.month.cases["CODE_MO"])
    recipients = defaultdict(set)
    for document in made("usual"):
        recipients[document.kind].add(document.recipient)
        assert document.content[:4] in {b"PK\x03\x04", b"%PDF", b"<?xm"}
        assert document.title.startswith(TITLES[document.kind])
    assert set(recipients) == set(TITLES)
    for kind in ("conclusion", "payment_order", "reconciliation"):
        assert recipients[kind] <= organisations | INSURERS | FUND
        assert recipients[kind] & organisations
        assert recipients[kind] >= INSURERS
    assert recipients["bill"] == INSURERS | FUND
    assert recipients["final"] == recipients["advance"] == INSURERS
    assert recipients["conclusions"] == recipients["summaries"] == FUND


def test_names_are_unique_to_their_recipient_and_plain() -> None:
    documents = made("busy")
    assert max(Counter((document.recipient, document.name) for document in documents).values()) == 1
    assert all(document.name.replace("_", "").replace(".", "").isascii() for document in documents)


def test_nobody_sees_what_is_anothers() -> None:
    """A document goes to the organisation or the payer that it is about."""
    for document in made("busy"):
        assert document.recipient in {document.code_mo, document.payer, None}


def test_the_same_month_gives_the_same_bytes_in_any_process() -> None:
    script = "import json; from tests.pump.documents.test_make import digests; print(json.dumps(digests('empty')))"
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Vladivostok", "PYTHONPATH": path}
    output = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, check=True)
    first = digests("empty")
    assert json.loads(output.stdout.splitlines()[-1]) == first
    assert len(first) > 50


def test_the_same_month_gives_the_same_bytes_again() -> None:
    assert [one.content for one in make_all(closing_made.busy())] == [one.content for one in made("busy")]


def test_a_month_without_cases_has_norms_alone() -> None:
    kinds = Counter(document.kind for document in made("empty"))
    assert "conclusion" not in kinds
    assert kinds["bill"] > 0
    assert kinds["payment_order"] > 0
    assert kinds["summaries"] == kinds["conclusions"] == 1


def test_acts_are_made_in_the_months_of_the_region() -> None:
    source = closing_made.empty()
    quiet = replace(source, terms=replace(source.terms, reconciliation_months=frozenset({6})))
    assert "reconciliation" in {document.kind for document in make_all(source)}
    assert "reconciliation" not in {document.kind for document in make_all(quiet)}


def test_a_day_has_no_documents_of_a_month() -> None:
    source = closing_made.empty()
    day = replace(source, closed=replace(source.closed, settled=None))
    with pytest.raises(ValueError, match="no settlement"):
        list(make_all(day))
