"""Who sees respondents' files, what they count for, and how those that nobody needs are found."""

from django.db import migrations

from schema.security import (
    ACCESS,
    PURGE,
    RESPONDENT,
    SERVICES,
    access_function,
    grant,
    maintenance_function,
    policy,
    protect,
    readable,
    replaced_function,
)

INGESTION = SERVICES[1]
FILE, RESPONSE = "data_ingestion_responsefile", "data_ingestion_surveyresponse"
# The policies of interviews show a respondent one row of them.
MINE = f"survey_response_id = (SELECT r.id FROM public.{RESPONSE} r WHERE r.token_hash = (SELECT access.session_hash())"
MINE_OPEN = f"{MINE} AND r.survey_id = (SELECT access.open_survey()) AND r.status = 'IN_PROGRESS')"
FILES_OF_TEAM = """(SELECT coalesce(sum(f.size_bytes), 0)::bigint FROM public.{table} f
         JOIN public.data_ingestion_project p ON p.id = f.project_id WHERE p.team_id = t.id)"""
UPLOADED = FILES_OF_TEAM.format(table="data_ingestion_rawdatafile")
STORED = f"{UPLOADED} + {FILES_OF_TEAM.format(table=FILE)}"
USAGE_SIGNATURE = "access.team_usage(wanted bigint)"
USAGE_RETURNS = "TABLE (segment text, projects bigint, storage_bytes bigint, responses bigint, rows bigint)"
TEAM_USAGE = """
    SELECT u.segment::text,
        (SELECT count(*) FROM public.data_ingestion_project p WHERE p.team_id = t.id),
        {storage},
        (SELECT count(*) FROM public.data_ingestion_surveyresponse r
         JOIN public.data_ingestion_project p ON p.id = r.project_id
         WHERE p.team_id = t.id AND r.status = 'COMPLETE' AND NOT r.is_test),
        (SELECT coalesce(sum(v.n_rows), 0)::bigint FROM public.data_ingestion_dataset d
         JOIN public.data_ingestion_project p ON p.id = d.project_id
         JOIN public.data_ingestion_datasetversion v ON v.dataset_id = d.id AND v.number = d.version
         WHERE p.team_id = t.id AND d.survey_id IS NULL)
    FROM public.accounts_team t JOIN public.accounts_user u ON u.id = t.owner_id
    WHERE t.id = wanted AND t.id = ANY ((SELECT access.my_teams())::bigint[])
"""
PUBLIC_STORAGE = f"""
    SELECT t.id, u.segment::text, {STORED}
    FROM public.data_ingestion_project project
    JOIN public.accounts_team t ON t.id = project.team_id
    JOIN public.accounts_user u ON u.id = t.owner_id
    WHERE project.id = access.public_project()
"""
UNREFERRED = """
    SELECT given.key FROM unnest(keys) AS given (key)
    WHERE NOT EXISTS (SELECT FROM public.data_ingestion_datasetversion v
                      WHERE v.project_id = of_project AND v.parquet_key = given.key)
    AND NOT EXISTS (SELECT FROM public.data_ingestion_datasetexport e
                    WHERE e.project_id = of_project AND e.object_key = given.key)
"""
NO_ANSWERS = f"""    AND NOT EXISTS (SELECT FROM public.{FILE} f
                    WHERE f.project_id = of_project AND f.object_key = given.key)
"""
ABANDONED = (
    "purge_response_files",
    "keep interval",
    "bigint",
    f"""
    WITH gone AS (
        DELETE FROM public.{FILE} f USING public.{RESPONSE} r
        WHERE r.id = f.survey_response_id AND (
            (r.status = 'IN_PROGRESS' AND r.updated_at < now() - keep)
            OR NOT coalesce(r.answers->f.question, '[]') @> jsonb_build_array(jsonb_build_object('id', f.uuid))
        ) RETURNING 1
    ) SELECT count(*) FROM gone
    """,
    "Removes files of interviews that nobody went on with for longer, and those that no answer names; the sweep finds their objects.",
)


class Migration(migrations.Migration):
    """Grants, policies and functions."""

    dependencies = [("data_ingestion", "0024_response_file")]
    operations = [
        *protect(FILE),
        *readable(FILE, INGESTION),
        *readable(FILE, RESPONDENT, using=f"{MINE})"),
        grant("INSERT, DELETE", FILE, RESPONDENT),
        policy(
            FILE, "INSERT", RESPONDENT, check=f"{MINE_OPEN} AND project_id = (SELECT access.public_project())"
        ),
        policy(FILE, "DELETE", RESPONDENT, using=MINE_OPEN),
        grant("SELECT (project_id, size_bytes)", FILE, ACCESS),
        replaced_function(
            USAGE_SIGNATURE,
            USAGE_RETURNS,
            TEAM_USAGE.format(storage=STORED),
            before=TEAM_USAGE.format(storage=UPLOADED),
            how="STABLE SECURITY DEFINER PARALLEL SAFE",
            owner=ACCESS,
        ),
        access_function(
            "public_storage()",
            "TABLE (team_id bigint, segment text, storage_bytes bigint)",
            PUBLIC_STORAGE,
            roles=(RESPONDENT,),
        ),
        grant("SELECT (project_id, object_key, survey_response_id, question, uuid), DELETE", FILE, PURGE),
        grant("SELECT (id, status, updated_at, answers)", RESPONSE, PURGE),
        replaced_function(
            "maintenance.unreferred_objects(of_project bigint, keys text[])",
            "SETOF text",
            UNREFERRED + NO_ANSWERS,
            before=UNREFERRED,
            how="SECURITY DEFINER",
            owner=PURGE,
        ),
        maintenance_function(*ABANDONED, role=INGESTION),
    ]
