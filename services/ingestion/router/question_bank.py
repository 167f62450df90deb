"""`/api/question-bank`: standard scales and questions, ready to be put into a survey."""

from typing import Annotated

from fastapi import Query

from kernel.http import ACCESS_PROBLEMS
from kernel.principals import Caller
from kernel.routing import Router
from services.ingestion.domain.survey.bank.catalogue import BANK
from services.ingestion.domain.survey.bank.pieces import in_language
from services.ingestion.schemas.question_bank import BankEntry, BankRead

router = Router(prefix="/api", tags=["surveys"], responses=ACCESS_PROBLEMS)


@router.get("/question-bank")
async def read_question_bank(
    caller: Caller,  # noqa: ARG001 - for whoever is logged in
    lang: Annotated[
        str | None,
        Query(
            pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
            description="Texts in this language only; in English where an entry lacks it. Left out: all languages.",
        ),
    ] = None,
) -> BankRead:
    """Return the standard scales and questions, each with its source; copy `questions` into a page of a definition."""
    language = lang.partition("-")[0].lower() if lang else None
    return BankRead(
        items=[
            BankEntry(
                code=entry.code,
                title=entry.title,
                topic=entry.topic,
                source=entry.source,
                scoring=entry.scoring,
                languages=entry.languages,
                questions=[in_language(each, language) if language else each for each in entry.questions],
            )
            for entry in BANK
        ]
    )
