"""What operators do: read and re-drive dead letters, find and close gaps, and jobs that recur."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import nats
import pytest

from kernel import deadletters, reconcile
from kernel.deadletters import list_dead_letters, redrive
from kernel.publishing import Message
from kernel.reconcile import Window, find_gaps, republish
from kernel.resources import Resources
from kernel.retention import purge_messaging
from kernel.scheduler import Jobs, enter_jobs, run_due_jobs
from kernel.streams import stream_name
from kernel.subscriptions import Consumers, Delivery, Permanent
from kernel.subscriptions.draining import behind_newest
from tests.environment import Stack
from tests.messaging import BellRung, Post, bell_consumers, opened_post, write_effect

NOW = Window(older_than_s=0)
Command = Callable[..., Awaitable[str]]


@pytest.fixture
async def post(stack: Stack) -> AsyncIterator[Post]:
    async with opened_post(stack) as opened:
        yield opened


class Moody:
    """A consumer that fails for good until it is told otherwise, beside one that never fails."""

    def __init__(self) -> None:
        self.consumers = bell_consumers("steady")
        self.mended = False
        self.consumers.on(BellRung, name="moody")(self._handle)

    async def _handle(self, event: BellRung, delivery: Delivery) -> None:
        if not self.mended:
            raise Permanent("out of order")
        await write_effect(event, delivery)


@pytest.fixture
def command(post: Post, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command as operators do, with the relay's role, and return what it prints."""
    settings = post.relay_settings
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("NATS_URL", settings.nats_url)
    monkeypatch.setenv("PLUGZERO_EVENTS_PREFIX", settings.events_prefix)

    async def run(main: Callable[[list[str]], int], *arguments: str, expect: int = 0) -> str:
        capsys.readouterr()
        assert await asyncio.to_thread(main, list(arguments)) == expect
        return capsys.readouterr().out

    return run


async def test_a_redriven_event_reaches_only_the_consumer_that_gave_up(post: Post, stack: Stack) -> None:
    moody = Moody()
    await post.worker(moody.consumers)
    [event_id] = await post.record("ding")
    await post.drain()
    assert await post.effects(event_id) == [("identity-steady", "ding", 1)]
    outside = await nats.connect(stack.nats_url)
    listening = await outside.subscribe(f"{post.prefix}.identity.>")
    await outside.flush()

    moody.mended = True
    letters = await list_dead_letters(post.relay, consumer="identity-moody")
    ids = [letter.id for letter in letters if letter.event_id == str(event_id)]
    sent = await redrive(post.relay, post.publisher, post.prefix, ids=ids)
    assert [letter.id for letter in sent] == ids
    assert await post.drain() == 1
    assert await post.effects(event_id) == [("identity-moody", "ding", 1), ("identity-steady", "ding", 1)]
    assert [row["redriven_at"] is not None for row in await post.dead_letters(event_id)] == [True]
    await outside.flush()
    assert listening.pending_msgs == 0
    await outside.close()


async def test_an_event_redriven_in_vain_is_a_dead_letter_again(post: Post) -> None:
    await post.worker(Moody().consumers)
    [event_id] = await post.record("ding")
    await post.drain()
    [letter] = await post.dead_letters(event_id)
    for _ in range(2):  # an id names a letter even after it was re-driven
        await redrive(post.relay, post.publisher, post.prefix, ids=[letter["id"]])
        await post.drain()
    assert len(await post.dead_letters(event_id)) == 3


async def test_operators_list_show_and_redrive_by_command(post: Post, command: Command) -> None:
    moody = Moody()
    await post.worker(moody.consumers)
    [event_id] = await post.record("ding")
    await post.drain()
    [letter] = await post.dead_letters(event_id)
    number = str(letter["id"])

    listed = await command(deadletters.main, "list", "--consumer", "identity-moody")
    assert number in listed
    assert "out of order" in listed
    shown = await command(deadletters.main, "show", number)
    assert str(event_id) in shown
    assert '"word": "ding"' in shown
    dry = await command(deadletters.main, "redrive", number, "--dry-run")
    assert dry.startswith("would be sent again")
    assert (await post.dead_letters(event_id))[0]["redriven_at"] is None
    moody.mended = True
    sent = await command(deadletters.main, "redrive", number)
    assert "1 dead letter" in sent
    await post.drain()
    assert ("identity-moody", "ding", 1) in await post.effects(event_id)


