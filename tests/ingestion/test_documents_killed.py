"""A worker that is killed in the middle of a long document leaves one result in the end, and no object too many."""

import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from tests import documents
from tests.conftest import Clients, Person
from tests.environment import Stack
from tests.ingestion.killed_deliveries import Deliverable, wait_for_children_of
from tests.ingestion.test_files import read, upload

Drain = Callable[[], Awaitable[None]]
N_KILLS = 4


@pytest.mark.faults
async def test_a_worker_killed_while_it_reads_a_document_leaves_exactly_one_result(
    *,
    stack: Stack,
    clients: Clients,
    drain: Drain,
    alice: Person,
    project: int,
    owner: asyncpg.Connection,
    tmp_path: Path,
) -> None:
    rnd = random.Random(4)
    content = documents.pdf([(f"Chapter {n}", *documents.SENTENCES) for n in range(1, 61)], table_on=2)
    file = await upload(clients, alice, project, content, "long.pdf")
    given = await Deliverable.latest(stack, owner, project, "file-uploaded", scratch_folder=str(tmp_path))
    for _ in range(N_KILLS):
        assert await given.deliver_and_kill(rnd.uniform(0.05, 2)) == ""
    await wait_for_children_of(tmp_path)
    await drain()

    found = await read(clients, alice, file["id"])
    assert (found["upload_status"], found["dataset_ids"], found["progress"]["done"]) == ("SUCCESS", [], 60)
    objects = clients.apps["ingestion"].state.resources.objects
    prefix = found["file"].removesuffix("original")
    names = [key.removeprefix(prefix) for key in await objects.keys(prefix)]
    pieces = ["pages-00001.json", "pages-00002.json", "tables.json", "text.txt"]
    assert names == [*(f"document/{piece}" for piece in pieces), "original", "preview.json"]
    n_told = await owner.fetchval(
        "SELECT count(*) FROM messaging_outbox WHERE project_id = $1 AND type = 'file-processed'", project
    )
    assert n_told == 1
