"""A worker that is killed in the middle of an import leaves one dataset behind in the end, and nothing else."""

import asyncio
import contextlib
import json
import os
import random
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import Clients, Person, settings_of
from tests.environment import Stack
from tests.ingestion.test_files import read, upload

Drain = Callable[[], Awaitable[None]]
ROOT = Path(__file__).parents[2]
# One delivery, as the worker would run it; killed from outside at any moment.
ONE_DELIVERY = """
import asyncio, json, sys
from kernel.events import Envelope
from kernel.resources import Resources
from kernel.subscriptions import AlreadyHandled, Delivery
from contracts.ingestion import FileUploaded
from services.ingestion.consumers.files import parse_uploaded_file
from services.ingestion.settings import IngestionSettings

async def main():
    given = json.loads(sys.stdin.readline())
    envelope = Envelope.model_validate(given["envelope"])
    resources = Resources.of(IngestionSettings(**given["settings"]))
    print("started", flush=True)
    event = FileUploaded.model_validate(envelope.data)
    try:
        await parse_uploaded_file(event, Delivery("ingestion-parse-file", envelope, 1, resources))
    except AlreadyHandled:
        print("already handled", flush=True)
    else:
        print("finished", flush=True)
    await resources.close()

asyncio.run(main())
"""


async def deliver_and_kill(given: str, after_s: float) -> str:
    """Run one delivery and kill it after a time; return its last word, empty when it was killed before."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        ONE_DELIVERY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(given.encode() + b"\n")
    assert await process.stdout.readline() == b"started\n"
    try:
        async with asyncio.timeout(after_s):
            return (await process.stdout.readline()).decode().strip()
    except TimeoutError:
        return ""
    finally:
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
            process.kill()
        await process.wait()


def readers_of(folder: Path) -> list[str]:
    """Command lines of reader processes that still work in a scratch folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if b"import_child" in line and str(folder).encode() in line:
            found.append(line.decode())
    return found


@pytest.mark.faults
async def test_a_worker_killed_at_any_moment_of_an_import_leaves_exactly_one_dataset(
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
    rows = "".join(f"{rnd.choice('abc')},{rnd.randint(18, 80)},{rnd.random():.6f}\n" for _ in range(20_000))
    file = await upload(clients, alice, project, ("region,age,score\n" + rows).encode())
    envelope = await owner.fetchval(
        "SELECT envelope FROM messaging_outbox WHERE project_id = $1 AND type = 'file-uploaded'", project
    )
    settings = settings_of(stack, "ingestion", scratch_folder=str(tmp_path)).model_dump(mode="json")
    secrets = {name: stack.settings("ingestion")[name] for name in ("s3_secret_access_key", "secret_key")}
    given = json.dumps({"envelope": json.loads(envelope), "settings": {**settings, **secrets}})

    for after_s in (0.1, 0.6, 1.2):
        if await deliver_and_kill(given, after_s) == "finished":
            break
    async with asyncio.timeout(5):
        while readers_of(tmp_path):  # noqa: ASYNC110 - another process ends; it sets no event here
            await asyncio.sleep(0.01)
    await drain()

    file = await read(clients, alice, file["id"])
    assert (file["upload_status"], len(file["dataset_ids"])) == ("SUCCESS", 1)
    n_versions = await owner.fetchval(
        "SELECT count(*) FROM data_ingestion_datasetversion WHERE project_id = $1", project
    )
    n_told = await owner.fetchval(
        "SELECT count(*) FROM messaging_outbox WHERE project_id = $1 AND type = 'file-processed'", project
    )
    assert (n_versions, n_told) == (1, 1)
    objects = clients.apps["ingestion"].state.resources.objects
    keys = await objects.keys(file["file"].removesuffix("original"))
    assert [key.rpartition("/")[2] for key in keys] == ["dataset-v1.parquet", "original", "preview.json"]


async def test_an_import_delivered_again_after_it_was_done_changes_nothing(
    *, stack: Stack, clients: Clients, drain: Drain, alice: Person, project: int, owner: asyncpg.Connection
) -> None:
    file = await upload(clients, alice, project, b"a,b\n1,x\n2,y\n")
    await drain()
    before = await read(clients, alice, file["id"])
    envelope = await owner.fetchval(
        "SELECT envelope FROM messaging_outbox WHERE project_id = $1 AND type = 'file-uploaded'", project
    )
    settings = settings_of(stack, "ingestion").model_dump(mode="json")
    secrets = {name: stack.settings("ingestion")[name] for name in ("s3_secret_access_key", "secret_key")}
    given = json.dumps({"envelope": json.loads(envelope), "settings": {**settings, **secrets}})
    assert await deliver_and_kill(given, 30) == "already handled"
    assert await read(clients, alice, file["id"]) == before
