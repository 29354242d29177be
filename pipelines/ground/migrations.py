"""Migrations of the exchange's database: numbered SQL in ``sql/migrations``, run by Alembic."""

from __future__ import annotations

from alembic import command, op
from alembic.config import Config

from pipelines.ground.settings import ROOT

FOLDER = ROOT / "sql" / "migrations"


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at a ``postgresql://`` URL up to a revision; roles and schemas included."""
    command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database down to a revision; ``base`` leaves none of the exchange's schemas."""
    command.downgrade(_config(url), revision)


def run(name: str) -> None:
    """Execute ``sql/migrations/<name>.sql`` in the migration under way."""
    source = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    op.get_bind().connection.cursor().execute(source)  # past SQLAlchemy, whose parameters would trip over %


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["url"] = url
    return config
