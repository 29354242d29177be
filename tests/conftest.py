"""Fixtures shared by all tests: an embedded PostgreSQL and migrated databases on it."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from pipelines.demo.servers.postgres import Postgres
from pipelines.ground import database as ground_database
from pipelines.ground import migrations
from pipelines.ground.settings import ROOT
from tests.databases import MIGRATED, fresh

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")


SHARED = Path(os.environ.get("OMS_SHARED", ROOT.parent / "shared"))


class Modules(LoadScopeScheduling):
    """Tests of a module stay on one worker for their fixtures' sake; those on the demonstration too: it is started once."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        folder = module.rpartition("/")[0]
        return folder if folder == "tests/demonstration" else module


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Modules:
    return Modules(config, log)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with the real dictionaries, XSD and samples; tests that need it are skipped where it is absent."""
    if not (SHARED / "README.md").exists():
        pytest.skip(f"real dictionaries and samples are absent: {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server of this test process, without fsync, holding the migrated database ``template_oms``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="oms-test-pg-"))  # not pytest's own folder, which other sessions tidy up
    folder.chmod(0o755)  # the server runs under another account when tests run as root
    server = Postgres(folder / "data", port, secrets.token_hex(8), durable=False).start()
    try:
        url = server.create_database(MIGRATED)
        migrations.upgrade(url)
        ground_database.engine(url).dispose()
        yield server
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    """URL of a fresh, migrated database."""
    with fresh(postgres) as url:
        yield url


@pytest.fixture(scope="module")
def module_database(postgres: Postgres) -> Iterator[str]:
    """URL of a migrated database that the tests of a module share."""
    with fresh(postgres) as url:
        yield url
