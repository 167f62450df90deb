"""What every import of a foreign survey needs: codes, texts in several languages, and notes on what was left behind."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

_NOT_IN_CODES = re.compile(r"[^A-Za-z0-9_]+")
_NOT_IN_OPTIONS = re.compile(r"[^A-Za-z0-9_.\-]+")
_TAGS = re.compile(r"<[^>]*>")
_BLANKS = re.compile(r"[ \t\r\f\v]+")
_LONGEST_CODE = 40
"""Shorter than a code may be: loops and other texts add to it."""


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
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        """The code of a name, made at its first use."""
        if name not in self._by_name:
            wanted = _NOT_IN_CODES.sub("_", name).strip("_")[:_LONGEST_CODE]
            if not wanted[:1].isalpha():
                wanted = f"{self._prefix}{wanted}"
            self._by_name[name] = _free(wanted, self._taken)
        return self._by_name[name]

    def known(self, name: str) -> str | None:
        """The code of a name that has one."""
        return self._by_name.get(name)


def option_codes(values: Iterable[object]) -> dict[str, str]:
    """A code for each value of a list, by the value as text."""
    taken: set[str] = set()
    found: dict[str, str] = {}
    for place, value in enumerate(values, 1):
        wanted = _NOT_IN_OPTIONS.sub("_", plain(value)).strip("_")[:_LONGEST_CODE] or str(place)
        found[plain(value)] = _free(wanted, taken)
    return found


def _free(wanted: str, taken: set[str]) -> str:
    code, number = wanted, 1
    while code.lower() in taken:
        number += 1
        code = f"{wanted}_{number}"
    taken.add(code.lower())
    return code


def plain(value: object) -> str:
    """A value as the text that codes are made of: `true`, `3`, not `True`, `3.0`."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def without_tags(html: str) -> str:
    """The words of a piece of HTML."""
    return _BLANKS.sub(" ", unescape(_TAGS.sub(" ", html))).strip()


class Texts:
    """Texts in the languages that a foreign survey has; the default one comes first."""

    def __init__(self, default: str) -> None:
        self.languages = [default]

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
        self.languages += [tag for tag in found if tag not in self.languages]
        return found or ({default: otherwise} if otherwise else None)


def _tag(tag: object) -> str:
    return re.sub(r"[^A-Za-z0-9\-]", "-", str(tag))
