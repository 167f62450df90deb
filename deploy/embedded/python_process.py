"""Our own processes: one API and one worker per service, and the relay. The list is data; nothing else names them."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from deploy.embedded.http_probe import get
from deploy.embedded.part import NotReadyError, Part
from deploy.embedded.ports import HOST
from deploy.embedded.processes import PROJECT, Launch
from deploy.embedded.workspace import Workspace

SERVER_OPTIONS = (
    "--no-access-log",
    "--no-server-header",
    "--log-level",
    "warning",
    "--timeout-graceful-shutdown",
    "4",
)


@dataclass(frozen=True)
class Program:
    """One Python process: module and arguments as after `python -m`, the service it belongs to, where it listens.

    `{port}` in the arguments is replaced. `health` is the path that answers 200 once the process does its work.
    """

    name: str
    service: str
    argv: tuple[str, ...]
    is_api: bool = False
    health: str = "/readyz"
    port_variable: str = ""
    title: str = ""


def api(service: str, app: str = "") -> Program:
    """Return the API process of a service."""
    application = app or f"services.{service}.app:app"
    argv = ("uvicorn", application, "--host", HOST, "--port", "{port}", *SERVER_OPTIONS)
    return Program(f"{service}-api", service, argv, is_api=True, title=f"{service} API")


def worker(service: str) -> Program:
    """Return the worker of a service; it answers for its health where PLUGZERO_METRICS_PORT says."""
    argv = (f"services.{service}.worker",)
    return Program(
        f"{service}-worker", service, argv, port_variable="PLUGZERO_METRICS_PORT", title=f"{service} worker"
    )


RELAY = Program(
    "relay", "relay", ("kernel.relay",), port_variable="PLUGZERO_METRICS_PORT", title="event relay"
)
SERVICES = ("identity", "ingestion", "analytics", "seo")
PROGRAMS = (*(api(name) for name in SERVICES), *(worker(name) for name in SERVICES), RELAY)


class PythonProcess(Part):
    """One of our own processes."""

    grace_s = 8.0

    def __init__(
        self, workspace: Workspace, program: Program, environment: Mapping[str, str], needs: frozenset[str]
    ) -> None:
        self.needs = needs
        self.name = program.name
        self.title = program.title or program.name
        self.port = workspace.ports.port(program.name)
        self._program = replace(
            program, argv=tuple(word.replace("{port}", str(self.port)) for word in program.argv)
        )
        own_port = {program.port_variable: str(self.port)} if program.port_variable else {}
        self._environment = {**environment, **own_port}

    @property
    def address(self) -> str:
        """Host and port of its HTTP door, an API's or the operators'."""
        return f"{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """Return its base URL."""
        return f"http://{self.address}"

    def launch(self) -> Launch:
        """Return the `python -m` command."""
        return Launch.of_module(self._program.argv, self._environment, cwd=PROJECT)

    async def probe(self) -> None:
        """Ask the process itself whether it is ready, its dependencies included."""
        status, body = await asyncio.to_thread(get, f"{self.url}{self._program.health}")
        if status != HTTPStatus.OK:
            raise NotReadyError(f"{self._program.health} answers {status}: {_detail(body)}")


def _detail(body: bytes) -> str:
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return body[:300].decode(errors="replace")
