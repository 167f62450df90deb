"""Who sees the seats of quotas, and the one door through which interviews take and leave them."""

from django.db import migrations

from schema.security import ACCESS, CLERK, RESPONDENT, SERVICES, clerk_function, grant, protect, readable

INGESTION = SERVICES[1]
SEAT, RESPONSE = "data_ingestion_quotaseat", "data_ingestion_surveyresponse"
# The interview that the session token belongs to, while its survey takes answers; previews take nobody's place.
MINE = f"""
    SELECT r.id, r.survey_id, r.project_id INTO me FROM public.{RESPONSE} r
    WHERE r.token_hash = access.session_hash() AND r.survey_id = access.open_survey()
      AND r.status = 'IN_PROGRESS' AND NOT r.is_test;
"""
# Interviews that want a place in one quota come one after the other: the lock is held until their transaction ends, and each
# counts what those before it have committed. All take their locks in one order, so none waits for another in a circle.
TAKE_SEATS = f"""
DECLARE
    me record; cell text; goal bigint; taken bigint; is_full text[] := '{{}}';
BEGIN
    {MINE}
    IF me.id IS NULL THEN RETURN is_full; END IF;
    DELETE FROM public.{SEAT} s
    WHERE s.survey_response_id = me.id AND s.kept_at IS NULL AND NOT s.quota = ANY (wanted);
    FOR cell IN SELECT DISTINCT w FROM unnest(wanted) AS w ORDER BY w LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended('quota/' || me.survey_id || '/' || cell, 0));
        SELECT (q->>'target')::bigint INTO goal
        FROM public.data_ingestion_survey s
        JOIN public.data_ingestion_surveyversion v ON v.id = s.published_version_id
        CROSS JOIN LATERAL jsonb_array_elements(coalesce(v.definition->'quotas', '[]'::jsonb)) AS q
        WHERE s.id = me.survey_id AND q->>'code' = cell;
        CONTINUE WHEN NOT FOUND;
        SELECT count(*) INTO taken FROM public.{SEAT} s
        WHERE s.survey_id = me.survey_id AND s.quota = cell AND s.survey_response_id <> me.id
          AND (s.kept_at IS NOT NULL OR s.leased_until > clock_timestamp());
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


class Migration(migrations.Migration):
    """Grants, policies and the function."""

    dependencies = [("data_ingestion", "0017_quota_seat")]
    operations = [
        *protect(SEAT),
        *readable(SEAT, INGESTION),
        grant("SELECT, INSERT, UPDATE, DELETE", SEAT, CLERK),
        grant("SELECT (id, survey_id, project_id, token_hash, status, is_test)", RESPONSE, CLERK),
        grant("SELECT (id, published_version_id)", "data_ingestion_survey", CLERK),
        grant("SELECT (id, definition)", "data_ingestion_surveyversion", CLERK),
        migrations.RunSQL(
            f"SET ROLE {ACCESS}; GRANT EXECUTE ON FUNCTION access.open_survey() TO {CLERK}; RESET ROLE",
            f"SET ROLE {ACCESS}; REVOKE EXECUTE ON FUNCTION access.open_survey() FROM {CLERK}; RESET ROLE",
        ),
        clerk_function(
            "take_seats(wanted text[], lease interval, for_good boolean)", "text[]", TAKE_SEATS, roles=(RESPONDENT,)
        ),
    ]
