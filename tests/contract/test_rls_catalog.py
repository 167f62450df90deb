"""What the catalogue says about roles, grants and policies: holds for tables that nobody has thought of yet."""

import importlib

import asyncpg
import pytest

from tests.environment import ROLES, Stack

SERVICES = ("plugzero_identity", "plugzero_ingestion", "plugzero_analytics", "plugzero_seo")
MODELS = {
    "plugzero_identity": "services.identity.models",
    "plugzero_ingestion": "services.ingestion.models",
    "plugzero_analytics": "services.analytics.models",
    "plugzero_seo": "services.seo.models",
}
SECRETS = [
    ("accounts_user", "password"),
    ("accounts_user", "totp_secret"),
    ("accounts_user", "totp_last_step"),
    ("accounts_signingkey", "private_key_encrypted"),
    ("accounts_refreshtoken", "token_hash"),
    ("accounts_refreshtoken", "successor"),
    ("accounts_session", "id"),
    ("accounts_recoverycode", "code_hash"),
    ("accounts_apikey", "key_hash"),
    ("accounts_invitation", "token_hash"),
]


@pytest.mark.asvs("13.2.2")
@pytest.mark.parametrize(("table", "column"), SECRETS)
async def test_only_identity_can_log_in_and_read_a_secret(
    owner: asyncpg.Connection, table: str, column: str
) -> None:
    readers = await owner.fetch(
        "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname LIKE 'plugzero\\_%' "
        "AND has_column_privilege(rolname, $1, $2, 'SELECT')",
        table,
        column,
    )
    assert [row["rolname"] for row in readers] == ["plugzero_identity"]


async def test_only_who_checks_the_password_of_a_survey_can_read_its_hash(owner: asyncpg.Connection) -> None:
    readers = await owner.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'plugzero\\_%' "
        "AND has_column_privilege(rolname, 'data_ingestion_surveyaccess', 'password_hash', 'SELECT')"
    )
    assert {row["rolname"] for row in readers} == {"plugzero_ingestion", "plugzero_respondent"}


