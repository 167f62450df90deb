"""What PostgreSQL itself refuses to each service role, whatever a query forgets to say."""

import asyncpg
import pytest

from tests.contract.rls_world import SERVICE_OF, Tenant, acting, count, insert, new_tenant, new_user
from tests.environment import Stack

APPEND_ONLY = {
    "data_ingestion_surveyversion",
    "data_ingestion_datasetversion",
    "data_ingestion_experienceevent",
}
CHANGED_COLUMN = {
    "data_ingestion_surveyresponse": "language",
    "analysis_analysisresult": "calculation_type",
    "analysis_comment": "body",
    "intelligence_siteaudit": "target_url",
    "intelligence_auditpage": "url",
    "intelligence_auditfinding": "url",
    "data_ingestion_rawdatafile": "original_name",
    "data_ingestion_fileupload": "filename",
    "data_ingestion_scrapetarget": "name",
    "data_ingestion_dataset": "name",
    "data_ingestion_datasetexport": "object_key",
    "data_ingestion_datasetfilter": "name",
    "data_ingestion_datasetchange": "status",
    "data_ingestion_project": "name",
    "data_ingestion_participant": "language",
    "data_ingestion_mailing": "kind",
    "data_ingestion_letter": "error",
}
every_table = pytest.mark.parametrize("table", sorted(SERVICE_OF))
# Seats in quotas and tries of passwords are counted by functions alone.
UNWRITTEN = {"data_ingestion_quotaseat", "data_ingestion_passwordattempt"}
# Of these there is one row per survey, per interview, or per letter; they are tested by themselves.
ONE_EACH = {"data_ingestion_surveyaccess", "data_ingestion_letter", "data_ingestion_responseerasure"}
# Addresses of people are not for viewers.
CONFIDENTIAL = {"data_ingestion_participant", "data_ingestion_mailing", "data_ingestion_letter"}
every_written_table = pytest.mark.parametrize("table", sorted(SERVICE_OF.keys() - UNWRITTEN - ONE_EACH))


@pytest.fixture
async def ours(owner: asyncpg.Connection) -> Tenant:
    return await new_tenant(owner)


@pytest.fixture
async def theirs(owner: asyncpg.Connection) -> Tenant:
    return await new_tenant(owner)


@pytest.mark.asvs("8.2.2", "8.4.1")
@every_table
async def test_a_member_sees_the_rows_of_the_own_team_and_no_others(
    stack: Stack, ours: Tenant, theirs: Tenant, table: str
) -> None:
    for person in (ours.owner, ours.member, ours.viewer):
        async with acting(stack, SERVICE_OF[table], user_id=person) as session:
            is_hidden = person == ours.viewer and table in CONFIDENTIAL
            seen = [row["id"] for row in await session.fetch(f"SELECT id FROM {table}")]
            assert seen == ([] if is_hidden else [ours.rows[table]])
            assert not await session.fetch(f"SELECT id FROM {table} WHERE id = $1", theirs.rows[table])


@every_table
@pytest.mark.parametrize("settings", [{}, {"user_id": "", "team_id": ""}, {"user_id": 0}, {"team_id": 0}])
async def test_without_a_known_caller_there_are_no_rows(
    stack: Stack, ours: Tenant, table: str, settings: dict[str, object]
) -> None:
    assert ours.rows[table]
    async with acting(stack, SERVICE_OF[table], **settings) as session:
        assert await count(session, table) == 0


@pytest.mark.asvs("8.3.1", "8.4.1")
@every_written_table
async def test_a_stranger_cannot_write_into_another_team(
    stack: Stack, ours: Tenant, theirs: Tenant, table: str
) -> None:
    async with acting(stack, SERVICE_OF[table], user_id=theirs.owner) as session:
        assert await session.execute(f"DELETE FROM {table} WHERE id = $1", ours.rows[table]) == "DELETE 0"
        if table not in APPEND_ONLY:
            column = CHANGED_COLUMN.get(table, "title")
            assert (
                await session.execute(f"UPDATE {table} SET {column} = 'x' WHERE id = $1", ours.rows[table])
                == "UPDATE 0"
            )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await insert(session, table, ours.example(table))


