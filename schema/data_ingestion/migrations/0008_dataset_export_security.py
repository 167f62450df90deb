"""Who sees and asks for exports, and the job that removes those of yesterday."""

from django.db import migrations

from schema.security import PURGE, SERVICES, grant, protect, writable

INGESTION = SERVICES[1]
TABLE = "data_ingestion_datasetexport"
PURGE_EXPORTS = f"""
CREATE FUNCTION maintenance.purge_exports(keep interval) RETURNS SETOF text
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
    DELETE FROM public.{TABLE} WHERE created_at < now() - keep RETURNING object_key
$body$;
COMMENT ON FUNCTION maintenance.purge_exports IS
    'Removes exports that were asked for longer ago; returns the keys of their objects, empty where none was written.';
REVOKE ALL ON FUNCTION maintenance.purge_exports FROM PUBLIC;
GRANT EXECUTE ON FUNCTION maintenance.purge_exports TO {INGESTION};
ALTER FUNCTION maintenance.purge_exports OWNER TO {PURGE};
"""


class Migration(migrations.Migration):
    """Grants, policies and the function."""

    dependencies = [("data_ingestion", "0007_dataset_export")]
    operations = [
        *protect(TABLE),
        *writable(TABLE, INGESTION),
        grant("SELECT (created_at, object_key), DELETE", TABLE, PURGE),
        migrations.RunSQL(PURGE_EXPORTS, "DROP FUNCTION maintenance.purge_exports"),
    ]
