"""docker-compose.yml and the image recipe, checked without Docker."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.check_image import Recipe
from deploy.embedded.roles import LOGIN_ROLES
from deploy.new_secrets import PASSWORDS
from deploy.roles import ROLES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
APIS = ("identity", "ingestion", "analytics", "seo")
OURS = (*APIS, *(f"{name}-worker" for name in APIS), "relay", "migrate")


def test_the_compose_file_keeps_to_the_compose_specification() -> None:
    schema = json.loads((Path(__file__).parent / "deploy_data" / "compose_spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(COMPOSE)


def test_every_part_of_the_stack_is_there() -> None:
    assert set(SERVICES) == {"postgres", "nats", "seaweedfs", "gateway", *OURS}


def test_no_secret_has_a_default_or_stands_in_the_file() -> None:
    used = re.findall(r"\$\{([A-Z0-9_]+)(:[?-][^}]*)?\}", TEXT)
    secret = {(name, rest[:2]) for name, rest in used if re.search(r"PASSWORD|SECRET|KEY", name)}
    assert {mark for _, mark in secret} == {":?"}
    assert {name for name, _ in secret} == {*PASSWORDS, "PLUGZERO_S3_ACCESS_KEY_ID"}


def test_the_secrets_file_names_every_variable_that_must_be_set() -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "deploy" / "new_secrets.py", "http://gateway", "smtp://mail"],
        capture_output=True,
        text=True,
        check=True,
    )
    values = dict(line.split("=", 1) for line in made.stdout.splitlines())
    assert set(re.findall(r"\$\{([A-Z0-9_]+):\?", TEXT)) == set(values)
    secrets = [values[name] for name in PASSWORDS]
    assert len(set(secrets)) == len(secrets)
    assert all(len(secret) >= 32 for secret in secrets)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_container_has_limits(name: str) -> None:
    assert {"cpus", "memory"} == set(SERVICES[name]["deploy"]["resources"]["limits"])


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_container_that_stays_has_a_health_check_and_restarts(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted({*OURS, "gateway"}))
def test_our_containers_may_neither_write_nor_gain_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", sorted({*OURS} - {"migrate"}))
def test_our_processes_start_after_the_migrations(name: str) -> None:
    assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_each_process_has_a_database_role_of_its_own() -> None:
    found = {}
    for name in set(OURS) - {"migrate"}:
        environment = SERVICES[name]["environment"]
        for variable in ("DATABASE_URL", "PUBLIC_DATABASE_URL"):
            match = re.match(r"postgresql://(\w+):\$\{(\w+):\?", environment.get(variable, ""))
            if match:
                found[match[1]] = match[2]
    assert set(found) == set(LOGIN_ROLES)
    assert {role: f"PLUGZERO_{role.removeprefix('plugzero_').upper()}_DB_PASSWORD" for role in found} == found
    assert {f"plugzero_{role}" for role in ROLES} == set(LOGIN_ROLES)


def test_only_the_gateway_is_published() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["gateway"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert all(
        service["networks"] == ["inside"]
        for name, service in SERVICES.items()
        if name in {"seo", "postgres", "nats", "seaweedfs"}
    )


def test_mounted_and_included_files_exist() -> None:
    for service in SERVICES.values():
        files = [volume.split(":")[0] for volume in service.get("volumes", []) if volume.startswith("./")]
        included = [entry for entry in service.get("env_file", []) if isinstance(entry, str)]
        for path in (*files, *included):
            assert (ROOT / path).is_file(), path


def test_every_command_names_a_module_of_ours() -> None:
    for name in set(OURS) - {"migrate"}:
        module = SERVICES[name]["command"][0]
        if module == "uvicorn":
            module = SERVICES[name]["command"][1].partition(":")[0]
        assert module in {
            "kernel.relay",
            f"services.{name.removesuffix('-worker')}.{'worker' if 'worker' in name else 'app'}",
        }


def test_an_api_has_the_packages_of_the_processes_that_it_starts() -> None:
    """Ingestion's API shows rows and reads workbooks in processes beside it."""
    target = SERVICES["ingestion"]["build"]["target"]
    lock = {"api": "requirements.lock"}.get(target, f"requirements-{target}.lock")
    packages = {line.partition("==")[0] for line in (ROOT / lock).read_text().splitlines() if "==" in line}
    assert {"duckdb", "python-calamine"} <= packages
    assert SERVICES["ingestion"]["image"] == SERVICES["ingestion-worker"]["image"]


def test_the_images_are_built_from_targets_that_the_recipe_has() -> None:
    recipe = Recipe.read(ROOT / "deploy" / "Dockerfile")
    targets = {SERVICES[name]["build"]["target"] for name in OURS}
    assert targets == {"api", "worker", "schema"} <= set(recipe.stages)


@pytest.mark.parametrize("target", ["api", "worker", "schema"])
def test_each_image_runs_as_an_ordinary_user_with_its_own_lock_file(target: str) -> None:
    recipe = Recipe.read(ROOT / "deploy" / "Dockerfile")
    steps = recipe.steps(target)
    assert ("USER", "10001:10001") in [(step.word, step.rest) for step in steps]
    lock = {"api": "requirements.lock"}.get(target, f"requirements-{target}.lock")
    packages = recipe.steps(f"{target}-packages")
    assert [step.rest.split()[0] for step in packages if step.word == "COPY"] == [lock]
    assert any("--require-hashes" in step.rest and lock in step.rest for step in packages)


def test_everything_that_the_recipe_copies_passes_its_ignore_file() -> None:
    recipe = Recipe.read(ROOT / "deploy" / "Dockerfile")
    kept = [
        line[1:]
        for line in (ROOT / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    for steps in recipe.stages.values():
        for step in steps:
            source = step.rest.split()[0]
            if step.word == "COPY" and not source.startswith("--from"):
                assert (ROOT / source).exists(), source
                assert any(Path(source).match(pattern) for pattern in kept), source
