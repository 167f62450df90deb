"""Commands of surveys: create, edit, publish, pause, close, reopen, delete."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from contracts.ingestion import (
    DatasetDeleted,
    DatasetScopeChanged,
    ResponseStatus,
    SurveyClosed,
    SurveyDeleted,
    SurveyPublished,
    SurveyStatus,
)
from kernel.access import Permission, ProjectGrant, require_project
from kernel.clock import utc_now
from kernel.db import Session
from kernel.etags import require_match
from kernel.events import record
from kernel.problems import Invalid
from services.ingestion.domain.survey.definition import Definition, definition_hash, parse_definition
from services.ingestion.domain.survey.edits import Edit, Trend, edits_between, overridden
from services.ingestion.domain.survey.issues import DefinitionRefused, Issue, unstorable
from services.ingestion.domain.survey.lint import lint
from services.ingestion.domain.survey.merging import merge_patch
from services.ingestion.domain.survey.themes import parse_theme
from services.ingestion.errors import SurveyInOtherState
from services.ingestion.models import Dataset, Survey, SurveyVersion
from services.ingestion.queries import datasets
from services.ingestion.queries import responses as response_queries
from services.ingestion.queries import surveys as queries
from services.ingestion.service.responses import dataset_folder

COPY = " (copy)"
LONGEST_TITLE = 255
OPEN_AGAIN = frozenset({SurveyStatus.CLOSED, SurveyStatus.PAUSED})
CLOSABLE = frozenset({SurveyStatus.PUBLISHED, SurveyStatus.PAUSED})


async def create_survey(
    session: Session,
    project_id: int,
    *,
    title: str,
    layout_style: str,
    theme_config: Mapping[str, Any],
    definition: Mapping[str, Any],
    created_by_id: int,
) -> Survey:
    """Add a draft with the (still empty) dataset of its responses; raises Invalid, NotFound, Forbidden."""
    await require_project(session, project_id, Permission.WRITE)
    check_document(title=title, theme_config=theme_config, definition=definition)
    survey = Survey(
        project_id=project_id,
        title=title,
        layout_style=layout_style,
        theme_config=dict(theme_config),
        definition=dict(definition),
        created_by_id=created_by_id,
    )
    session.add(survey)
    await session.flush()  # the dataset needs the survey's id
    session.add(Dataset(project_id=project_id, survey_id=survey.id, name=title))
    await session.flush()  # the answer names the dataset
    return survey


async def duplicate_survey(
    session: Session, survey_id: int, *, title: str | None, created_by_id: int
) -> Survey:
    """Add a draft with a copy of a survey's draft; raises NotFound, Forbidden, Invalid for a draft of an older release."""
    survey, _ = await _writable(session, survey_id)
    return await create_survey(
        session,
        survey.project_id,
        title=title or f"{survey.title[: LONGEST_TITLE - len(COPY)]}{COPY}",
        layout_style=survey.layout_style,
        theme_config=survey.theme_config,
        definition=survey.definition,
        created_by_id=created_by_id,
    )


def check_document(
    *, title: str, theme_config: Mapping[str, Any], definition: Mapping[str, Any]
) -> Definition:
    """Return the parsed definition; raises Invalid with a pointer for each fault of title, definition or theme."""
    whole = {"title": title, "theme_config": theme_config, "definition": definition}
    if faults := _below("", unstorable(whole)):
        raise Invalid(faults)
    parsed = Definition()
    try:
        parse_theme(theme_config)
    except DefinitionRefused as refused:
        faults += _below("/theme_config", refused.issues)
    try:
        parsed = parse_definition(definition)
    except DefinitionRefused as refused:
        faults += _below("/definition", refused.issues)
    if faults:
        raise Invalid(faults)
    return parsed


def _below(prefix: str, issues: Iterable[Issue]) -> list[tuple[str, str]]:
    """Faults as (pointer from the body's root, sentence)."""
    return [(f"{prefix}{issue.pointer}", issue.detail) for issue in issues]


async def edit_survey(
    session: Session, survey_id: int, changes: Mapping[str, Any], *, if_match: str | None
) -> Survey:
    """Merge changes into the draft; what is published stays as it is. Raises Invalid, PreconditionFailed, NotFound, Forbidden."""
    survey, grant = await _changeable(session, survey_id)
    require_match(if_match, survey.revision)
    if faults := _below("", unstorable(dict(changes))):
        raise Invalid(faults)
    merged = {
        name: merge_patch(getattr(survey, name), changes[name]) if name in changes else getattr(survey, name)
        for name in ("title", "layout_style", "theme_config", "definition")
    }
    missing = [(f"/{name}", "this cannot be removed") for name, value in merged.items() if value is None]
    if missing or not merged["title"]:
        raise Invalid(missing or [("/title", "a survey needs a title")])
    check_document(
        title=merged["title"], theme_config=merged["theme_config"], definition=merged["definition"]
    )
    for name, value in merged.items():
        setattr(survey, name, value)
    await _set_scope(session, survey, changes.get("dataset_includes"), grant)
    survey.revision += 1
    return survey