@pytest.mark.asvs("8.2.1")
@every_written_table
async def test_a_viewer_reads_and_a_member_writes(stack: Stack, ours: Tenant, table: str) -> None:
    async with acting(stack, SERVICE_OF[table], user_id=ours.viewer) as session:
        assert await count(session, table) == (table not in CONFIDENTIAL)
        assert await session.execute(f"DELETE FROM {table}") == "DELETE 0"
        if table not in APPEND_ONLY:
            assert (
                await session.execute(f"UPDATE {table} SET {CHANGED_COLUMN.get(table, 'title')} = 'x'")
                == "UPDATE 0"
            )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await insert(session, table, ours.example(table))
    async with acting(stack, SERVICE_OF[table], user_id=ours.member) as session:
        assert await insert(session, table, ours.example(table))
        assert await session.execute(f"DELETE FROM {table} WHERE id = $1", ours.rows[table]) == "DELETE 1"


@pytest.mark.asvs("8.2.1", "8.3.1")
@pytest.mark.parametrize("table", sorted(ONE_EACH))
async def test_what_there_is_one_of_is_changed_by_members_of_the_team(
    stack: Stack, ours: Tenant, theirs: Tenant, table: str
) -> None:
    change = f"UPDATE {table} SET updated_at = now()"
    for settings, n in (
        ({"user_id": theirs.owner}, 0),
        ({"user_id": ours.viewer}, 0),
        ({"user_id": ours.member}, 1),
        ({"team_id": ours.team}, 1),
    ):
        async with acting(stack, "plugzero_ingestion", **settings) as session:
            mine = f"project_id = {ours.project}"
            assert await session.execute(f"{change} WHERE {mine}") == f"UPDATE {n}"
            assert await session.execute(f"DELETE FROM {table} WHERE {mine}") == f"DELETE {n}"
            if not n:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await insert(session, table, ours.example(table))


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
async def test_what_was_published_or_measured_cannot_be_changed(
    stack: Stack, ours: Tenant, table: str
) -> None:
    async with acting(stack, SERVICE_OF[table], user_id=ours.owner) as session:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.execute(f"UPDATE {table} SET created_at = now()")


@every_written_table
async def test_a_worker_acts_for_its_team_only(
    stack: Stack, ours: Tenant, theirs: Tenant, table: str
) -> None:
    async with acting(stack, SERVICE_OF[table], team_id=ours.team) as session:
        assert [row["id"] for row in await session.fetch(f"SELECT id FROM {table}")] == [ours.rows[table]]
        assert await insert(session, table, ours.example(table))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await insert(session, table, theirs.example(table))


async def test_a_named_user_is_never_widened_by_a_team(stack: Stack, ours: Tenant, theirs: Tenant) -> None:
    async with acting(stack, "plugzero_ingestion", user_id=theirs.owner, team_id=ours.team) as session:
        assert await session.fetchval("SELECT id FROM data_ingestion_project") == theirs.project


@every_table
async def test_a_removed_member_loses_access_with_the_next_statement(
    stack: Stack, owner: asyncpg.Connection, ours: Tenant, table: str
) -> None:
    async with acting(stack, SERVICE_OF[table], user_id=ours.member) as session:
        assert await count(session, table) == 1
        await owner.execute("DELETE FROM accounts_teammembership WHERE user_id = $1", ours.member)
        assert await count(session, table) == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await insert(session, table, ours.example(table))


@every_table
async def test_a_deleted_team_disappears_for_members_and_workers(
    stack: Stack, owner: asyncpg.Connection, ours: Tenant, table: str
) -> None:
    await owner.execute("UPDATE accounts_team SET deleted_at = now() WHERE id = $1", ours.team)
    for settings in ({"user_id": ours.owner}, {"team_id": ours.team}):
        async with acting(stack, SERVICE_OF[table], **settings) as session:
            assert await count(session, table) == 0


