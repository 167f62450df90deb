"""Who sees participants and letters; what a respondent with a personal link may do with its own row."""

from django.db import migrations

from schema.security import (
    ACCESS,
    RESPONDENT,
    SERVICES,
    WRITABLE_PROJECT,
    access_function,
    grant,
    policy,
    protect,
    readable,
    writable,
)

INGESTION = SERVICES[1]
PARTICIPANT, MAILING, LETTER = (f"data_ingestion_{name}" for name in ("participant", "mailing", "letter"))
RESPONSE, RULES = "data_ingestion_surveyresponse", "data_ingestion_surveyaccess"
SETTING = """
CREATE FUNCTION access.participant_hash() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.participant_hash', true), '');
"""
OWN = "token_hash = (SELECT access.participant_hash()) AND survey_id = (SELECT access.public_survey())"
# The interview that the session's token belongs to: the respondent's policies show no other.
OWN_RESPONSE = f"survey_response_id = (SELECT r.id FROM {RESPONSE} r)"
# Whether the survey lets interviews begin without a personal link, or the caller has one.
IS_INVITED = f"""
    SELECT NOT EXISTS (SELECT FROM public.{RULES} a
                       WHERE a.survey_id = access.public_survey() AND a.one_per = 'PARTICIPANT')
        OR EXISTS (SELECT FROM public.{PARTICIPANT} p
                   WHERE p.survey_id = access.public_survey() AND p.token_hash = access.participant_hash())
"""
BEGINS = (
    "token_hash = (SELECT access.session_hash()) AND survey_id = (SELECT access.starting_survey()) AND NOT is_test"
)


class Migration(migrations.Migration):
    """Grants, policies and functions."""

    dependencies = [("data_ingestion", "0028_participants")]
    operations = [
        *protect(PARTICIPANT, MAILING, LETTER),
        migrations.RunSQL(SETTING, "DROP FUNCTION access.participant_hash()"),
        # Addresses and links of people are not for viewers.
        *(
            operation
            for table in (PARTICIPANT, MAILING, LETTER)
            for operation in writable(table, INGESTION, using=WRITABLE_PROJECT)
        ),
        *readable(
            PARTICIPANT,
            RESPONDENT,
            columns="id, survey_id, project_id, language, attributes, token_hash, survey_response_id, unsubscribed_at",
            using=OWN,
        ),
        grant("UPDATE (survey_response_id, unsubscribed_at, updated_at)", PARTICIPANT, RESPONDENT),
        policy(
            PARTICIPANT,
            "UPDATE",
            RESPONDENT,
            using=OWN,
            check=f"{OWN} AND (survey_response_id IS NULL OR {OWN_RESPONSE})",
        ),
        grant("SELECT (survey_id, token_hash)", PARTICIPANT, ACCESS),
        grant("SELECT (one_per)", RULES, ACCESS),
        access_function("is_invited()", "boolean", IS_INVITED, roles=(RESPONDENT,)),
        migrations.RunSQL(
            f"ALTER POLICY {RESPONDENT}_insert ON {RESPONSE} WITH CHECK ({BEGINS} AND (SELECT access.is_invited()))",
            f"ALTER POLICY {RESPONDENT}_insert ON {RESPONSE} WITH CHECK ({BEGINS})",
        ),
    ]
