"""Dated dictionaries (НСИ): editions and their entries."""

from pipelines.ground.migrations import run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run("0003_nsi.up")


def downgrade() -> None:
    run("0003_nsi.down")
