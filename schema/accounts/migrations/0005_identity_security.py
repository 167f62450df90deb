"""Grants and policies of identity's further tables; sessions, keys and the activity log as every service asks for them."""

from django.db import migrations

from schema.security import (
    ACCESS,
    CLERK,
    PURGE,
    SERVICES,
    access_function,
    clerk_function,
    grant,
    policy,
    protect,
)

IDENTITY = SERVICES[0]
MY_TEAMS = "ANY ((SELECT access.my_teams())::bigint[])"
MANAGED_TEAMS = "ANY ((SELECT access.my_managed_teams())::bigint[])"
MY_ID = "(SELECT access.user_id())"

CREATE_CLERK = f"""
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{CLERK}') THEN
        CREATE ROLE {CLERK} NOLOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- another database of the cluster is being migrated at this moment
END
$$;
DO $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
       AND NOT pg_catalog.pg_has_role(current_user, '{CLERK}', 'SET') THEN
        EXECUTE format('GRANT {CLERK} TO %I WITH SET TRUE, INHERIT FALSE', current_user);
    END IF;
END
$$;
GRANT USAGE, CREATE ON SCHEMA access TO {CLERK};
"""

SETTINGS = """
CREATE FUNCTION access.only_team() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.only_team', true), '')::bigint;
CREATE FUNCTION access.invitation_hash() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.invitation_hash', true), '');
"""

# As in 0003, but an API key (app.only_team) reaches no team beyond its own.
# Replaced by its owner, as whom the migrating role may act.
STANDING = f"""
SET LOCAL ROLE {ACCESS};
CREATE OR REPLACE VIEW access.standing AS
    SELECT t.id AS team_id, m.role::text AS role
    FROM public.accounts_user u
    JOIN public.accounts_teammembership m ON m.user_id = u.id
    JOIN public.accounts_team t ON t.id = m.team_id
    WHERE u.id = access.user_id() AND u.is_active AND u.deleted_at IS NULL AND t.deleted_at IS NULL
      AND (access.only_team() IS NULL OR t.id = access.only_team())
    UNION ALL
    SELECT t.id, 'OWNER'
    FROM public.accounts_user u
    JOIN public.accounts_team t ON t.owner_id = u.id
    WHERE u.id = access.user_id() AND u.is_active AND u.deleted_at IS NULL AND t.deleted_at IS NULL
      AND (access.only_team() IS NULL OR t.id = access.only_team())
      AND NOT EXISTS (SELECT FROM public.accounts_teammembership m WHERE m.team_id = t.id AND m.user_id = u.id)
    UNION ALL
    SELECT t.id, 'WORKER'
    FROM public.accounts_team t
    WHERE access.user_id() IS NULL AND t.id = access.team_id() AND t.deleted_at IS NULL;
RESET ROLE;
"""
STANDING_BEFORE = STANDING.replace("      AND (access.only_team() IS NULL OR t.id = access.only_team())\n", "")
OWN_TEAM = "(owner_id = (SELECT access.user_id()) AND deleted_at IS NULL{and_not_a_key})"

