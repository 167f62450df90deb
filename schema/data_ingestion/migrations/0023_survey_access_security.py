"""The database's own doorkeeper: opening times, the largest number of interviews, devices, and tries of passwords."""

from importlib import import_module

from django.db import migrations

from schema.security import (
    ACCESS,
    CLERK,
    RESPONDENT,
    SERVICES,
    access_function,
    clerk_function,
    grant,
    protect,
    readable,
    writable,
)

BEFORE = import_module("schema.data_ingestion.migrations.0018_quota_seat_security")
INGESTION = SERVICES[1]
RULES, RESPONSE, SEAT = (f"data_ingestion_{name}" for name in ("surveyaccess", "surveyresponse", "quotaseat"))
ATTEMPT = "data_ingestion_passwordattempt"
PUBLISHED = """
    SELECT s.id
    FROM public.data_ingestion_survey s
    JOIN public.data_ingestion_project p ON p.id = s.project_id
    JOIN public.accounts_team t ON t.id = p.team_id
    WHERE s.status = 'PUBLISHED' AND t.deleted_at IS NULL
      AND CASE WHEN access.survey_uuid() IS NOT NULL THEN s.uuid = access.survey_uuid()
          ELSE s.id = (SELECT r.survey_id FROM public.data_ingestion_surveyresponse r
                       WHERE r.token_hash = access.session_hash()) END
"""
# Which survey takes answers of interviews under way: time is the database's.
OPEN = f"""{PUBLISHED}
      AND NOT EXISTS (SELECT FROM public.{RULES} a WHERE a.survey_id = s.id AND (
          a.opens_at > now() OR a.closes_at + make_interval(mins => a.grace_minutes) <= now()))
"""
# Which survey lets interviews begin.
STARTING = f"""
    SELECT access.open_survey() WHERE NOT EXISTS (
        SELECT FROM public.{RULES} a WHERE a.survey_id = access.open_survey() AND (
            a.closes_at <= now()
            OR a.max_responses <= (SELECT count(*) FROM public.{RESPONSE} r
                                   WHERE r.survey_id = a.survey_id AND r.status = 'COMPLETE' AND NOT r.is_test)))
"""
DEVICE_HAS_FINISHED = f"""
    SELECT EXISTS (SELECT FROM public.{RESPONSE} r WHERE r.survey_id = access.public_survey()
                   AND r.device_hash = device AND r.status <> 'IN_PROGRESS')
"""
OWN_RESPONSE = "token_hash = (SELECT access.session_hash()) AND survey_id = (SELECT access.{survey}()) AND NOT is_test"
# As before (0018), with one cell more: the survey as a whole, `@responses`, where it wants a largest number. What it counts are
# complete interviews, also those from before there was a limit, and the places of those under way.
TAKE_SEATS = f"""
DECLARE
    me record; cell text; goal bigint; taken bigint; is_full text[] := '{{}}'; most bigint; cells text[] := wanted;
BEGIN
    SELECT r.id, r.survey_id, r.project_id INTO me FROM public.{RESPONSE} r
    WHERE r.token_hash = access.session_hash() AND r.survey_id = access.open_survey()
      AND r.status = 'IN_PROGRESS' AND NOT r.is_test;
    IF me.id IS NULL THEN RETURN is_full; END IF;
    SELECT a.max_responses INTO most FROM public.{RULES} a WHERE a.survey_id = me.survey_id;
    IF most IS NOT NULL THEN cells := cells || '@responses'::text; END IF;
    DELETE FROM public.{SEAT} s
    WHERE s.survey_response_id = me.id AND s.kept_at IS NULL AND NOT s.quota = ANY (cells);
    FOR cell IN SELECT DISTINCT w FROM unnest(cells) AS w ORDER BY w LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended('quota/' || me.survey_id || '/' || cell, 0));
        IF cell = '@responses' THEN
            goal := most;
            SELECT count(*) INTO taken FROM public.{RESPONSE} r
            WHERE r.survey_id = me.survey_id AND r.status = 'COMPLETE' AND NOT r.is_test;
        ELSE
            SELECT (q->>'target')::bigint INTO goal
            FROM public.data_ingestion_survey s
            JOIN public.data_ingestion_surveyversion v ON v.id = s.published_version_id
            CROSS JOIN LATERAL jsonb_array_elements(coalesce(v.definition->'quotas', '[]'::jsonb)) AS q
            WHERE s.id = me.survey_id AND q->>'code' = cell;
            CONTINUE WHEN NOT FOUND;
            SELECT count(*) INTO taken FROM public.{SEAT} s
            WHERE s.survey_id = me.survey_id AND s.quota = cell AND s.survey_response_id <> me.id
              AND s.kept_at IS NOT NULL;
        END IF;
        SELECT taken + count(*) INTO taken FROM public.{SEAT} s
        WHERE s.survey_id = me.survey_id AND s.quota = cell AND s.survey_response_id <> me.id
          AND s.kept_at IS NULL AND s.leased_until > clock_timestamp();
        IF taken >= goal THEN
            is_full := is_full || cell;
        ELSE
            INSERT INTO public.{SEAT} (project_id, survey_id, survey_response_id, quota, leased_until, kept_at)
            VALUES (me.project_id, me.survey_id, me.id, cell, clock_timestamp() + lease,
                    CASE WHEN for_good THEN clock_timestamp() END)
            ON CONFLICT (survey_response_id, quota)
            DO UPDATE SET leased_until = excluded.leased_until, kept_at = coalesce(excluded.kept_at, {SEAT}.kept_at);
        END IF;
    END LOOP;
    IF is_full <> '{{}}' THEN
        DELETE FROM public.{SEAT} s WHERE s.survey_response_id = me.id;
    END IF;
    RETURN is_full;
END
"""
# An attempt is counted before it is judged, so that many at once are counted too. One that has to wait is not counted. The
# n-th beyond the free ones delays the next by 2^(n-1) seconds, up to the longest. A day without an attempt begins anew.
COUNT_ATTEMPT = f"""
DECLARE
    mine record; wait_s double precision;
BEGIN
    SELECT a.survey_id, a.project_id INTO mine FROM public.{RULES} a WHERE a.survey_id = access.public_survey();
    IF mine.survey_id IS NULL THEN RETURN 0; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('password/' || mine.survey_id, 0));
    DELETE FROM public.{ATTEMPT} t WHERE t.survey_id = mine.survey_id AND t.updated_at < now() - interval '1 day';
    SELECT extract(epoch FROM max(t.blocked_until) - clock_timestamp()) INTO wait_s FROM public.{ATTEMPT} t
    WHERE t.survey_id = mine.survey_id AND t.key = ANY (keys);
    IF wait_s > 0 THEN RETURN wait_s; END IF;
    INSERT INTO public.{ATTEMPT} AS t (project_id, survey_id, key, n_failures, blocked_until)
    SELECT mine.project_id, mine.survey_id, g.key, 1, 'epoch' FROM unnest(keys) AS g (key)
    ON CONFLICT (survey_id, key) DO UPDATE SET n_failures = t.n_failures + 1, updated_at = now(), blocked_until = (
        SELECT CASE WHEN t.n_failures >= g.n_free
            THEN clock_timestamp() + least(2 ^ least(t.n_failures - g.n_free, 30), g.longest_s) * interval '1 second'
            ELSE t.blocked_until END
        FROM unnest(keys, n_free, longest_s) AS g (key, n_free, longest_s) WHERE g.key = t.key);
    RETURN 0;
END
"""
FORGET_ATTEMPT = f"""
BEGIN
    DELETE FROM public.{ATTEMPT} t WHERE t.survey_id = access.public_survey() AND t.key = forgotten;
    UPDATE public.{ATTEMPT} t SET n_failures = greatest(t.n_failures - 1, 0), blocked_until = 'epoch'
    WHERE t.survey_id = access.public_survey() AND t.key = discounted;
END
"""


