"""Invitations and reminders: to whom they go, that nobody gets one twice, and that whoever wants none gets none."""

import email
import email.policy
import json
from collections import Counter
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from contracts.ingestion import MailingRequested
from kernel.events import Envelope
from kernel.mail import Letter, LetterRefused, MailUnreachable
from kernel.resources import Resources
from kernel.subscriptions import Delivery
from services.ingestion.consumers import mailings as consumer
from tests.conftest import Clients, Person, settings_of
from tests.environment import Stack
from tests.ingestion.killed_deliveries import Deliverable
from tests.ingestion.survey_definitions import published

SUBJECT = {"en": "Ten minutes, {{ name | friend }}?"}
TEXT = {"en": "Please answer: {{ link }}", "de": "Bitte antworten: {{ link }}"}
LIST = "email,name,language\nada@example.com,Ada,de\nbo@example.com,,\ncy@example.com,Cy,\n,nobody,\n"


class Post:
    """A survey with participants, and a worker that sends letters into a folder."""

    def __init__(
        self, clients: Clients, person: Person, survey: dict[str, Any], world: tuple[Any, ...]
    ) -> None:
        self.clients, self.person, self.survey = clients, person, survey
        self.stack, self.owner, self.folder = world

    async def ask(self, kind: str, **changes: Any) -> httpx2.Response:
        body = {"kind": kind, "subject": SUBJECT, "text": TEXT, **changes}
        path = f"/api/surveys/{self.survey['id']}/distribute"
        return await self.clients.ingestion.post(path, json=body, headers=self.person.headers)

    async def deliver(self) -> None:
        """Run the worker's consumer on the latest round."""
        envelope = await self.owner.fetchval(
            "SELECT envelope FROM messaging_outbox WHERE project_id = $1 AND type = 'mailing-requested' "
            "ORDER BY id DESC LIMIT 1",
            self.survey["project_id"],
        )
        whole = Envelope.model_validate(json.loads(envelope))
        resources = Resources.of(settings_of(self.stack, "ingestion", mail_folder=str(self.folder)))
        try:
            delivery = Delivery("ingestion-send-letters", whole, 1, resources)
            await consumer.send_letters(MailingRequested.model_validate(whole.data), delivery)
        finally:
            await resources.close()

    async def rounds(self) -> list[dict[str, Any]]:
        path = f"/api/surveys/{self.survey['id']}/mailings"
        answer = await self.clients.ingestion.get(path, headers=self.person.headers)
        return list(answer.json()["items"])

    async def people(self, **query: str) -> dict[str, dict[str, Any]]:
        path = f"/api/surveys/{self.survey['id']}/participants"
        answer = await self.clients.ingestion.get(path, params=query, headers=self.person.headers)
        return {one["email"]: one for one in answer.json()["items"]}

    def letters(self) -> list[EmailMessage]:
        return [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in sorted(self.folder.glob("*.eml"))
        ]


@pytest.fixture
async def post(
    *, stack: Stack, clients: Clients, alice: Person, project: int, owner: asyncpg.Connection, tmp_path: Path
) -> Post:
    survey = await published(clients.ingestion, project, alice.headers)
    return Post(clients, alice, survey, (stack, owner, tmp_path / "mail"))


async def enlist(post: Post, content: str) -> None:
    path = f"/api/surveys/{post.survey['id']}/participants/import"
    headers = post.person.headers | {"Content-Type": "text/csv"}
    done = await post.clients.ingestion.post(path, content=content, headers=headers)
    assert done.status_code == 200, done.text


