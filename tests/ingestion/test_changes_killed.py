"""A worker that is killed in the middle of a change leaves one version per change in the end, and nothing else."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from services.ingestion.service import sweeps
from tests.conftest import Clients, Person
from tests.environment import Stack
from tests.ingestion.killed_deliveries import Deliverable, wait_for_children_of
from tests.ingestion.test_derived import derive
from tests.ingestion.test_files import imported
from tests.ingestion.test_readings import ask

Drain = Callable[[], Awaitable[None]]
N_KILLS = 10
MOST_KILLS = 2
"""Of one change, so that each kind of change is killed."""
N_ROWS = 20_000


async def ask_for_another(
    clients: Clients, person: Person, project: int, datasets: list[int], n_before: int
) -> httpx2.Response:
    """Ask for a variable, another reading, or a merge, in turns."""
    turn, dataset = n_before % 3, datasets[0]
    if turn == 0:
        band = {"type": "band", "variable": "age", "cuts": [20 + n_before]}
        return await derive(clients, person, dataset, f"band_{n_before}", band)
    if turn == 1:
        return await ask(clients, person, dataset, missing=[str(n_before)])
    waves = [{"dataset_id": each} for each in datasets]
    body: dict[str, Any] = {"name": f"merged {n_before}", "append": {"waves": waves}}
    path = f"/api/projects/{project}/datasets"
    return await clients.ingestion.post(path, json=body, headers=person.headers)


@pytest.mark.faults
async def test_a_worker_killed_at_ten_moments_of_changes_leaves_exactly_one_version_of_each(
    *,
    stack: Stack,
    clients: Clients,
    drain: Drain,
    alice: Person,
    team: int,
    project: int,
    owner: asyncpg.Connection,
    tmp_path: Path,
) -> None:
    rnd = random.Random(31)
    table = "region,age,score\n" + "".join(
        f"{rnd.choice('abc')},{rnd.randint(18, 80)},{rnd.random():.6f}\n" for _ in range(N_ROWS)
    )
    datasets = [
        (await imported(clients, drain, alice, project, table.encode()))["dataset_ids"][0] for _ in range(2)
    ]
    places: list[str] = []
    n_killed = 0
    while n_killed < N_KILLS:
        # A delivery that was quicker than its killer is no moment of a change: the next change takes its place.
        asked = await ask_for_another(clients, alice, project, datasets, len(places))
        assert asked.status_code == 202, asked.text
        places.append(asked.headers["location"])
        given = await Deliverable.latest(
            stack, owner, project, "dataset-change-requested", scratch_folder=str(tmp_path)
        )
        before = n_killed
        while n_killed < min(N_KILLS, before + MOST_KILLS) and not await given.deliver_and_kill(
            rnd.uniform(0.05, 1)
        ):
            n_killed += 1
    await wait_for_children_of(tmp_path)
    await drain()

    changes = [(await clients.ingestion.get(place, headers=alice.headers)).json() for place in places]
    assert [(c["status"], c["error"]) for c in changes] == [("SUCCESS", None)] * len(places)
    own = [c for c in changes if c["dataset_id"] == datasets[0]]
    assert sorted(c["version"] for c in own) == list(range(2, 2 + len(own)))
    versions = await owner.fetch(
        "SELECT dataset_id, number, n_rows, parquet_key FROM data_ingestion_datasetversion WHERE project_id = $1",
        project,
    )
    assert len(versions) == len(datasets) + len(places)
    assert {v["n_rows"] for v in versions if v["dataset_id"] in datasets} == {N_ROWS}
    assert {v["n_rows"] for v in versions if v["dataset_id"] not in datasets} == {2 * N_ROWS}
    # What a kill left between the storing and the commit, where another version came first, goes with the sweep.
    resources = clients.apps["ingestion"].state.resources
    await sweeps.remove_orphans(resources, grace=timedelta(0), most_s=60)
    kept = [key for key in await resources.objects.keys(f"teams/{team}/") if key.endswith(".parquet")]
    assert kept == sorted(v["parquet_key"] for v in versions)
    n_told = await owner.fetchval(
        "SELECT count(*) FROM messaging_outbox WHERE project_id = $1 AND type = 'dataset-change-finished'",
        project,
    )
    assert n_told == len(places)
