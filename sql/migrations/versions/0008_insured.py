"""Register of the insured: policies, documents, earlier states of persons, records of insurers."""

from pipelines.ground.migrations import run

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run("0008_insured.up")


def downgrade() -> None:
    run("0008_insured.down")
