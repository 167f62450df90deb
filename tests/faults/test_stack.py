"""The local stack: started, stopped, killed, crowded and broken."""

import asyncio
import contextlib
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import nats
import psutil
import pytest

from deploy.embedded.parts import Backing
from deploy.embedded.ports import PortBook
from deploy.embedded.processes import until
from deploy.embedded.seaweedfs import SOCKETS, signed
from tests.faults.local_run import DRIVER, ROOT, LocalRun, alive

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("stack")]
Start = Callable[..., LocalRun]


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose stack has run once: initialised and migrated."""
    folder = tmp_path_factory.mktemp("seed") / "data"
    first = LocalRun(folder)
    try:
        assert first.ready().stop() == 0, first.said
    finally:
        first.clean_up()
    (folder / "ports.json").unlink()
    return folder


@pytest.fixture
def start(seed: Path, tmp_path: Path) -> Iterator[Start]:
    """Start a stack in a copy of the seed (or in `folder`); whatever is left is killed afterwards."""
    runs: list[LocalRun] = []

    def begin(folder: Path | None = None, *, broken: bool = False, **environment: str) -> LocalRun:
        place = folder or tmp_path / "data"
        if not place.exists():
            subprocess.run(["cp", "-a", seed, place], check=True)
        argv = (sys.executable, str(DRIVER), *(["broken"] if broken else []))
        run = LocalRun(place, argv=argv, environment=environment)
        runs.append(run)
        return run

    yield begin
    for run in runs:
        run.clean_up()


@pytest.fixture(scope="module")
def running(seed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """A stack that tests only look at."""
    folder = tmp_path_factory.mktemp("running") / "data"
    subprocess.run(["cp", "-a", seed, folder], check=True)
    run = LocalRun(folder, environment={"PASSED_ON": "yes"})
    try:
        yield run.ready()
    finally:
        run.clean_up()


def get(url: str, path: str = "/") -> tuple[int, str, str]:
    """Return status, content type and body."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Content-Type", ""), answer.read().decode()
    finally:
        connection.close()


def s3_keys(run: LocalRun) -> tuple[str, str]:
    return "plugzero", json.loads((run.folder / "secrets.json").read_text())["s3"]


async def leave_marks(run: LocalRun) -> None:
    """Write one row, one message and one object."""
    connection = await asyncpg.connect(run.addresses["database_url"])
    await connection.execute("CREATE TABLE mark (word text)")
    await connection.execute("INSERT INTO mark VALUES ('kept')")
    await connection.close()
    client = await nats.connect(run.addresses["nats_url"])
    await client.jetstream().add_stream(name="MARKS", subjects=["marks"])
    await client.jetstream().publish("marks", b"kept")
    await client.close()
    assert signed(run.addresses["s3_endpoint_url"], s3_keys(run), "PUT", "plugzero/mark", b"kept")[0] == 200


async def find_marks(run: LocalRun) -> list[str]:
    """Read them again."""
    connection = await asyncpg.connect(run.addresses["database_url"])
    row = await connection.fetchval("SELECT word FROM mark")
    await connection.close()
    client = await nats.connect(run.addresses["nats_url"])
    message = await client.jetstream().get_msg("MARKS", 1)
    await client.close()
    found = signed(run.addresses["s3_endpoint_url"], s3_keys(run), "GET", "plugzero/mark")[1]
    return [row, (message.data or b"").decode(), found.decode()]


async def test_a_second_start_finds_the_data_of_the_first(start: Start) -> None:
    first = start().ready()
    await leave_marks(first)
    processes = first.processes()
    assert first.stop() == 0
    assert alive(processes) == []
    assert not (first.folder / "run.json").exists()
    second = start(first.folder).ready()
    assert await find_marks(second) == ["kept", "kept", "kept"]
    assert second.stop(signal.SIGINT) == 0


async def test_after_a_kill_of_everything_it_starts_again_with_its_data_on_other_ports_too(
    start: Start,
) -> None:
    first = start().ready()
    await leave_marks(first)
    first.kill_everything()
    (first.folder / "ports.json").unlink()
    assert (first.folder / "postgres" / "postmaster.pid").exists()
    second = start(first.folder).ready()
    assert await find_marks(second) == ["kept", "kept", "kept"]


def test_a_killed_supervisor_takes_its_parts_along_and_can_be_started_again_at_once(start: Start) -> None:
    first = start().ready()
    processes = first.processes()
    os.kill(first.pid, signal.SIGKILL)
    first.ended()
    second = start(first.folder).ready()
    assert alive(processes) == []
    assert get(second.addresses["gateway_url"], "/healthz")[0] == 200


