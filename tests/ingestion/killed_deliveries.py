"""Deliveries of events in a process of their own, killed from outside at any moment as `kill -9` of a worker would."""

import asyncio
import atexit
import json
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import asyncpg

from services.ingestion.service.limited_processes import Server
from tests.conftest import settings_of
from tests.environment import Stack

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
    "response-erased": ("erasures", "erase_response", "ingestion-erase-response", "ResponseErased"),
    "mailing-requested": ("mailings", "send_letters", "ingestion-send-letters", "MailingRequested"),
    "export-requested": ("exports", "write_export", "ingestion-write-export", "ExportRequested"),
}
PROGRAM = "tests.one_delivery"


@cache
def deliverers() -> Server:
    """Forks processes that have loaded what a worker loads: ten moments of a delivery cost one start."""
    made = Server(PROGRAM)
    atexit.register(made.close)
    return made


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
        async with deliverers().running(PROGRAM, [self.given], Path(tempfile.gettempdir())) as process:
            assert await process.output.readline() == b"started\n"
            try:
                async with asyncio.timeout(after_s):
                    return (await process.output.readline()).decode().strip()
            except TimeoutError:
                return ""


async def wait_for_children_of(folder: Path) -> None:
    """Wait until no limited process works in a scratch folder any more: each dies with its worker."""
    async with asyncio.timeout(5):
        while _children_of(folder):  # noqa: ASYNC110 - another process ends; it sets no event here
            await asyncio.sleep(0.01)


def _children_of(folder: Path) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cwd"):
        try:
            place = path.readlink()
        except OSError:
            continue
        if place.is_relative_to(folder):
            found.append(str(path))
    return found
