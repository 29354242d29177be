"""Alembic's environment: one transaction for a run of migrations."""

from alembic import context

from pipelines.ground.database import engine

with engine(context.config.attributes["url"]).connect() as connection:
    context.configure(connection=connection, version_table="migration", transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
