"""Who sees erasures, and what waits for them."""

from django.db import migrations

from schema.security import ACCESS, CLERK, SERVICES, WRITABLE_PROJECT, clerk_function, grant, protect, replaced_function, writable

INGESTION = SERVICES[1]
ERASURE, SEAT, FILE = (f"data_ingestion_{name}" for name in ("responseerasure", "quotaseat", "responsefile"))
# Places in quotas and respondents' files are written by functions and respondents alone; these are for interviews that are erased.
RELEASE = f"""
DECLARE
    n bigint;
BEGIN
    DELETE FROM public.{SEAT} WHERE survey_response_id = wanted AND {WRITABLE_PROJECT};
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END
"""
FORGET_FILES = f"""
BEGIN
    RETURN QUERY DELETE FROM public.{FILE} WHERE survey_response_id = wanted AND {WRITABLE_PROJECT}
        RETURNING object_key::text;
END
"""
# Nobody counts rows of which one is to be gone, even where another interview came in its place meanwhile.
BEHIND = """
    SELECT coalesce(bool_or(
        EXISTS (SELECT 1 FROM public.data_ingestion_responseerasure e
                WHERE e.survey_id = d.survey_id AND e.completed_at IS NULL AND e.waiting ? d.id::text)
        OR (SELECT count(*) FROM public.data_ingestion_surveyresponse r
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


class Migration(migrations.Migration):
    """Grants and policies, the function, and the check of how interviews stand."""

    dependencies = [("data_ingestion", "0030_response_erasure")]
    operations = [
        *protect(ERASURE),
        *writable(ERASURE, INGESTION),
        grant("SELECT (survey_id, completed_at, waiting)", ERASURE, ACCESS),
        migrations.RunSQL(
            f"SET ROLE {ACCESS}; GRANT EXECUTE ON FUNCTION access.my_writable_projects() TO {CLERK}; RESET ROLE",
            f"SET ROLE {ACCESS}; REVOKE EXECUTE ON FUNCTION access.my_writable_projects() FROM {CLERK}; RESET ROLE",
        ),
        clerk_function("release_seats(wanted bigint)", "bigint", RELEASE, roles=(INGESTION,)),
        grant("SELECT (survey_response_id, project_id, object_key), DELETE", FILE, CLERK),
        clerk_function("forget_response_files(wanted bigint)", "SETOF text", FORGET_FILES, roles=(INGESTION,)),
        replaced_function(
            "access.dataset_behind(wanted bigint)",
            "boolean",
            BEHIND,
            before=BEFORE,
            how="STABLE SECURITY DEFINER PARALLEL SAFE",
            owner=ACCESS,
        ),
        migrations.RunSQL(
            "ALTER TABLE data_ingestion_surveyresponse VALIDATE CONSTRAINT data_ingestion_surveyresponse_status_check",
            migrations.RunSQL.noop,
        ),
    ]
