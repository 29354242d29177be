"""Packages of a task of the scheduler: which task received one, and the look-up of both."""

from pipelines.ground.migrations import run

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run("0012_runs.up")


def downgrade() -> None:
    run("0012_runs.down")
