"""The functions of recurring jobs: partitions made ahead, deleted teams and users purged."""

import asyncpg
import pytest

from tests.contract.rls_world import acting, new_tenant
from tests.environment import Stack

IN_TEN_MONTHS = "date_trunc('month', now()) + interval '10 months 3 days'"


async def test_partitions_are_made_once(stack: Stack) -> None:
    async with acting(stack, "plugzero_ingestion") as session:
        made = "SELECT maintenance.make_event_partitions($1)"
        assert await session.fetchval(made, 3) == 0
        assert await session.fetchval(made, 5) == 2
        assert await session.fetchval(made, 5) == 0


async def test_an_event_beyond_the_partitions_is_kept_and_moves_into_its_month(
    stack: Stack, owner: asyncpg.Connection
) -> None:
    tenant = await new_tenant(owner)
    where = "SELECT tableoid::regclass::text FROM data_ingestion_experienceevent WHERE id = $1"
    async with acting(stack, "plugzero_ingestion", user_id=tenant.owner) as session:
        event = await session.fetchval(
            f"INSERT INTO data_ingestion_experienceevent (project_id, event_type, created_at) "
            f"VALUES ($1, 'page_view', {IN_TEN_MONTHS}) RETURNING id",
            tenant.project,
        )
        assert await session.fetchval(where, event) == "data_ingestion_experienceevent_default"
        assert await session.fetchval("SELECT maintenance.make_event_partitions(10)") == 7
        month = await session.fetchval(f"SELECT to_char({IN_TEN_MONTHS}, 'YYYY_MM')")
        assert await session.fetchval(where, event) == f"data_ingestion_experienceevent_{month}"
        assert await session.fetchval("SELECT count(*) FROM data_ingestion_experienceevent") == 2


async def test_a_query_of_one_month_reads_one_partition(stack: Stack, owner: asyncpg.Connection) -> None:
    tenant = await new_tenant(owner)
    async with acting(stack, "plugzero_ingestion", user_id=tenant.owner) as session:
        plan = await session.fetch(
            "EXPLAIN SELECT * FROM data_ingestion_experienceevent WHERE project_id = 1 "
            "AND created_at >= date_trunc('month', now()) AND created_at < date_trunc('month', now()) + interval '1 month'"
        )
    text = "\n".join(row[0] for row in plan)
    assert text.count("Scan") >= 1
    assert "Subplans Removed" in text or text.count(" on data_ingestion_experienceevent_") == 1


async def test_purging_removes_old_deleted_teams_with_all_that_is_theirs(
    stack: Stack, owner: asyncpg.Connection
) -> None:
    old, fresh, living = [await new_tenant(owner) for _ in range(3)]
    mark = "UPDATE accounts_team SET deleted_at = now() - $2::interval WHERE id = $1"
    await owner.execute(mark.replace("$2", "'40 days'"), old.team)
    await owner.execute(mark.replace("$2", "'1 day'"), fresh.team)
    await owner.execute(
        "UPDATE accounts_user SET deleted_at = now() - interval '40 days' WHERE id = ANY ($1)",
        [old.member, fresh.owner, living.member],
    )
    async with acting(stack, "plugzero_identity") as session:
        purged = await session.fetchrow("SELECT * FROM maintenance.purge_deleted('30 days')")
        assert tuple(purged) == (1, 2)
        # The owner of a team that still exists stays until the team is gone.
        left = "SELECT count(*) FROM accounts_user WHERE id = ANY ($1::bigint[])"
        assert await session.fetchval(left, [old.member, fresh.owner, living.member]) == 1


@pytest.mark.parametrize(
    ("role", "call"),
    [
        ("plugzero_analytics", "maintenance.make_event_partitions(3)"),
        ("plugzero_respondent", "maintenance.make_event_partitions(3)"),
        ("plugzero_ingestion", "maintenance.purge_deleted('30 days')"),
        ("plugzero_reader", "maintenance.purge_deleted('30 days')"),
    ],
)
async def test_a_role_calls_only_what_its_jobs_need(stack: Stack, role: str, call: str) -> None:
    async with acting(stack, role) as session:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.fetch(f"SELECT {call}")
