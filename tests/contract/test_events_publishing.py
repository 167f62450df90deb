"""Publishing in batches: every message is stored once or refused by name, whatever stands in the batch."""

import uuid
from collections.abc import AsyncIterator

import pytest

from kernel import relay
from kernel.publishing import ATOMIC_FROM, ATOMIC_UP_TO, STEP_BYTES, Message, Publisher, UnavailableError
from kernel.streams import MAX_MESSAGE_BYTES, connect_nats
from tests.environment import Stack
from tests.messaging import Post, opened_post


@pytest.fixture
async def post(stack: Stack) -> AsyncIterator[Post]:
    async with opened_post(stack) as opened:
        yield opened


def _messages(post: Post, count: int, *, n_bytes: int = 100) -> list[Message]:
    return [Message(f"{post.prefix}.identity.x.v1.1", b"x" * n_bytes, uuid.uuid4().hex) for _ in range(count)]


@pytest.mark.parametrize("count", [0, 1, ATOMIC_FROM - 1, ATOMIC_FROM, ATOMIC_UP_TO, ATOMIC_UP_TO + 1, 2345])
async def test_any_number_of_messages_is_stored(post: Post, count: int) -> None:
    assert await post.publisher.publish(_messages(post, count)) == []
    assert await post.n_stored() == count


async def test_messages_that_were_stored_before_do_not_hold_up_the_others(post: Post) -> None:
    before = _messages(post, 10)
    await post.publisher.publish(before)
    assert await post.publisher.publish([*_messages(post, 50), *before, *_messages(post, 50)]) == []
    assert await post.n_stored() == 110


async def test_a_message_that_occurs_twice_in_a_batch_is_stored_once(post: Post) -> None:
    messages = _messages(post, 40)
    assert await post.publisher.publish([*messages, messages[7]]) == []
    assert await post.n_stored() == 40


@pytest.mark.parametrize("count", [3, 60])
async def test_a_message_that_the_stream_refuses_is_named_and_the_others_are_stored(
    post: Post, count: int
) -> None:
    await post.client.jetstream().update_stream(
        (await post.client.jetstream().stream_info(post.prefix.upper())).config.evolve(max_msg_size=500)
    )
    [heavy] = _messages(post, 1, n_bytes=600)
    light = _messages(post, count)
    [refused] = await post.publisher.publish([*light[:2], heavy, *light[2:]])
    assert refused.message is heavy
    assert "maximum" in refused.reason
    assert await post.n_stored() == count


async def test_a_relay_that_falls_behind_does_not_sort_its_backlog_for_every_batch(post: Post) -> None:
    await post.record(*map(str, range(2000)))  # far more than the planner's figures know of
    async with relay._connections(post.relay_settings, 1) as [connection]:
        plan = "\n".join(
            row[0] for row in await connection.fetch("EXPLAIN " + relay._CLAIM.replace("$1", "1000"))
        )
    assert "Index Scan using messaging_outbox_unpublished_idx" in plan
    assert "Sort" not in plan


async def test_an_event_that_jetstream_refuses_stays_and_holds_up_nobody(post: Post) -> None:
    jetstream = post.client.jetstream()
    config = (await jetstream.stream_info(post.prefix.upper())).config
    await jetstream.update_stream(config.evolve(max_msg_size=2000))
    light, heavy, light_too = await post.record("a", "x" * 3000, "b")
    assert await post.publish() == 2
    unpublished = "SELECT event_id FROM messaging_outbox WHERE event_id = ANY($1) AND published_at IS NULL"
    assert await post.owner.fetchval(unpublished, [light, heavy, light_too]) == heavy
    await jetstream.update_stream(config)
    assert await post.publish() == 1


async def test_many_large_messages_go_in_several_steps(post: Post) -> None:
    count = STEP_BYTES // 200_000 + 30
    assert await post.publisher.publish(_messages(post, count, n_bytes=200_000)) == []
    assert await post.n_stored() == count
    assert MAX_MESSAGE_BYTES > 200_000


async def test_a_missing_stream_or_connection_is_unavailable_and_not_refused(post: Post) -> None:
    with pytest.raises(UnavailableError):
        await post.publisher.publish([Message("nobody.listens", b"", "1")])
    with pytest.raises(UnavailableError):
        await post.publisher.publish([Message("nobody.listens", b"", str(number)) for number in range(100)])
    client = await connect_nats(post.settings, name="closed")
    async with Publisher(client) as publisher:
        await client.close()
        with pytest.raises(UnavailableError):
            await publisher.publish(_messages(post, 1))
