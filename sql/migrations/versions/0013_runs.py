"""Packages of a task of the scheduler: which task received one, and the look-up of both."""

from pipelines.ground.migrations import run

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    run("0013_runs.up")


def downgrade() -> None:
    run("0013_runs.down")
