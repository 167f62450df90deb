"""From `record()` to effects: what is promised about every event, on real PostgreSQL and NATS."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from kernel.db import Tenancy
from kernel.events import MAX_ENVELOPE_BYTES, record
from kernel.publishing import Message
from kernel.relay import publish_pending
from kernel.subscriptions import AlreadyHandled, Consumers, Delivery, Permanent
from tests.environment import Stack
from tests.messaging import TEAM, BellRung, Post, bell_consumers, opened_post, write_effect


@pytest.fixture
async def post(stack: Stack) -> AsyncIterator[Post]:
    async with opened_post(stack) as opened:
        yield opened


async def test_an_event_reaches_each_consumer_once(post: Post) -> None:
    await post.worker(bell_consumers("ring", "echo"))
    [event_id] = await post.record("ding")
    await post.drain()
    assert await post.effects(event_id) == [("identity-echo", "ding", 1), ("identity-ring", "ding", 1)]


async def test_an_event_of_a_transaction_that_fails_does_not_exist(post: Post) -> None:
    async def fail_after_recording() -> None:
        async with post.resources.database.transaction(Tenancy.of_team(TEAM)) as session:
            await record(session, BellRung(word="never"), team_id=TEAM)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_after_recording()
    assert await post.publish() == 0


async def test_an_event_that_names_too_much_is_refused_where_it_is_recorded(post: Post) -> None:
    with pytest.raises(ValueError, match="leaves their content in storage"):
        await post.record("x" * MAX_ENVELOPE_BYTES)


async def test_a_second_delivery_has_no_second_effect(post: Post) -> None:
    await post.worker(bell_consumers())
    [event_id] = await post.record("ding")
    envelope = await post.owner.fetchval(
        "SELECT envelope::text FROM messaging_outbox WHERE event_id = $1", event_id
    )
    again = Message(f"{post.prefix}.identity.bell-rung.v1.{TEAM}", envelope.encode(), "another-message-id")
    await post.publisher.publish([again])
    assert await post.drain() == 2
    assert await post.effects(event_id) == [("identity-ring", "ding", 1)]


async def test_two_deliveries_at_the_same_time_have_one_effect(post: Post) -> None:
    started, go_on = asyncio.Semaphore(0), asyncio.Event()
    consumers = Consumers("identity")

    @consumers.on(BellRung, name="race", concurrency=2)
    async def race(event: BellRung, delivery: Delivery) -> None:
        started.release()
        await go_on.wait()
        await write_effect(event, delivery)

    worker = await post.worker(consumers)
    [event_id] = await post.record("ding")
    await post.publish()
    envelope = await post.owner.fetchval(
        "SELECT envelope::text FROM messaging_outbox WHERE event_id = $1", event_id
    )
    await post.publisher.publish(
        [Message(f"{post.prefix}.identity.bell-rung.v1.{TEAM}", envelope.encode(), "again")]
    )
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(30):
        await started.acquire()
        await started.acquire()  # both handlers are past the first look into the inbox
    go_on.set()
    stop.set()
    await running
    assert await post.effects(event_id) == [("identity-race", "ding", 1)]
    assert await post.drain() == 0


async def test_a_handler_without_an_effect_is_acknowledged_and_entered_in_the_inbox(post: Post) -> None:
    seen: list[str] = []
    consumers = Consumers("identity")

    @consumers.on(BellRung, name="listen")
    async def listen(event: BellRung, delivery: Delivery) -> None:
        seen.append(event.word)

    await post.worker(consumers)
    [event_id] = await post.record("ding")
    await post.drain()
    assert seen == ["ding"]
    assert await post.owner.fetchval(
        "SELECT consumer FROM messaging_inbox WHERE event_id = $1", event_id
    ) == ("identity-listen")


async def test_a_handler_acts_in_the_name_of_the_events_team(post: Post) -> None:
    teams: list[str] = []
    consumers = Consumers("identity")

    @consumers.on(BellRung, name="who")
    async def who(event: BellRung, delivery: Delivery) -> None:
        question = text("SELECT current_setting('app.team_id', true)")
        async with (
            delivery.snapshot() as snapshot,
            delivery.transaction() as progress,
            delivery.effect() as effect,
        ):
            teams.extend([await session.scalar(question) for session in (snapshot, progress, effect)])

    await post.worker(consumers)
    await post.record("ding", team_id=TEAM)
    await post.drain()
    assert teams == [str(TEAM)] * 3


async def test_progress_is_kept_when_the_effect_is_not(post: Post) -> None:
    consumers = Consumers("identity")

    @consumers.on(BellRung, name="progress", max_deliver=1)
    async def work(event: BellRung, delivery: Delivery) -> None:
        async with delivery.transaction() as session:
            row = {"event_id": delivery.event_id}
            await session.execute(
                text("INSERT INTO test_effect VALUES ('progress', :event_id, 'half', 1)"), row
            )
        async with delivery.effect() as session:
            await session.execute(
                text("INSERT INTO test_effect VALUES ('effect', :event_id, 'whole', 1)"), row
            )
            raise RuntimeError("too bad")

    await post.worker(consumers)
    [event_id] = await post.record("ding")
    await post.drain()
    assert await post.effects(event_id) == [("progress", "half", 1)]


async def test_a_failing_handler_is_tried_again_until_it_works(post: Post) -> None:
    consumers = Consumers("identity")

    @consumers.on(BellRung, name="third-time")
    async def third_time(event: BellRung, delivery: Delivery) -> None:
        if delivery.attempt < 3:
            raise ConnectionError("a neighbour is away")
        await write_effect(event, delivery)

    await post.worker(consumers)
    [event_id] = await post.record("ding")
    await post.drain()
    assert await post.effects(event_id) == [("identity-third-time", "ding", 3)]
    assert await post.dead_letters(event_id) == []


async def test_retries_wait_longer_each_time(post: Post) -> None:
    at: list[float] = []
    done = asyncio.Event()
    consumers = Consumers("identity")

    @consumers.on(BellRung, name="patient", backoff_s=(0.2, 0.6), max_deliver=3)
    async def patient(event: BellRung, delivery: Delivery) -> None:
        at.append(asyncio.get_running_loop().time())
        if delivery.attempt == 3:
            done.set()
        raise ConnectionError

    worker = await post.worker(consumers, patient=True)
    [event_id] = await post.record("ding")
    await post.publish()
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(30):
        await done.wait()
    stop.set()
    await running
    assert at[1] - at[0] >= 0.2
    assert at[2] - at[1] >= 0.6
    assert [row["attempts"] for row in await post.dead_letters(event_id)] == [3]


async def test_poison_becomes_a_dead_letter_and_holds_up_nobody(post: Post) -> None:
    consumers = Consumers("identity")

    @consumers.on(BellRung, name="taste", max_deliver=3, concurrency=1)
    async def taste(event: BellRung, delivery: Delivery) -> None:
        if event.word == "poison":
            raise ZeroDivisionError("bitter")
        await write_effect(event, delivery)

    await post.worker(consumers)
    events = await post.record("bread", "poison", "wine")
    await post.drain()
    assert [word for _, word, _ in await post.effects(*events)] == ["bread", "wine"]
    [letter] = await post.dead_letters(*events)
    assert letter["event_id"] == events[1]
    assert letter["consumer"] == "identity-taste"
    assert letter["type"] == "bell-rung"
    assert letter["attempts"] == 3
    assert letter["cause"].startswith("ZeroDivisionError: bitter\n")
    assert "in taste" in letter["cause"]


async def test_a_permanent_failure_is_a_dead_letter_at_once(post: Post) -> None:
    consumers = Consumers("identity")

    @consumers.on(BellRung, name="give-up")
    async def give_up(event: BellRung, delivery: Delivery) -> None:
        raise Permanent("the file is encrypted")

    await post.worker(consumers)
    [event_id] = await post.record("ding")
    assert await post.drain() == 1
    [letter] = await post.dead_letters(event_id)
    assert (letter["cause"], letter["attempts"]) == ("the file is encrypted", 1)


@pytest.mark.parametrize(
    "body", [b"\xff\x00 no JSON", b"[1, 2]", b'{"specversion": "1.0"}', b'{"id": "\\u0000"}']
)
async def test_a_message_that_is_no_event_is_a_dead_letter(post: Post, body: bytes) -> None:
    before = await post.owner.fetchval("SELECT coalesce(max(id), 0) FROM messaging_deadletter")
    await post.worker(bell_consumers())
    await post.publisher.publish([Message(f"{post.prefix}.identity.bell-rung.v1.1", body, "junk")])
    assert await post.drain() == 1
    [letter] = await post.owner.fetch("SELECT * FROM messaging_deadletter WHERE id > $1", before)
    assert letter["cause"].startswith("The event cannot be read")


async def test_an_event_that_keeps_killing_workers_is_a_dead_letter_unseen(post: Post) -> None:
    worker = await post.worker(bell_consumers(max_deliver=2))
    [consumer] = worker.consumers
    [event_id] = await post.record("ding")
    await post.publish()
    for _ in range(2):  # two workers took it and died
        async with worker.puller(consumer) as puller:
            message = await puller.next(wait_s=1)
            assert message is not None
            await message.nak()
    await post.drain()
    [letter] = await post.dead_letters(event_id)
    assert letter["attempts"] == 3
    assert "killed" in letter["cause"]


async def test_a_long_handler_keeps_its_message(post: Post) -> None:
    attempts: list[int] = []
    consumers = Consumers("identity")

    @consumers.on(BellRung, name="slow", ack_wait_s=0.6, concurrency=2)
    async def slow(event: BellRung, delivery: Delivery) -> None:
        attempts.append(delivery.attempt)
        await asyncio.sleep(1.5)  # longer than the server waits without a sign of life

    await post.worker(consumers)
    await post.record("ding")
    await post.drain()
    assert attempts == [1]


async def test_a_handler_that_never_ends_is_stopped(post: Post) -> None:
    consumers = Consumers("identity")

    @consumers.on(BellRung, name="stuck", max_run_s=0.1, max_deliver=1)
    async def stuck(event: BellRung, delivery: Delivery) -> None:
        await asyncio.Event().wait()

    await post.worker(consumers)
    [event_id] = await post.record("ding")
    await post.drain()
    [letter] = await post.dead_letters(event_id)
    assert letter["cause"].startswith("TimeoutError")


async def test_a_stopped_worker_gives_back_what_it_cannot_finish(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.subscriptions.worker.GRACE_S", 0.05)
    taken, stop = asyncio.Event(), asyncio.Event()
    consumers = Consumers("identity")

    @consumers.on(BellRung, name="stubborn")
    async def stubborn(event: BellRung, delivery: Delivery) -> None:
        if delivery.attempt == 1:
            taken.set()
            await asyncio.Event().wait()
        await write_effect(event, delivery)

    worker = await post.worker(consumers)
    [event_id] = await post.record("ding")
    await post.publish()
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(30):
        await taken.wait()
    stop.set()
    await running
    await post.drain()
    assert await post.effects(event_id) == [("identity-stubborn", "ding", 2)]


async def test_a_stopped_worker_finishes_what_it_can(post: Post) -> None:
    taken, stop = asyncio.Event(), asyncio.Event()
    consumers = Consumers("identity")

    @consumers.on(BellRung, name="tidy")
    async def tidy(event: BellRung, delivery: Delivery) -> None:
        taken.set()
        await stop.wait()
        await write_effect(event, delivery)

    worker = await post.worker(consumers)
    [event_id] = await post.record("ding")
    await post.publish()
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(30):
        await taken.wait()
    stop.set()
    await running
    assert await post.effects(event_id) == [("identity-tidy", "ding", 1)]


async def test_several_relays_publish_each_event_once(post: Post, stack: Stack) -> None:
    from kernel.relay import connect_postgres

    words = [f"ding-{number}" for number in range(300)]
    for _ in range(4):
        await post.record(*words)
    relays = [await connect_postgres(post.relay_settings) for _ in range(4)]

    async def turn(relay: object) -> int:
        total = 0
        while count := await publish_pending(relay, post.publisher, post.prefix, limit=50):
            total += count
        return total

    totals = await asyncio.gather(*map(turn, relays))
    for relay in relays:
        await relay.close()
    assert sum(totals) == 1200
    assert await post.n_stored() == 1200


async def test_an_effect_outside_a_delivery_of_its_own_is_refused_the_second_time(post: Post) -> None:
    consumers, refused = Consumers("identity"), []

    @consumers.on(BellRung, name="twice")
    async def twice(event: BellRung, delivery: Delivery) -> None:
        await write_effect(event, delivery)
        with pytest.raises(AlreadyHandled):
            await write_effect(event, delivery)
        refused.append(event.word)

    await post.worker(consumers)
    [event_id] = await post.record("ding")
    await post.drain()
    assert refused == ["ding"]
    assert len(await post.effects(event_id)) == 1
