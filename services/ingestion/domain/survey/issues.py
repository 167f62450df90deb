"""Faults of a survey's definition or theme, each with the JSON pointer of the place and a sentence that says what to change."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

MAX_DEPTH = 30

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Issue:
    """One fault: `pointer` (RFC 6901) into the document, `detail` for people, `level` error (refused) or warning."""

    pointer: str
    detail: str
    level: Literal["error", "warning"] = "error"


class DefinitionRefused(ValueError):  # noqa: N818 - what happened, in the field's words, not the kind of class
    """A definition or theme cannot be accepted; `issues` says every reason at once."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("; ".join(f"{issue.pointer}: {issue.detail}" for issue in self.issues))


def issues_of(model: type[Model], document: Mapping[str, Any]) -> tuple[tuple[Issue, ...], Model | None]:
    """(faults, parsed): the parsed model without faults, or every fault with the pointer into `document`."""
    try:
        return (), model.model_validate(document)
    except ValidationError as refused:
        return tuple(
            _issue(fault, document) for fault in refused.errors(include_url=False, include_input=False)
        ), None


def _issue(fault: ErrorDetails, document: Mapping[str, Any]) -> Issue:
    """One of Pydantic's errors in words for people who write definitions."""
    pointer = _pointer(fault["loc"], document)
    if fault["type"] == "union_tag_not_found":
        return Issue(f"{pointer}/type", "a question needs a type")
    if fault["type"] == "union_tag_invalid":
        context = fault.get("ctx", {})
        known = context.get("expected_tags", "").replace("'", "")
        return Issue(f"{pointer}/type", f"there is no question type {context.get('tag')!r}; known: {known}")
    if fault["type"] == "extra_forbidden":
        return Issue(pointer, "there is no such field here")
    return Issue(pointer, fault["msg"].removeprefix("Value error, "))


def escape(segment: object) -> str:
    """One reference token of a JSON pointer (RFC 6901 §3: ~ is ~0, / is ~1)."""
    return str(segment).replace("~", "~0").replace("/", "~1")


def _pointer(location: tuple[int | str, ...], document: Any) -> str:
    """Pydantic's location as a JSON pointer, without the tag of a union that is no part of the document."""
    pointer, here = "", document
    for index, segment in enumerate(location):
        is_last = index == len(location) - 1
        if isinstance(here, dict) and segment not in here and (not is_last or segment == here.get("type")):
            continue
        pointer += f"/{escape(segment)}"
        here = _inside(here, segment)
    return pointer


def _inside(here: Any, segment: int | str) -> Any:
    """The part of a JSON document under one segment, None where there is none."""
    if isinstance(here, dict):
        return here.get(str(segment))
    if isinstance(here, list | tuple) and isinstance(segment, int) and segment < len(here):
        return here[segment]
    return None


def unstorable(document: Any, pointer: str = "", *, depth: int = 0) -> Iterator[Issue]:
    """An issue for each text that PostgreSQL cannot hold (U+0000, half of a surrogate pair), and for nesting past MAX_DEPTH."""
    if depth > MAX_DEPTH:
        yield Issue(pointer, f"this is nested more than {MAX_DEPTH} deep")
    elif isinstance(document, str):
        if "\x00" in document or any("\ud800" <= character <= "\udfff" for character in document):
            yield Issue(pointer, "this contains characters that cannot be stored")
    elif isinstance(document, Mapping):
        for key, value in document.items():
            yield from unstorable(key, pointer, depth=depth + 1)
            yield from unstorable(value, f"{pointer}/{escape(key)}", depth=depth + 1)
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from unstorable(value, f"{pointer}/{index}", depth=depth + 1)
