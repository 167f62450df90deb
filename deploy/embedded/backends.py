"""The three servers behind the services: our own parts, or what DATABASE_URL, NATS_URL and S3_ENDPOINT_URL name."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from deploy.embedded.nats import Nats, ask_jetstream
from deploy.embedded.part import NotReadyError
from deploy.embedded.postgres import Postgres, ask_version
from deploy.embedded.seaweedfs import BUCKET, Seaweed, round_trip
from deploy.embedded.supervisor import PartFailedError, Step, Unit
from deploy.embedded.workspace import Workspace


@dataclass(frozen=True)
class Backends:
    """Addresses of the three servers, and the units that start or check them."""

    database_url: str
    nats_url: str
    s3_endpoint_url: str
    s3_keys: tuple[str, str]
    s3_bucket: str
    units: tuple[Unit, ...]


def backends(workspace: Workspace, environment: Mapping[str, str]) -> Backends:
    """Return the servers of this stack: a part for each that the environment does not name."""
    postgres = None if environment.get("DATABASE_URL") else Postgres(workspace)
    nats = None if environment.get("NATS_URL") else Nats(workspace)
    seaweed = None if environment.get("S3_ENDPOINT_URL") else Seaweed(workspace)
    database_url = postgres.url() if postgres else environment["DATABASE_URL"]
    nats_url = nats.url if nats else environment["NATS_URL"]
    s3_url = seaweed.url if seaweed else environment["S3_ENDPOINT_URL"]
    keys = (seaweed.access_key_id, seaweed.secret_access_key) if seaweed else _given_keys(environment)
    bucket = environment.get("PLUGZERO_S3_BUCKET", BUCKET)
    check_s3 = partial(asyncio.to_thread, round_trip, s3_url, keys, bucket)
    return Backends(
        database_url,
        nats_url,
        s3_url,
        keys,
        bucket,
        (
            postgres
            or given(
                "postgres", "PostgreSQL (DATABASE_URL)", database_url, partial(ask_version, database_url)
            ),
            nats or given("nats", "NATS (NATS_URL)", nats_url, partial(ask_jetstream, nats_url)),
            seaweed or given("seaweedfs", "S3 (S3_ENDPOINT_URL)", s3_url, check_s3),
        ),
    )


def given(name: str, title: str, url: str, probe: Callable[[], Awaitable[object]]) -> Step:
    """Return the step that checks, once, a server which somebody else runs."""
    parts = urlsplit(url)
    address = f"{parts.hostname or ''}:{parts.port}" if parts.port else parts.hostname or ""

    async def check() -> str:
        try:
            await probe()
        except (NotReadyError, OSError) as error:
            raise PartFailedError(f"{title} at {address} does not answer: {error}") from error
        return address

    return Step(name, title, frozenset(), check)


def _given_keys(environment: Mapping[str, str]) -> tuple[str, str]:
    names = ("PLUGZERO_S3_ACCESS_KEY_ID", "PLUGZERO_S3_SECRET_ACCESS_KEY")
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise PartFailedError(f"S3_ENDPOINT_URL is set, so {' and '.join(missing)} must be set too")
    return environment[names[0]], environment[names[1]]
