"""Tenants who share pooled connections through the kernel's own sessions never see each other."""

import asyncio
import random
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text

from kernel.db import Database, Tenancy
from services.ingestion.settings import IngestionSettings
from tests.conftest import settings_of
from tests.contract.rls_world import Tenant, new_tenant
from tests.environment import Stack

PROJECTS = text("SELECT id FROM data_ingestion_project")


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    settings: IngestionSettings = settings_of(stack, "ingestion", database_pool_size=2)
    pool = Database(settings.database_url, settings)
    yield pool
    await pool.close()


async def test_concurrent_tenants_on_two_connections_see_only_their_own(
    database: Database, owner: asyncpg.Connection
) -> None:
    tenants = [await new_tenant(owner) for _ in range(4)]
    dice = random.Random(7)

    async def visit(tenant: Tenant) -> None:
        tenancy = dice.choice([Tenancy.of_user(tenant.owner), Tenancy.of_team(tenant.team)])
        opened = dice.choice([database.transaction, database.snapshot])(tenancy)
        async with opened as session:
            assert (await session.scalars(PROJECTS)).all() == [tenant.project]
            await asyncio.sleep(0)
            assert (await session.scalars(PROJECTS)).all() == [tenant.project]

    await asyncio.gather(*(visit(dice.choice(tenants)) for _ in range(120)))


@pytest.mark.parametrize("failing", [False, True])
async def test_a_connection_forgets_its_tenant_when_the_transaction_ends(
    database: Database, owner: asyncpg.Connection, failing: bool
) -> None:
    tenant = await new_tenant(owner)

    async def work() -> None:
        async with database.transaction(Tenancy.of_user(tenant.owner)) as session:
            assert (await session.scalars(PROJECTS)).all() == [tenant.project]
            if failing:
                raise LookupError("the handler failed")

    for _ in range(2):
        if failing:
            with pytest.raises(LookupError):
                await work()
        else:
            await work()
    async with database.transaction(Tenancy.none()) as first, database.transaction(Tenancy.none()) as second:
        assert (await first.scalars(PROJECTS)).all() == []
        assert (await second.scalars(PROJECTS)).all() == []
        assert await first.scalar(text("SELECT access.user_id()")) is None
