"""Files as answers: what is stored of them in an interview, and which of them an answer can name.

A file becomes part of an interview only by being uploaded to it, as an `Attached` that nothing from outside can write. Later answers name
those that are there already, by their ids; what names any other, such as the file of another interview, is refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from services.ingestion.domain.survey.answers import Answer, AnswerRefused, Fault, canonical, is_empty
from services.ingestion.domain.survey.definition import Definition
from services.ingestion.domain.survey.questions import FileQuestion, Question


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of an interview: its id, what it is called, what it is, and its size in bytes."""

    id: str
    name: str
    kind: str
    bytes: int


def attached_in(answer: Any) -> list[Attached]:
    """The files of a stored answer."""
    return [Attached(**entry) for entry in answer] if isinstance(answer, list) else []


def resolved(question: Question, raw: Any, stored: Answer | None) -> Any:
    """A raw answer with the files that it names by the ids of a stored one; what is not there stays as it was sent."""
    if not isinstance(question, FileQuestion) or not isinstance(raw, list):
        return raw
    there = {one.id: one for one in attached_in(stored)}
    return [there.get(_id_of(item), item) for item in raw]


def _id_of(item: Any) -> str:
    """The id that an item of a raw answer names: alone, or in the form in which answers are shown."""
    named = item.get("id") if isinstance(item, Mapping) else item
    return named if isinstance(named, str) else ""


@canonical.register
def _files(question: FileQuestion, raw: Any) -> Answer | None:
    """Only what was uploaded to this interview, each once."""
    if is_empty(raw):
        return None
    if not isinstance(raw, list):
        raise AnswerRefused(Fault("not_files"))
    strangers = [
        Fault("not_uploaded", where=f"/{place}")
        for place, one in enumerate(raw)
        if not isinstance(one, Attached)
    ]
    if strangers:
        raise AnswerRefused(*strangers)
    if len({one.id for one in raw}) < len(raw):
        raise AnswerRefused(Fault("repeated"))
    if len(raw) > question.max_files:
        raise AnswerRefused(Fault("too_many_files", {"max": question.max_files}))
    kept: Any = [asdict(one) for one in raw]
    return kept or None


def file_questions(definition: Definition) -> dict[str, FileQuestion]:
    """The questions that take files, by code."""
    return {
        question.code: question
        for _, _, question in definition.questions()
        if isinstance(question, FileQuestion)
    }


def files_of(definition: Definition, answers: Mapping[str, Any]) -> Iterator[tuple[str, Attached]]:
    """(question, file) of every file that stored answers name, asked or not."""
    for code in file_questions(definition):
        for one in attached_in(answers.get(code)):
            yield code, one
