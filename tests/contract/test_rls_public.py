"""The narrow roles of public pages: a respondent with one interview, a reader with one report."""

import uuid

import asyncpg
import pytest

from tests.contract.rls_world import SERVICE_OF, Tenant, acting, count, insert, new_tenant
from tests.environment import Stack

RESPONDENT, READER = "plugzero_respondent", "plugzero_reader"
VISIBLE_TO_RESPONDENTS = {
    "data_ingestion_survey",
    "data_ingestion_surveyversion",
    "data_ingestion_surveyresponse",
    "data_ingestion_project",
    "data_ingestion_surveyaccess",
    "data_ingestion_participant",
}


@pytest.fixture
async def ours(owner: asyncpg.Connection) -> Tenant:
    return await new_tenant(owner)


@pytest.fixture
async def theirs(owner: asyncpg.Connection) -> Tenant:
    return await new_tenant(owner)


def interview(tenant: Tenant, token: str) -> dict[str, object]:
    return tenant.example("data_ingestion_surveyresponse") | {"token_hash": token}


def outbox_row(tenant: Tenant, **changes: object) -> dict[str, object]:
    row = {
        "event_id": uuid.uuid4(),
        "type": "response-submitted",
        "source": "/plugzero/ingestion",
        "subject": "s",
    }
    return row | {"team_id": tenant.team, "project_id": tenant.project, "envelope": "{}"} | changes


@pytest.fixture
def token() -> str:
    return uuid.uuid4().hex * 2


async def test_a_respondent_answers_from_first_page_to_submission(
    stack: Stack, ours: Tenant, token: str
) -> None:
    async with acting(stack, RESPONDENT, survey_uuid=ours.survey_uuid, session_hash=token) as session:
        assert await session.fetchval("SELECT title FROM data_ingestion_survey") == "S"
        assert await count(session, "data_ingestion_surveyversion") == 1
        assert await session.fetchval("SELECT team_id FROM data_ingestion_project") == ours.team
        mine = await insert(session, "data_ingestion_surveyresponse", interview(ours, token))
        assert await session.fetchval("SELECT id FROM data_ingestion_surveyresponse") == mine
        answer = "UPDATE data_ingestion_surveyresponse SET answers = '{\"q\": 1}', updated_at = now()"
        assert await session.execute(answer) == "UPDATE 1"
        finish = (
            "UPDATE data_ingestion_surveyresponse SET status = 'COMPLETE', submitted_at = now() RETURNING id"
        )
        assert await session.fetchval(finish) == mine
        assert await session.execute(answer) == "UPDATE 0"
        assert await session.fetchval("SELECT status FROM data_ingestion_surveyresponse") == "COMPLETE"
        assert await insert(session, "messaging_outbox", outbox_row(ours))


async def test_the_token_alone_finds_the_interview_again(
    stack: Stack, owner: asyncpg.Connection, ours: Tenant, theirs: Tenant, token: str
) -> None:
    mine = await insert(owner, "data_ingestion_surveyresponse", interview(ours, token))
    async with acting(stack, RESPONDENT, session_hash=token) as session:
        assert await session.fetchval("SELECT id FROM data_ingestion_surveyresponse") == mine
        assert (
            await session.fetchval("SELECT id FROM data_ingestion_survey")
            == ours.rows["data_ingestion_survey"]
        )
        assert await session.execute("UPDATE data_ingestion_surveyresponse SET cursor = 1") == "UPDATE 1"
    async with acting(stack, RESPONDENT, session_hash=token, survey_uuid=theirs.survey_uuid) as session:
        assert await count(session, "data_ingestion_surveyresponse") == 0


async def test_nobody_elses_interview_is_seen_or_changed(stack: Stack, ours: Tenant, token: str) -> None:
    for settings in (
        {"survey_uuid": ours.survey_uuid},
        {"survey_uuid": ours.survey_uuid, "session_hash": token},
    ):
        async with acting(stack, RESPONDENT, **settings) as session:
            assert await count(session, "data_ingestion_surveyresponse") == 0
            assert await session.execute("UPDATE data_ingestion_surveyresponse SET cursor = 9") == "UPDATE 0"
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await insert(session, "data_ingestion_surveyresponse", interview(ours, "of somebody else"))


