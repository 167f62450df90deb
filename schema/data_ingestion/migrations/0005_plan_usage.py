"""How much a team has of what its owner's tier limits: projects, bytes of files, completed interviews, rows of files."""

from django.db import migrations

from schema.security import ACCESS, RESPONDENT, SERVICES, access_function, grant

N_RESPONSES = """(
        SELECT count(*) FROM public.data_ingestion_surveyresponse r
        JOIN public.data_ingestion_project p ON p.id = r.project_id
        WHERE p.team_id = t.id AND r.status = 'COMPLETE' AND NOT r.is_test)"""
# The rows of survey datasets are interviews, and counted as such.
TEAM_USAGE = f"""
    SELECT u.segment::text,
        (SELECT count(*) FROM public.data_ingestion_project p WHERE p.team_id = t.id),
        (SELECT coalesce(sum(f.size_bytes), 0)::bigint FROM public.data_ingestion_rawdatafile f
         JOIN public.data_ingestion_project p ON p.id = f.project_id WHERE p.team_id = t.id),
        {N_RESPONSES},
        (SELECT coalesce(sum(v.n_rows), 0)::bigint FROM public.data_ingestion_dataset d
         JOIN public.data_ingestion_project p ON p.id = d.project_id
         JOIN public.data_ingestion_datasetversion v ON v.dataset_id = d.id AND v.number = d.version
         WHERE p.team_id = t.id AND d.survey_id IS NULL)
    FROM public.accounts_team t JOIN public.accounts_user u ON u.id = t.owner_id
    WHERE t.id = wanted AND t.id = ANY ((SELECT access.my_teams())::bigint[])
"""
PUBLIC_RESPONSES = f"""
    SELECT u.segment::text, {N_RESPONSES}
    FROM public.data_ingestion_project project
    JOIN public.accounts_team t ON t.id = project.team_id
    JOIN public.accounts_user u ON u.id = t.owner_id
    WHERE project.id = access.public_project()
"""


class Migration(migrations.Migration):
    """The two functions and the grants of their owner."""

    dependencies = [("data_ingestion", "0004_dataset_behind"), ("accounts", "0005_identity_security")]
    operations = [
        grant("SELECT (segment)", "accounts_user", ACCESS),
        grant("SELECT (project_id, size_bytes)", "data_ingestion_rawdatafile", ACCESS),
        grant("SELECT (project_id)", "data_ingestion_surveyresponse", ACCESS),
        access_function(
            "team_usage(wanted bigint)",
            "TABLE (segment text, projects bigint, storage_bytes bigint, responses bigint, rows bigint)",
            TEAM_USAGE,
            roles=SERVICES,
        ),
        access_function(
            "public_responses()",
            "TABLE (segment text, responses bigint)",
            PUBLIC_RESPONSES,
            roles=(RESPONDENT,),
        ),
    ]