@pytest.mark.asvs("13.2.2")
async def test_no_login_role_is_special(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch("SELECT * FROM pg_roles WHERE rolname LIKE 'plugzero\\_%'")
    assert {row["rolname"] for row in rows if row["rolcanlogin"]} == set(ROLES)
    for row in rows:
        special = ("rolsuper", "rolcreaterole", "rolcreatedb", "rolreplication")
        assert not any(row[attribute] for attribute in special), row["rolname"]
        assert row["rolbypassrls"] != row["rolcanlogin"], (
            f"{row['rolname']}: only roles without login look past policies"
        )
    assert not await owner.fetch(
        "SELECT 1 FROM pg_auth_members JOIN pg_roles r ON r.oid = member WHERE rolname = ANY ($1)",
        list(ROLES),
    )


async def test_every_tenant_table_has_forced_row_security_and_a_policy(owner: asyncpg.Connection) -> None:
    open_tables = await owner.fetch(
        """
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND (a.attname IN ('project_id', 'team_id') OR c.relname IN ('accounts_user', 'accounts_team'))
          AND (NOT c.relrowsecurity OR NOT c.relforcerowsecurity
               OR NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid))
        """
    )
    assert [row["relname"] for row in open_tables] == []


async def test_no_partition_can_be_reached_past_its_parent(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT oid, relname, relrowsecurity FROM pg_class WHERE relispartition AND relkind = 'r'"
    )
    assert rows
    for row in rows:
        assert row["relrowsecurity"], row["relname"]
        for role in ROLES:
            granted = "SELECT has_any_column_privilege($1, $2::oid, 'SELECT, INSERT, UPDATE')"
            assert not await owner.fetchval(granted, role, row["oid"])


async def test_every_foreign_key_has_an_index_that_starts_with_it(owner: asyncpg.Connection) -> None:
    bare = await owner.fetch(
        """
        SELECT conrelid::regclass AS t, conname FROM pg_constraint k
        WHERE contype = 'f' AND conparentid = 0 AND NOT EXISTS (
            SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1])
        """
    )
    assert [row["conname"] for row in bare] == []


async def test_every_foreign_key_says_what_happens_on_deletion(owner: asyncpg.Connection) -> None:
    silent = await owner.fetch("SELECT conname FROM pg_constraint WHERE contype = 'f' AND confdeltype = 'a'")
    assert [row["conname"] for row in silent] == []


async def test_functions_that_look_past_policies_are_pinned_down(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        """
        SELECT p.proname, r.rolname, p.proconfig, has_function_privilege('public', p.oid, 'EXECUTE') AS is_public
        FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner WHERE p.prosecdef
        """
    )
    assert {"my_teams", "my_projects", "my_writable_projects", "project_grant", "public_report"} <= {
        row["proname"] for row in rows
    }
    for row in rows:
        assert "search_path=pg_catalog, pg_temp" in row["proconfig"], row["proname"]
        assert not row["is_public"], row["proname"]
        assert (
            row["rolname"] in {"plugzero_access", "plugzero_purge", "plugzero_clerk"}
            or row["proname"] == "make_event_partitions"
        )


async def test_the_role_behind_the_policies_can_only_read_what_they_ask(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT table_name, column_name, privilege_type FROM information_schema.column_privileges "
        "WHERE grantee = 'plugzero_access' AND table_schema = 'public'"
    )
    assert {row["privilege_type"] for row in rows} == {"SELECT"}
    secrets = {"password", "totp_secret", "email", "answers", "definition", "published_content"}
    assert not secrets & {row["column_name"] for row in rows}


@pytest.mark.parametrize("role", MODELS)
async def test_a_service_may_read_every_column_of_its_generated_classes(
    owner: asyncpg.Connection, role: str
) -> None:
    for table in importlib.import_module(MODELS[role]).Base.metadata.tables.values():
        for column in table.columns:
            granted = "SELECT has_column_privilege($1, $2, $3, 'SELECT')"
            assert await owner.fetchval(granted, role, table.name, column.name), (
                f"{role}: {table.name}.{column.name}"
            )


@pytest.mark.parametrize("role", SERVICES)
async def test_a_service_owns_the_tables_of_one_app_only(owner: asyncpg.Connection, role: str) -> None:
    rows = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
        "AND has_any_column_privilege($1, oid, 'INSERT') AND relname NOT LIKE 'messaging\\_%' "
        "AND relname <> 'test_effect'",  # where tests of messaging note their effects
        role,
    )
    prefix = {
        "identity": "accounts",
        "ingestion": "data_ingestion",
        "analytics": "analysis",
        "seo": "intelligence",
    }
    assert rows
    assert all(row["relname"].startswith(prefix[role.removeprefix("plugzero_")]) for row in rows)


@pytest.mark.parametrize("role", [*SERVICES, "plugzero_respondent"])
async def test_an_event_is_recorded_but_cannot_be_read_back(
    owner: asyncpg.Connection, stack: Stack, role: str
) -> None:
    for table in ("messaging_outbox", "messaging_deadletter"):
        assert not await owner.fetchval(
            "SELECT has_column_privilege($1, $2, 'envelope', 'SELECT')", role, table
        )
    assert await owner.fetchval("SELECT has_table_privilege('plugzero_relay', 'messaging_outbox', 'UPDATE')")
    connection = await asyncpg.connect(stack.role_url(role))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT envelope FROM messaging_outbox")
    finally:
        await connection.close()


@pytest.mark.parametrize("role", ROLES)
async def test_no_role_issues_ddl(stack: Stack, role: str) -> None:
    connection = await asyncpg.connect(stack.role_url(role))
    try:
        for statement in (
            "CREATE TABLE public.own (id int)",
            "CREATE TABLE access.own (id int)",
            "DROP TABLE data_ingestion_project",
            "ALTER TABLE data_ingestion_project DISABLE ROW LEVEL SECURITY",
            "SET ROLE plugzero_access",
            "TRUNCATE messaging_outbox",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
