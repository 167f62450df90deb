"""Surveys that were written for other programs, read into drafts of ours."""

import asyncio
import base64
from collections.abc import Callable
from typing import Any

from kernel.problems import Invalid
from services.ingestion.domain.survey.foreign.limesurvey import from_limesurvey
from services.ingestion.domain.survey.foreign.settling import settled
from services.ingestion.domain.survey.foreign.surveyjs import from_surveyjs
from services.ingestion.domain.survey.foreign.taking import ForeignSurveyError, Taken
from services.ingestion.domain.survey.foreign.xlsform import from_xlsform
from services.ingestion.schemas.surveys import ForeignFormat
from services.ingestion.service.forms import Forms


async def read_foreign(forms: Forms, kind: ForeignFormat, document: dict[str, Any] | str) -> Taken:
    """Return the survey that a document of another program describes; raises Invalid."""
    if kind is ForeignFormat.XLSFORM:
        sheets = await forms.read(_bytes(document))
        return await _taken(lambda: from_xlsform(sheets))
    if kind is ForeignFormat.LIMESURVEY:
        return await _taken(lambda: from_limesurvey(_text(document)))
    return await _taken(lambda: _from_json(document))


async def _taken(read: Callable[[], Taken]) -> Taken:
    try:
        # Large documents take a second, in which others are answered.
        return await asyncio.to_thread(lambda: settled(read()))
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


def _bytes(document: dict[str, Any] | str) -> bytes:
    try:
        return base64.b64decode(_text(document), validate=True)
    except ValueError as error:
        raise Invalid.at("/document", "give the bytes of the workbook as base64") from error
