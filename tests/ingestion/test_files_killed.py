"""A worker that is killed in the middle of an import leaves one dataset behind in the end, and nothing else."""

import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import Clients, Person
from tests.environment import Stack
from tests.ingestion.killed_deliveries import Deliverable, wait_for_children_of
from tests.ingestion.test_files import read, upload

Drain = Callable[[], Awaitable[None]]
N_KILLS = 10


@pytest.mark.faults
async def test_a_worker_killed_at_ten_moments_of_imports_leaves_exactly_one_dataset_of_each_file(
    *,
    stack: Stack,
    clients: Clients,
    drain: Drain,
    alice: Person,
    project: int,
    owner: asyncpg.Connection,
    tmp_path: Path,
) -> None:
    rnd = random.Random(11)
    files = []
    n_killed = 0
    while n_killed < N_KILLS:
        # A delivery that was quicker than its killer is no moment of an import: the next file takes its place.
        rows = (f"{rnd.choice('abc')},{rnd.randint(18, 80)},{rnd.random():.6f}\n" for _ in range(20_000))
        file = await upload(clients, alice, project, ("region,age,score\n" + "".join(rows)).encode())
        files.append(file)
        given = await Deliverable.latest(stack, owner, project, "file-uploaded", scratch_folder=str(tmp_path))
        while n_killed < N_KILLS and await given.deliver_and_kill(rnd.uniform(0.05, 3)) == "":
            n_killed += 1
    await wait_for_children_of(tmp_path)
    await drain()

    for file in files:
        found = await read(clients, alice, file["id"])
        assert (found["upload_status"], len(found["dataset_ids"])) == ("SUCCESS", 1)
        objects = clients.apps["ingestion"].state.resources.objects
        keys = await objects.keys(found["file"].removesuffix("original"))
        assert [key.rpartition("/")[2] for key in keys] == ["dataset-v1.parquet", "original", "preview.json"]
    n_versions = await owner.fetchval(
        "SELECT count(*) FROM data_ingestion_datasetversion WHERE project_id = $1", project
    )
    n_told = await owner.fetchval(
        "SELECT count(*) FROM messaging_outbox WHERE project_id = $1 AND type = 'file-processed'", project
    )
    assert (n_versions, n_told) == (len(files), len(files))


async def test_an_import_delivered_again_after_it_was_done_changes_nothing(
    *, stack: Stack, clients: Clients, drain: Drain, alice: Person, project: int, owner: asyncpg.Connection
) -> None:
    file = await upload(clients, alice, project, b"a,b\n1,x\n2,y\n")
    await drain()
    before = await read(clients, alice, file["id"])
    given = await Deliverable.latest(stack, owner, project, "file-uploaded")
    assert await given.deliver_and_kill(30) == "already handled"
    assert await read(clients, alice, file["id"]) == before
