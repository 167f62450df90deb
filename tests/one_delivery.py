"""One delivery of an event, as the worker would run it, in a process that a test kills (`ingestion.killed_deliveries`)."""

import asyncio
import importlib
import json
import sys
from typing import Any

import contracts.ingestion
from kernel.events import Envelope
from kernel.resources import Resources
from kernel.subscriptions import AlreadyHandled, Delivery
from services.ingestion.consumers import consumers  # noqa: F401 - all that a worker loads
from services.ingestion.settings import IngestionSettings


def main() -> int:
    """Deliver what the command line describes, and say how that went; returns the exit code."""
    asyncio.run(_deliver(json.loads(sys.argv[1])))
    return 0


async def _deliver(given: dict[str, Any]) -> None:
    module, function, durable, event_type = given["consumer"]
    consume = getattr(importlib.import_module(f"services.ingestion.consumers.{module}"), function)
    envelope = Envelope.model_validate(given["envelope"])
    resources = Resources.of(IngestionSettings(**given["settings"]))
    say("started")
    event = getattr(contracts.ingestion, event_type).model_validate(envelope.data)
    try:
        await consume(event, Delivery(durable, envelope, 1, resources))
    except AlreadyHandled:
        say("already handled")
    else:
        say("finished")
    await resources.close()


def say(word: str) -> None:
    """Tell the test how far it is."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()