# A log-in that is still open: asked in the first statement of every request's transaction.
SESSION_OPEN = """
    SELECT EXISTS (
        SELECT FROM public.accounts_session s JOIN public.accounts_user u ON u.id = s.user_id
        WHERE s.id = wanted AND s.ended_at IS NULL AND s.expires_at > now() AND u.is_active AND u.deleted_at IS NULL)
"""
# The use is noted once a minute, and never waits for another request that notes it.
USE_API_KEY = """
BEGIN
    UPDATE public.accounts_apikey SET last_used_at = now() WHERE id = (
        SELECT k.id FROM public.accounts_apikey k
        WHERE k.key_hash = wanted AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
          AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute')
        FOR UPDATE SKIP LOCKED);
    RETURN QUERY
        SELECT k.id, k.user_id, k.team_id, k.scopes
        FROM public.accounts_apikey k
        JOIN public.accounts_user u ON u.id = k.user_id
        JOIN public.accounts_team t ON t.id = k.team_id
        JOIN public.accounts_teammembership m ON m.user_id = u.id AND m.team_id = t.id
        WHERE k.key_hash = wanted AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
          AND u.is_active AND u.deleted_at IS NULL AND t.deleted_at IS NULL;
END
"""
RESTORE_TEAM = """
BEGIN
    UPDATE public.accounts_team SET deleted_at = NULL
    WHERE id = wanted AND owner_id = access.user_id() AND deleted_at IS NOT NULL AND access.only_team() IS NULL;
    RETURN FOUND;
END
"""
DELETED_TEAMS = """
    SELECT t.id, t.name::text, t.created_at, t.deleted_at FROM public.accounts_team t
    WHERE t.owner_id = access.user_id() AND t.deleted_at IS NOT NULL AND access.only_team() IS NULL
"""
OPEN_INVITATION = """
    SELECT i.id, i.team_id, i.email::text, i.role::text, t.name::text
    FROM public.accounts_invitation i JOIN public.accounts_team t ON t.id = i.team_id
    WHERE i.token_hash = access.invitation_hash() AND i.accepted_at IS NULL AND i.revoked_at IS NULL
      AND i.expires_at > now() AND t.deleted_at IS NULL
"""

# What the hash of a row covers: everything but its id, as one JSON array (PostgreSQL writes jsonb in one way only).
ACTIVITY_HASH = """
CREATE FUNCTION access.activity_hash(l public.accounts_activitylog) RETURNS text LANGUAGE sql IMMUTABLE AS $body$
    SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_array(
        l.previous_hash, l.chain, l.position, l.team_id, l.actor_id, l.actor, l.action, l.target, l.outcome,
        l.ip_address, l.user_agent, l.request_id, l.details,
        (extract(epoch FROM l.created_at) * 1000000)::bigint)::text, 'UTF8')), 'hex')
$body$;
COMMENT ON FUNCTION access.activity_hash IS 'SHA-256 over a row of the activity log and the hash of the row before.';
"""
# Many chains for the anonymous, so that attempts on unknown accounts wait for one another no more than those on known ones.
# The head's row lock makes a chain's rows follow one another; it is held until the caller's transaction ends.
APPEND_ACTIVITY = """
DECLARE
    head public.accounts_activityhead;
    entry public.accounts_activitylog;
    wanted_chain text := coalesce(
        'team:' || in_team, 'user:' || in_actor_id, 'anonymous:' || (hashtext(in_request_id) & 63));
BEGIN
    INSERT INTO public.accounts_activityhead (chain, position, hash) VALUES (wanted_chain, 0, repeat('0', 64))
    ON CONFLICT DO NOTHING;
    SELECT * INTO head FROM public.accounts_activityhead h WHERE h.chain = wanted_chain FOR UPDATE;
    entry.chain := wanted_chain;
    entry.position := head.position + 1;
    entry.team_id := in_team;
    entry.actor_id := in_actor_id;
    entry.actor := in_actor;
    entry.action := in_action;
    entry.target := in_target;
    entry.outcome := in_outcome;
    entry.ip_address := in_ip_address;
    entry.user_agent := in_user_agent;
    entry.request_id := in_request_id;
    entry.details := in_details;
    entry.created_at := clock_timestamp();
    entry.previous_hash := head.hash;
    entry.hash := access.activity_hash(entry);
    INSERT INTO public.accounts_activitylog (chain, position, team_id, actor_id, actor, action, target, outcome,
        ip_address, user_agent, request_id, details, created_at, previous_hash, hash)
    VALUES (entry.chain, entry.position, entry.team_id, entry.actor_id, entry.actor, entry.action, entry.target,
        entry.outcome, entry.ip_address, entry.user_agent, entry.request_id, entry.details, entry.created_at,
        entry.previous_hash, entry.hash);
    UPDATE public.accounts_activityhead SET position = entry.position, hash = entry.hash WHERE chain = wanted_chain;
END
"""
# The oldest row that is kept is believed; from there on every row must name the one before and hash to what it says.
VERIFY_ACTIVITY = """
    WITH walked AS (
        SELECT l.position, l.hash, l.previous_hash,
            lag(l.hash) OVER w AS hash_before, lag(l.position) OVER w AS position_before,
            access.activity_hash(l) AS computed
        FROM public.accounts_activitylog l WHERE l.chain = 'team:' || wanted WINDOW w AS (ORDER BY l.position)
    ), broken AS (
        SELECT min(position) AS position FROM walked
        WHERE hash <> computed OR (position_before IS NOT NULL
            AND (previous_hash <> hash_before OR position <> position_before + 1))
    )
    SELECT (SELECT count(*) FROM walked), (SELECT min(position) FROM walked), coalesce(h.position, 0),
        coalesce(h.hash, repeat('0', 64))::text,
        coalesce((SELECT position FROM broken), CASE WHEN h.position IS DISTINCT FROM last.position
            OR h.hash IS DISTINCT FROM last.hash THEN coalesce(last.position, 0) + 1 END)
    FROM (VALUES (1)) AS one (row)
    LEFT JOIN public.accounts_activityhead h ON h.chain = 'team:' || wanted
    LEFT JOIN (SELECT position, hash FROM walked ORDER BY position DESC LIMIT 1) AS last ON true
"""
PURGE_ACTIVITY = f"""
CREATE FUNCTION maintenance.purge_activity(keep interval) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
    WITH gone AS (DELETE FROM public.accounts_activitylog WHERE created_at < now() - keep RETURNING 1)
    SELECT count(*) FROM gone
$body$;
COMMENT ON FUNCTION maintenance.purge_activity IS 'Removes the oldest rows of the activity log, past their retention.';
REVOKE ALL ON FUNCTION maintenance.purge_activity FROM PUBLIC;
GRANT EXECUTE ON FUNCTION maintenance.purge_activity TO {IDENTITY};
ALTER FUNCTION maintenance.purge_activity OWNER TO {PURGE};
"""
OWN_KEY = f"user_id = {MY_ID} AND team_id = {MY_TEAMS}"


