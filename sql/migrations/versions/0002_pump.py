"""Registers of accounts (ПУМП): load tables made from the layouts, partitioned by report month."""

from pipelines.ground.migrations import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run("0002_pump.up")


def downgrade() -> None:
    run("0002_pump.down")
