"""Identity's recurring jobs do what they promise on the real database."""

import asyncpg

from services.identity.consumers import purge_deleted, purge_idempotency_keys
from tests.conftest import Clients, Person


async def test_idempotency_keys_are_purged_after_their_day(
    clients: Clients, owner: asyncpg.Connection
) -> None:
    statement = "INSERT INTO messaging_idempotencykey (caller, key, request_hash, created_at) VALUES ('user:0', $1, '', $2::text::timestamptz)"
    await owner.execute(statement, "old", "2001-01-01T00:00:00Z")
    await owner.execute(statement, "new", "2999-01-01T00:00:00Z")
    await purge_idempotency_keys(clients.apps["identity"].state.resources)
    kept = await owner.fetch("SELECT key FROM messaging_idempotencykey WHERE caller = 'user:0'")
    assert [row["key"] for row in kept] == ["new"]


async def test_a_deleted_team_is_purged_after_its_grace_time_and_not_before(
    clients: Clients, alice: Person, team: int, project: int, owner: asyncpg.Connection
) -> None:
    await clients.identity.delete(f"/api/teams/{team}", headers=alice.headers)
    resources = clients.apps["identity"].state.resources
    await purge_deleted(resources)
    assert await owner.fetchval("SELECT count(*) FROM data_ingestion_project WHERE id = $1", project) == 1
    await owner.execute(
        "UPDATE accounts_team SET deleted_at = now() - interval '31 days' WHERE id = $1", team
    )
    await purge_deleted(resources)
    assert await owner.fetchval("SELECT count(*) FROM accounts_team WHERE id = $1", team) == 0
    assert await owner.fetchval("SELECT count(*) FROM data_ingestion_project WHERE id = $1", project) == 0