async def test_an_interview_of_another_survey_cannot_be_made(
    stack: Stack, ours: Tenant, theirs: Tenant, token: str
) -> None:
    async with acting(stack, RESPONDENT, survey_uuid=ours.survey_uuid, session_hash=token) as session:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await insert(session, "data_ingestion_surveyresponse", interview(theirs, token))


async def test_a_respondent_cannot_leave_the_figures_by_posing_as_a_preview(
    stack: Stack, ours: Tenant, token: str
) -> None:
    async with acting(stack, RESPONDENT, survey_uuid=ours.survey_uuid, session_hash=token) as session:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await insert(session, "data_ingestion_surveyresponse", interview(ours, token) | {"is_test": True})


@pytest.mark.parametrize("status", ["DRAFT", "PAUSED", "CLOSED"])
async def test_answers_are_taken_only_while_the_survey_is_published(
    stack: Stack, owner: asyncpg.Connection, ours: Tenant, token: str, status: str
) -> None:
    await insert(owner, "data_ingestion_surveyresponse", interview(ours, token))
    await owner.execute(
        "UPDATE data_ingestion_survey SET status = $1 WHERE project_id = $2", status, ours.project
    )
    async with acting(stack, RESPONDENT, survey_uuid=ours.survey_uuid, session_hash=token) as session:
        # A closed survey can say so; a draft does not exist.
        assert await count(session, "data_ingestion_survey") == (status != "DRAFT")
        assert await session.execute("UPDATE data_ingestion_surveyresponse SET cursor = 9") == "UPDATE 0"
        await session.execute("SELECT set_config('app.session_hash', 'new', true)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await insert(session, "data_ingestion_surveyresponse", interview(ours, "new"))


@pytest.mark.parametrize(
    ("rules", "goes_on"),
    [
        ("opens_at = now() + interval '1 minute'", False),
        ("closes_at = now() - interval '1 minute'", True),
        ("closes_at = now() - interval '1 minute', grace_minutes = 0", False),
        ("max_responses = 0", True),
    ],
)
async def test_rules_of_access_bind_the_role_itself(
    stack: Stack, owner: asyncpg.Connection, ours: Tenant, token: str, *, rules: str, goes_on: bool
) -> None:
    await insert(owner, "data_ingestion_surveyresponse", interview(ours, token))
    await owner.execute(f"UPDATE data_ingestion_surveyaccess SET {rules} WHERE project_id = $1", ours.project)
    async with acting(stack, RESPONDENT, survey_uuid=ours.survey_uuid, session_hash=token) as session:
        changed = await session.execute("UPDATE data_ingestion_surveyresponse SET cursor = 9")
        assert changed == f"UPDATE {int(goes_on)}"
        await session.execute("SELECT set_config('app.session_hash', 'new', true)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await insert(session, "data_ingestion_surveyresponse", interview(ours, "new"))


async def test_a_personal_link_shows_its_own_participant_and_is_linked_to_its_own_interview_once(
    stack: Stack, owner: asyncpg.Connection, ours: Tenant, theirs: Tenant, token: str
) -> None:
    table = "data_ingestion_participant"
    link, elsewhere = uuid.uuid4().hex * 2, uuid.uuid4().hex * 2
    mine = await insert(owner, table, ours.example(table) | {"token_hash": link})
    await insert(owner, table, theirs.example(table) | {"token_hash": elsewhere})
    settings = {"survey_uuid": ours.survey_uuid, "session_hash": token}
    for forged in ("", "no such link", elsewhere):
        async with acting(stack, RESPONDENT, participant_hash=forged, **settings) as session:
            assert await count(session, table) == 0
            assert await session.execute(f"UPDATE {table} SET unsubscribed_at = now()") == "UPDATE 0"
    async with acting(stack, RESPONDENT, participant_hash=link, **settings) as session:
        assert await session.fetchval(f"SELECT id FROM {table}") == mine
        own = await insert(session, "data_ingestion_surveyresponse", interview(ours, token))
        linked = f"UPDATE {table} SET survey_response_id = $1"
        assert await session.execute(linked, own) == "UPDATE 1"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.execute(linked, ours.rows["data_ingestion_surveyresponse"])
    for statement in ("SELECT email FROM {}", "UPDATE {} SET attributes = '{{}}'", "DELETE FROM {}"):
        async with acting(stack, RESPONDENT, participant_hash=link, **settings) as session:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await session.execute(statement.format(table))


async def test_a_survey_by_invitation_takes_no_interview_without_a_link(
    stack: Stack, owner: asyncpg.Connection, ours: Tenant, token: str
) -> None:
    one_per = "UPDATE data_ingestion_surveyaccess SET one_per = 'PARTICIPANT' WHERE project_id = $1"
    await owner.execute(one_per, ours.project)
    settings = {"survey_uuid": ours.survey_uuid, "session_hash": token}
    async with acting(stack, RESPONDENT, **settings) as session:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await insert(session, "data_ingestion_surveyresponse", interview(ours, token))
    link = await owner.fetchval(
        "SELECT token_hash FROM data_ingestion_participant WHERE project_id = $1", ours.project
    )
    async with acting(stack, RESPONDENT, participant_hash=link, **settings) as session:
        assert await insert(session, "data_ingestion_surveyresponse", interview(ours, token))


async def test_the_database_takes_one_finished_interview_per_device(
    owner: asyncpg.Connection, ours: Tenant
) -> None:
    device = {"device_hash": "d" * 64}
    for status in ("IN_PROGRESS", "IN_PROGRESS", "SCREENED_OUT"):
        row = interview(ours, uuid.uuid4().hex) | device | {"status": status}
        await insert(owner, "data_ingestion_surveyresponse", row)
    with pytest.raises(asyncpg.UniqueViolationError):
        await owner.execute(
            "UPDATE data_ingestion_surveyresponse SET status = 'COMPLETE' WHERE device_hash = $1 AND status = 'IN_PROGRESS'",
            "d" * 64,
        )


async def test_an_interview_learns_how_many_look_like_it_and_not_which(
    *, stack: Stack, owner: asyncpg.Connection, ours: Tenant, theirs: Tenant, token: str
) -> None:
    table = "data_ingestion_surveyresponse"
    alike: dict[str, object] = {"fingerprint": "f" * 64}
    complete = alike | {"status": "COMPLETE"}
    others: list[dict[str, object]] = [
        alike, alike | {"status": "SCREENED_OUT"}, complete | {"is_test": True}, {"status": "COMPLETE"},
    ]  # fmt: skip
    for row in [complete, complete, *others, complete | {"fingerprint": "e" * 64}]:
        await insert(owner, table, interview(ours, uuid.uuid4().hex) | row)
    await insert(owner, table, interview(theirs, uuid.uuid4().hex) | complete)
    how_many = "SELECT access.count_alike()"
    settings = {"survey_uuid": ours.survey_uuid, "session_hash": token}
    async with acting(stack, RESPONDENT, **settings) as session:
        assert await session.fetchval(how_many) == 0, "there is no interview yet"
        await insert(session, table, interview(ours, token) | alike)
        assert await session.fetchval(how_many) == 2
        assert [row["fingerprint"] for row in await session.fetch(f"SELECT fingerprint FROM {table}")] == [
            "f" * 64
        ]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.execute(f"UPDATE {table} SET fingerprint = ''")


async def test_interviews_without_a_fingerprint_and_those_of_participants_look_like_nobody(
    stack: Stack, owner: asyncpg.Connection, ours: Tenant
) -> None:
    table, how_many = "data_ingestion_surveyresponse", "SELECT access.count_alike()"
    for fingerprint in ("", "f" * 64):
        row = interview(ours, uuid.uuid4().hex) | {"fingerprint": fingerprint, "status": "COMPLETE"}
        await insert(owner, table, row)
    nameless, invited = uuid.uuid4().hex, uuid.uuid4().hex
    await insert(owner, table, interview(ours, nameless))
    mine = await insert(owner, table, interview(ours, invited) | {"fingerprint": "f" * 64})
    async with acting(stack, RESPONDENT, session_hash=nameless) as session:
        assert await session.fetchval(how_many) == 0
    async with acting(stack, RESPONDENT, session_hash=invited) as session:
        assert await session.fetchval(how_many) == 1
    linked = "UPDATE data_ingestion_participant SET survey_response_id = $1 WHERE project_id = $2"
    await owner.execute(linked, mine, ours.project)
    async with acting(stack, RESPONDENT, session_hash=invited) as session:
        assert await session.fetchval(how_many) == 0


async def test_a_deleted_team_takes_its_public_pages_along(
    stack: Stack, owner: asyncpg.Connection, ours: Tenant
) -> None:
    await owner.execute("UPDATE accounts_team SET deleted_at = now() WHERE id = $1", ours.team)
    async with acting(stack, RESPONDENT, survey_uuid=ours.survey_uuid) as session:
        assert await count(session, "data_ingestion_survey") == 0
    async with acting(stack, READER, report_uuid=ours.report_uuid) as session:
        assert await session.fetch("SELECT id FROM analysis_report") == []


@pytest.mark.parametrize("role", [RESPONDENT, READER])
async def test_a_public_role_gains_nothing_by_claiming_to_be_a_user_or_team(
    stack: Stack, ours: Tenant, role: str
) -> None:
    async with acting(stack, role, user_id=ours.owner, team_id=ours.team) as session:
        for table in sorted(VISIBLE_TO_RESPONDENTS if role == RESPONDENT else {"analysis_report"}):
            assert await session.fetch(f"SELECT id FROM {table}") == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.fetchval("SELECT access.my_teams()")


async def test_without_a_setting_a_public_role_sees_nothing(stack: Stack, ours: Tenant) -> None:
    assert ours.rows
    async with acting(stack, RESPONDENT) as session:
        for table in sorted(VISIBLE_TO_RESPONDENTS):
            assert await session.fetch(f"SELECT id FROM {table}") == []
    async with acting(stack, READER) as session:
        assert await session.fetch("SELECT id FROM analysis_report") == []


@pytest.mark.parametrize("column", ["definition", "created_by_id"])
async def test_the_draft_is_not_a_respondents_to_read(stack: Stack, ours: Tenant, column: str) -> None:
    async with acting(stack, RESPONDENT, survey_uuid=ours.survey_uuid) as session:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.fetchval(f"SELECT {column} FROM data_ingestion_survey")


@pytest.mark.parametrize("column", ["token_hash", "survey_id", "project_id", "is_test", "created_at"])
async def test_a_respondent_cannot_move_an_interview(
    stack: Stack, ours: Tenant, token: str, column: str
) -> None:
    async with acting(stack, RESPONDENT, survey_uuid=ours.survey_uuid, session_hash=token) as session:
        await insert(session, "data_ingestion_surveyresponse", interview(ours, token))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.execute(f"UPDATE data_ingestion_surveyresponse SET {column} = {column}")


async def test_a_respondent_records_events_of_the_own_project_only(
    stack: Stack, ours: Tenant, theirs: Tenant
) -> None:
    foreign: list[dict[str, object]] = [
        {"project_id": theirs.project, "team_id": theirs.team},
        {"team_id": theirs.team},
        {"project_id": None},
    ]
    for changes in foreign:
        async with acting(stack, RESPONDENT, survey_uuid=ours.survey_uuid) as session:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await insert(session, "messaging_outbox", outbox_row(ours, **changes))


@pytest.mark.parametrize("role", [RESPONDENT, READER])
async def test_every_other_table_is_closed_to_public_roles(stack: Stack, ours: Tenant, role: str) -> None:
    assert ours.rows
    open_tables = VISIBLE_TO_RESPONDENTS if role == RESPONDENT else {"analysis_report"}
    closed = {
        *SERVICE_OF,
        "accounts_user",
        "accounts_team",
        "messaging_inbox",
        "messaging_idempotencykey",
    } - open_tables
    for table in sorted(closed):
        async with acting(stack, role, survey_uuid=ours.survey_uuid, report_uuid=ours.report_uuid) as session:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await session.fetch(f"SELECT 1 FROM {table}")


async def test_a_reader_sees_one_published_report_and_nothing_of_its_draft(
    stack: Stack, owner: asyncpg.Connection, ours: Tenant, theirs: Tenant
) -> None:
    assert theirs.report_uuid
    async with acting(stack, READER, report_uuid=ours.report_uuid) as session:
        seen = await session.fetch(
            "SELECT id, title, status, published_content, published_at FROM analysis_report"
        )
        assert [row["id"] for row in seen] == [ours.rows["analysis_report"]]
    async with acting(stack, READER, report_uuid=ours.report_uuid) as session:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.fetch("SELECT blocks FROM analysis_report")
    await owner.execute("UPDATE analysis_report SET status = 'DRAFT' WHERE project_id = $1", ours.project)
    async with acting(stack, READER, report_uuid=ours.report_uuid) as session:
        assert await session.fetch("SELECT id FROM analysis_report") == []
