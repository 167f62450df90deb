"""The function of the job that sweeps rows and exports which no dataset refers to."""

from django.db import migrations

from schema.security import PURGE, SERVICES, grant, maintenance_function

UNREFERRED = (
    "unreferred_objects",
    "of_project bigint, keys text[]",
    "SETOF text",
    """
    SELECT given.key FROM unnest(keys) AS given (key)
    WHERE NOT EXISTS (SELECT FROM public.data_ingestion_datasetversion v
                      WHERE v.project_id = of_project AND v.parquet_key = given.key)
    AND NOT EXISTS (SELECT FROM public.data_ingestion_datasetexport e
                    WHERE e.project_id = of_project AND e.object_key = given.key)
    """,
    "Returns those keys of rows and exports that no version and no export of the project refers to.",
)


class Migration(migrations.Migration):
    """Grants and the function."""

    dependencies = [("data_ingestion", "0014_file_reading")]
    operations = [
        grant("SELECT (project_id, parquet_key)", "data_ingestion_datasetversion", PURGE),
        grant("SELECT (project_id, object_key)", "data_ingestion_datasetexport", PURGE),
        maintenance_function(*UNREFERRED, role=SERVICES[1]),
    ]
