"""Runs the demo: starts the stack unless it runs, walks the steps, prints each with its time, then keeps running.

`python -m deploy.demo --once` stops at the end: exit status 0, or 1 with the failure.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import nats
from nats.aio.msg import Msg

from deploy.demo.client import Client, DemoFailedError
from deploy.demo.walk import Walk

RUN_FILE = Path(os.environ.get("PLUGZERO_DIR", ".plugzero")) / "run.json"
READY_WITHIN_S = 120


class Listener:
    """An outside subscriber: plain NATS, counting what it hears by event type."""

    def __init__(self, nats_url: str) -> None:
        self.heard: Counter[str] = Counter()
        self._url = nats_url
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._listen()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)

    def wait_for(self, *kinds: str, seconds: float = 10) -> None:
        """Return once events of these kinds were heard; raises DemoFailedError when they are not."""
        deadline = time.monotonic() + seconds
        while missing := [kind for kind in kinds if not self.heard[kind]]:
            if time.monotonic() > deadline:
                raise DemoFailedError(f"an outside subscriber heard no {missing}, only {dict(self.heard)}")
            time.sleep(0.02)

    async def _listen(self) -> None:
        connection = await nats.connect(self._url)

        async def on_event(message: Msg) -> None:
            self.heard[json.loads(message.data)["type"]] += 1

        await connection.subscribe("plugzero.>", cb=on_event)
        await connection.flush()
        self._ready.set()
        await asyncio.to_thread(self._stop.wait)
        await connection.drain()


@contextmanager
def running_stack() -> Iterator[dict[str, Any]]:
    """Yield run.json of the stack that runs here already, or of one started for the demo and stopped after it."""
    if RUN_FILE.exists() and _is_alive(json.loads(RUN_FILE.read_text())):
        yield json.loads(RUN_FILE.read_text())
        return
    environment = {**os.environ, "SEO_ALLOW_PRIVATE_NETWORKS": "1"}
    stack = subprocess.Popen(
        [sys.executable, "-m", "deploy.embedded"], env=environment, start_new_session=True
    )
    try:
        yield _wait_until_ready(stack)
    finally:
        stack.send_signal(signal.SIGTERM)
        stack.wait(60)


def _wait_until_ready(stack: subprocess.Popen[bytes]) -> dict[str, Any]:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if stack.poll() is not None:
            raise DemoFailedError(f"the stack ended with status {stack.returncode}; see above")
        if RUN_FILE.exists():
            found: dict[str, Any] = json.loads(RUN_FILE.read_text())
            if _is_alive(found):
                return found
        time.sleep(0.1)
    raise DemoFailedError(f"the stack was not ready within {READY_WITHIN_S} s")


def _is_alive(run: dict[str, Any]) -> bool:
    return all(Path(f"/proc/{pid}").exists() for pid in run["pids"].values())


def walk_all(run: dict[str, Any]) -> Walk:
    """Walk every step, printing what it did and how long it took; raises DemoFailedError at the first failure."""
    walk = Walk(Client(run["gateway_url"]))
    steps: list[tuple[str, Callable[[], str]]] = [
        ("Register and log in", walk.register),
        ("Team and project", walk.make_project),
        ("Upload 944 voters of 1996", walk.upload),
        ("Analyse", walk.analyse),
        ("Insight and search", walk.derive_insight),
        ("Survey, answered", walk.survey),
        ("Report and comment", walk.report),
        ("Site audit", walk.audit),
    ]
    with Listener(run["nats_url"]) as listener:
        for title, step in steps:
            started = time.perf_counter()
            outcome = step()
            print(f"{title:<28} {time.perf_counter() - started:6.2f} s   {outcome}", flush=True)
        listener.wait_for("analysis-complete", "audit-complete")
    walk.client.close()
    heard = ", ".join(f"{kind} {n}" for kind, n in sorted(listener.heard.items()))
    print(f"{'Events heard outside':<28}            {heard}")
    return walk


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--once", action="store_true", help="stop after the walk instead of waiting for Ctrl-C"
    )
    once = parser.parse_args().once
    # Asked to end in any way, the demo stops the stack that it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with running_stack() as run:
            walk = walk_all(run)
            for layout, address in walk.survey_pages.items():
                print(f"Survey ({layout}): {address}")
            print(f"Report: {walk.report_page}\nAPI: {run['gateway_url']}/docs")
            if not once:
                print("Ctrl-C stops the stack.", flush=True)
                signal.pause()
    except DemoFailedError as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    print("The whole path holds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
