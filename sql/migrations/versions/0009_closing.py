"""Closings of months: inputs, decisions, settlement, documents; files sent to organisations unasked."""

from pipelines.ground.migrations import run

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run("0009_closing.up")


def downgrade() -> None:
    run("0009_closing.down")
