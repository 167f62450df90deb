"""Who sees which user, team and membership; and how every policy learns who is calling."""

from django.db import migrations

from schema.security import ACCESS, LOGIN_ROLES, PURGE, SERVICES, access_function, grant, policy, protect, readable

IDENTITY = SERVICES[0]
MY_TEAMS = "ANY ((SELECT access.my_teams())::bigint[])"
MANAGED_TEAMS = "ANY ((SELECT access.my_managed_teams())::bigint[])"

SCHEMA = f"""
CREATE SCHEMA access;
COMMENT ON SCHEMA access IS 'What row-level security policies ask: who is calling, and what is theirs.';
GRANT USAGE ON SCHEMA access TO {", ".join(LOGIN_ROLES)};
GRANT USAGE, CREATE ON SCHEMA access TO {ACCESS};
CREATE SCHEMA maintenance;
COMMENT ON SCHEMA maintenance IS 'What recurring jobs call and no service could do under its own grants.';
GRANT USAGE ON SCHEMA maintenance TO {", ".join(SERVICES)};
GRANT USAGE, CREATE ON SCHEMA maintenance TO {PURGE};
"""


def setting_function(name: str, setting: str, kind: str) -> migrations.RunSQL:
    """A function that returns a setting of the transaction, null when it is unset or empty."""
    return migrations.RunSQL(
        f"CREATE FUNCTION access.{name}() RETURNS {kind} LANGUAGE sql STABLE PARALLEL SAFE "
        f"RETURN nullif(current_setting('{setting}', true), '')::{kind}",
        f"DROP FUNCTION access.{name}()",
    )


# A row per team of the caller, with the role. An owner counts as one before the membership row is written.
# A worker (app.team_id) stands for the team, but only where no user is named.
STANDING = f"""
CREATE VIEW access.standing AS
    SELECT t.id AS team_id, m.role::text AS role
    FROM public.accounts_user u
    JOIN public.accounts_teammembership m ON m.user_id = u.id
    JOIN public.accounts_team t ON t.id = m.team_id
    WHERE u.id = access.user_id() AND u.is_active AND u.deleted_at IS NULL AND t.deleted_at IS NULL
    UNION ALL
    SELECT t.id, 'OWNER'
    FROM public.accounts_user u
    JOIN public.accounts_team t ON t.owner_id = u.id
    WHERE u.id = access.user_id() AND u.is_active AND u.deleted_at IS NULL AND t.deleted_at IS NULL
      AND NOT EXISTS (SELECT FROM public.accounts_teammembership m WHERE m.team_id = t.id AND m.user_id = u.id)
    UNION ALL
    SELECT t.id, 'WORKER'
    FROM public.accounts_team t
    WHERE access.user_id() IS NULL AND t.id = access.team_id() AND t.deleted_at IS NULL;
REVOKE ALL ON access.standing FROM PUBLIC;
ALTER VIEW access.standing OWNER TO {ACCESS};
"""

# Deleted teams first: a user who still owns a team stays until that team is gone. What is below goes by ON DELETE.
PURGE_DELETED = f"""
CREATE FUNCTION maintenance.purge_deleted(grace interval) RETURNS TABLE (n_teams bigint, n_users bigint)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
    WITH gone_team AS (
        DELETE FROM public.accounts_team WHERE deleted_at < now() - grace RETURNING id
    ), gone_user AS (
        DELETE FROM public.accounts_user u WHERE u.deleted_at < now() - grace
        AND NOT EXISTS (SELECT FROM public.accounts_team t WHERE t.owner_id = u.id) RETURNING id
    )
    SELECT (SELECT count(*) FROM gone_team), (SELECT count(*) FROM gone_user)
$body$;
COMMENT ON FUNCTION maintenance.purge_deleted IS
    'Removes teams and users that were deleted longer ago than the grace period, with all that is theirs.';
REVOKE ALL ON FUNCTION maintenance.purge_deleted FROM PUBLIC;
GRANT EXECUTE ON FUNCTION maintenance.purge_deleted TO {IDENTITY};
ALTER FUNCTION maintenance.purge_deleted OWNER TO {PURGE};
"""


