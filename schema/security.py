"""The words in which migrations state who may do what: roles, grants, row-level security policies.

Applied migrations call these functions, so their SQL never changes; a new need is a new function.
"""

from django.db.migrations import RunSQL

SERVICES = ("plugzero_identity", "plugzero_ingestion", "plugzero_analytics", "plugzero_seo")
RELAY, RESPONDENT, READER = "plugzero_relay", "plugzero_respondent", "plugzero_reader"
LOGIN_ROLES = (*SERVICES, RELAY, RESPONDENT, READER)
ACCESS, PURGE, CLERK = "plugzero_access", "plugzero_purge", "plugzero_clerk"

# The sub-select makes PostgreSQL call the function once per statement (an InitPlan) and keeps index conditions.
READABLE_PROJECT = "project_id = ANY ((SELECT access.my_projects())::bigint[])"
WRITABLE_PROJECT = "project_id = ANY ((SELECT access.my_writable_projects())::bigint[])"


def grant(privileges: str, table: str, *roles: str) -> RunSQL:
    """Grants privileges on a table, or on the columns that the privileges name, to the roles."""
    names = ", ".join(roles)
    return RunSQL(f"GRANT {privileges} ON {table} TO {names}", f"REVOKE {privileges} ON {table} FROM {names}")


def protect(*tables: str) -> list[RunSQL]:
    """Row-level security for the tables, for their owner too: without a policy nobody sees a row."""
    return [
        RunSQL(
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        )
        for table in tables
    ]


def policy(table: str, command: str, role: str, *, using: str = "", check: str = "") -> RunSQL:
    """One permissive policy, named `<role>_<command>`: which rows are seen or changed, and what may be written."""
    name = f"{role}_{command.lower()}"
    conditions = (f" USING ({using})" if using else "") + (f" WITH CHECK ({check})" if check else "")
    return RunSQL(
        f"CREATE POLICY {name} ON {table} FOR {command} TO {role}{conditions}",
        f"DROP POLICY {name} ON {table}",
    )


def readable(table: str, role: str, *, columns: str = "", using: str = READABLE_PROJECT) -> list[RunSQL]:
    """The role may read the rows of the caller's projects, all columns or those listed."""
    privilege = f"SELECT ({columns})" if columns else "SELECT"
    return [grant(privilege, table, role), policy(table, "SELECT", role, using=using)]


def writable(
    table: str, role: str, *, using: str = READABLE_PROJECT, check: str = WRITABLE_PROJECT
) -> list[RunSQL]:
    """The role may read the caller's rows, and write those of teams in which the caller may write."""
    return [
        *readable(table, role, using=using),
        grant("INSERT, UPDATE, DELETE", table, role),
        policy(table, "INSERT", role, check=check),
        policy(table, "UPDATE", role, using=check, check=check),
        policy(table, "DELETE", role, using=check),
    ]


def appendable(table: str, role: str) -> list[RunSQL]:
    """The role may read and add rows of the caller's projects, and delete them, but never change one."""
    return [
        *readable(table, role),
        grant("INSERT, DELETE", table, role),
        policy(table, "INSERT", role, check=WRITABLE_PROJECT),
        policy(table, "DELETE", role, using=WRITABLE_PROJECT),
    ]


def access_function(signature: str, returns: str, body: str, *, roles: tuple[str, ...]) -> RunSQL:
    """A function of schema `access` that looks past row-level security on the caller's behalf.

    It runs as plugzero_access with a fixed search path, so that nobody can put an object of their own in its way.
    """
    return RunSQL(
        f"CREATE FUNCTION access.{signature} RETURNS {returns} LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE "
        f"SET search_path = pg_catalog, pg_temp AS $body${body}$body$; "
        f"REVOKE ALL ON FUNCTION access.{signature} FROM PUBLIC; "
        f"GRANT EXECUTE ON FUNCTION access.{signature} TO {', '.join(roles)}; "
        f"ALTER FUNCTION access.{signature} OWNER TO {ACCESS}",
        f"DROP FUNCTION access.{signature}",
    )


def clerk_function(signature: str, returns: str, body: str, *, roles: tuple[str, ...]) -> RunSQL:
    """A function of schema `access` that writes one thing on the caller's behalf, in plpgsql, as plugzero_clerk.

    What it writes no login role may write by itself; its fixed search path is that of `access_function`.
    """
    name = signature.partition("(")[0]
    return RunSQL(
        f"CREATE FUNCTION access.{signature} RETURNS {returns} LANGUAGE plpgsql VOLATILE SECURITY DEFINER "
        f"SET search_path = pg_catalog, pg_temp AS $body${body}$body$; "
        f"REVOKE ALL ON FUNCTION access.{name} FROM PUBLIC; "
        f"GRANT EXECUTE ON FUNCTION access.{name} TO {', '.join(roles)}; "
        f"ALTER FUNCTION access.{name} OWNER TO {CLERK}",
        f"DROP FUNCTION access.{name}",
    )


def maintenance_function(
    name: str, arguments: str, returns: str, body: str, comment: str, *, role: str
) -> RunSQL:
    """A function of schema `maintenance` that looks past row-level security for a recurring job of one role."""
    return RunSQL(
        f"CREATE FUNCTION maintenance.{name}({arguments}) RETURNS {returns} "
        f"LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body${body}$body$; "
        f"COMMENT ON FUNCTION maintenance.{name} IS '{comment}'; "
        f"REVOKE ALL ON FUNCTION maintenance.{name} FROM PUBLIC; "
        f"GRANT EXECUTE ON FUNCTION maintenance.{name} TO {role}; "
        f"ALTER FUNCTION maintenance.{name} OWNER TO {PURGE}",
        f"DROP FUNCTION maintenance.{name}",
    )


def replaced_function(
    signature: str, returns: str, body: str, *, before: str, how: str, owner: str
) -> RunSQL:
    """Another body for a function of `access_function` or `maintenance_function`; who may call it stays."""

    def written(text: str) -> str:
        return (
            f"SET ROLE {owner}; CREATE OR REPLACE FUNCTION {signature} RETURNS {returns} LANGUAGE sql {how} "
            f"SET search_path = pg_catalog, pg_temp AS $body${text}$body$; RESET ROLE"
        )

    return RunSQL(written(body), written(before))
