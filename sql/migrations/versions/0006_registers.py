"""Registers of oncology, high-technology care and examinations (C, T, X): load tables, months opened for all of them."""

from pipelines.ground.migrations import run

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run("0006_registers.up")


def downgrade() -> None:
    run("0006_registers.down")