class Migration(migrations.Migration):
    """Schema `access`, grants and policies of the accounts tables."""

    dependencies = [("accounts", "0002_roles")]
    operations = [
        migrations.RunSQL(SCHEMA, "DROP SCHEMA access; DROP SCHEMA maintenance"),
        setting_function("user_id", "app.user_id", "bigint"),
        setting_function("team_id", "app.team_id", "bigint"),
        setting_function("survey_uuid", "app.survey_uuid", "uuid"),
        setting_function("session_hash", "app.session_hash", "text"),
        setting_function("report_uuid", "app.report_uuid", "uuid"),
        grant("SELECT (id, is_active, deleted_at)", "accounts_user", ACCESS),
        grant("SELECT (id, owner_id, deleted_at)", "accounts_team", ACCESS),
        grant("SELECT (team_id, user_id, role)", "accounts_teammembership", ACCESS),
        migrations.RunSQL(STANDING, "DROP VIEW access.standing"),
        access_function(
            "my_teams()",
            "bigint[]",
            "SELECT coalesce(array_agg(team_id), '{}') FROM access.standing",
            roles=SERVICES,
        ),
        access_function(
            "my_writable_teams()",
            "bigint[]",
            "SELECT coalesce(array_agg(team_id), '{}') FROM access.standing WHERE role <> 'VIEWER'",
            roles=SERVICES,
        ),
        access_function(
            "my_managed_teams()",
            "bigint[]",
            "SELECT coalesce(array_agg(team_id), '{}') FROM access.standing WHERE role IN ('OWNER', 'ADMIN')",
            roles=SERVICES,
        ),
        access_function(
            "my_colleagues()",
            "bigint[]",
            "SELECT coalesce(array_agg(user_id), '{}') FROM ("
            "SELECT m.user_id FROM public.accounts_teammembership m JOIN access.standing s USING (team_id) "
            "UNION SELECT access.user_id() WHERE access.user_id() IS NOT NULL) AS colleague",
            roles=SERVICES,
        ),
        access_function(
            "team_grant(wanted bigint)",
            "TABLE (team_id bigint, role text)",
            "SELECT s.team_id, s.role FROM access.standing s WHERE s.team_id = wanted",
            roles=SERVICES,
        ),
        *protect("accounts_user", "accounts_team", "accounts_teammembership"),
        # Identity finds people by address before it knows who is calling.
        grant("SELECT, INSERT, UPDATE", "accounts_user", IDENTITY),
        policy("accounts_user", "ALL", IDENTITY, using="true", check="true"),
        *(
            operation
            for role in ("plugzero_ingestion", "plugzero_analytics")
            for operation in readable(
                "accounts_user",
                role,
                columns="id, email, first_name, last_name, segment",
                using="id = ANY ((SELECT access.my_colleagues())::bigint[])",
            )
        ),
        # Whoever creates a team is no member at that moment, but must be able to read back the new id.
        *readable(
            "accounts_team",
            IDENTITY,
            using=f"id = {MY_TEAMS} OR (owner_id = (SELECT access.user_id()) AND deleted_at IS NULL)",
        ),
        grant("INSERT, UPDATE", "accounts_team", IDENTITY),
        policy("accounts_team", "INSERT", IDENTITY, check="owner_id = (SELECT access.user_id())"),
        policy("accounts_team", "UPDATE", IDENTITY, using=f"id = {MANAGED_TEAMS}", check=f"id = {MANAGED_TEAMS}"),
        *readable("accounts_teammembership", IDENTITY, using=f"team_id = {MY_TEAMS}"),
        grant("INSERT, UPDATE, DELETE", "accounts_teammembership", IDENTITY),
        policy("accounts_teammembership", "INSERT", IDENTITY, check=f"team_id = {MANAGED_TEAMS}"),
        policy(
            "accounts_teammembership",
            "UPDATE",
            IDENTITY,
            using=f"team_id = {MANAGED_TEAMS}",
            check=f"team_id = {MANAGED_TEAMS}",
        ),
        policy(
            "accounts_teammembership",
            "DELETE",
            IDENTITY,
            using=f"team_id = {MANAGED_TEAMS} OR (user_id = (SELECT access.user_id()) AND team_id = {MY_TEAMS})",
        ),
        *(
            grant("SELECT, INSERT, UPDATE, DELETE", table, IDENTITY)
            for table in ("accounts_session", "accounts_refreshtoken", "accounts_signingkey")
        ),
        grant("SELECT (id, owner_id, deleted_at), DELETE", "accounts_team", PURGE),
        grant("SELECT (id, deleted_at), DELETE", "accounts_user", PURGE),
        migrations.RunSQL(PURGE_DELETED, "DROP FUNCTION maintenance.purge_deleted"),
    ]