def test_a_stale_lock_file_that_names_a_living_stranger_does_not_stop_postgresql(
    start: Start, seed: Path
) -> None:
    first = start().ready()
    first.kill_everything()
    lock = first.folder / "postgres" / "postmaster.pid"
    lines = lock.read_text().splitlines()
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        lock.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        start(first.folder).ready()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_two_copies_run_side_by_side(running: LocalRun, start: Start) -> None:
    one, two = running, start().ready()
    assert one.addresses["gateway_url"] != two.addresses["gateway_url"]
    for run in (one, two):
        found = json.loads(get(run.addresses["gateway_url"], "/api/projects")[2])["environment"]
        assert found["NATS_URL"] == run.addresses["nats_url"]


def test_a_second_start_in_the_same_folder_is_refused_with_the_address_of_the_first(
    running: LocalRun, start: Start
) -> None:
    first, second = running, start(running.folder)
    assert second.ended() == 2
    assert first.addresses["gateway_url"] in second.said
    assert "already running" in second.said
    assert get(first.addresses["gateway_url"], "/healthz")[0] == 200


@contextlib.contextmanager
def occupied(port: int = 0) -> Iterator[int]:
    """Hold a port; one that somebody else already holds is as good."""
    with socket.socket() as holder:
        with contextlib.suppress(OSError):
            holder.bind(("127.0.0.1", port))
            holder.listen()
            port = holder.getsockname()[1]
        yield port


def test_a_port_that_was_asked_for_and_is_taken_is_an_error_that_names_it(start: Start) -> None:
    with occupied() as port:
        run = start(PLUGZERO_PORT=str(port))
        assert run.ended() == 2
    assert f"Port {port}, which PLUGZERO_PORT asks for, is taken" in run.said


def test_when_8080_is_taken_a_free_port_is_used_and_said(start: Start) -> None:
    with occupied(8080):
        run = start().ready()
        assert "Port 8080 is taken; using" in run.said
        assert get(run.addresses["gateway_url"], "/healthz")[0] == 200


def test_a_part_that_dies_is_named_and_everything_else_stops(start: Start) -> None:
    run = start().ready()
    processes = run.processes()
    os.kill(run.addresses["pids"]["nats"], signal.SIGKILL)
    assert run.ended() == 1
    assert "(nats) was ended by signal 9" in run.said
    assert "The end of" in run.said
    assert alive(processes) == []
    assert not (run.folder / "run.json").exists()


def test_a_process_of_ours_that_cannot_start_is_named_with_its_last_words(start: Start) -> None:
    run = start(broken=True)
    assert run.ended() == 1
    assert "broken-worker" in run.said
    assert "No module named" in run.said


def test_forked_processes_are_watched_and_stopped_like_others(start: Start) -> None:
    run = start(PLUGZERO_PRELOAD="1").ready()
    processes = run.processes()
    os.kill(run.addresses["pids"]["seo-api"], signal.SIGKILL)
    assert run.ended() == 1
    assert "(seo-api) was ended by signal 9" in run.said
    assert alive(processes) == []


async def test_a_part_that_is_given_by_its_address_is_not_started(start: Start, tmp_path: Path) -> None:
    async with Backing(tmp_path / "own", parts={"nats"}) as own:
        run = await asyncio.to_thread(start(NATS_URL=own.urls.nats_url).ready)
        assert "nats" not in run.addresses["pids"]
        assert run.addresses["nats_url"] == own.urls.nats_url
        found = json.loads(get(run.addresses["gateway_url"], "/api/projects")[2])["environment"]
        assert found["NATS_URL"] == own.urls.nats_url
        assert await asyncio.to_thread(run.stop) == 0


def test_a_given_part_that_does_not_answer_is_an_error_that_names_it(start: Start) -> None:
    with occupied() as port:
        pass
    run = start(NATS_URL=f"nats://127.0.0.1:{port}")
    assert run.ended() == 1
    assert f"NATS (NATS_URL) at 127.0.0.1:{port} does not answer" in run.said


def test_a_deep_folder_is_no_obstacle(start: Start, tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 20) / ("deeper" * 10) / "data"
    deep.parent.mkdir(parents=True)
    assert len(str(deep)) > 150
    assert get(start(deep).ready().addresses["gateway_url"], "/healthz")[0] == 200


def test_each_process_finds_its_own_role_and_what_the_caller_set(running: LocalRun) -> None:
    url = running.addresses["gateway_url"]
    found = {
        path: json.loads(get(url, path)[2])["environment"]
        for path in ("/api/teams", "/s/x", "/r/x", "/api/audits")
    }
    users = [urlsplit(environment["DATABASE_URL"]).username for environment in found.values()]
    assert users == [f"plugzero_{name}" for name in ("identity", "ingestion", "analytics", "seo")]
    public = [urlsplit(environment["PUBLIC_DATABASE_URL"]).username for environment in found.values()]
    assert public == [None, "plugzero_respondent", "plugzero_reader", None]
    assert {environment["PASSED_ON"] for environment in found.values()} == {"yes"}


