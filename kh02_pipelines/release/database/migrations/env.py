"""Alembic's entry: runs the migrations on the connection that ``upgrade`` hands over."""

from alembic import context

from kh02_pipelines.release.database.schema import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    transactional_ddl=False,  # the caller holds the transaction
)
context.run_migrations()
