"""One partition of experience events per month, made ahead by a job that calls `maintenance.make_event_partitions`."""

from django.db import migrations

# The default partition takes what no month covers: an event is never refused because the job did not run.
# When a month is made late, its rows move out of the default partition first.
FUNCTION = """
CREATE FUNCTION maintenance.make_event_partitions(months_ahead integer DEFAULT 3) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $body$
DECLARE
    month date := date_trunc('month', now())::date;
    partition text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('maintenance.make_event_partitions'));
    FOR i IN 0 .. least(greatest(months_ahead, 0), 120) LOOP
        partition := 'data_ingestion_experienceevent_' || to_char(month, 'YYYY_MM');
        IF to_regclass(format('public.%I', partition)) IS NULL THEN
            EXECUTE format('CREATE TABLE public.%I (LIKE public.data_ingestion_experienceevent '
                           'INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
            EXECUTE format('WITH late AS (DELETE FROM public.data_ingestion_experienceevent_default '
                           'WHERE created_at >= %L AND created_at < %L RETURNING *) '
                           'INSERT INTO public.%I SELECT * FROM late', month, month + interval '1 month', partition);
            EXECUTE format('ALTER TABLE public.data_ingestion_experienceevent ATTACH PARTITION public.%I '
                           'FOR VALUES FROM (%L) TO (%L)', partition, month, month + interval '1 month');
            EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition);
            made := made + 1;
        END IF;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END
$body$;
COMMENT ON FUNCTION maintenance.make_event_partitions IS
    'Makes the partitions of this month and the given number of later ones; returns how many were missing.';
REVOKE ALL ON FUNCTION maintenance.make_event_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION maintenance.make_event_partitions TO plugzero_ingestion;
"""
# No FORCE here: the function, which runs as the tables' owner, has to move rows out of it. Nobody else has a grant.
DEFAULT_PARTITION = """
CREATE TABLE data_ingestion_experienceevent_default PARTITION OF data_ingestion_experienceevent DEFAULT;
ALTER TABLE data_ingestion_experienceevent_default ENABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    """The function, the default partition, and the first months."""

    dependencies = [("data_ingestion", "0002_row_security")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION maintenance.make_event_partitions"),
        migrations.RunSQL(DEFAULT_PARTITION, "DROP TABLE data_ingestion_experienceevent_default"),
        migrations.RunSQL("SELECT maintenance.make_event_partitions(3)", migrations.RunSQL.noop),
    ]
