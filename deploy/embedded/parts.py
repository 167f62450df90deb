"""PostgreSQL, NATS and S3 alone: what tests and tools stand on.

The call that `tests/conftest.py` makes, in every pytest-xdist worker alike::

    from deploy.embedded.keeper import shared_backing

    with shared_backing(Path(".plugzero/test")) as urls:
        urls.database_url        # owner (superuser), database "plugzero": postgresql://plugzero:…@127.0.0.1:…/plugzero
        urls.nats_url            # nats://plugzero:…@127.0.0.1:…
        urls.s3_endpoint_url, urls.s3_access_key_id, urls.s3_secret_access_key

`shared_backing` starts the servers through a keeper process when nobody uses the folder yet, and joins them otherwise; other
sessions in the same checkout join too. The keeper stops them when the last user has left, however that one ended (it
watches a file lock, which the kernel releases). Data stays in the folder from session to session; it is not durable at power loss.

A test that must break a server takes its own::

    async with Backing(tmp_path, parts={"nats"}) as own:
        own.urls.nats_url
        await own.kill("nats")
        own.wipe("nats")
        await own.start("nats")
"""

import asyncio
import dataclasses
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from deploy.embedded.nats import Nats
from deploy.embedded.part import Part
from deploy.embedded.postgres import Postgres
from deploy.embedded.seaweedfs import Seaweed
from deploy.embedded.supervisor import Supervisor
from deploy.embedded.workspace import Workspace

NAMES = ("postgres", "nats", "seaweedfs")


@dataclass(frozen=True)
class BackingUrls:
    """Where the three servers answer; empty for a part that was not asked for."""

    database_url: str = ""
    nats_url: str = ""
    subscriber_nats_url: str = ""
    s3_endpoint_url: str = ""
    s3_access_key_id: str = ""
    s3_secret_access_key: str = ""


class Backing:
    """Servers of one's own in a folder of one's own; use from the main thread of the process that keeps them.

    `fresh` names parts whose disks are wiped first. Raises AlreadyRunningError when another process has the folder.
    """

    def __init__(
        self,
        folder: Path,
        *,
        parts: Collection[str] = NAMES,
        durable: bool = False,
        fresh: Collection[str] = (),
    ) -> None:
        self._workspace = workspace = Workspace(folder, durable=durable)
        makers: dict[str, type[Postgres | Nats | Seaweed]]
        makers = {"postgres": Postgres, "nats": Nats, "seaweedfs": Seaweed}
        self._parts: dict[str, Part] = {name: makers[name](workspace) for name in NAMES if name in parts}
        self._supervisor = Supervisor(workspace)
        self._stores = {"postgres": workspace.folder / "postgres", "nats": workspace.folder / "nats"}
        self._stores["seaweedfs"] = workspace.folder / "s3"
        for name in fresh:
            self.wipe(name)

    @property
    def urls(self) -> BackingUrls:
        """Where the parts answer."""
        found = BackingUrls()
        for part in self._parts.values():
            found = dataclasses.replace(found, **_addresses(part))
        return found

    @property
    def pids(self) -> dict[str, int]:
        """Process numbers by part."""
        return dict(self._supervisor.pids)

    async def __aenter__(self) -> Self:
        try:
            await self._supervisor.start(list(self._parts.values()))
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.shield(self._supervisor.stop())
        self._workspace.close()

    async def watch(self) -> None:
        """Raise PartFailedError as soon as a part ends by itself."""
        await self._supervisor.watch()

    async def start(self, name: str) -> None:
        """Start a part again that was stopped or killed."""
        await self._supervisor.start_part(self._parts[name])

    async def stop(self, name: str) -> None:
        """Stop one part cleanly."""
        await self._supervisor.stop_part(name)

    async def kill(self, name: str) -> None:
        """End one part as a crash would (SIGKILL)."""
        await self._supervisor.kill_part(name)

    def wipe(self, name: str) -> None:
        """Delete a stopped part's disk."""
        shutil.rmtree(self._stores[name], ignore_errors=True)


def _addresses(part: Part) -> dict[str, str]:
    match part:
        case Postgres():
            return {"database_url": part.url()}
        case Nats():
            return {"nats_url": part.url, "subscriber_nats_url": part.subscriber_url}
        case Seaweed():
            return {
                "s3_endpoint_url": part.url,
                "s3_access_key_id": part.access_key_id,
                "s3_secret_access_key": part.secret_access_key,
            }
        case _:
            raise TypeError(part)
