"""A worker that is killed in the middle of an export leaves one written file behind in the end, and nothing else."""

import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import Clients, Person
from tests.environment import Stack
from tests.ingestion.killed_deliveries import Deliverable, wait_for_children_of
from tests.ingestion.test_exports import ask, downloaded
from tests.ingestion.test_files import imported

Drain = Callable[[], Awaitable[None]]
N_KILLS = 10
N_ROWS = 20_000
NAMES = ("region", "age", "score")
KINDS = ("xlsx", "sav", "csv", "parquet")


async def ask_for_another(clients: Clients, person: Person, dataset: int, n_before: int) -> str:
    """Ask for an export like no other before; return where it can be read."""
    turn, place = divmod(n_before, len(KINDS))
    n_variables = len(NAMES) - turn % len(NAMES)
    body = {"format": KINDS[place], "variables": NAMES[:n_variables]}
    asked = await ask(clients, person, dataset, **body)
    assert asked.status_code == 202, asked.text
    return str(asked.headers["location"])


@pytest.mark.faults
async def test_a_worker_killed_at_ten_moments_of_exports_leaves_exactly_one_file_of_each(
    *,
    stack: Stack,
    clients: Clients,
    drain: Drain,
    alice: Person,
    project: int,
    owner: asyncpg.Connection,
    tmp_path: Path,
) -> None:
    rnd = random.Random(12)
    rows = (f"{rnd.choice('abc')},{rnd.randint(18, 80)},{rnd.random():.6f}\n" for _ in range(N_ROWS))
    file = await imported(clients, drain, alice, project, ("region,age,score\n" + "".join(rows)).encode())
    places: list[str] = []
    n_killed = 0
    while n_killed < N_KILLS:
        # A delivery that was quicker than its killer is no moment of an export: the next export takes its place.
        places.append(await ask_for_another(clients, alice, file["dataset_ids"][0], len(places)))
        given = await Deliverable.latest(
            stack, owner, project, "export-requested", scratch_folder=str(tmp_path)
        )
        while n_killed < N_KILLS and await given.deliver_and_kill(rnd.uniform(0.05, 1)) == "":
            n_killed += 1
    await wait_for_children_of(tmp_path)
    await drain()

    ids = []
    for place in places:
        export = (await clients.ingestion.get(place, headers=alice.headers)).json()
        assert (export["status"], export["n_rows"]) == ("SUCCESS", N_ROWS)
        assert len((await downloaded(export["url"])).content) == export["size_bytes"]
        ids.append(export["id"])
    objects = clients.apps["ingestion"].state.resources.objects
    keys = await objects.keys(file["file"].removesuffix("original") + "exports/")
    assert sorted(int(key.rpartition("/")[2].partition(".")[0]) for key in keys) == sorted(ids)
    n_told = await owner.fetchval(
        "SELECT count(*) FROM messaging_outbox WHERE project_id = $1 AND type = 'export-finished'", project
    )
    assert n_told == len(places)