class Migration(migrations.Migration):
    """Functions, grants and policies."""

    dependencies = [("accounts", "0004_identity")]
    operations = [
        migrations.RunSQL(CREATE_CLERK, f"REVOKE USAGE, CREATE ON SCHEMA access FROM {CLERK}"),
        migrations.RunSQL(SETTINGS, "DROP FUNCTION access.only_team(); DROP FUNCTION access.invitation_hash()"),
        migrations.RunSQL(STANDING, STANDING_BEFORE),
        migrations.RunSQL(
            f"ALTER POLICY {IDENTITY}_select ON accounts_team USING "
            f"(id = {MY_TEAMS} OR {OWN_TEAM.format(and_not_a_key=' AND access.only_team() IS NULL')})",
            f"ALTER POLICY {IDENTITY}_select ON accounts_team USING "
            f"(id = {MY_TEAMS} OR {OWN_TEAM.format(and_not_a_key='')})",
        ),
        # Who calls.
        grant("SELECT (id, user_id, ended_at, expires_at)", "accounts_session", ACCESS),
        access_function("is_session_open(wanted uuid)", "boolean", SESSION_OPEN, roles=SERVICES),
        grant("SELECT (id, is_active, deleted_at)", "accounts_user", CLERK),
        grant("SELECT (id, owner_id, deleted_at)", "accounts_team", CLERK),
        grant("SELECT (user_id, team_id)", "accounts_teammembership", CLERK),
        grant("SELECT, UPDATE (last_used_at)", "accounts_apikey", CLERK),
        clerk_function(
            "use_api_key(wanted text)",
            "TABLE (key_id bigint, user_id bigint, team_id bigint, scopes jsonb)",
            USE_API_KEY,
            roles=SERVICES,
        ),
        # Teams that come back, and members who come in.
        grant("UPDATE (deleted_at)", "accounts_team", CLERK),
        clerk_function("restore_team(wanted bigint)", "boolean", RESTORE_TEAM, roles=(IDENTITY,)),
        grant("SELECT (name, created_at)", "accounts_team", ACCESS),
        access_function(
            "my_deleted_teams()",
            "TABLE (id bigint, name text, created_at timestamptz, deleted_at timestamptz)",
            DELETED_TEAMS,
            roles=(IDENTITY,),
        ),
        grant(
            "SELECT (id, team_id, email, role, token_hash, accepted_at, revoked_at, expires_at)",
            "accounts_invitation",
            CLERK,
        ),
        grant("SELECT (name)", "accounts_team", CLERK),
        clerk_function(
            "open_invitation()",
            "TABLE (id bigint, team_id bigint, email text, role text, team_name text)",
            f"BEGIN RETURN QUERY {OPEN_INVITATION}; END",
            roles=(IDENTITY,),
        ),
        *protect("accounts_invitation", "accounts_apikey", "accounts_recoverycode", "accounts_activitylog"),
        grant("SELECT, INSERT, UPDATE", "accounts_invitation", IDENTITY),
        policy(
            "accounts_invitation",
            "SELECT",
            IDENTITY,
            using=f"team_id = {MANAGED_TEAMS} OR token_hash = (SELECT access.invitation_hash())",
        ),
        policy("accounts_invitation", "INSERT", IDENTITY, check=f"team_id = {MANAGED_TEAMS}"),
        policy(
            "accounts_invitation",
            "UPDATE",
            IDENTITY,
            using=f"team_id = {MANAGED_TEAMS} OR token_hash = (SELECT access.invitation_hash())",
        ),
        migrations.RunSQL(
            f"CREATE POLICY {IDENTITY}_accept ON accounts_teammembership FOR INSERT TO {IDENTITY} WITH CHECK ("
            f"user_id = {MY_ID} AND EXISTS (SELECT FROM access.open_invitation() i "
            "WHERE i.team_id = accounts_teammembership.team_id AND i.role = accounts_teammembership.role))",
            f"DROP POLICY {IDENTITY}_accept ON accounts_teammembership",
        ),
        # Keys: their maker's, and the managers' to see and revoke.
        grant("SELECT, INSERT, UPDATE (revoked_at)", "accounts_apikey", IDENTITY),
        policy("accounts_apikey", "SELECT", IDENTITY, using=f"({OWN_KEY}) OR team_id = {MANAGED_TEAMS}"),
        policy("accounts_apikey", "INSERT", IDENTITY, check=OWN_KEY),
        policy("accounts_apikey", "UPDATE", IDENTITY, using=f"({OWN_KEY}) OR team_id = {MANAGED_TEAMS}"),
        grant("SELECT, INSERT, UPDATE, DELETE", "accounts_recoverycode", IDENTITY),
        policy("accounts_recoverycode", "ALL", IDENTITY, using=f"user_id = {MY_ID}", check=f"user_id = {MY_ID}"),
        grant("SELECT, INSERT, UPDATE, DELETE", "accounts_loginthrottle", IDENTITY),
        # The activity log: everybody adds, nobody changes.
        migrations.RunSQL(ACTIVITY_HASH, "DROP FUNCTION access.activity_hash"),
        grant("SELECT, INSERT", "accounts_activitylog", CLERK),
        grant("SELECT, INSERT, UPDATE", "accounts_activityhead", CLERK),
        grant("SELECT", "accounts_activityhead", IDENTITY),
        clerk_function(
            "append_activity(in_team bigint, in_actor_id bigint, in_actor text, in_action text, in_target text, "
            "in_outcome text, in_ip_address text, in_user_agent text, in_request_id text, in_details jsonb)",
            "void",
            APPEND_ACTIVITY,
            roles=SERVICES,
        ),
        clerk_function(
            "verify_activity(wanted bigint)",
            "TABLE (n_rows bigint, first_position bigint, last_position bigint, head_hash text, broken_at bigint)",
            f"BEGIN RETURN QUERY {VERIFY_ACTIVITY}; END",
            roles=(IDENTITY,),
        ),
        grant("SELECT", "accounts_activitylog", IDENTITY),
        policy(
            "accounts_activitylog",
            "SELECT",
            IDENTITY,
            using=f"team_id = {MANAGED_TEAMS} OR actor_id = {MY_ID}",
        ),
        grant("SELECT (created_at), DELETE", "accounts_activitylog", PURGE),
        migrations.RunSQL(PURGE_ACTIVITY, "DROP FUNCTION maintenance.purge_activity"),
    ]
