-- Roles of the published catalogue on PostgreSQL 15 or newer. Safe to repeat.
-- Vai trò của cơ sở dữ liệu danh mục trên PostgreSQL 15 trở lên. Chạy lại được nhiều lần.
--
-- Run it once as a superuser or as the database's owner with CREATEROLE, connected to the catalogue's database:
--     psql -d <database> -f roles.sql        (or: kh02 db roles | psql -d <database>)
-- then `kh02 db upgrade` as a member of kh02_owner. `kh02 db upgrade` repeats the part after "grants" by itself.
--
--   kh02_owner   owns tables and views; the only one that runs DDL        (kh02 db upgrade)
--   kh02_writer  inserts and deletes release rows, moves the pointer      (kh02 build, kh02 rollback)
--   kh02_reader  reads the views: the current release, published releases (downstream systems)
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
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO kh02_owner, kh02_writer, kh02_reader', current_database()
    );
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', current_schema());
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO kh02_owner', current_schema());
END
$roles$;

-- What an earlier `kh02 db upgrade` made under another name now belongs to the owner.
DO $owner$
DECLARE
    thing record;
BEGIN
    FOR thing IN
        SELECT c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'v') AND c.relowner <> to_regrole('kh02_owner')
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
    thing record;
    here text := current_schema();
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO kh02_writer, kh02_reader', here);
    FOR thing IN
        SELECT c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = here AND c.relkind IN ('r', 'v') AND c.relowner = to_regrole('kh02_owner')
    LOOP
        EXECUTE format('REVOKE ALL ON %I.%I FROM PUBLIC, kh02_writer, kh02_reader', here, thing.relname);
        EXECUTE format('GRANT SELECT ON %I.%I TO kh02_writer', here, thing.relname);
        IF thing.relkind = 'v' THEN
            EXECUTE format('GRANT SELECT ON %I.%I TO kh02_reader', here, thing.relname);
        ELSIF thing.relname = 'current_release' THEN
            EXECUTE format('GRANT UPDATE (release_id, seq) ON %I.%I TO kh02_writer', here, thing.relname);
        ELSIF thing.relname = 'catalogue_release' THEN
            EXECUTE format('GRANT INSERT, DELETE ON %I.%I TO kh02_writer', here, thing.relname);
            EXECUTE format('GRANT UPDATE (status, published_at) ON %I.%I TO kh02_writer', here, thing.relname);
        ELSIF thing.relname = 'release_move' THEN
            EXECUTE format('GRANT INSERT ON %I.%I TO kh02_writer', here, thing.relname);
        ELSIF thing.relname NOT IN ('catalogue_contract', 'catalogue_schema_version') THEN
            EXECUTE format('GRANT INSERT, DELETE ON %I.%I TO kh02_writer', here, thing.relname);
            -- tables about releases get their rows in the transaction that publishes: no row there is staged
            IF thing.relname IN ('release_change', 'quality_result') THEN
                EXECUTE format('GRANT SELECT ON %I.%I TO kh02_reader', here, thing.relname);
            END IF;
        END IF;
    END LOOP;
END
$grants$;