async def test_everybody_is_invited_once_and_reminded_until_they_have_finished(post: Post) -> None:
    await enlist(post, LIST)
    asked = await post.ask("invitation")
    assert (asked.status_code, asked.json()["pending"]) == (202, 3), asked.text
    await post.deliver()
    letters = {letter["To"]: letter for letter in post.letters()}
    assert sorted(letters) == ["ada@example.com", "bo@example.com", "cy@example.com"]
    assert letters["bo@example.com"]["Subject"] == "Ten minutes, friend?"
    people = await post.people()
    assert {one["status"] for one in people.values()} == {"invited"}
    ada = people["ada@example.com"]
    assert f"Bitte antworten: {ada['link']}" in letters["ada@example.com"].get_content()
    (counts,) = await post.rounds()
    assert (counts["sent"], counts["pending"], counts["failed"], counts["uncertain"]) == (3, 0, 0, 0)
    assert (await post.ask("invitation")).status_code == 422, "all were invited"
    # Ada finishes, Bo wants no more letters.
    http = post.clients.ingestion
    participant = ada["link"].rpartition("/")[2]
    sessions = f"/public/surveys/{post.survey['uuid']}/sessions"
    token = (await http.post(sessions, json={"participant": participant})).json()["token"]
    await http.put(f"/public/sessions/{token}/answers", json={"answers": {"drink": "tea"}})
    await http.post(f"/public/sessions/{token}/submit")
    header = str(letters["bo@example.com"]["List-Unsubscribe"]).strip("<>")
    assert letters["bo@example.com"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert header in letters["bo@example.com"].get_content()
    way_out = header[header.index("/s/") :]
    shown = await http.get(way_out)
    assert ("<form" in shown.text, "script" in shown.text) == (True, True)
    assert await post.people(status="unsubscribed") == {}, "a GET changes nothing"
    one_click = {"List-Unsubscribe": "One-Click"}
    for _ in range(2):
        done = await http.post(way_out, data=one_click)
        assert (done.status_code, "no more letters" in done.text) == (200, True)
    assert list(await post.people(status="unsubscribed")) == ["bo@example.com"]
    assert (await http.post(way_out[:-1], data=one_click)).status_code == 404
    reminded = await post.ask("reminder")
    assert reminded.json()["pending"] == 1
    await post.deliver()
    assert [letter["To"] for letter in post.letters()][3:] == ["cy@example.com"]
    assert (await post.people())["bo@example.com"]["link"], "whoever unsubscribed may still answer"


async def test_who_finishes_or_leaves_before_their_letter_is_passed_over(post: Post) -> None:
    await enlist(post, LIST)
    await post.ask("invitation")
    bo = (await post.people())["bo@example.com"]["link"]
    await post.clients.ingestion.post(bo[bo.index("/s/") :].replace("/p/", "/u/"))
    await post.deliver()
    await post.deliver()
    assert Counter(letter["To"] for letter in post.letters()) == {"ada@example.com": 1, "cy@example.com": 1}
    assert (await post.rounds())[0]["skipped"] == 1


async def test_a_refused_address_is_told_and_a_server_that_is_gone_loses_no_letter(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await enlist(post, LIST)
    await post.ask("invitation")
    taken: list[str] = []

    class Server:
        """Is away at first, takes Ada's letter, knows no Bo, and breaks off in the middle of Cy's."""

        is_there = False

        async def send(self, letter: Letter) -> None:
            if not self.is_there:
                raise MailUnreachable("connection refused")
            if letter.to == "bo@example.com":
                raise LetterRefused("550 no such mailbox")
            if letter.to == "cy@example.com":
                raise ConnectionResetError
            taken.append(letter.to)

    server = Server()
    # The port where mail leaves: a real server cannot be made to break off in the middle of one letter.
    monkeypatch.setattr(consumer, "mail_of", lambda _settings: server)
    with pytest.raises(MailUnreachable):
        await post.deliver()
    assert (await post.rounds())[0]["pending"] == 3
    server.is_there = True
    with pytest.raises(ConnectionResetError):
        await post.deliver()
    await post.deliver()
    assert taken == ["ada@example.com"]
    counts = (await post.rounds())[0]
    assert (counts["sent"], counts["failed"], counts["uncertain"], counts["pending"]) == (1, 1, 1, 0)
    refused = await post.people(status="undeliverable")
    assert {name: one["mail_error"] for name, one in refused.items()} == {
        "bo@example.com": "550 no such mailbox"
    }
    again = await post.ask("invitation")
    assert again.json()["pending"] == 1, "only the refused one is asked anew"
    server.is_there = False
    monkeypatch.undo()
    await post.deliver()


@pytest.mark.faults
async def test_a_worker_killed_at_any_moment_mails_nobody_twice(post: Post) -> None:
    await enlist(post, "email,name\n" + "".join(f"p{n}@example.com,P\n" for n in range(40)))
    assert (await post.ask("invitation")).json()["pending"] == 40
    given = await Deliverable.latest(
        post.stack, post.owner, post.survey["project_id"], "mailing-requested", mail_folder=str(post.folder)
    )
    for after_s in (0.1, 0.25):
        await given.deliver_and_kill(after_s)
    await post.deliver()
    written = Counter(letter["To"] for letter in post.letters() if letter["To"])
    assert set(written.values()) == {1}
    counts = (await post.rounds())[0]
    assert (counts["sent"] + counts["uncertain"], counts["pending"]) == (40, 0)
    assert counts["uncertain"] <= 3
    assert counts["sent"] <= len(written) <= 40


async def test_letters_are_limited_per_team_and_for_members_only(
    post: Post, mallory: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await enlist(post, LIST)
    http, path = post.clients.ingestion, f"/api/surveys/{post.survey['id']}"
    body = {"kind": "invitation", "subject": SUBJECT, "text": TEXT}
    assert (await http.post(f"{path}/distribute", json=body, headers=mallory.headers)).status_code == 404
    assert (await http.get(f"{path}/mailings", headers=mallory.headers)).status_code == 404
    assert (await post.ask("invitation", text={"en": "no link"})).status_code == 422
    resources = post.clients.apps["ingestion"].state.resources
    monkeypatch.setattr(resources, "settings", resources.settings.model_copy(update={"letters_per_day": 2}))
    many = await post.ask("invitation")
    assert (many.status_code, many.json()["maximum"]) == (429, 2)
    assert await post.rounds() == [], "nothing of it is left"
    await http.post(f"{path}/close", json={}, headers=post.person.headers)
    assert (await post.ask("invitation")).status_code == 409
