"""Streams and consumers on the server are what the product needs, or a process refuses to run and says why."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import nats
import orjson
import pytest
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StorageType

from kernel.events import CONTENT_TYPE
from kernel.streams import (
    DriftError,
    DurableConsumer,
    ensure_consumer,
    ensure_stream,
    stream_name,
    wanted_stream,
)
from tests.environment import Stack
from tests.messaging import TEAM, Post, bell_consumers, opened_post

CONSUMER = DurableConsumer("identity-ring", ("identity.bell-rung.v1.>",), ack_wait_s=60, max_deliver=6)


@pytest.fixture
async def post(stack: Stack) -> AsyncIterator[Post]:
    async with opened_post(stack) as opened:
        yield opened


async def _remake_stream(post: Post, **changes: Any) -> None:
    jetstream = post.client.jetstream()
    await jetstream.delete_stream(stream_name(post.prefix))
    await jetstream.add_stream(wanted_stream(post.prefix).evolve(**changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"storage": StorageType.MEMORY}, "storage is memory, must be file"),
        ({"retention": RetentionPolicy.WORK_QUEUE}, "retention is workqueue, must be limits"),
        ({"no_ack": True, "allow_atomic": False}, "without acknowledgements"),
    ],
)
async def test_a_stream_that_cannot_be_set_right_is_refused(
    post: Post, changes: dict[str, Any], words: str
) -> None:
    await _remake_stream(post, **changes)
    with pytest.raises(DriftError, match=words) as refusal:
        await ensure_stream(post.client.jetstream(), post.prefix)
    assert stream_name(post.prefix) in str(refusal.value)


async def test_a_stream_that_can_be_set_right_is(post: Post) -> None:
    await _remake_stream(
        post,
        max_age=60,
        duplicate_window=1,
        allow_atomic=False,
        max_msg_size=100,
        subjects=[f"{post.prefix}.seo.>"],
    )
    assert await ensure_stream(post.client.jetstream(), post.prefix) is False
    config = (await post.client.jetstream().stream_info(stream_name(post.prefix))).config
    wanted = wanted_stream(post.prefix)
    for field in ("max_age", "duplicate_window", "allow_atomic", "max_msg_size", "subjects"):
        assert getattr(config, field) == getattr(wanted, field), field


async def test_an_operators_own_limits_stay(post: Post) -> None:
    await _remake_stream(post, max_age=90 * 86400, max_bytes=123_456_789, duplicate_window=600)
    await ensure_stream(post.client.jetstream(), post.prefix)
    config = (await post.client.jetstream().stream_info(stream_name(post.prefix))).config
    assert (config.max_age, config.max_bytes, config.duplicate_window) == (90 * 86400, 123_456_789, 600)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ack_policy": AckPolicy.NONE}, "ack_policy is none, must be explicit"),
        ({"deliver_policy": "new"}, "deliver_policy is new, must be all"),
        ({"headers_only": True}, "headers only"),
        ({"deliver_subject": "somewhere"}, "pushes to somewhere"),
    ],
)
async def test_a_consumer_that_cannot_be_set_right_is_refused(
    post: Post, changes: dict[str, Any], words: str
) -> None:
    bare = ConsumerConfig(
        durable_name="identity-ring", filter_subject=f"{post.prefix}.identity.bell-rung.v1.>"
    )
    await post.client.jetstream().add_consumer(stream_name(post.prefix), bare.evolve(**changes))
    with pytest.raises(DriftError, match=words):
        await ensure_consumer(post.client.jetstream(), post.prefix, CONSUMER)


async def test_a_consumer_whose_limits_changed_is_set_right(post: Post) -> None:
    jetstream = post.client.jetstream()
    await ensure_consumer(jetstream, post.prefix, CONSUMER)
    changed = replace(CONSUMER, ack_wait_s=7, max_deliver=9, subjects=("identity.bell-rung.v2.>",))
    await ensure_consumer(jetstream, post.prefix, changed)
    config = (await jetstream.consumer_info(stream_name(post.prefix), CONSUMER.durable)).config
    assert config.ack_wait == 7
    assert f"{post.prefix}.identity.bell-rung.v2.>" in config.filter_subjects


async def test_a_worker_makes_streams_and_consumers_that_are_missing(post: Post) -> None:
    await post.client.jetstream().delete_stream(stream_name(post.prefix))
    await post.worker(bell_consumers("one", "two"))
    infos = await post.client.jetstream().consumers_info(stream_name(post.prefix))
    assert sorted(info.name for info in infos) == ["identity-one", "identity-two"]


async def test_an_outside_subscriber_sees_cloud_events_with_plain_nats(post: Post, stack: Stack) -> None:
    outside = await nats.connect(stack.nats_url)
    subscription = await outside.subscribe(f"{post.prefix}.identity.bell-rung.v1.{TEAM}")
    await outside.flush()
    [event_id] = await post.record("ding")
    await post.publish()
    message = await subscription.next_msg(timeout=5)
    await outside.close()
    event = orjson.loads(message.data)
    assert message.headers is not None
    assert message.headers["Content-Type"] == CONTENT_TYPE
    assert message.headers["Nats-Msg-Id"] == str(event_id)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", event.pop("time"))
    assert event == {
        "specversion": "1.0",
        "id": str(event_id),
        "source": "/plugzero/identity",
        "type": "bell-rung",
        "subject": f"teams/{TEAM}",
        "datacontenttype": "application/json",
        "dataschema": "urn:plugzero:identity:bell-rung:v1",
        "teamid": TEAM,
        "data": {"word": "ding"},
    }
