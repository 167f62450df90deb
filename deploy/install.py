"""`make install`: a virtual environment with exactly the locked packages, checked by their hashes.

Runs under any Python ≥ 3.11 with the standard library alone. A second run with the same lock file does nothing.
"""

from __future__ import annotations  # so that an older Python gets as far as being told that it is too old

import argparse
import compileall
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

UV = "uv==0.13.9"
PROJECT = Path(__file__).resolve().parents[1]
OWN_CODE = ("kernel", "contracts", "services", "schema", "deploy")
FLOOR = (3, 11)
# What pip is told about where packages come from (a mirror, a folder), in the words that uv understands.
PIP_TO_UV = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}


class InstallError(Exception):
    """What the user has to do first."""


def main() -> None:
    """Install, or say in one sentence what is missing."""
    options = parse_options()
    try:
        install(options.environment, options.lock)
    except InstallError as error:
        sys.exit(f"make install: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(
            f"make install: this command failed with exit code {error.returncode}: {' '.join(map(str, error.cmd))}"
        )


def parse_options() -> argparse.Namespace:
    """Return where to install what."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", type=Path, default=PROJECT / ".venv")
    parser.add_argument("--lock", type=Path, default=PROJECT / "requirements-dev.lock")
    return parser.parse_args()


def install(environment: Path, lock: Path) -> None:
    """Bring the virtual environment to the state of the lock file. Raises InstallError."""
    if sys.version_info < FLOOR:
        raise InstallError(
            f"Python {FLOOR[0]}.{FLOOR[1]} or later is needed, this is {sys.version.split()[0]}"
        )
    stamp = environment / ".installed"
    state = hashlib.sha256(lock.read_bytes() + sys.version.encode() + UV.encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == state:
        return
    python = environment / "bin" / "python"
    if not works(python):
        make_environment(environment)
    uv = find_uv(python)
    say(f"Installing the packages of {lock.name} ...")
    how = ("pip", "install", "--quiet", "--compile-bytecode", "--require-hashes")
    subprocess.run([*uv, *how, "--python", python, "-r", lock], check=True, env=mirrors(python))
    for folder in OWN_CODE:
        compileall.compile_dir(PROJECT / folder, quiet=2)
    stamp.write_text(state)
    say(f"Installed into {environment}.")


def works(python: Path) -> bool:
    """True when the environment's interpreter starts and is recent enough (a moved or half-made one is not)."""
    question = f"import sys; sys.exit(sys.version_info < {FLOOR})"
    try:
        return subprocess.run([python, "-c", question], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def make_environment(environment: Path) -> None:
    """Make a virtual environment, with pip where this Python can."""
    say(f"Making a virtual environment in {environment} ...")
    shutil.rmtree(environment, ignore_errors=True)
    complete = [sys.executable, "-m", "venv", str(environment)]
    if subprocess.run(complete, check=False, capture_output=True).returncode == 0:
        return
    # Debian splits ensurepip off into the package python3-venv. An installed pip or uv can do without it.
    shutil.rmtree(environment, ignore_errors=True)
    if subprocess.run([*complete, "--without-pip"], check=False, capture_output=True).returncode != 0:
        raise InstallError(f"{sys.executable} cannot make virtual environments: {advice()}")


def advice() -> str:
    """Return how to get a complete Python."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return f"install the package {version}-venv (Debian, Ubuntu: `apt install {version}-venv`), then run it again"


def find_uv(python: Path) -> list[str]:
    """Return the command of the pinned uv; installed into the environment by its pip, or by a pip or uv found elsewhere."""
    inside = [str(python), "-m", "uv"]
    wanted = UV.replace("==", " ")
    found = subprocess.run([*inside, "--version"], check=False, capture_output=True, text=True)
    if found.returncode == 0 and found.stdout.startswith(wanted):
        return inside
    quiet = ("install", "--quiet", "--disable-pip-version-check", UV)
    ways = (
        [str(python), "-m", "pip", *quiet],
        [sys.executable, "-m", "pip", "--python", str(python), *quiet],
    )
    for way in ways:
        if pip_is_there(way):
            subprocess.run(way, check=True)
            return inside
    elsewhere = shutil.which("uv")
    if elsewhere:
        return [elsewhere]
    raise InstallError(f"neither pip nor uv is at hand: {advice()}")


def pip_is_there(way: list[str]) -> bool:
    """True when the interpreter that the command starts with has pip."""
    return subprocess.run([*way[:3], "--version"], check=False, capture_output=True).returncode == 0


def mirrors(python: Path) -> dict[str, str]:
    """Return our environment; where uv was told of no package sources, with those that pip is configured for.

    pip looks into all of its sources, uv into the first that knows a name; here every file is held to its hash, so looking
    into all of them is safe.
    """
    environment = dict(os.environ)
    if uv_has_sources(environment):
        return environment
    for interpreter in (str(python), sys.executable):
        listed = subprocess.run(
            [interpreter, "-m", "pip", "config", "list"], check=False, capture_output=True, text=True
        )
        for line in listed.stdout.splitlines():
            key, _, value = line.partition("=")
            variable = PIP_TO_UV.get(key.rpartition(".")[2])
            if variable:
                # pip separates several values by white space of any kind, as uv does.
                environment.setdefault(variable, " ".join(value.strip("'\"").replace("\\n", " ").split()))
                environment["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return environment


def uv_has_sources(environment: dict[str, str]) -> bool:
    """True when uv has a configuration of its own, in the environment or in its files for the user or the machine."""
    if any(
        name in environment
        for name in (*PIP_TO_UV.values(), "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_CONFIG_FILE")
    ):
        return True
    user = Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return any((folder / "uv" / "uv.toml").exists() for folder in (user, Path("/etc")))


def say(text: str) -> None:
    """One line for whoever waits."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