def take_seats(body: str) -> str:
    """The statement that gives the function of 0018 another body."""
    return (
        f"SET ROLE {CLERK}; CREATE OR REPLACE FUNCTION access.take_seats(wanted text[], lease interval, for_good boolean) "
        "RETURNS text[] LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp "
        f"AS $body${body}$body$; RESET ROLE"
    )


def open_survey(body: str) -> str:
    """The statement that gives the function of 0002 another body."""
    return (
        f"SET ROLE {ACCESS}; CREATE OR REPLACE FUNCTION access.open_survey() RETURNS bigint LANGUAGE sql STABLE SECURITY "
        f"DEFINER PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $body${body}$body$; RESET ROLE"
    )


class Migration(migrations.Migration):
    """Grants, policies and functions."""

    dependencies = [("data_ingestion", "0022_device_hash_key")]
    operations = [
        *protect(RULES, ATTEMPT),
        *writable(RULES, INGESTION),
        *readable(ATTEMPT, INGESTION),
        *readable(
            RULES,
            RESPONDENT,
            columns="id, survey_id, opens_at, closes_at, grace_minutes, max_responses, one_per, password_hash",
            using="survey_id = (SELECT access.public_survey())",
        ),
        grant("SELECT (survey_id, opens_at, closes_at, grace_minutes, max_responses)", RULES, ACCESS),
        grant("SELECT (device_hash)", RESPONSE, ACCESS),
        grant("SELECT (survey_id, project_id, max_responses)", RULES, CLERK),
        grant("SELECT, INSERT, UPDATE, DELETE", ATTEMPT, CLERK),
        migrations.RunSQL(open_survey(OPEN), open_survey(PUBLISHED)),
        migrations.RunSQL(
            f"SET ROLE {ACCESS}; GRANT EXECUTE ON FUNCTION access.public_survey() TO {CLERK}; RESET ROLE",
            f"SET ROLE {ACCESS}; REVOKE EXECUTE ON FUNCTION access.public_survey() FROM {CLERK}; RESET ROLE",
        ),
        access_function("starting_survey()", "bigint", STARTING, roles=(RESPONDENT,)),
        access_function("device_has_finished(device text)", "boolean", DEVICE_HAS_FINISHED, roles=(RESPONDENT,)),
        migrations.RunSQL(
            f"ALTER POLICY {RESPONDENT}_insert ON {RESPONSE} WITH CHECK ({OWN_RESPONSE.format(survey='starting_survey')})",
            f"ALTER POLICY {RESPONDENT}_insert ON {RESPONSE} WITH CHECK ({OWN_RESPONSE.format(survey='open_survey')})",
        ),
        migrations.RunSQL(take_seats(TAKE_SEATS), take_seats(BEFORE.TAKE_SEATS)),
        clerk_function(
            "count_password_attempt(keys text[], n_free int[], longest_s int[])",
            "double precision",
            COUNT_ATTEMPT,
            roles=(RESPONDENT,),
        ),
        clerk_function(
            "forget_password_attempt(forgotten text, discounted text)", "void", FORGET_ATTEMPT, roles=(RESPONDENT,)
        ),
    ]
