"""One whole stack, started by the program behind `make run`, the demo's walk through it, and one browser to look at it."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.browser.chromium import AXE_SCRIPT, Chromium, Page, find_chromium
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


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """The one browser of all page tests; without it they are skipped, but never in CI."""
    needed = {"Chromium": find_chromium() is not None, "axe-core": AXE_SCRIPT.exists()}
    missing = " and ".join(name for name, is_there in needed.items() if not is_there)
    if missing:
        reason = f"{missing} not installed; `make install-optional` does it"
        if os.environ.get("CI", "").lower() in {"", "0", "false"}:
            pytest.skip(reason)
        pytest.fail(reason)
    with Chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """A tab with cookies of its own; afterwards no script has failed and no policy refused anything."""
    opened = chromium.open_page()
    opened.prefer(prefers_reduced_motion="reduce")  # a page that changes size in motion complains
    yield opened
    assert opened.complaints == []
    opened.close()
