"""Pages of operators and auditors: indices, totals of closed days, what an organisation may see of itself."""

from pipelines.ground.migrations import run

revision = "0020"
down_revision = "0008"


def upgrade() -> None:
    run("0020_pages.up")


def downgrade() -> None:
    run("0020_pages.down")
