"""Commands of simulations: which version is simulated, and the dataset of its simulated interviews.

Test data hang on `simulated_survey_id` of their dataset, never on `survey_id`: whatever looks for answers does not find them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contracts.ingestion import ChangeKind
from kernel.access import Permission, require_project
from kernel.db import Session
from kernel.problems import NotFound
from services.ingestion.domain.survey.definition import Definition, parse_definition
from services.ingestion.models import Dataset, DatasetChange, Survey, SurveyVersion
from services.ingestion.queries import datasets
from services.ingestion.queries import surveys as queries
from services.ingestion.service.changes import add_change
from services.ingestion.service.surveys import LONGEST_TITLE, publishable, refuse_archived


@dataclass(frozen=True)
class Chosen:
    """What is simulated: a published version, or the draft as the version that it would become."""

    number: int
    title: str
    definition: dict[str, Any]
    parsed: Definition
    is_draft: bool

    @property
    def dataset_name(self) -> str:
        """What a dataset of it is called."""
        before, after = "Test data: ", " (draft)" if self.is_draft else f" (version {self.number})"
        return f"{before}{self.title[: LONGEST_TITLE - len(before) - len(after)]}{after}"


def chosen_version(survey: Survey, published: Sequence[SurveyVersion], number: int | None) -> Chosen:
    """Return a published version, or the draft where no number is given.

    Raises NotFound for a version that there is not, Invalid with a pointer for each fault that would refuse the draft's publication.
    """
    if number is None:
        following = published[-1].number + 1 if published else 1
        parsed = publishable(survey, published)
        return Chosen(following, survey.title, survey.definition, parsed, is_draft=True)
    found = next((version for version in published if version.number == number), None)
    if found is None:
        raise NotFound.of("version", number)
    parsed = parse_definition(found.definition)
    return Chosen(found.number, found.title, found.definition, parsed, is_draft=False)


async def request_test_dataset(
    session: Session, survey_id: int, *, version: int | None, n: int, seed: int, user_id: int | None
) -> DatasetChange:
    """Ask for the next version of a survey's test dataset, which is made where there is none.

    The draft is kept with the request: what is edited meanwhile does not change what was asked for. Raises NotFound, Forbidden,
    SurveyInOtherState for an archived survey, Invalid as `chosen_version`.
    """
    visible = await queries.get_survey(session, survey_id)
    grant = await require_project(session, visible.project_id, Permission.WRITE)
    survey = await queries.lock_survey(session, survey_id)
    refuse_archived(survey)
    chosen = chosen_version(survey, await queries.list_versions(session, survey_id), version)
    dataset = await datasets.find_test_dataset(session, survey_id)
    if dataset is None:
        dataset = Dataset(
            project_id=survey.project_id, simulated_survey_id=survey.id, name=chosen.dataset_name, version=0
        )
        session.add(dataset)
        await session.flush()  # the change carries the id
    request = {
        "version": chosen.number,
        "draft": chosen.definition if chosen.is_draft else None,
        "name": chosen.dataset_name,
        "n": n,
        "seed": seed,
        "includes": [status.lower() for status in survey.dataset_includes],
    }
    return await add_change(session, dataset, grant, ChangeKind.SIMULATE, request, user_id=user_id)