@pytest.mark.parametrize("change", ["deleted_at = now()", "is_active = false"])
async def test_a_closed_or_blocked_account_sees_nothing(
    stack: Stack, owner: asyncpg.Connection, ours: Tenant, change: str
) -> None:
    await owner.execute(f"UPDATE accounts_user SET {change} WHERE id = $1", ours.owner)
    async with acting(stack, "plugzero_ingestion", user_id=ours.owner) as session:
        assert await count(session, "data_ingestion_project") == 0


@pytest.mark.parametrize(
    ("table", "column", "target"),
    [
        ("analysis_comment", "report_id", "analysis_report"),
        ("analysis_researchinsight", "analysis_result_id", "analysis_analysisresult"),
        ("analysis_analysisresult", "dataset_id", "data_ingestion_dataset"),
        ("data_ingestion_dataset", "raw_data_file_id", "data_ingestion_rawdatafile"),
        ("data_ingestion_fileupload", "raw_data_file_id", "data_ingestion_rawdatafile"),
        ("data_ingestion_surveyversion", "survey_id", "data_ingestion_survey"),
        ("data_ingestion_datasetexport", "dataset_id", "data_ingestion_dataset"),
        ("data_ingestion_datasetfilter", "dataset_id", "data_ingestion_dataset"),
        ("data_ingestion_datasetchange", "dataset_id", "data_ingestion_dataset"),
        ("intelligence_auditfinding", "audit_page_id", "intelligence_auditpage"),
    ],
)
async def test_a_row_cannot_point_into_another_project(
    stack: Stack, ours: Tenant, theirs: Tenant, *, table: str, column: str, target: str
) -> None:
    async with acting(stack, SERVICE_OF[table], user_id=ours.owner) as session:
        with pytest.raises(asyncpg.ForeignKeyViolationError) as refused:
            await insert(session, table, ours.example(table) | {column: theirs.rows[target]})
    assert refused.value.constraint_name == f"{table}_{column}_fkey"


async def test_a_project_cannot_be_moved_into_a_team_of_others(
    stack: Stack, ours: Tenant, theirs: Tenant
) -> None:
    async with acting(stack, "plugzero_ingestion", user_id=ours.owner) as session:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.execute("UPDATE data_ingestion_project SET team_id = $1", theirs.team)


async def test_deleting_a_project_deletes_everything_below_it(
    stack: Stack, owner: asyncpg.Connection, ours: Tenant, theirs: Tenant
) -> None:
    async with acting(stack, "plugzero_ingestion", user_id=ours.member) as session:
        await session.execute("DELETE FROM data_ingestion_project WHERE id = $1", ours.project)
        await session.execute("SELECT set_config('app.user_id', $1, true)", str(theirs.owner))
        assert await count(session, "data_ingestion_survey") == 1
    await owner.execute("DELETE FROM data_ingestion_project WHERE id = $1", ours.project)
    for table, row in ours.rows.items():
        assert not await owner.fetchval(f"SELECT count(*) FROM {table} WHERE id = $1", row)


async def test_the_founder_of_a_team_reads_it_back_before_joining_it(
    stack: Stack, owner: asyncpg.Connection
) -> None:
    founder, other = await new_user(owner), await new_user(owner)
    async with acting(stack, "plugzero_identity", user_id=founder) as session:
        team = await insert(session, "accounts_team", {"name": "T", "owner_id": founder})
        assert await insert(
            session, "accounts_teammembership", {"user_id": founder, "team_id": team, "role": "OWNER"}
        )
        assert await insert(
            session, "accounts_teammembership", {"user_id": other, "team_id": team, "role": "VIEWER"}
        )
        granted = await session.fetchrow("SELECT * FROM access.team_grant($1)", team)
        assert dict(granted) == {"team_id": team, "role": "OWNER"}
    async with acting(stack, "plugzero_identity", user_id=founder) as session:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await insert(session, "accounts_team", {"name": "T", "owner_id": other})