async def test_roles_can_log_in_with_the_passwords_they_were_given(running: LocalRun) -> None:
    given = json.loads(get(running.addresses["gateway_url"], "/api/audits")[2])["environment"]["DATABASE_URL"]
    connection = await asyncpg.connect(given)
    assert await connection.fetchval("SELECT current_user") == "plugzero_seo"
    await connection.close()


def test_secrets_are_readable_for_their_owner_only_and_stay_the_same(running: LocalRun, seed: Path) -> None:
    for name in ("secrets.json", "run.json", "nats.conf"):
        assert (running.folder / name).stat().st_mode & 0o077 == 0, name
    for name in ("logs", "nats", "s3", "postgres"):
        assert (running.folder / name).stat().st_mode & 0o077 == 0, name
    assert (running.folder / "secrets.json").read_text() == (seed / "secrets.json").read_text()


def test_every_port_is_open_on_the_loopback_only(running: LocalRun) -> None:
    listening = [
        connection
        for process in running.processes()
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) > 10
    assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}


def as_user(name: str) -> tuple[str, ...]:
    """Return the command that runs another as this user; `env` since setpriv itself still finds files as root."""
    return ("setpriv", f"--reuid={name}", f"--regid={pwd.getpwnam(name).pw_gid}", "--clear-groups", "env")


def _interpreter_for(user: str) -> tuple[str, Mapping[str, str]] | None:
    """Return a Python that this user may run, with the packages of ours, or None."""
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        environment = {
            "PYTHONPATH": packages,
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": "/",
        }
        command = [
            *as_user(user),
            python,
            "-c",
            "import asyncpg, deploy.embedded.stack",
        ]
        with contextlib.suppress(OSError):
            if (
                subprocess.run(
                    command, env=environment, cwd=ROOT, check=False, capture_output=True
                ).returncode
                == 0
            ):
                return python, environment
    return None


@pytest.mark.skipif(
    os.geteuid() != 0, reason="this session is an ordinary user's already; every other test shows it"
)
def test_an_ordinary_user_can_run_it() -> None:
    found = _interpreter_for("nobody")
    if found is None or not shutil.which("setpriv"):
        pytest.skip("no Python that the user nobody may run")
    python, environment = found
    home = Path(tempfile.mkdtemp(prefix="plugzero-"))
    nobody = pwd.getpwnam("nobody")
    (home / "data").mkdir()
    left_over = _left_by_another_user(home / "data" / "ports.json")
    for path in (home, *home.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    argv = (*as_user("nobody"), python, str(DRIVER))
    run = LocalRun(home / "data", argv=argv, environment={**environment, "PYTHONDONTWRITEBYTECODE": "1"})
    try:
        run.ready()
        assert {process.uids().real for process in run.processes()} == {nobody.pw_uid}
        assert run.stop() == 0
    finally:
        run.clean_up()
        left_over.unlink()
        shutil.rmtree(home)


def _left_by_another_user(port_book: Path) -> Path:
    """Let the stack remember a port whose socket another user's killed server has left behind; returns the socket."""
    book = PortBook(port_book)
    left_over = SOCKETS / f"seaweedfs-filer-grpc-{book.port('seaweedfs filer.port.grpc')}.sock"
    book.close()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(left_over))
    return left_over


SESSION = """
import sys
from pathlib import Path
from deploy.embedded.keeper import shared_backing

with shared_backing(Path(sys.argv[1])) as urls:
    print(urls.nats_url, flush=True)
    sys.stdin.read()
"""


def shared_session(folder: Path) -> subprocess.Popen[str]:
    """Start a program that uses the shared servers of `folder` until its input ends."""
    argv = [sys.executable, "-c", SESSION, str(folder)]
    return subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


async def test_servers_are_shared_by_sessions_and_stop_with_the_last(tmp_path: Path) -> None:
    sessions = [shared_session(tmp_path) for _ in range(2)]
    seen = {session.stdout.readline().strip() for session in sessions if session.stdout}
    assert len(seen) == 1
    sessions[0].kill()
    sessions[0].communicate()
    client = await nats.connect(seen.pop())
    await client.jetstream().account_info()
    await client.close()
    servers = [
        p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or ())
    ]
    assert servers
    sessions[1].communicate()
    assert await until(lambda: not alive(servers), within_s=15)
