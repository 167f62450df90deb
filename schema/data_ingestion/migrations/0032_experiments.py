"""The doors through which interviews get their cell of an experiment, and keep their seat in it."""

from django.db import migrations

from schema.security import RESPONDENT, clerk_function

SEAT, RESPONSE = "data_ingestion_quotaseat", "data_ingestion_surveyresponse"
# The interview that the session token belongs to, while its survey takes answers; previews take nobody's place.
MINE = f"""
    SELECT r.id, r.survey_id, r.project_id INTO me FROM public.{RESPONSE} r
    WHERE r.token_hash = access.session_hash() AND r.survey_id = access.open_survey()
      AND r.status = 'IN_PROGRESS' AND NOT r.is_test;
"""
# `seats` are the cells of one experiment, those to be taken first at the front: of the emptiest ones the first is taken. Interviews of
# one experiment come one after the other; the lock is held until their transaction ends.
ALLOCATE = f"""
DECLARE
    me record; chosen text;
BEGIN
    {MINE}
    IF me.id IS NULL THEN RETURN seats[1]; END IF;
    SELECT s.quota INTO chosen FROM public.{SEAT} s
    WHERE s.survey_response_id = me.id AND s.quota = ANY (seats);
    IF chosen IS NOT NULL THEN RETURN chosen; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('cells/' || me.survey_id, 0));
    SELECT wish.seat INTO chosen FROM unnest(seats) WITH ORDINALITY AS wish (seat, place)
    ORDER BY (SELECT count(*) FROM public.{SEAT} s
              WHERE s.survey_id = me.survey_id AND s.quota = wish.seat
                AND (s.kept_at IS NOT NULL OR s.leased_until > clock_timestamp())), wish.place
    LIMIT 1;
    INSERT INTO public.{SEAT} (project_id, survey_id, survey_response_id, quota, leased_until)
    VALUES (me.project_id, me.survey_id, me.id, chosen, clock_timestamp() + lease);
    RETURN chosen;
END
"""
KEEP = f"""
DECLARE
    me record;
BEGIN
    {MINE}
    UPDATE public.{SEAT} s SET leased_until = clock_timestamp() + lease,
        kept_at = CASE WHEN for_good THEN clock_timestamp() ELSE s.kept_at END
    WHERE s.survey_response_id = me.id AND s.quota LIKE 'cell:%';
END
"""


class Migration(migrations.Migration):
    """Functions only."""

    dependencies = [("data_ingestion", "0031_response_erasure_security")]
    operations = [
        clerk_function("allocate(seats text[], lease interval)", "text", ALLOCATE, roles=(RESPONDENT,)),
        clerk_function("keep_cells(lease interval, for_good boolean)", "void", KEEP, roles=(RESPONDENT,)),
    ]
