"""Who sees uploads under way, and the functions of the jobs that sweep what nobody refers to any more."""

from django.db import migrations

from schema.security import PURGE, SERVICES, grant, maintenance_function, protect, writable

INGESTION = SERVICES[1]
TABLE = "data_ingestion_fileupload"
# A file that was refused before its original was stored refers to no object.
HAS_NO_ORIGINAL = "f.upload_status = 'FAILED' AND f.sha256 = ''"
FUNCTIONS = (
    (
        "purge_uploads",
        "keep interval",
        "TABLE (object_key text, multipart_id text)",
        f"""
        DELETE FROM public.{TABLE} u WHERE u.expires_at < now() - keep
        AND NOT EXISTS (SELECT FROM public.data_ingestion_rawdatafile f
                        WHERE f.id = u.raw_data_file_id AND f.upload_status = 'PENDING' AND f.sha256 = '')
        RETURNING u.object_key::text, u.multipart_id::text
        """,
        "Removes uploads that expired longer ago and are not being verified; returns what to abort in the object store.",
    ),
    (
        "unknown_uploads",
        "multipart_ids text[]",
        "SETOF text",
        f"""
        SELECT given.id FROM unnest(multipart_ids) AS given (id)
        WHERE NOT EXISTS (SELECT FROM public.{TABLE} u WHERE u.multipart_id = given.id)
        """,
        "Returns those multipart uploads of the object store that no row knows.",
    ),
    (
        "unreferred_originals",
        "of_project bigint, keys text[]",
        "SETOF text",
        f"""
        SELECT given.key FROM unnest(keys) AS given (key)
        WHERE NOT EXISTS (SELECT FROM public.data_ingestion_rawdatafile f
                          WHERE f.project_id = of_project AND f.file = given.key AND NOT ({HAS_NO_ORIGINAL}))
        """,
        "Returns those keys of originals that no file of the project refers to.",
    ),
    (
        "missing_projects",
        "ids bigint[]",
        "SETOF bigint",
        """
        SELECT given.id FROM unnest(ids) AS given (id)
        WHERE NOT EXISTS (SELECT FROM public.data_ingestion_project p WHERE p.id = given.id)
        """,
        "Returns those ids of projects that exist no more.",
    ),
    (
        "stuck_files",
        "quiet interval",
        "TABLE (team_id bigint, file_id bigint)",
        """
        SELECT p.team_id, f.id FROM public.data_ingestion_rawdatafile f
        JOIN public.data_ingestion_project p ON p.id = f.project_id
        JOIN public.accounts_team t ON t.id = p.team_id
        WHERE f.upload_status = 'PENDING' AND f.updated_at < now() - quiet AND t.deleted_at IS NULL
        """,
        "Returns files that wait to be understood and about which nothing was noted for so long.",
    ),
)


class Migration(migrations.Migration):
    """Grants, policies and functions."""

    dependencies = [("data_ingestion", "0012_file_content_index")]
    operations = [
        *protect(TABLE),
        *writable(TABLE, INGESTION),
        grant("SELECT (expires_at, object_key, multipart_id, raw_data_file_id), DELETE", TABLE, PURGE),
        grant(
            "SELECT (id, project_id, file, upload_status, sha256, updated_at)", "data_ingestion_rawdatafile", PURGE
        ),
        grant("SELECT (id, team_id)", "data_ingestion_project", PURGE),
        *(maintenance_function(*function, role=INGESTION) for function in FUNCTIONS),
    ]
