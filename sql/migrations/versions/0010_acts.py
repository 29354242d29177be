"""Acts of control of insurers: acts, their cases and sanctions."""

from pipelines.ground.migrations import run

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run("0010_acts.up")


def downgrade() -> None:
    run("0010_acts.down")
