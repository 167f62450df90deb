"""A subscriber from outside reads events with credentials of its own, and cannot touch our consumers."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError

from deploy.embedded.part import program
from kernel.outsiders import main, outside_permissions
from kernel.publishing import Message, Publisher
from kernel.streams import DurableConsumer, ensure_consumer, ensure_stream
from tests.environment import ROOT, Stack

OURS = DurableConsumer("identity-ring", ("identity.>",), ack_wait_s=60, max_deliver=6)


@dataclass(frozen=True)
class Sides:
    """Connections of ours and of an outside user to one server."""

    ours: Client
    outside: Client


@pytest.fixture
async def sides(tmp_path: Path) -> AsyncIterator[Sides]:
    ports = tmp_path / "ports"
    permissions = outside_permissions("plugzero", [OURS.durable])
    configuration = tmp_path / "nats.conf"
    configuration.write_text(
        f"""
        listen: "127.0.0.1:-1"
        ports_file_dir: "{ports}"
        jetstream {{ store_dir: "{tmp_path / "store"}" }}
        authorization {{ users: [
            {{ user: "plugzero", password: "ours" }}
            {{ user: "outside", password: "theirs", permissions: {json.dumps(permissions)} }}
        ] }}
        """
    )
    ports.mkdir()
    server = await asyncio.create_subprocess_exec(
        str(program("nats-server")),
        "-c",
        str(configuration),
        stderr=asyncio.subprocess.DEVNULL,
        env=dict(os.environ),
    )
    try:
        address = await _address(ports)
        ours = await nats.connect(f"nats://plugzero:ours@{address}")
        outside = await nats.connect(f"nats://outside:theirs@{address}", error_cb=_quiet)
        await ensure_stream(ours.jetstream(), "plugzero")
        await ensure_consumer(ours.jetstream(), "plugzero", OURS)
        async with Publisher(ours) as publisher:
            await publisher.publish([Message("plugzero.identity.bell-rung.v1.7", b'{"a": 1}', "1")])
            yield Sides(ours, outside)
        await outside.close()
        await ours.close()
    finally:
        server.terminate()
        await server.wait()


async def _address(ports: Path) -> str:
    async with asyncio.timeout(10):
        while not (address := _written_address(ports)):  # noqa: ASYNC110 - a file sets no event
            await asyncio.sleep(0.02)
    return address


def _written_address(ports: Path) -> str:
    texts = [path.read_text() for path in ports.glob("*.ports")]
    return str(json.loads(texts[0])["nats"][0]).removeprefix("nats://") if any(texts) else ""


async def _quiet(_error: Exception) -> None:
    """Permission violations are what these tests look for."""


async def test_an_outside_subscriber_has_a_durable_consumer_of_its_own(sides: Sides) -> None:
    events = await sides.outside.jetstream().pull_subscribe(
        "plugzero.>", durable="warehouse", stream="PLUGZERO"
    )
    [message] = await events.fetch(1, timeout=5)
    assert message.data == b'{"a": 1}'
    await message.ack_sync()
    assert (await sides.outside.jetstream().consumer_info("PLUGZERO", "warehouse")).ack_floor.stream_seq == 1


async def _delete(outside: Client) -> Any:
    return await outside.jetstream(timeout=1).delete_consumer("PLUGZERO", OURS.durable)


async def _take(outside: Client) -> Any:
    theirs = await outside.jetstream(timeout=1).pull_subscribe_bind(durable=OURS.durable, stream="PLUGZERO")
    return await theirs.fetch(1, timeout=1)


def _request(subject: str, body: dict[str, Any]) -> Callable[[Client], Awaitable[Any]]:
    async def ask(outside: Client) -> Any:
        return await outside.request(subject, json.dumps(body).encode(), timeout=1)

    return ask


CREATE = "$JS.API.CONSUMER.CREATE.PLUGZERO"
REDIRECT = {"stream_name": "PLUGZERO", "config": {"name": OURS.durable, "filter_subject": "plugzero.none"}}
ATTEMPTS = {
    "delete our consumer": _delete,
    "take our messages": _take,
    "redirect our consumer": _request(f"{CREATE}.{OURS.durable}", REDIRECT),
    "redirect it by a filter": _request(f"{CREATE}.{OURS.durable}.plugzero.none", REDIRECT),
    "redirect it by a nameless request": _request(CREATE, REDIRECT),
    "redirect it by a durable request": _request(
        f"$JS.API.CONSUMER.DURABLE.CREATE.PLUGZERO.{OURS.durable}", REDIRECT
    ),
    "pause our consumer": _request(f"$JS.API.CONSUMER.PAUSE.PLUGZERO.{OURS.durable}", {}),
    "purge the stream": _request("$JS.API.STREAM.PURGE.PLUGZERO", {}),
    "delete the stream": _request("$JS.API.STREAM.DELETE.PLUGZERO", {}),
    "publish an event": _request("plugzero.identity.bell-rung.v1.7", {}),
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
async def test_an_outside_subscriber_cannot(
    sides: Sides, attempt: Callable[[Client], Awaitable[Any]]
) -> None:
    before = (await sides.ours.jetstream().consumer_info("PLUGZERO", OURS.durable)).config
    with pytest.raises((NatsError, TimeoutError)):
        await attempt(sides.outside)
    info = await sides.ours.jetstream().consumer_info("PLUGZERO", OURS.durable)
    assert info.config == before
    assert (info.num_ack_pending, info.num_pending) == (0, 1)
    assert (await sides.ours.jetstream().stream_info("PLUGZERO")).state.messages == 1


def test_the_command_denies_the_consumers_of_the_named_modules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tests.messaging_two_consumers"]) == 0
    printed = capsys.readouterr().out
    assert "$JS.API.CONSUMER.MSG.NEXT.PLUGZERO.identity-echo" in printed
    assert "$JS.ACK.PLUGZERO.identity-ring.>" in printed


def test_the_shipped_permissions_deny_all_consumers_of_today(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shipped = (ROOT / "deploy" / "nats-outsiders.conf").read_text()
    assert shipped == capsys.readouterr().out, "run `python -m kernel.outsiders > deploy/nats-outsiders.conf`"


async def test_the_local_stack_applies_the_shipped_permissions(stack: Stack) -> None:
    refused: asyncio.Queue[str] = asyncio.Queue()

    async def on_error(error: Exception) -> None:
        await refused.put(str(error))

    outside = await nats.connect(stack.s3.subscriber_nats_url, error_cb=on_error)
    try:
        await outside.publish("$JS.API.CONSUMER.DELETE.PLUGZERO.ingestion-parse-file", b"")
        async with asyncio.timeout(10):
            assert "permissions violation" in (await refused.get()).lower()
    finally:
        await outside.close()
