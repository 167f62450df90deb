"""Letters to participants: texts with placeholders, `{{ link }}` and attributes, in the participant's language.

Letters are plain text, so there is nothing to escape; in subjects, which are headers, blanks of any kind become one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.ingestion.domain.survey.phrases import say
from services.ingestion.domain.survey.texts import choose_language

PLACEHOLDER = re.compile(r"\{\{\s*([^{}|]+?)\s*(?:\|\s*([^{}|]*?))?\s*\}\}")
LINK, UNSUBSCRIBE = "link", "unsubscribe"
OWN = frozenset({LINK, UNSUBSCRIBE, "email", "id"})


@dataclass(frozen=True)
class Recipient:
    """Whom a letter is for: language, what the list says about them, and their two links."""

    email: str
    external_id: str
    language: str
    attributes: Mapping[str, str]
    link: str
    unsubscribe: str

    def said(self, name: str) -> str:
        """What a placeholder stands for, empty where nothing is known."""
        own = {
            LINK: self.link,
            UNSUBSCRIBE: self.unsubscribe,
            "email": self.email,
            "id": self.external_id,
        }
        return own.get(name) or str(self.attributes.get(name, ""))


def faults_of(
    subject: Mapping[str, str], text: Mapping[str, str], *, default: str, known: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """(JSON Pointer, sentence) of each fault: a missing default language, no link, placeholders that nobody has a value for."""
    names = OWN | set(known)
    for part, texts in (("subject", subject), ("text", text)):
        if default not in texts:
            yield f"/{part}", f"The survey's first language, {default!r}, is missing."
        for language, words in texts.items():
            unknown = sorted({found[1] for found in PLACEHOLDER.finditer(words)} - names)
            if unknown:
                yield f"/{part}/{language}", f"No participant has {', '.join(unknown)}."
            if part == "text" and LINK not in {found[1] for found in PLACEHOLDER.finditer(words)}:
                yield f"/{part}/{language}", "The text needs {{ link }}, where the personal link stands."


def written(
    subject: Mapping[str, str], text: Mapping[str, str], recipient: Recipient, *, default: str
) -> tuple[str, str]:
    """Subject and text of one letter; the way to no more letters stands below where the text does not show it."""
    language = _of(text, recipient, default)
    letter = _filled(text[language], recipient)
    if recipient.unsubscribe not in letter:
        letter = f"{letter.rstrip()}\n\n-- \n{say(language, 'unsubscribe_line')}\n{recipient.unsubscribe}\n"
    heading = _filled(subject[_of(subject, recipient, default)], recipient)
    return " ".join(heading.split()), letter


def headers_of(unsubscribe: str) -> dict[str, str]:
    """Headers by which mail programs offer to unsubscribe with one click (RFC 2369, RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
    }


def _of(texts: Mapping[str, str], recipient: Recipient, default: str) -> str:
    """The language of the texts in which the recipient reads them."""
    languages = [default, *(language for language in texts if language != default)]
    return choose_language(languages, wanted=recipient.language or None, accept_language=None)


def _filled(words: str, recipient: Recipient) -> str:
    return PLACEHOLDER.sub(lambda found: recipient.said(found[1]) or found[2] or "", words)
