"""A worker that is killed while it verifies an upload or fetches a file leaves one file in the end, and nothing else."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.ingestion.service import sweeps
from tests.conftest import Clients, Person
from tests.environment import Stack
from tests.ingestion.killed_deliveries import Deliverable
from tests.ingestion.test_files import read
from tests.ingestion.test_uploads import LARGE, begun, complete, send
from tests.seo.local_site import Reply, serving

Drain = Callable[[], Awaitable[None]]
KILLED_AFTER_S = (0.02, 0.1, 0.25, 0.6)


async def killed_deliveries(
    stack: Stack, owner: asyncpg.Connection, project: int, *, event: str, folder: Path
) -> None:
    """Deliver the project's event of this type several times, and kill the process at another moment each time."""
    given = await Deliverable.latest(stack, owner, project, event, scratch_folder=str(folder))
    for after_s in KILLED_AFTER_S:
        await given.deliver_and_kill(after_s)


async def require_one_file(
    clients: Clients, person: Person, owner: asyncpg.Connection, file_id: int
) -> dict[str, Any]:
    file: dict[str, Any] = await read(clients, person, file_id)
    assert (file["upload_status"], len(file["dataset_ids"])) == ("SUCCESS", 1), file["error"]
    told = "SELECT count(*) FROM messaging_outbox WHERE project_id = $1 AND type = 'file-uploaded'"
    assert await owner.fetchval(told, file["project_id"]) == 1
    resources = clients.apps["ingestion"].state.resources
    await sweeps.abort_stray_uploads(resources, grace=timedelta(0))
    await sweeps.remove_orphans(resources, grace=timedelta(0), most_s=60)
    prefix = file["file"].partition("files/")[0]
    keys = await resources.objects.keys(prefix)
    assert {key.rpartition("/")[0] for key in keys} == {file["file"].removesuffix("/original")}
    assert [each async for each in resources.objects.parts.unfinished(prefix)] == []
    return file


@pytest.mark.faults
async def test_a_worker_killed_while_it_verifies_goes_on_where_it_was(
    *,
    stack: Stack,
    clients: Clients,
    drain: Drain,
    alice: Person,
    project: int,
    owner: asyncpg.Connection,
    tmp_path: Path,
) -> None:
    made = await begun(clients, alice, project, LARGE)
    await send(made, LARGE)
    file_id = (await complete(clients, alice, made["id"])).json()["id"]
    await killed_deliveries(stack, owner, project, event="upload-completed", folder=tmp_path)
    await drain()
    await require_one_file(clients, alice, owner, file_id)


@pytest.mark.faults
async def test_a_worker_killed_while_it_fetches_leaves_one_original(
    *,
    stack: Stack,
    clients: Clients,
    drain: Drain,
    alice: Person,
    project: int,
    owner: asyncpg.Connection,
    tmp_path: Path,
) -> None:
    async with serving({"/panel.csv": Reply(LARGE.decode())}) as site:
        where, body = f"/api/projects/{project}/imports", {"url": f"{site.base}/panel.csv"}
        asked = await clients.ingestion.post(where, json=body, headers=alice.headers)
        await killed_deliveries(stack, owner, project, event="import-requested", folder=tmp_path)
        await drain()
    file = await require_one_file(clients, alice, owner, asked.json()["id"])
    assert file["size_bytes"] == len(LARGE)
