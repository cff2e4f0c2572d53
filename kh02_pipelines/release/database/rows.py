"""Rows of a release into the database and back: COPY on PostgreSQL, INSERT and SELECT elsewhere.

Belongs here: moving rows of ``<table>_release``. Does not belong here: transactions, or which release is shown.
"""

from collections.abc import Iterator, Mapping

import pyarrow as pa
from psycopg import sql
from sqlalchemy import Connection, Table, column, delete, func, insert, select
from sqlalchemy import table as sql_relation

from kh02_pipelines.release.content import content_hash_of_rows, csv_bytes
from kh02_pipelines.release.database.schema import ReleaseSchema
from kh02_pipelines.tables.declaration import Table as Declared
from kh02_pipelines.tables.sql import RELEASE_KEY

ROWS_PER_STATEMENT = 5_000
_AS_STORED = {pa.date32(): pa.string(), pa.bool_(): pa.int8()}


def insert_rows(connection: Connection, table: Table, rows: pa.Table) -> None:
    """Add rows whose columns are named as the table's."""
    if connection.dialect.name != "postgresql":
        _insert_in_batches(connection, table, rows)
        return
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
    )
    with _driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(csv_bytes(rows, header=False))


def _insert_in_batches(connection: Connection, table: Table, rows: pa.Table) -> None:
    """INSERT with values as drivers take them; having SQLAlchemy convert each value took six times as long."""
    compiled = insert(table).compile(dialect=connection.dialect, column_keys=rows.column_names)
    plain = rows.select(compiled.positiontup or rows.column_names)
    plain = plain.cast(pa.schema([(field.name, _AS_STORED.get(field.type, field.type)) for field in plain.schema]))
    for batch in plain.to_batches(max_chunksize=ROWS_PER_STATEMENT):
        if batch.num_rows:
            values = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            connection.exec_driver_sql(str(compiled), list(values))


def insert_release(connection: Connection, table: Table, release: str, rows: pa.Table) -> None:
    """Add one release's rows of one table.

    Rows that the audit has held against the declarations: SQLite need not test its CHECKs on each of them again.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")  # for as long as this connection lives
    key = pa.repeat(pa.scalar(release, pa.string()), rows.num_rows)
    insert_rows(connection, table, rows.add_column(0, pa.field(RELEASE_KEY, pa.string(), nullable=False), key))


def delete_release(connection: Connection, schema: ReleaseSchema, release: str) -> None:
    """Remove every row that belongs to a release, and then the release's own."""
    for table in reversed([*schema.twins.values(), *schema.beside.values()]):
        connection.execute(delete(table).where(table.c[RELEASE_KEY] == release))
    connection.execute(delete(schema.release).where(schema.release.c.release_id == release))


def replace_release(
    connection: Connection, schema: ReleaseSchema, release: str, tables: Mapping[str, pa.Table]
) -> None:
    """Put a release's rows of the catalogue in place of those it has; its record and its rows beside stay."""
    for table in reversed([*schema.twins.values()]):
        connection.execute(delete(table).where(table.c[RELEASE_KEY] == release))
    for name, table in schema.twins.items():
        insert_release(connection, table, release, tables[name])


def row_counts(connection: Connection, schema: ReleaseSchema, release: str) -> dict[str, int]:
    """How many rows of each table the database holds of a release."""
    return {
        name: connection.execute(
            select(func.count()).select_from(table).where(table.c[RELEASE_KEY] == release)
        ).scalar_one()
        for name, table in schema.twins.items()
    }


def stored_content_hash(
    connection: Connection, schema: ReleaseSchema, release: str, shapes: Mapping[str, pa.Schema]
) -> str:
    """The content hash (``release.content``) of what the database holds of a release, read back through SQL.

    ``shapes``: the Arrow schemas the release was published with.
    """

    def rows(name: str) -> Iterator[bytes]:
        return csv_rows(connection, schema.catalogue[name], schema.twins[name].name, shapes[name], release)

    return content_hash_of_rows((name, shapes[name], rows(name)) for name in sorted(shapes))


def csv_rows(
    connection: Connection, declared: Declared, relation: str, shape: pa.Schema, release: str | None
) -> Iterator[bytes]:
    """The rows of a table or view as ``csv_bytes`` makes them of an Arrow table, without header, in key order.

    ``relation`` has the columns of ``shape``; of a release where one is given, otherwise all that it shows.
    """
    if connection.dialect.name != "postgresql":
        yield csv_bytes(_read(connection, declared, relation, shape, release), header=False)
        return
    statement = _copy_out(declared.primary_key, relation, release, shape)
    with _driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
        yield from map(bytes, copy)


def _read(connection: Connection, declared: Declared, relation: str, shape: pa.Schema, release: str | None) -> pa.Table:
    source = sql_relation(relation, *(column(name) for name in {**dict.fromkeys(shape.names), RELEASE_KEY: None}))
    query = select(*(source.c[name] for name in shape.names)).order_by(*(source.c[key] for key in declared.primary_key))
    if release is not None:
        query = query.where(source.c[RELEASE_KEY] == release)
    text = str(query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
    # the driver's own tuples: taking them out of SQLAlchemy's rows took as long as reading them
    cursor = connection.exec_driver_sql(text, execution_options={"no_parameters": True}).cursor
    rows = cursor.fetchall()
    columns = list(zip(*rows, strict=True)) or [()] * len(shape)
    return pa.table([_typed(values, field) for values, field in zip(columns, shape, strict=True)], schema=shape)


def _typed(values: tuple[object, ...], field: pa.Field) -> pa.Array:
    """Values as a driver gives them, in the declared type: SQLite has text for dates, both numbers for yes and no."""
    if pa.types.is_boolean(field.type):
        return pa.array(values, pa.int8()).cast(pa.bool_())
    if pa.types.is_date(field.type) and any(isinstance(value, str) for value in values):
        return pa.array(values, pa.string()).cast(field.type)
    return pa.array(values, field.type)


def _copy_out(key: tuple[str, ...], relation: str, release: str | None, shape: pa.Schema) -> sql.Composed:
    """COPY that yields byte for byte what ``csv_bytes`` makes of the same rows."""
    quoted = [field.name for field in shape if pa.types.is_string(field.type)]
    shown = [
        sql.SQL("to_char({}, 'YYYY-MM-DD')" if pa.types.is_date(field.type) else "{}::text").format(
            sql.Identifier(field.name)
        )
        + sql.SQL(" AS {}").format(sql.Identifier(field.name))
        for field in shape
    ]
    order = [
        sql.SQL('{}.{} COLLATE "C"' if name in quoted else "{}.{}").format(sql.Identifier("t"), sql.Identifier(name))
        for name in key
    ]
    wanted = sql.SQL("") if release is None else sql.SQL("WHERE release_id = {}").format(sql.Literal(release))
    query = sql.SQL("SELECT {} FROM {} AS t {} ORDER BY {}").format(
        sql.SQL(", ").join(shown), sql.Identifier(relation), wanted, sql.SQL(", ").join(order)
    )
    return sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, FORCE_QUOTE ({}))").format(
        query, sql.SQL(", ").join(map(sql.Identifier, quoted))
    )


def _driver(connection: Connection):  # type: ignore[no-untyped-def]
    """The psycopg connection under a SQLAlchemy one."""
    return connection.connection.driver_connection
