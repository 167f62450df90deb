"""What the local stack is made of: ports, secrets, accounts, processes, locks."""

import json
import os
import pwd
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.embedded.accounts import Account, account_for
from deploy.embedded.credentials import Credentials
from deploy.embedded.ports import HIGHEST, LOWEST, PortBook
from deploy.embedded.processes import (
    Child,
    Identity,
    Launch,
    PidFile,
    identify,
    stop,
    stop_left_over,
    tail,
    until,
)
from deploy.embedded.python_process import PROGRAMS, SERVICES
from deploy.embedded.roles import LOGIN_ROLES, with_role
from deploy.embedded.traefik import RULES, read_environment_file
from deploy.embedded.workspace import AlreadyRunningError, Workspace, is_held


def test_ports_are_remembered_from_start_to_start(tmp_path: Path) -> None:
    first = PortBook(tmp_path / "ports.json")
    ports = {name: first.port(name) for name in ("a", "b", "c")}
    assert len(set(ports.values())) == 3
    assert all(LOWEST <= port <= HIGHEST for port in ports.values())
    assert first.port("a") == ports["a"]
    first.close()
    second = PortBook(tmp_path / "ports.json")
    assert {name: second.port(name) for name in ports} == ports
    second.close()


def test_a_remembered_port_that_is_taken_is_replaced(tmp_path: Path) -> None:
    book = PortBook(tmp_path / "ports.json")
    port = book.port("a")
    book.close()
    with socket.create_server(("127.0.0.1", port)):
        again = PortBook(tmp_path / "ports.json")
        assert again.port("a") != port
        again.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only the free port itself is checked")
def test_two_stacks_never_choose_the_same_port(tmp_path: Path) -> None:
    one, other = PortBook(tmp_path / "one.json"), PortBook(tmp_path / "other.json")
    port = one.port("a")
    assert other.port("a", prefer=port) != port
    one.close()
    other.close()


@pytest.mark.asvs("13.2.3")
def test_secrets_are_made_once_and_kept_from_others(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    secret = Credentials(path)["nats"]
    assert len(secret) >= 43
    assert Credentials(path)["nats"] == secret
    assert Credentials(path)["s3"] != secret
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with Workspace(tmp_path):
        assert is_held(tmp_path)
        with pytest.raises(AlreadyRunningError):
            Workspace(tmp_path)
    assert not is_held(tmp_path)


def test_a_process_is_recognised_by_its_start_time_too() -> None:
    me = identify(os.getpid())
    assert me is not None
    assert me.is_alive()
    assert not Identity(me.pid, "another time").is_alive()


def test_only_processes_of_ours_are_ended(tmp_path: Path) -> None:
    ours, stranger = (subprocess.Popen(["sleep", "60"]) for _ in range(2))
    try:
        known = PidFile(tmp_path / "pids.json")
        known.add("ours", ours.pid)
        written = json.loads((tmp_path / "pids.json").read_text())
        written["stranger"] = [stranger.pid, "a process that had this number before"]
        (tmp_path / "pids.json").write_text(json.dumps(written))
        left = PidFile(tmp_path / "pids.json").left_over()
        assert set(left) == {"ours"}
        stop_left_over(left)
        assert ours.wait(5) == -signal.SIGINT
        assert stranger.poll() is None
    finally:
        for process in (ours, stranger):
            process.kill()
            process.wait()


async def test_a_process_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    log = tmp_path / "logs" / "stubborn.log"
    child = Child(Launch([sys.executable, "-c", stubborn], dict(os.environ)), log)
    assert await until(lambda: "up" in tail(log), within_s=10)
    assert await stop(child, signal.SIGTERM, grace_s=0.2) is False
    assert child.exit_code() == -signal.SIGKILL


def test_the_end_of_a_long_log_is_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "long.log"
    log.write_text("".join(f"line {n}\n" for n in range(10_000)))
    assert tail(log, 2) == "line 9998\nline 9999"
    assert tail(tmp_path / "none.log") == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the account")
def test_postgresql_of_root_runs_as_the_owner_of_its_data(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(tmp_path, nobody.pw_uid, nobody.pw_gid)
    account = account_for(tmp_path)
    assert account is not None
    assert account.name == "nobody"


def test_an_account_that_passes_everywhere_needs_no_command() -> None:
    assert Account("nobody", 65534, 65534).prefix() == ()
    assert "--ambient-caps=+dac_override" in Account("nobody", 65534, 65534, crosses_folders=True).prefix()


def test_a_role_takes_the_owners_place_in_an_address() -> None:
    url = with_role("postgresql://owner:p%40ss@[::1]:5432/plugzero?sslmode=require", "plugzero_seo", "a/b@c")
    assert url == "postgresql://plugzero_seo:a%2Fb%40c@[::1]:5432/plugzero?sslmode=require"


def test_there_is_one_api_and_one_worker_per_service_and_one_relay() -> None:
    assert [program.name for program in PROGRAMS] == [
        *(f"{name}-api" for name in SERVICES),
        *(f"{name}-worker" for name in SERVICES),
        "relay",
    ]


def test_the_roles_are_those_of_the_migrations() -> None:
    security = (Path(__file__).parents[2] / "schema" / "security.py").read_text()
    for role in LOGIN_ROLES:
        assert f'"{role}"' in security


def test_the_gateways_static_configuration_is_read_like_docker_does() -> None:
    found = read_environment_file(RULES / "static.env")
    assert found["TRAEFIK_ENTRYPOINTS_WEB_ADDRESS"] == ":8080"
    assert all(name.startswith("TRAEFIK_") for name in found)
