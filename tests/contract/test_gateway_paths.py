"""Every call that a service documents can be made from outside: the gateway's rules lead its path to that service."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Clients

RULES = Path(__file__).parents[2] / "deploy" / "gateway" / "dynamic.yml"
INWARD = ("/readyz", "/healthz", "/metrics", "/internal/")
"""What each service answers for itself; the gateway leads none of it there."""


def routers() -> list[dict[str, Any]]:
    """The gateway's rules, the one that is asked first at the front."""
    part = re.search(r"^  routers:\n((?: {4}.*\n|\n)+)", RULES.read_text(), re.MULTILINE)
    assert part, "the file is a template; its rules are plain YAML"
    return sorted(yaml.safe_load(part[1]).values(), key=lambda router: -int(router["priority"]))


def matches(rule: str, path: str) -> bool:
    """Whether one of a rule's alternatives is met, as Traefik's `PathRegexp`, `PathPrefix` and `Path` mean it."""
    kinds: dict[str, Callable[[str], bool]] = {
        "PathRegexp": lambda wanted: re.search(wanted, path) is not None,
        "PathPrefix": path.startswith,
        "Path": lambda wanted: path == wanted,
    }
    asked = re.findall(r"(\w+)\(`([^`]+)`\)", rule)
    assert len(asked) == rule.count("||") + 1, f"no other kind of rule is understood here: {rule}"
    return any(kinds[kind](wanted) for kind, wanted in asked)


@pytest.mark.parametrize("service", ["identity", "ingestion", "analytics", "seo"])
async def test_every_documented_call_reaches_its_service_through_the_gateway(
    service: str, clients: Clients
) -> None:
    document = (await getattr(clients, service).get(f"/api/{service}/openapi.json")).json()
    paths = [re.sub(r"\{\w+\}", "1", path) for path in document["paths"] if not path.startswith(INWARD)]
    assert len(paths) > 5
    rules = routers()
    led = {path: next(one["service"] for one in rules if matches(one["rule"], path)) for path in paths}
    assert {path: to for path, to in led.items() if to != service} == {}
