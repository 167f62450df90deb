"""Identity's recurring jobs do what they promise on the real database."""

import asyncpg

from services.identity.consumers import purge_idempotency_keys
from tests.conftest import Clients


async def test_idempotency_keys_are_purged_after_their_day(
    clients: Clients, owner: asyncpg.Connection
) -> None:
    statement = "INSERT INTO messaging_idempotencykey (caller, key, request_hash, created_at) VALUES ('user:0', $1, '', $2::text::timestamptz)"
    await owner.execute(statement, "old", "2001-01-01T00:00:00Z")
    await owner.execute(statement, "new", "2999-01-01T00:00:00Z")
    await purge_idempotency_keys(clients.apps["identity"].state.resources)
    kept = await owner.fetch("SELECT key FROM messaging_idempotencykey WHERE caller = 'user:0'")
    assert [row["key"] for row in kept] == ["new"]
