"""Surveys that were written for other programs, read into drafts of ours."""

import asyncio
from typing import Any

from kernel.problems import Invalid
from services.ingestion.domain.survey.foreign.limesurvey import from_limesurvey
from services.ingestion.domain.survey.foreign.settling import settled
from services.ingestion.domain.survey.foreign.surveyjs import from_surveyjs
from services.ingestion.domain.survey.foreign.taking import ForeignSurveyError, Taken
from services.ingestion.schemas.surveys import ForeignFormat


async def read_foreign(kind: ForeignFormat, document: dict[str, Any] | str) -> Taken:
    """Return the survey that a document of another program describes; raises Invalid."""
    # Large documents take a second, in which others are answered.
    return await asyncio.to_thread(_read, kind, document)


def _read(kind: ForeignFormat, document: dict[str, Any] | str) -> Taken:
    try:
        if kind is ForeignFormat.SURVEYJS:
            return settled(_from_json(document))
        return settled(from_limesurvey(_text(document)))
    except ForeignSurveyError as error:
        raise Invalid.at("/document", str(error)) from error


def _from_json(document: dict[str, Any] | str) -> Taken:
    if isinstance(document, str):
        raise Invalid.at("/document", "a survey of SurveyJS is a JSON object, not a text")
    try:
        return from_surveyjs(document)
    except ForeignSurveyError:
        raise
    except (TypeError, ValueError, AttributeError, KeyError, ArithmeticError) as error:
        raise ForeignSurveyError(f"some part is not what SurveyJS writes: {error}") from error


def _text(document: dict[str, Any] | str) -> str:
    if isinstance(document, str):
        return document
    raise Invalid.at("/document", "give the content of the file as a text")