async def _set_scope(
    session: Session, survey: Survey, wanted: Sequence[str] | None, grant: ProjectGrant
) -> None:
    """Let other interviews be rows of the dataset, and say so; None leaves it as it is."""
    statuses = sorted({ResponseStatus(status.upper()) for status in wanted or ()})
    if wanted is None or statuses == survey.dataset_includes:
        return
    survey.dataset_includes = list(statuses)
    event = DatasetScopeChanged(project_id=survey.project_id, survey_id=survey.id)
    await record(session, event, team_id=grant.team_id, project_id=survey.project_id)


async def delete_survey(session: Session, survey_id: int) -> None:
    """Remove a survey with its versions, interviews, dataset and test data; raises NotFound, Forbidden, SurveyInOtherState."""
    survey, grant = await _writable(session, survey_id)
    if survey.status == SurveyStatus.PUBLISHED:
        raise SurveyInOtherState(
            "A survey that takes answers is not deleted, since nothing of it comes back: close it first.",
            survey_status=survey.status,
        )
    dataset = await response_queries.find_dataset(session, survey_id)
    if dataset is not None:
        event = SurveyDeleted(
            project_id=survey.project_id,
            survey_id=survey.id,
            survey_uuid=survey.uuid,
            object_prefix=dataset_folder(grant.team_id, survey.project_id, dataset.id),
        )
        await record(session, event, team_id=grant.team_id, project_id=survey.project_id)
    test_dataset = await datasets.find_test_dataset(session, survey_id)
    if test_dataset is not None:
        gone = DatasetDeleted(
            project_id=survey.project_id,
            dataset_id=test_dataset.id,
            object_prefix=dataset_folder(grant.team_id, survey.project_id, test_dataset.id),
        )
        await record(session, gone, team_id=grant.team_id, project_id=survey.project_id)
    await session.delete(survey)


async def publish_survey(
    session: Session, survey_id: int, *, trends: Sequence[tuple[str, Trend, str]] = ()
) -> Survey:
    """Freeze the draft as a new version and take answers on it; an unchanged draft keeps its version.

    `trends` are judgements on edits: (pointer, joins or breaks, reason). Raises Invalid for a definition that the linter refuses
    and for a pointer where nothing changed, SurveyInOtherState for a closed survey.
    """
    survey, grant = await _changeable(session, survey_id)
    if survey.status == SurveyStatus.CLOSED:
        raise SurveyInOtherState(
            "A closed survey is reopened before it is published again.", survey_status=survey.status
        )
    published = await queries.list_versions(session, survey.id)
    publishable(survey, published)
    edits = judged(edits_of_draft(survey, published), trends)
    current = await queries.find_version(session, survey.published_version_id)
    digest = definition_hash(
        survey.definition, layout_style=survey.layout_style, theme=survey.theme_config, title=survey.title
    )
    if current is None or current.definition_hash != digest:
        current = await _freeze(session, survey, digest, edits)
    elif survey.status == SurveyStatus.PUBLISHED:
        return survey
    survey.published_version_id = current.id
    dataset = await response_queries.find_dataset(session, survey.id)
    if dataset is not None:
        dataset.name = survey.title
    await _open(session, survey, grant, version=current.number)
    return survey


def publishable(survey: Survey, published: Sequence[SurveyVersion]) -> Definition:
    """Return a draft's parsed definition; raises Invalid with a pointer for each fault that would refuse its publication."""
    definition = check_document(
        title=survey.title, theme_config=survey.theme_config, definition=survey.definition
    )
    refuse_errors(definition, published)
    return definition


def refuse_errors(definition: Definition, published: Sequence[SurveyVersion]) -> None:
    """Raise Invalid when the linter finds errors, with a pointer for each."""
    before = [parse_definition(version.definition) for version in published]
    errors = [issue for issue in lint(definition, before) if issue.level == "error"]
    if errors:
        raise Invalid(_below("/definition", errors))


def lint_draft(survey: Survey, published: Sequence[SurveyVersion]) -> list[Issue]:
    """Return the linter's findings on a draft; a draft of an older engine that cannot be read is all errors."""
    try:
        definition = parse_definition(survey.definition)
    except DefinitionRefused as refused:
        return list(refused.issues)
    return lint(definition, [parse_definition(version.definition) for version in published])


def edits_of_draft(survey: Survey, published: Sequence[SurveyVersion]) -> list[Edit]:
    """Return what a draft changes in the newest version; nothing before the first one, or in a draft that cannot be read."""
    if not published:
        return []
    try:
        return edits_between(parse_definition(published[-1].definition), parse_definition(survey.definition))
    except DefinitionRefused:
        return []


