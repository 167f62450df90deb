"""A dataset is behind when it lacks finished interviews of those that its survey wants as rows."""

from django.db import migrations

from schema.security import ACCESS, grant, replaced_function

# Interviews under way are taken as they stand: they come and go, and nothing waits for them.
BEHIND = """
    SELECT coalesce(bool_or(
        (SELECT count(*) FROM public.data_ingestion_surveyresponse r
         WHERE r.survey_id = d.survey_id AND NOT r.is_test AND r.status <> 'IN_PROGRESS'
           AND (r.status = 'COMPLETE' OR s.dataset_includes ? r.status))
        <> coalesce((SELECT coalesce((v.codebook->>'n_finished')::bigint, v.n_rows)
                     FROM public.data_ingestion_datasetversion v
                     WHERE v.dataset_id = d.id AND v.number = d.version),
                    CASE WHEN s.published_version_id IS NULL THEN 0 ELSE -1 END)), false)
    FROM public.data_ingestion_dataset d
    JOIN public.data_ingestion_survey s ON s.id = d.survey_id
    WHERE d.id = wanted AND d.project_id = ANY ((SELECT access.my_projects())::bigint[])
"""
BEFORE = """
    SELECT coalesce(bool_or(
        (SELECT count(*) FROM public.data_ingestion_surveyresponse r
         WHERE r.survey_id = d.survey_id AND r.status = 'COMPLETE' AND NOT r.is_test)
        <> coalesce((SELECT v.n_rows FROM public.data_ingestion_datasetversion v
                     WHERE v.dataset_id = d.id AND v.number = d.version),
                    CASE WHEN s.published_version_id IS NULL THEN 0 ELSE -1 END)), false)
    FROM public.data_ingestion_dataset d
    JOIN public.data_ingestion_survey s ON s.id = d.survey_id
    WHERE d.id = wanted AND d.project_id = ANY ((SELECT access.my_projects())::bigint[])
"""


class Migration(migrations.Migration):
    """The columns that it reads, and the function."""

    dependencies = [("data_ingestion", "0019_survey_dataset_includes")]
    operations = [
        grant("SELECT (codebook)", "data_ingestion_datasetversion", ACCESS),
        grant("SELECT (dataset_includes)", "data_ingestion_survey", ACCESS),
        replaced_function(
            "access.dataset_behind(wanted bigint)",
            "boolean",
            BEHIND,
            before=BEFORE,
            how="STABLE SECURITY DEFINER PARALLEL SAFE",
            owner=ACCESS,
        ),
    ]
