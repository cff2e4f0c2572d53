"""Alembic's entry: runs the migrations on the connection that ``database_upgrade`` hands over."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="catalogue_schema_version",
    transactional_ddl=False,  # the caller holds the transaction
)
context.run_migrations()
