"""The whole local stack: which units there are, and what each process finds in its environment."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from deploy.embedded.backends import Backends, backends
from deploy.embedded.http_probe import get
from deploy.embedded.part import NotReadyError
from deploy.embedded.ports import HOST
from deploy.embedded.python_process import PROGRAMS, Program, PythonProcess
from deploy.embedded.roles import (
    LOGIN_ROLES,
    PUBLIC_ROLES,
    RELAY_ROLE,
    SERVICE_ROLES,
    set_passwords,
    with_role,
)
from deploy.embedded.schema_step import migrate
from deploy.embedded.supervisor import PartFailedError, Step, Unit
from deploy.embedded.traefik import Traefik
from deploy.embedded.workspace import Workspace

PREPARED = frozenset({"nats", "seaweedfs", "roles"})
"""What our processes need: NATS, S3, and a migrated database whose roles have their passwords."""


@dataclass(frozen=True)
class Plan:
    """What to run, in the supervisor's terms, and where it will be reached."""

    units: tuple[Unit, ...]
    gateway_url: str
    backends: Backends


def plan(
    workspace: Workspace,
    *,
    port: int,
    environment: Mapping[str, str],
    programs: Sequence[Program] = PROGRAMS,
) -> Plan:
    """Return the stack of this workspace. `port` is the gateway's; our processes inherit the caller's `environment`."""
    servers = backends(workspace, environment)
    apis = {p.service: f"http://{HOST}:{workspace.ports.port(p.name)}" for p in programs if p.is_api}
    limits = {name: value for name, value in environment.items() if name in Traefik.SETTINGS}
    gateway = Traefik(workspace, port=port, services=apis, limits=limits)
    common = _common_environment(workspace, servers, apis, gateway.url, environment)
    processes = [
        PythonProcess(workspace, p, {**common, **_own(workspace, servers, p)}, PREPARED) for p in programs
    ]
    everything = frozenset(process.name for process in processes) | {gateway.name}
    units: tuple[Unit, ...] = (
        *servers.units,
        gateway,
        Step(
            "schema",
            "database schema",
            frozenset({"postgres"}),
            lambda: migrate(workspace, servers.database_url),
        ),
        Step("roles", "database roles", frozenset({"schema"}), lambda: _give_passwords(workspace, servers)),
        *processes,
        Step("door", "whole stack", everything, lambda: _through_the_gateway(gateway.url)),
    )
    return Plan(units, gateway.url, servers)


def _common_environment(
    workspace: Workspace,
    servers: Backends,
    apis: Mapping[str, str],
    gateway_url: str,
    caller: Mapping[str, str],
) -> dict[str, str]:
    """What every process finds: our defaults, over them the caller's own variables, over them the addresses."""
    defaults = {
        "PLUGZERO_ENVIRONMENT": "local",
        "PLUGZERO_AUTO_VERIFY": "1",
        "PLUGZERO_SECRET_KEY": workspace.secrets["secret-key"],
        "PLUGZERO_GATEWAY_URL": gateway_url,
        "PLUGZERO_METRICS_HOST": HOST,
        "PLUGZERO_MAIL_FOLDER": str(workspace.folder / "outbox"),
        "ANALYTICS_WARM_UP": "0",
        "ANALYTICS_CACHE_FOLDER": str(workspace.folder / "analytics-cache"),
        "PYTHONUNBUFFERED": "1",
    }
    addresses = {
        "NATS_URL": servers.nats_url,
        "S3_ENDPOINT_URL": servers.s3_endpoint_url,
        "PLUGZERO_S3_ACCESS_KEY_ID": servers.s3_keys[0],
        "PLUGZERO_S3_SECRET_ACCESS_KEY": servers.s3_keys[1],
        "PLUGZERO_S3_BUCKET": servers.s3_bucket,
        "PLUGZERO_PEERS": json.dumps(apis),
        "PLUGZERO_JWKS_URL": f"{apis.get('identity', gateway_url)}/.well-known/jwks.json",
    }
    return {**defaults, **caller, **addresses}


def _own(workspace: Workspace, servers: Backends, program: Program) -> dict[str, str]:
    """The database as this process may see it: each has a role of its own."""

    def as_role(role: str) -> str:
        return with_role(servers.database_url, role, workspace.secrets[role])

    own = {"DATABASE_URL": as_role(SERVICE_ROLES.get(program.service, RELAY_ROLE))}
    if program.service in PUBLIC_ROLES:
        own["PUBLIC_DATABASE_URL"] = as_role(PUBLIC_ROLES[program.service])
    return own


async def _give_passwords(workspace: Workspace, servers: Backends) -> str:
    await set_passwords(servers.database_url, {role: workspace.secrets[role] for role in LOGIN_ROLES})
    return ""


async def _through_the_gateway(url: str) -> str:
    """Return the gateway's address once a request has come back through it."""
    why = "it does not answer"
    for _ in range(100):
        try:
            status, _body = await asyncio.to_thread(get, f"{url}/readyz")
        except (OSError, NotReadyError) as error:
            why = str(error)
        else:
            if status == HTTPStatus.OK:
                return url
            why = f"/readyz answers {status}"
        await asyncio.sleep(0.1)
    raise PartFailedError(f"The gateway at {url} leads nowhere: {why}")
