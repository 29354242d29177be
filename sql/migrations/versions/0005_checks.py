"""Editions of the rule dictionaries and the decisions on them."""

from pipelines.ground.migrations import run

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run("0005_checks.up")


def downgrade() -> None:
    run("0005_checks.down")
