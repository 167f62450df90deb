"""Deliveries of events in a process of their own, killed from outside at any moment as `kill -9` of a worker would."""

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.conftest import settings_of
from tests.environment import Stack

ROOT = Path(__file__).parents[2]
# By event: the module of its consumer, the consumer's function and durable name, and the event's class.
CONSUMERS = {
    "file-uploaded": ("files", "parse_uploaded_file", "ingestion-parse-file", "FileUploaded"),
    "upload-completed": ("uploads", "verify_upload", "ingestion-verify-upload", "UploadCompleted"),
    "import-requested": ("imports", "fetch_file", "ingestion-fetch-file", "ImportRequested"),
    "dataset-change-requested": (
        "changes",
        "change_dataset",
        "ingestion-change-dataset",
        "DatasetChangeRequested",
    ),
    "export-requested": ("exports", "write_export", "ingestion-write-export", "ExportRequested"),
}
# One delivery, as the worker would run it.
ONE_DELIVERY = """
import asyncio, importlib, json, sys
from kernel.events import Envelope
from kernel.resources import Resources
from kernel.subscriptions import AlreadyHandled, Delivery
import contracts.ingestion
from services.ingestion.settings import IngestionSettings

async def main():
    given = json.loads(sys.stdin.readline())
    module, function, durable, event = given["consumer"]
    consume = getattr(importlib.import_module(f"services.ingestion.consumers.{module}"), function)
    envelope = Envelope.model_validate(given["envelope"])
    resources = Resources.of(IngestionSettings(**given["settings"]))
    print("started", flush=True)
    event = getattr(contracts.ingestion, event).model_validate(envelope.data)
    try:
        await consume(event, Delivery(durable, envelope, 1, resources))
    except AlreadyHandled:
        print("already handled", flush=True)
    else:
        print("finished", flush=True)
    await resources.close()

asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class Deliverable:
    """The latest event of a type in a project, and a worker's settings: whatever one delivery needs."""

    given: str

    @classmethod
    async def latest(
        cls, stack: Stack, owner: asyncpg.Connection, project: int, event: str, **settings: str
    ) -> "Deliverable":
        """Return the latest event of this type that the project has recorded."""
        envelope = await owner.fetchval(
            "SELECT envelope FROM messaging_outbox WHERE project_id = $1 AND type = $2 ORDER BY id DESC LIMIT 1",
            project,
            event,
        )
        own = settings_of(stack, "ingestion", **settings).model_dump(mode="json")
        own |= {name: stack.settings("ingestion")[name] for name in ("s3_secret_access_key", "secret_key")}
        given = {"envelope": json.loads(envelope), "settings": own, "consumer": CONSUMERS[event]}
        return cls(json.dumps(given))

    async def deliver_and_kill(self, after_s: float) -> str:
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
        process.stdin.write(self.given.encode() + b"\n")
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


async def wait_for_children_of(folder: Path) -> None:
    """Wait until no limited process works in a scratch folder any more: each dies with its worker."""
    async with asyncio.timeout(5):
        while _children_of(folder):  # noqa: ASYNC110 - another process ends; it sets no event here
            await asyncio.sleep(0.01)


def _children_of(folder: Path) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if b"_child" in line and str(folder).encode() in line:
            found.append(line.decode())
    return found
