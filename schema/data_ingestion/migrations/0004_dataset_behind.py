"""Whether a survey's dataset still lacks interviews that were submitted: what an analysis waits for before it counts."""

from django.db import migrations

from schema.security import ACCESS, SERVICES, access_function, grant

INGESTION, ANALYTICS = SERVICES[1:3]
# A draft that was never published has nothing to count, so its empty dataset is not behind.
BEHIND = """
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
    """The function and the grants of its owner."""

    dependencies = [("data_ingestion", "0003_partitions")]
    operations = [
        grant("SELECT (id, survey_id, project_id, version)", "data_ingestion_dataset", ACCESS),
        grant("SELECT (dataset_id, number, n_rows)", "data_ingestion_datasetversion", ACCESS),
        grant("SELECT (status, is_test)", "data_ingestion_surveyresponse", ACCESS),
        grant("SELECT (published_version_id)", "data_ingestion_survey", ACCESS),
        access_function("dataset_behind(wanted bigint)", "boolean", BEHIND, roles=(INGESTION, ANALYTICS)),
    ]
