"""Settings of one installation, read from the environment (``OMS_*``) once per call."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""Folder of the repository: the home of ``include/``, ``sql/`` and ``expectations/``."""


@dataclass(frozen=True)
class Settings:
    """Where the installation keeps its things.

    ``database_url`` is a plain ``postgresql://`` URL of the exchange's own database (not Airflow's);
    ``store_url`` any fsspec URL (``file:///…``, ``s3://bucket/prefix``);
    ``journal_url`` an fsspec URL of the folder for the auditors' daily journals;
    ``region`` the folder of the region's profile under ``include/region``.
    """

    database_url: str
    store_url: str
    journal_url: str
    region: str

    @property
    def region_dir(self) -> Path:
        return ROOT / "include" / "region" / self.region


def load() -> Settings:
    """Read the settings; raises ``KeyError`` naming the variable when the database is not set."""
    return Settings(
        database_url=os.environ["OMS_DATABASE_URL"],
        store_url=os.environ.get("OMS_STORE_URL", (ROOT / "var" / "store").as_uri()),
        journal_url=os.environ.get("OMS_JOURNAL_URL", (ROOT / "var" / "journal").as_uri()),
        region=os.environ.get("OMS_REGION", "demo"),
    )
