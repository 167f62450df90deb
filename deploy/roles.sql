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
    -- Owns the functions that policies ask for the caller's teams and projects; nobody logs in as it.
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'plugzero_access') THEN
        CREATE ROLE plugzero_access NOLOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT;
    END IF;
END
$$;