async def test_only_owners_and_admins_change_the_members(
    stack: Stack, owner: asyncpg.Connection, ours: Tenant
) -> None:
    guest = await new_user(owner)
    row = {"user_id": guest, "team_id": ours.team, "role": "ADMIN"}
    for person in (ours.member, ours.viewer, guest):
        async with acting(stack, "plugzero_identity", user_id=person) as session:
            await session.execute("UPDATE accounts_teammembership SET role = 'ADMIN' WHERE role <> 'OWNER'")
            assert await session.execute("UPDATE accounts_team SET name = 'x'") == "UPDATE 0"
            roles = await owner.fetch(
                "SELECT role FROM accounts_teammembership WHERE team_id = $1", ours.team
            )
            assert sorted(r["role"] for r in roles) == ["MEMBER", "OWNER", "VIEWER"]
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await insert(session, "accounts_teammembership", row)
    async with acting(stack, "plugzero_identity", user_id=ours.owner) as session:
        assert await insert(session, "accounts_teammembership", row)
        assert await session.execute("UPDATE accounts_team SET name = 'x'") == "UPDATE 1"


async def test_a_member_may_leave_but_remove_nobody(stack: Stack, ours: Tenant) -> None:
    async with acting(stack, "plugzero_identity", user_id=ours.viewer) as session:
        assert await session.execute("DELETE FROM accounts_teammembership") == "DELETE 1"


async def test_a_team_can_be_deleted_by_its_owner_and_is_gone_for_the_next_statement(
    stack: Stack, ours: Tenant
) -> None:
    async with acting(stack, "plugzero_identity", user_id=ours.owner) as session:
        assert (
            await session.execute("UPDATE accounts_team SET deleted_at = now() WHERE id = $1", ours.team)
            == "UPDATE 1"
        )
        assert await count(session, "accounts_team") == 0


@pytest.mark.parametrize("role", ["plugzero_ingestion", "plugzero_analytics"])
async def test_services_see_the_names_of_colleagues_only(
    stack: Stack, ours: Tenant, theirs: Tenant, role: str
) -> None:
    assert theirs.owner
    for settings in ({"user_id": ours.viewer}, {"team_id": ours.team}):
        async with acting(stack, role, **settings) as session:
            seen = {row["id"] for row in await session.fetch("SELECT id, email, segment FROM accounts_user")}
            assert seen == {ours.owner, ours.member, ours.viewer}


@pytest.mark.parametrize(
    ("person", "expected"),
    [("owner", "OWNER"), ("member", "MEMBER"), ("viewer", "VIEWER"), ("worker", "WORKER")],
)
async def test_a_grant_names_the_role_and_is_empty_for_strangers(
    stack: Stack, ours: Tenant, theirs: Tenant, person: str, expected: str
) -> None:
    settings = {"team_id": ours.team} if person == "worker" else {"user_id": getattr(ours, person)}
    for role in ("plugzero_ingestion", "plugzero_analytics", "plugzero_seo"):
        async with acting(stack, role, **settings) as session:
            granted = await session.fetch("SELECT * FROM access.project_grant($1)", ours.project)
            assert [tuple(row) for row in granted] == [(ours.team, ours.project, expected)]
            assert not await session.fetch("SELECT * FROM access.project_grant($1)", theirs.project)
            assert not await session.fetch("SELECT * FROM access.team_grant($1)", theirs.team)


async def test_a_policy_asks_once_per_statement_and_keeps_the_index(stack: Stack, ours: Tenant) -> None:
    async with acting(stack, "plugzero_ingestion", user_id=ours.owner) as session:
        await session.execute("SET LOCAL enable_seqscan = off")
        plan = await session.fetch(
            "EXPLAIN SELECT * FROM data_ingestion_survey ORDER BY project_id, created_at"
        )
    text = "\n".join(row[0] for row in plan)
    assert "InitPlan" in text
    assert "Index Cond" in text


@pytest.mark.parametrize("table", sorted(UNWRITTEN))
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET project_id = project_id"])
async def test_what_a_function_alone_writes_nobody_else_does(
    stack: Stack, ours: Tenant, table: str, statement: str
) -> None:
    async with acting(stack, SERVICE_OF[table], user_id=ours.owner) as session:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.execute(statement.format(table))