async def test_events_lost_in_nats_are_found_and_published_again(post: Post) -> None:
    worker = await post.worker(bell_consumers("ring", "echo"))
    first = await post.record("one", "two")
    await post.drain()
    lost = await post.record("three")
    await post.publish()
    await post.client.jetstream().purge_stream(stream_name(post.prefix))
    consumers = list(worker.consumers)

    gaps = [gap for gap in await find_gaps(post.relay, consumers, NOW) if gap.event_id == str(lost[0])]
    assert sorted(gap.consumer for gap in gaps) == ["identity-echo", "identity-ring"]
    assert not {gap.event_id for gap in await find_gaps(post.relay, consumers, NOW)} & {
        str(each) for each in first
    }

    # The duplicate window still remembers the id, as it would not after a lost disk.
    again = [Message(f"{post.prefix}.{gaps[0].subject}", gaps[0].body, "as after a lost disk")]
    await post.publisher.publish(again)
    await post.drain()
    assert len(await post.effects(*first, *lost)) == 6
    assert not [gap for gap in await find_gaps(post.relay, consumers, NOW) if gap.event_id == str(lost[0])]


async def test_republishing_what_is_still_on_its_way_changes_nothing(post: Post) -> None:
    worker = await post.worker(bell_consumers())
    [event_id] = await post.record("ding")
    await post.publish()
    gaps = [
        gap for gap in await find_gaps(post.relay, worker.consumers, NOW) if gap.event_id == str(event_id)
    ]
    assert await republish(post.publisher, post.prefix, gaps) == 1
    assert await post.n_stored() == 1
    assert await post.drain() == 1


async def test_dead_letters_and_young_events_are_no_gaps(post: Post) -> None:
    moody = Moody()
    await post.worker(moody.consumers)
    [dead] = await post.record("ding")
    await post.drain()
    [young] = await post.record("dong")
    await post.publish()
    found = {gap.event_id for gap in await find_gaps(post.relay, moody.consumers, Window(older_than_s=60))}
    assert not found & {str(dead), str(young)}
    assert str(dead) not in {gap.event_id for gap in await find_gaps(post.relay, moody.consumers, NOW)}


async def test_reconcile_finds_the_consumers_of_modules_by_name(post: Post, command: Command) -> None:
    await post.worker(bell_consumers("ring"))
    await post.record("ding")
    await post.publish()
    module = "tests.messaging_consumers"
    arguments = (module, "--older-than-s", "0", "--newer-than-days", "0.0007")
    assert "identity-ring" in await command(reconcile.main, *arguments, expect=1)
    assert "published again" in await command(reconcile.main, *arguments, "--republish")
    await post.drain()
    assert "identity-ring" in await command(reconcile.main, *arguments)


@pytest.fixture
async def replicas(post: Post) -> AsyncIterator[list[Resources]]:
    """Three processes' worth of connections."""
    made = [Resources.of(post.settings) for _ in range(3)]
    yield made
    for each in made:
        await each.close()


async def test_a_job_runs_once_however_many_replicas_look(post: Post, replicas: list[Resources]) -> None:
    jobs, runs = Jobs("identity"), []

    @jobs.every(3600, name=f"sweep-{post.prefix}")
    async def sweep(resources: Resources) -> None:
        runs.append(resources)
        await asyncio.sleep(0.1)  # long enough for the others to look

    await enter_jobs(post.resources.database, jobs)
    for _ in range(2):
        await asyncio.gather(*(run_due_jobs(each, jobs) for each in replicas))
    assert len(runs) == 1


async def test_a_failed_job_says_why_and_is_due_again_soon(post: Post) -> None:
    jobs = Jobs("identity")

    @jobs.every(3600, name=f"fall-{post.prefix}")
    async def fall(resources: Resources) -> None:
        raise RuntimeError("slipped")

    await enter_jobs(post.resources.database, jobs)
    assert await run_due_jobs(post.resources, jobs) == 1
    row = await post.owner.fetchrow(
        "SELECT last_error, next_run_at - last_run_at AS wait FROM messaging_scheduledjob WHERE name = $1",
        f"identity-fall-{post.prefix}",
    )
    assert row["last_error"] == "RuntimeError: slipped"
    assert 59 <= row["wait"].total_seconds() <= 61


