"""Identity's recurring jobs do what they promise on the real database."""

import asyncio
import base64
import json
import uuid
from typing import cast

import asyncpg
import pytest

from kernel.resources import Resources
from services.identity.consumers import (
    purge_deleted,
    purge_idempotency_keys,
    purge_traces_of_logins,
    renew_signing_keys,
)
from services.identity.service.keys import SigningKeys
from services.identity.settings import IdentitySettings
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


async def test_sessions_and_counts_of_attempts_leave_when_they_are_long_over(
    clients: Clients, alice: Person, owner: asyncpg.Connection
) -> None:
    add_session = (
        "INSERT INTO accounts_session (id, user_id, expires_at) VALUES ($1, $2, now() - $3::text::interval)"
    )
    old, recent = uuid.uuid4(), uuid.uuid4()
    await owner.execute(add_session, old, alice.user_id, "31 days")
    await owner.execute(add_session, recent, alice.user_id, "29 days")
    add_count = (
        "INSERT INTO accounts_loginthrottle (key, n_failures, blocked_until, updated_at)"
        " VALUES ($1, 1, 'epoch', now() - $2::text::interval)"
    )
    await owner.execute(add_count, "old", "3 days")
    await owner.execute(add_count, "recent", "1 day")
    await purge_traces_of_logins(clients.apps["identity"].state.resources)
    kept = await owner.fetch("SELECT id FROM accounts_session WHERE id = ANY ($1)", [old, recent])
    assert [row["id"] for row in kept] == [recent]
    counts = await owner.fetch("SELECT key FROM accounts_loginthrottle WHERE key IN ('old', 'recent')")
    assert [row["key"] for row in counts] == ["recent"]


@pytest.mark.asvs("11.2.2")
async def test_a_new_signing_key_is_known_everywhere_before_it_signs_and_the_old_one_stays_for_its_tokens(
    clients: Clients, alice: Person, team: int, owner: asyncpg.Connection
) -> None:
    resources = clients.apps["identity"].state.resources
    count = "SELECT count(*) FROM accounts_signingkey"
    before = await owner.fetchval(count)
    await renew_signing_keys(resources)
    assert await owner.fetchval(count) == before, "the present one is young"
    await owner.execute("UPDATE accounts_signingkey SET created_at = created_at - interval '91 days'")
    await renew_signing_keys(resources)
    await renew_signing_keys(resources)
    assert await owner.fetchval(count) == before + 1, "one new key, however often the job runs"
    old, new = await _kids(owner)
    assert await _published(resources) >= {old, new}
    assert _kid(await _signed(resources, alice)) == old
    await owner.execute("UPDATE accounts_signingkey SET created_at = created_at - interval '2 minutes'")
    token = await _signed(resources, alice)
    assert _kid(token) == new
    await asyncio.sleep(2.1)  # unknown keys are looked for every two seconds at most
    for headers in ({"Authorization": f"Bearer {token}"}, alice.headers):
        for client, path in ((clients.identity, "/api/accounts/me"), (clients.ingestion, "/api/projects")):
            assert (await client.get(path, headers=headers)).status_code == 200
    retires_in = await owner.fetchval(
        "SELECT extract(epoch FROM retires_at - now()) FROM accounts_signingkey WHERE kid = $1", old
    )
    assert 900 + 60 < retires_in < 900 + 600, "a token of the last moment lives 15 minutes"
    await owner.execute("UPDATE accounts_signingkey SET retires_at = now() WHERE kid = $1", old)
    assert old not in await _published(resources)


async def _kids(owner: asyncpg.Connection) -> tuple[str, str]:
    """The key before the last, and the last."""
    rows = await owner.fetch("SELECT kid FROM accounts_signingkey ORDER BY created_at DESC LIMIT 2")
    return rows[1]["kid"], rows[0]["kid"]


async def _published(resources: Resources) -> set[str]:
    """The ids of the keys that a replica publishes which has just begun."""
    document = await _keys(resources).jwks()
    return {key["kid"] for key in document["keys"]}


async def _signed(resources: Resources, person: Person) -> str:
    """An access token for a person's session, by a replica that has just begun."""
    claims = json.loads(_decoded(person.token.split(".")[1]))
    return await _keys(resources).sign(user_id=person.user_id, session_id=claims["sid"], methods=["pwd"])


def _keys(resources: Resources) -> SigningKeys:
    return SigningKeys(resources.database, cast("IdentitySettings", resources.settings))


def _kid(token: str) -> str:
    return str(json.loads(_decoded(token.split(".", maxsplit=1)[0]))["kid"])


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
