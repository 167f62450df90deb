"""What every import of a foreign survey needs: codes, texts in several languages, and notes on what was left behind."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import nh3

from services.ingestion.domain.survey.expressions import RESERVED_WORDS

_NOT_IN_CODES = re.compile(r"[^A-Za-z0-9_]+")
_NOT_IN_OPTIONS = re.compile(r"[^A-Za-z0-9_.\-]+")
_LINE_ENDS = re.compile(r"<(?:br|/p|/div|/li|/h[1-6]|/t[drh]|/ul|/ol)\b[^<>]*>", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\f\v\xa0]+")
_AROUND_LINES = re.compile(r" ?\n ?")
_EMPTY_LINES = re.compile(r"\n{3,}")
_SPEECHLESS = {"script", "style", "head", "title"}
MAX_LANGUAGES = 100
_LONGEST_CODE = 40
"""Shorter than a code may be: loops and other texts add to it."""


class ForeignSurveyError(ValueError):
    """A document is no survey of the program that it is said to come from; the text says why."""


@dataclass(frozen=True)
class Note:
    """Something that is not taken over as it was: where it stood, and what became of it."""

    where: str
    detail: str


@dataclass
class Taken:
    """A survey of ours made of a foreign one."""

    title: str
    definition: dict[str, Any]
    layout_style: str = "CLASSIC"
    notes: list[Note] = field(default_factory=list)


class Codes:
    """Codes for names that may hold anything: the same name the same code, other names other codes."""

    def __init__(self, prefix: str = "q") -> None:
        self._prefix = prefix
        self._by_name: dict[str, str] = {}
        self._taken = dict.fromkeys(RESERVED_WORDS, 1)

    def of(self, name: str) -> str:
        """The code of a name, made at its first use."""
        if name not in self._by_name:
            wanted = _NOT_IN_CODES.sub("_", name).strip("_")[:_LONGEST_CODE]
            if not wanted[:1].isalpha():
                wanted = f"{self._prefix}{wanted}"
            self._by_name[name] = _free(wanted, self._taken)
        return self._by_name[name]


def option_codes(values: Iterable[object]) -> dict[str, str]:
    """A code for each value of a list, by the value as text."""
    taken: dict[str, int] = {}
    found: dict[str, str] = {}
    for place, value in enumerate(values, 1):
        wanted = _NOT_IN_OPTIONS.sub("_", plain(value)).strip("_")[:_LONGEST_CODE] or str(place)
        found[plain(value)] = _free(wanted, taken)
    return found


def _free(wanted: str, taken: dict[str, int]) -> str:
    """The code, or with a number behind it where it is taken; `taken` remembers the last number of each."""
    code, number = wanted, taken.get(wanted.lower(), 1)
    while code.lower() in taken:
        number += 1
        code = f"{wanted}_{number}"
    taken[wanted.lower()] = number
    taken.setdefault(code.lower(), 1)
    return code


def refuse_more(n: int, most: int, what: str) -> None:
    """Raise ForeignSurveyError for more than a survey can have: nothing is worked out that would be refused in the end."""
    if n > most:
        raise ForeignSurveyError(f"it has {n:,} {what}; a survey may have {most:,}")


def plain(value: object) -> str:
    """A value as the text that codes are made of: `true`, `3`, not `True`, `3.0`."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def without_tags(html: str) -> str:
    """The words of a piece of HTML; paragraphs, line breaks and items of lists become lines."""
    if "<" not in html and "&" not in html:
        return html.strip()
    lines = _LINE_ENDS.sub("\n", html.replace("\r", "").replace("\n", " ") if "</" in html else html)
    words = unescape(nh3.clean(lines, tags=set(), clean_content_tags=_SPEECHLESS))
    return _EMPTY_LINES.sub("\n\n", _AROUND_LINES.sub("\n", _BLANKS.sub(" ", words))).strip()


class Texts:
    """Texts in the languages that a foreign survey has; the default one comes first."""

    def __init__(self, default: str) -> None:
        self.languages = [_tag(default)]

    def add_languages(self, tags: Iterable[str]) -> None:
        """Enter languages that the survey names, in its order."""
        self.languages = list(dict.fromkeys([*self.languages, *map(_tag, tags)]))
        refuse_more(len(self.languages), MAX_LANGUAGES, "languages")

    def of(self, text: object, *, otherwise: str = "") -> dict[str, str] | None:
        """A text of ours: of a plain text in the default language, of a map in each language; None where there is none."""
        default = self.languages[0]
        if isinstance(text, Mapping):
            found = {
                default if tag == "default" else _tag(tag): without_tags(str(words))
                for tag, words in text.items()
            }
        else:
            found = {default: without_tags(str(text))} if text not in (None, "") else {}
        found = {tag: words for tag, words in found.items() if words}
        self.add_languages(found)
        return found or ({default: otherwise} if otherwise else None)


def _tag(tag: object) -> str:
    return re.sub(r"[^A-Za-z0-9\-]", "-", str(tag))
