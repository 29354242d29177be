"""Documents of packages: results of Great Expectations and Data Docs in the content store."""

from pipelines.ground.migrations import run

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run("0007_documents.up")


def downgrade() -> None:
    run("0007_documents.down")
