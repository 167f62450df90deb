"""Partitions of experience events are made ahead by a recurring job."""

import asyncpg

from services.ingestion.consumers.jobs import make_event_partitions
from tests.conftest import Clients


async def test_partitions_of_events_are_made_again_when_missing(
    clients: Clients, owner: asyncpg.Connection
) -> None:
    counting = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'data_ingestion_experienceevent'::regclass"
    before = await owner.fetchval(counting)
    last = await owner.fetchval(
        "SELECT max(inhrelid::regclass::text) FROM pg_inherits "
        "WHERE inhparent = 'data_ingestion_experienceevent'::regclass AND inhrelid::regclass::text ~ '[0-9]$'"
    )
    await owner.execute(f"DROP TABLE {last}")
    await make_event_partitions(clients.apps["ingestion"].state.resources)
    assert await owner.fetchval(counting) == before