async def test_a_job_whose_runner_died_stays_due(post: Post) -> None:
    jobs, runs = Jobs("identity"), []

    @jobs.every(3600, name=f"crash-{post.prefix}")
    async def crash(resources: Resources) -> None:
        runs.append(1)
        if len(runs) == 1:
            raise asyncio.CancelledError  # the process ends in the middle

    await enter_jobs(post.resources.database, jobs)
    with pytest.raises(asyncio.CancelledError):
        await run_due_jobs(post.resources, jobs)
    assert await run_due_jobs(post.resources, jobs) == 1
    assert await run_due_jobs(post.resources, jobs) == 0


async def test_a_changed_interval_is_kept_and_an_unchanged_row_is_left_alone(post: Post) -> None:
    async def nothing(resources: Resources) -> None:
        return None

    for interval_s in (3600, 3600, 60):
        jobs = Jobs("identity")
        jobs.every(interval_s, name=f"tick-{post.prefix}")(nothing)
        await enter_jobs(post.resources.database, jobs)
    interval = "SELECT interval_s FROM messaging_scheduledjob WHERE name = $1"
    assert await post.owner.fetchval(interval, f"identity-tick-{post.prefix}") == 60


def test_two_consumers_or_jobs_of_one_name_are_refused() -> None:
    consumers, jobs = bell_consumers("ring"), Jobs("identity")

    @jobs.every(5, name="tick")
    async def tick(resources: Resources) -> None:
        return None

    with pytest.raises(ValueError, match="two consumers"):
        consumers.on(BellRung, name="ring")
    with pytest.raises(ValueError, match="kebab-case"):
        Consumers("identity").on(BellRung, name="Ring_Bell")
    with pytest.raises(ValueError, match="two jobs"):
        jobs.every(5, name="tick")


async def test_messaging_forgets_what_has_served_its_time(post: Post) -> None:
    await post.worker(bell_consumers())
    old, young, unpublished = await post.record("old", "young", "unpublished")
    await post.drain()
    age = "UPDATE messaging_outbox SET created_at = now() - interval '31 days' WHERE event_id = ANY($1)"
    await post.owner.execute(age, [old, unpublished])
    await post.owner.execute(
        "UPDATE messaging_outbox SET published_at = NULL WHERE event_id = $1", unpublished
    )
    resources = Resources.of(post.relay_settings)
    await purge_messaging(resources)
    await resources.close()
    left = await post.owner.fetch(
        "SELECT event_id FROM messaging_outbox WHERE event_id = ANY($1)", [old, young, unpublished]
    )
    assert {row["event_id"] for row in left} == {young, unpublished}
    inbox = "SELECT count(*) FROM messaging_inbox WHERE event_id = $1"
    assert await post.owner.fetchval(inbox, old) == 1  # outlives the event, which may be published again late
    await post.owner.execute(
        "UPDATE messaging_inbox SET processed_at = now() - interval '46 days' WHERE event_id = $1", old
    )
    resources = Resources.of(post.relay_settings)
    await purge_messaging(resources)
    await resources.close()
    assert await post.owner.fetchval(inbox, old) == 0


async def test_a_consumer_said_to_be_idle_is_known_by_what_it_has_not_seen(post: Post) -> None:
    """NATS counts a message as pending a moment after it acknowledged it; figures from before show that moment."""
    await post.worker(bell_consumers("ring", "echo"))
    await post.record("ding")
    await post.drain()
    jetstream, stream = post.client.jetstream(), stream_name(post.prefix)
    stale = await jetstream.consumers_info(stream)
    assert await behind_newest(jetstream, stream, stale) == set()
    await post.record("dong")
    await post.publish()
    assert await behind_newest(jetstream, stream, stale) == {"identity-ring", "identity-echo"}
    await post.drain()
    assert await behind_newest(jetstream, stream, await jetstream.consumers_info(stream)) == set()
