"""Writes `contracts/problems.json`: every kind of problem of kernel and services, for their pages and for clients.

`python -m deploy.problem_catalogue` writes, `--check` fails when the file is not what the code says.
"""

import importlib
import inspect
import json
import sys
from pathlib import Path

from deploy.generated import write_or_check
from kernel.problems import Problem

MODULES = (
    "kernel.problems",
    "kernel.idempotency",
    "kernel.limits",
    *(f"services.{name}.errors" for name in ("identity", "ingestion", "analytics", "seo")),
    "services.ingestion.errors.entrance",
)
TARGET = Path(__file__).parents[1] / "contracts" / "problems.json"


def problem_classes() -> list[type[Problem]]:
    """Return every Problem subclass that the modules define, by slug; raises ValueError when two share one."""
    found: dict[str, type[Problem]] = {}
    for name in MODULES:
        module = importlib.import_module(name)
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if not issubclass(kind, Problem) or kind is Problem or kind.__module__ != name:
                continue
            if found.setdefault(kind.slug, kind) is not kind:
                raise ValueError(
                    f"{kind.__module__}.{kind.__name__} has the slug {kind.slug!r} of another problem"
                )
    return [found[slug] for slug in sorted(found)]


def rendered() -> str:
    """Return the catalogue as JSON: slug → title, status, meaning (paragraphs)."""
    catalogue = {
        kind.slug: {
            "title": kind.title,
            "status": kind.status,
            "meaning": [" ".join(part.split()) for part in inspect.getdoc(kind).split("\n\n")],  # type: ignore[union-attr] # the linter demands docstrings
        }
        for kind in problem_classes()
    }
    return json.dumps(catalogue, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write or check; returns the exit status."""
    return write_or_check(TARGET, rendered, description=__doc__)


if __name__ == "__main__":
    sys.exit(main())
