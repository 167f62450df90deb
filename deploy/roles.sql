-- The roles of the services, for an administrator where the migrating role may not create roles itself
-- (psql -f deploy/roles.sql as a superuser, before the first migration). Elsewhere the migrations make them.
-- Passwords are set by the migration job (deploy/roles.py). None of the login roles may bypass row-level security.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY[
        'plugzero_identity', 'plugzero_ingestion', 'plugzero_analytics', 'plugzero_seo',
        'plugzero_relay', 'plugzero_respondent', 'plugzero_reader'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT', role_name);
        END IF;
    END LOOP;
    -- Own the functions that policies ask for the caller's teams and projects, those that purge, and those
    -- that write on a caller's behalf; nobody logs in as them.
    FOREACH role_name IN ARRAY ARRAY['plugzero_access', 'plugzero_purge', 'plugzero_clerk'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT', role_name);
        END IF;
    END LOOP;
END
$$;
-- The role that migrates gives functions to these three, so it must be able to act as them; name it here:
--   GRANT plugzero_access, plugzero_purge, plugzero_clerk TO the_migrating_role WITH SET TRUE, INHERIT FALSE;
CREATE EXTENSION IF NOT EXISTS vector;
