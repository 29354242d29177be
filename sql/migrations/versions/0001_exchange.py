"""Journal of the exchange: organisations, packages, events, findings, outbox; database roles."""

from pipelines.ground.migrations import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    run("0001_exchange.up")


def downgrade() -> None:
    run("0001_exchange.down")
