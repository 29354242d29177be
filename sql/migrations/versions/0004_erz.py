"""Register of the insured (ЕРЗ): persons, requests and attachments of the PR exchange."""

from pipelines.ground.migrations import run

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run("0004_erz.up")


def downgrade() -> None:
    run("0004_erz.down")
