"""Bringing the database's schema up to date before the services start.

Django is only started when there is something to do: its start costs more than everything else in a warm start.
"""

import asyncio
import hashlib
import os
import sys
from importlib.metadata import PackageNotFoundError, version

from deploy.embedded.processes import PROJECT, die_with_parent, tail
from deploy.embedded.supervisor import PartFailedError
from deploy.embedded.workspace import Workspace

SCHEMA = PROJECT / "schema"


async def migrate(workspace: Workspace, owner_url: str) -> str:
    """Run the migrations that the database has not seen; return what was done, for people. Raises PartFailedError."""
    fingerprint = await asyncio.to_thread(fingerprint_of_schema)
    stamp = workspace.folder / "schema.stamp"
    seen = stamp.read_text() if stamp.exists() else ""
    if seen == fingerprint and await _knows_all_migrations(owner_url):
        return "up to date"
    await _run_django(workspace, owner_url)
    stamp.write_text(fingerprint)
    return "migrated"


def fingerprint_of_schema() -> str:
    """Return a hash of everything that decides what `migrate` would do: the schema's code and Django's version."""
    digest = hashlib.sha256()
    for path in sorted(SCHEMA.rglob("*.py")):
        digest.update(path.relative_to(SCHEMA).as_posix().encode() + b"\0" + path.read_bytes())
    try:
        digest.update(version("django").encode())
    except PackageNotFoundError:
        digest.update(b"no django")
    return digest.hexdigest()


def migration_names() -> set[tuple[str, str]]:
    """Return (app, name) of every migration in the checkout."""
    files = SCHEMA.glob("*/migrations/[0-9]*.py")
    return {(path.parents[1].name, path.stem) for path in files}


async def _knows_all_migrations(owner_url: str) -> bool:
    """True when the database has every migration on record: the stamp may be of another database."""
    import asyncpg

    connection = await asyncpg.connect(owner_url, timeout=10)
    try:
        rows = await connection.fetch("SELECT app, name FROM django_migrations")
    except asyncpg.UndefinedTableError:
        return False
    finally:
        await connection.close()
    return migration_names() <= {(row["app"], row["name"]) for row in rows}


async def _run_django(workspace: Workspace, owner_url: str) -> None:
    log = workspace.log("schema")
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(SCHEMA / "manage.py"),
            "migrate",
            "--no-input",
            env={**os.environ, "DATABASE_URL": owner_url},
            cwd=PROJECT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )
        try:
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
    if code != 0:
        raise PartFailedError(f"Migrations failed with exit code {code}. The end of {log}:\n{tail(log, 40)}")
