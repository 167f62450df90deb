"""The real servers and the migrated database that tests run on.

Migrations run once into a template database; each pytest-xdist worker clones it (about 50 ms). Tests commit for real:
they are isolated by a team of their own per test, which row-level security keeps from seeing any other.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from deploy.embedded.keeper import shared_backing
from deploy.embedded.parts import BackingUrls
from kernel.settings import with_role

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".plugzero" / "test"
PASSWORD = "test-password-of-roles"
SECRET = "a-secret-for-tests-only-0123456789abcdef"
ROLES = (
    "plugzero_identity",
    "plugzero_ingestion",
    "plugzero_analytics",
    "plugzero_seo",
    "plugzero_relay",
    "plugzero_respondent",
    "plugzero_reader",
)
PUBLIC_ROLES = {"ingestion": "plugzero_respondent", "analytics": "plugzero_reader"}


@dataclass(frozen=True)
class Stack:
    """One pytest worker's own database, bucket and event stream on the shared servers."""

    database_url: str
    nats_url: str
    s3: BackingUrls
    name: str

    def role_url(self, role: str) -> str:
        """Return the database's address for one role."""
        return with_role(self.database_url, role=role, password=PASSWORD)

    def settings(self, service: str) -> dict[str, Any]:
        """Return the settings of one service, by field name."""
        public_role = PUBLIC_ROLES.get(service)
        return {
            "environment": "local",
            "log_level": "WARNING",
            "database_url": self.role_url(f"plugzero_{service}"),
            "public_database_url": self.role_url(public_role) if public_role else "",
            "database_pool_size": 5,
            "nats_url": self.nats_url,
            "events_prefix": self.name,
            "s3_endpoint_url": self.s3.s3_endpoint_url,
            "s3_access_key_id": self.s3.s3_access_key_id,
            "s3_secret_access_key": self.s3.s3_secret_access_key,
            "s3_bucket": self.name,
            "secret_key": SECRET,
            "jwks_url": "http://identity/.well-known/jwks.json",
        }


@contextmanager
def running_stack() -> Iterator[Stack]:
    """Join the shared servers and give this worker its own database; it is dropped at the end."""
    with shared_backing(FOLDER) as urls:
        name = f"t-{uuid.uuid4().hex[:10]}"
        template = _template(urls.database_url)
        with _admin(urls.database_url) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        try:
            yield Stack(_with_database(urls.database_url, name), urls.nats_url, urls, name)
        finally:
            with _admin(urls.database_url) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def migrate(database_url: str) -> None:
    """Run all migrations; raises CalledProcessError with Django's own words."""
    subprocess.run(
        [sys.executable, str(ROOT / "schema" / "manage.py"), "migrate", "--verbosity", "0"],
        check=True,
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url},
    )


def set_role_passwords(database_url: str) -> None:
    """Give the service roles, which are the cluster's, the password of the tests."""
    with _admin(database_url) as connection:
        for role in ROLES:
            connection.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(PASSWORD))
            )


def _template(database_url: str) -> str:
    """Return the name of the migrated template; made by the first worker that finds the migrations changed."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "schema").rglob("*.py")):
        digest.update(path.read_bytes())
    name = f"template_{digest.hexdigest()[:16]}"
    with (FOLDER / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _admin(database_url) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return name
            half_made = f"{name}_new"
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(half_made)))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(half_made)))
            migrate(_with_database(database_url, half_made))
            set_role_passwords(database_url)
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(half_made), sql.Identifier(name)
                )
            )
    return name


def _admin(database_url: str) -> psycopg.Connection:
    return psycopg.connect(database_url, autocommit=True)


def _with_database(url: str, name: str) -> str:
    head, _, options = url.partition("?")
    base = head.rpartition("/")[0]
    return f"{base}/{name}" + (f"?{options}" if options else "")
