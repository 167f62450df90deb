"""One whole stack, started by the program behind `make run`, and the demo's walk through it."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.demo.client import Client
from deploy.demo.walk import Walk
from tests.faults.local_run import LocalRun


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """run.json of a whole stack in a folder of its own."""
    started = LocalRun(
        tmp_path_factory.mktemp("stack") / "pz",
        argv=(sys.executable, "-m", "deploy.embedded"),
        environment={
            "SEO_ALLOW_PRIVATE_NETWORKS": "1",
            "PLUGZERO_PRELOAD": "1",
            "PLUGZERO_LOGIN_RATE": "60",
            "PLUGZERO_LOGIN_BURST": "20",
        },
    )
    try:
        yield started.ready().addresses
        folder = started.folder
        assert started.stop() == 0
        assert not (folder / "run.json").exists()
    finally:
        started.clean_up()


@pytest.fixture(scope="session")
def walk(run: dict[str, Any]) -> Iterator[Walk]:
    """The demo's walk, with person and project made."""
    made = Walk(Client(run["gateway_url"]))
    made.register()
    made.make_project()
    yield made
    made.client.close()
