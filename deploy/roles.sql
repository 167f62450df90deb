-- Run once per cluster by an administrator, where the role that migrates may not create roles or may not bypass
-- row-level security (many managed servers): psql -v owner=plugzero -f deploy/roles.sql
-- Elsewhere the migrations create the same roles themselves. Passwords: manage.py set_role_passwords.
\set ON_ERROR_STOP on
SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT', name)
FROM unnest(ARRAY['plugzero_identity', 'plugzero_ingestion', 'plugzero_analytics', 'plugzero_seo', 'plugzero_relay',
                  'plugzero_respondent', 'plugzero_reader']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
SELECT format('CREATE ROLE %I NOLOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT', name)
FROM unnest(ARRAY['plugzero_access', 'plugzero_purge']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
-- The owner of the tables gives the functions of schema access to plugzero_access, so it must be able to act as it.
GRANT plugzero_access, plugzero_purge TO :"owner" WITH SET TRUE, INHERIT FALSE;
CREATE EXTENSION IF NOT EXISTS vector;
