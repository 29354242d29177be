"""Pages of operators and auditors: indices, totals of closed days, what an organisation may see of itself."""

from pipelines.ground.migrations import run

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run("0011_pages.up")


def downgrade() -> None:
    run("0011_pages.down")
