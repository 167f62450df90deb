"""The door through which an interview learns how many look like it, and nothing about them."""

from django.db import migrations

from schema.security import CLERK, RESPONDENT, clerk_function, grant

RESPONSE, PARTICIPANT = "data_ingestion_surveyresponse", "data_ingestion_participant"
# Of interviews that end at once each counts those before it: the lock is held until the transaction ends. Who came by a personal
# link is known, and is not compared. Beyond a thousand the number says no more, and would take ever longer to count.
COUNT_ALIKE = f"""
DECLARE
    me record; n bigint;
BEGIN
    SELECT r.survey_id, r.fingerprint INTO me FROM public.{RESPONSE} r
    WHERE r.token_hash = access.session_hash() AND r.survey_id = access.open_survey()
      AND r.status = 'IN_PROGRESS' AND NOT r.is_test AND r.fingerprint <> ''
      AND NOT EXISTS (SELECT FROM public.{PARTICIPANT} p WHERE p.survey_response_id = r.id);
    IF me.survey_id IS NULL THEN RETURN 0; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('fingerprint/' || me.survey_id || '/' || me.fingerprint, 0));
    SELECT count(*) INTO n FROM (
        SELECT FROM public.{RESPONSE} r
        WHERE r.survey_id = me.survey_id AND r.fingerprint = me.fingerprint AND r.fingerprint <> ''
          AND r.status = 'COMPLETE' AND NOT r.is_test
        LIMIT 1000) AS alike;
    RETURN n;
END
"""


class Migration(migrations.Migration):
    """Grants and the function."""

    dependencies = [("data_ingestion", "0039_response_fingerprint_index")]
    operations = [
        grant("SELECT (fingerprint)", RESPONSE, CLERK),
        grant("SELECT (survey_response_id)", PARTICIPANT, CLERK),
        clerk_function("count_alike()", "bigint", COUNT_ALIKE, roles=(RESPONDENT,)),
    ]
