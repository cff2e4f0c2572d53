-- Roles of the published catalogue on PostgreSQL 15 or newer. Safe to repeat.
-- Vai trò của cơ sở dữ liệu danh mục trên PostgreSQL 15 trở lên. Chạy lại được nhiều lần.
--
-- Run it once as a superuser or as the database's owner with CREATEROLE, connected to the catalogue's database:
--     kh02 db roles | psql -d <database>
-- then `kh02 db upgrade` as a member of kh02_owner, which repeats the part after "grants" by itself.
--
--   kh02_owner   owns tables and views; the only one that runs DDL        (kh02 db upgrade)
--   kh02_writer  inserts and deletes release rows, moves the pointer      (kh02 build, kh02 rollback)
--   kh02_reader  reads the views: the current release, published releases (downstream systems)
--
-- Only the tables and views listed below are touched: others in the schema keep their owner and their rights. What
-- PostgreSQL gives everybody stays as well (connecting, temporary tables, using the schema), but for CREATE in the
-- schema, which PostgreSQL 15 gives nobody by itself. `kh02 db roles --alone`, for a database that holds nothing
-- else, takes all of that from everybody but these roles.
--
-- None of them can log in. Give logins their role, for instance:
--     CREATE ROLE etl LOGIN PASSWORD '...' IN ROLE kh02_writer;

DO $roles$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['kh02_owner', 'kh02_writer', 'kh02_reader'] LOOP
        IF to_regrole(role) IS NULL THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
    END LOOP;
    -- alone: EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO kh02_owner, kh02_writer, kh02_reader', current_database()
    );
    -- alone: EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', current_schema());
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema());
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO kh02_owner', current_schema());
END
$roles$;

-- What an earlier `kh02 db upgrade` made under another name now belongs to the owner. Before the first one, a table
-- that happens to be called as one of ours is not ours.
DO $owner$
DECLARE
    thing record;
BEGIN
    IF to_regclass(format('%I.catalogue_release', current_schema())) IS NULL THEN
        RETURN;
    END IF;
    FOR thing IN
        SELECT c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'v') AND c.relowner <> to_regrole('kh02_owner')
        AND c.relname IN (
            /* tables */,
            /* views */
        )
    LOOP
        EXECUTE format(
            'ALTER %s %I OWNER TO kh02_owner', CASE thing.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, thing.relname
        );
    END LOOP;
END
$owner$;

-- grants --
DO $grants$
DECLARE
    thing text;
    here text := current_schema();
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO kh02_writer, kh02_reader', here);
    FOR thing IN
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = here AND c.relkind = 'r' AND c.relowner = to_regrole('kh02_owner')
        AND c.relname IN (
            /* tables */
        )
    LOOP
        EXECUTE format('REVOKE ALL ON %I.%I FROM PUBLIC, kh02_writer, kh02_reader', here, thing);
        EXECUTE format('GRANT SELECT ON %I.%I TO kh02_writer', here, thing);
        IF thing = 'current_release' THEN
            EXECUTE format('GRANT UPDATE (release_id, seq) ON %I.%I TO kh02_writer', here, thing);
        ELSIF thing = 'catalogue_release' THEN
            EXECUTE format('GRANT INSERT, DELETE ON %I.%I TO kh02_writer', here, thing);
            EXECUTE format('GRANT UPDATE (status, published_at, last_checked_at, as_of, content_hash, row_counts, table_columns) ON %I.%I TO kh02_writer', here, thing);
        ELSIF thing = 'publishing_lock' THEN
            EXECUTE format('GRANT UPDATE (holder) ON %I.%I TO kh02_writer', here, thing);
        ELSIF thing = 'release_move' THEN
            EXECUTE format('GRANT INSERT ON %I.%I TO kh02_writer', here, thing);
        ELSIF thing NOT IN ('catalogue_contract', 'catalogue_schema_version') THEN
            EXECUTE format('GRANT INSERT, DELETE ON %I.%I TO kh02_writer', here, thing);
        END IF;
    END LOOP;
    FOR thing IN
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = here AND c.relkind = 'v' AND c.relowner = to_regrole('kh02_owner')
        AND c.relname IN (
            /* views */
        )
    LOOP
        EXECUTE format('REVOKE ALL ON %I.%I FROM kh02_writer, kh02_reader', here, thing);
        EXECUTE format('GRANT SELECT ON %I.%I TO kh02_writer, kh02_reader', here, thing);
    END LOOP;
END
$grants$;