def judged(edits: Sequence[Edit], trends: Sequence[tuple[str, Trend, str]]) -> list[Edit]:
    """Return the edits with a researcher's judgements on them; raises Invalid for a pointer where nothing changed."""
    known = {edit.pointer for edit in edits}
    strange = [
        (f"/trends/{place}/pointer", "nothing changed here; GET …/lint lists the edits")
        for place, (pointer, _, _) in enumerate(trends)
        if pointer not in known
    ]
    if strange:
        raise Invalid(strange)
    return overridden(edits, trends)


async def _freeze(session: Session, survey: Survey, digest: str, edits: Sequence[Edit]) -> SurveyVersion:
    """Add the draft as an immutable version."""
    version = SurveyVersion(
        project_id=survey.project_id,
        survey_id=survey.id,
        number=await queries.next_version_number(session, survey.id),
        title=survey.title,
        layout_style=survey.layout_style,
        theme_config=survey.theme_config,
        definition=survey.definition,
        definition_hash=digest,
        edits=[asdict(edit) for edit in edits],
    )
    session.add(version)
    await session.flush()  # the survey needs the version's id
    return version


async def _open(session: Session, survey: Survey, grant: ProjectGrant, *, version: int) -> None:
    """Let the survey take answers, and say so."""
    survey.status = SurveyStatus.PUBLISHED
    survey.published_at = utc_now()
    survey.closed_at = None
    survey.revision += 1
    event = SurveyPublished(
        project_id=survey.project_id, survey_id=survey.id, survey_uuid=survey.uuid, version=version
    )
    await record(session, event, team_id=grant.team_id, project_id=survey.project_id)


async def pause_survey(session: Session, survey_id: int) -> Survey:
    """Take no answers for a while; raises SurveyInOtherState unless it is published."""
    survey, _ = await _changeable(session, survey_id)
    if survey.status != SurveyStatus.PUBLISHED:
        raise SurveyInOtherState(
            f"Only a published survey can be paused; this one is {survey.status}.",
            survey_status=survey.status,
        )
    survey.status = SurveyStatus.PAUSED
    survey.revision += 1
    return survey


async def close_survey(session: Session, survey_id: int) -> Survey:
    """Take no more answers; raises SurveyInOtherState when it is a draft or closed already."""
    survey, grant = await _changeable(session, survey_id)
    if survey.status not in CLOSABLE:
        raise SurveyInOtherState(f"A {survey.status} survey cannot be closed.", survey_status=survey.status)
    survey.status = SurveyStatus.CLOSED
    survey.closed_at = utc_now()
    survey.revision += 1
    event = SurveyClosed(project_id=survey.project_id, survey_id=survey.id, survey_uuid=survey.uuid)
    await record(session, event, team_id=grant.team_id, project_id=survey.project_id)
    return survey


async def reopen_survey(session: Session, survey_id: int) -> Survey:
    """Take answers again on the published version; raises SurveyInOtherState unless it is closed or paused."""
    survey, grant = await _changeable(session, survey_id)
    version = await queries.find_version(session, survey.published_version_id)
    if survey.status not in OPEN_AGAIN or version is None:
        raise SurveyInOtherState(f"A {survey.status} survey cannot be reopened.", survey_status=survey.status)
    await _open(session, survey, grant, version=version.number)
    return survey


async def archive_survey(session: Session, survey_id: int) -> Survey:
    """Put a survey away: it is read only, and lists leave it out. Raises SurveyInOtherState while it may take answers."""
    survey, _ = await _writable(session, survey_id)
    if survey.status in CLOSABLE:
        raise SurveyInOtherState(
            f"A {survey.status} survey is closed before it is archived.", survey_status=survey.status
        )
    if survey.archived_at is None:
        survey.archived_at = utc_now()
        survey.revision += 1
    return survey


async def unarchive_survey(session: Session, survey_id: int) -> Survey:
    """Take a survey out of the archive; raises NotFound, Forbidden."""
    survey, _ = await _writable(session, survey_id)
    if survey.archived_at is not None:
        survey.archived_at = None
        survey.revision += 1
    return survey


def refuse_archived(survey: Survey) -> None:
    """Raise SurveyInOtherState for a survey that was put away."""
    if survey.archived_at is not None:
        raise SurveyInOtherState(
            "An archived survey is read only; POST …/unarchive takes it out of the archive.",
            survey_status=survey.status,
        )


async def _changeable(session: Session, survey_id: int) -> tuple[Survey, ProjectGrant]:
    """Return a survey as `_writable` does; raises SurveyInOtherState for one that was put away."""
    survey, grant = await _writable(session, survey_id)
    refuse_archived(survey)
    return survey, grant


async def _writable(session: Session, survey_id: int) -> tuple[Survey, ProjectGrant]:
    """Return the survey, locked, and the caller's grant; raises NotFound for strangers, Forbidden for viewers."""
    visible = await queries.get_survey(session, survey_id)
    grant = await require_project(session, visible.project_id, Permission.WRITE)
    return await queries.lock_survey(session, survey_id), grant
