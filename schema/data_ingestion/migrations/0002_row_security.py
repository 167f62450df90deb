"""Who sees which project and what was collected in it; the narrow view of a respondent."""

from django.db import migrations

from schema.security import (
    ACCESS,
    RESPONDENT,
    SERVICES,
    access_function,
    appendable,
    grant,
    policy,
    protect,
    readable,
    writable,
)

INGESTION, ANALYTICS, SEO = SERVICES[1:]
PREFIX = "data_ingestion_"
WRITTEN = [f"{PREFIX}{name}" for name in ("rawdatafile", "dataset", "survey", "surveyresponse", "scrapetarget")]
APPENDED = [f"{PREFIX}{name}" for name in ("datasetversion", "surveyversion", "experienceevent")]
MY_TEAM = "team_id = ANY ((SELECT access.my_teams())::bigint[])"
MY_WRITABLE_TEAM = "team_id = ANY ((SELECT access.my_writable_teams())::bigint[])"

# The survey that a public request is about: named by its uuid, or by the interview that the token belongs to.
PUBLIC_SURVEY = """
    SELECT s.id
    FROM public.data_ingestion_survey s
    JOIN public.data_ingestion_project p ON p.id = s.project_id
    JOIN public.accounts_team t ON t.id = p.team_id
    WHERE s.status {status} AND t.deleted_at IS NULL
      AND CASE WHEN access.survey_uuid() IS NOT NULL THEN s.uuid = access.survey_uuid()
          ELSE s.id = (SELECT r.survey_id FROM public.data_ingestion_surveyresponse r
                       WHERE r.token_hash = access.session_hash()) END
"""
PUBLIC_PROJECT = """
    SELECT s.project_id FROM public.data_ingestion_survey s WHERE s.id = access.public_survey()
"""
OWN_RESPONSE = "token_hash = (SELECT access.session_hash()) AND survey_id = (SELECT access.{survey}())"
RESPONSE_PROGRESS = (
    "answers, not_asked, flags, paradata, language, cursor, seed, survey_version_id, status, updated_at, submitted_at"
)

RESPONDENT_RULES = [
    *readable(
        f"{PREFIX}survey",
        RESPONDENT,
        columns="id, uuid, project_id, title, layout_style, theme_config, status, published_version_id, revision, "
        "published_at, closed_at, created_at, updated_at",
        using="id = (SELECT access.public_survey())",
    ),
    *readable(f"{PREFIX}surveyversion", RESPONDENT, using="survey_id = (SELECT access.public_survey())"),
    *readable(
        f"{PREFIX}project", RESPONDENT, columns="id, team_id", using="id = (SELECT access.public_project())"
    ),
    *readable(f"{PREFIX}surveyresponse", RESPONDENT, using=OWN_RESPONSE.format(survey="public_survey")),
    grant("INSERT", f"{PREFIX}surveyresponse", RESPONDENT),
    # A preview, which no figure counts, is a member's to make.
    policy(
        f"{PREFIX}surveyresponse",
        "INSERT",
        RESPONDENT,
        check=OWN_RESPONSE.format(survey="open_survey") + " AND NOT is_test",
    ),
    grant(f"UPDATE ({RESPONSE_PROGRESS})", f"{PREFIX}surveyresponse", RESPONDENT),
    policy(
        f"{PREFIX}surveyresponse",
        "UPDATE",
        RESPONDENT,
        using=OWN_RESPONSE.format(survey="open_survey") + " AND status = 'IN_PROGRESS'",
        check=OWN_RESPONSE.format(survey="open_survey"),
    ),
]


class Migration(migrations.Migration):
    """Grants and policies of the data_ingestion tables."""

    dependencies = [("data_ingestion", "0001_initial"), ("accounts", "0003_row_security")]
    operations = [
        grant("SELECT (id, team_id)", f"{PREFIX}project", ACCESS),
        grant("SELECT (id, uuid, project_id, status)", f"{PREFIX}survey", ACCESS),
        grant("SELECT (token_hash, survey_id)", f"{PREFIX}surveyresponse", ACCESS),
        access_function(
            "my_projects()",
            "bigint[]",
            "SELECT coalesce(array_agg(p.id), '{}') FROM public.data_ingestion_project p "
            "JOIN access.standing s ON s.team_id = p.team_id",
            roles=SERVICES,
        ),
        access_function(
            "my_writable_projects()",
            "bigint[]",
            "SELECT coalesce(array_agg(p.id), '{}') FROM public.data_ingestion_project p "
            "JOIN access.standing s ON s.team_id = p.team_id WHERE s.role <> 'VIEWER'",
            roles=SERVICES,
        ),
        access_function(
            "project_grant(wanted bigint)",
            "TABLE (team_id bigint, project_id bigint, role text)",
            "SELECT s.team_id, p.id, s.role FROM public.data_ingestion_project p "
            "JOIN access.standing s ON s.team_id = p.team_id WHERE p.id = wanted",
            roles=SERVICES,
        ),
        access_function(
            "public_survey()", "bigint", PUBLIC_SURVEY.format(status="<> 'DRAFT'"), roles=(RESPONDENT, ACCESS)
        ),
        access_function(
            "open_survey()", "bigint", PUBLIC_SURVEY.format(status="= 'PUBLISHED'"), roles=(RESPONDENT, ACCESS)
        ),
        access_function("public_project()", "bigint", PUBLIC_PROJECT, roles=(RESPONDENT, ACCESS)),
        *protect(f"{PREFIX}project", *WRITTEN, *APPENDED),
        *writable(f"{PREFIX}project", INGESTION, using=MY_TEAM, check=MY_WRITABLE_TEAM),
        *(operation for table in WRITTEN for operation in writable(table, INGESTION)),
        *(operation for table in APPENDED for operation in appendable(table, INGESTION)),
        *(operation for role in (ANALYTICS, SEO) for operation in readable(f"{PREFIX}project", role, using=MY_TEAM)),
        *(
            operation
            for table in ("survey", "dataset", "datasetversion")
            for operation in readable(f"{PREFIX}{table}", ANALYTICS)
        ),
        *RESPONDENT_RULES,
    ]
