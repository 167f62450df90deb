"""The database roles: one per process kind, none of which may bypass row-level security.

Roles belong to the whole cluster and may exist already (another database, or `deploy/roles.sql` run by an
administrator where the migrating role may not create roles), so each is created only when missing, and none is dropped.
"""

from django.db import migrations

from schema.security import ACCESS, LOGIN_ROLES, PURGE

CREATE_ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} {attributes};
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- another database of the cluster is being migrated at this moment
END
$$
"""
LOGIN = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT"
NOLOGIN = "NOLOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT"

# To give a function to another role one must be able to act as that role; PostgreSQL 16 and later let the creator
# of a role arrange that for itself. A superuser needs nothing.
ACT_AS = """
DO $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
       AND NOT pg_catalog.pg_has_role(current_user, '{role}', 'SET') THEN
        EXECUTE format('GRANT {role} TO %I WITH SET TRUE, INHERIT FALSE', current_user);
    END IF;
END
$$
"""


class Migration(migrations.Migration):
    """Creates the roles."""

    dependencies = [("accounts", "0001_initial")]
    operations = [
        *(
            migrations.RunSQL(CREATE_ROLE.format(role=role, attributes=LOGIN), migrations.RunSQL.noop)
            for role in LOGIN_ROLES
        ),
        *(
            migrations.RunSQL(statement.format(role=role, attributes=NOLOGIN), migrations.RunSQL.noop)
            for role in (ACCESS, PURGE)
            for statement in (CREATE_ROLE, ACT_AS)
        ),
    ]
