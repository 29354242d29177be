"""Sums of closings that the pages read, search by a part of a name, cases by their number."""

from pipelines.ground.migrations import run

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run("0012_summaries.up")


def downgrade() -> None:
    run("0012_summaries.down")
