"""What entries of the question bank are made of: texts in four languages, answer scales, questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LANGUAGES = ("en", "de", "fr", "es")
REFUSED, DONT_KNOW = {"code": "refused"}, {"code": "dont_know"}
"""How respondents may say that they do not answer; the words are the page's."""
Text = dict[str, str]
Question = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """A scale or question: what it is called, its questions as definitions write them, where it comes from, how it is counted."""

    code: str
    title: str
    topic: str
    source: str
    questions: tuple[Question, ...]
    scoring: str = ""

    @property
    def languages(self) -> list[str]:
        """The languages in which every question has a text, as LANGUAGES has them."""
        texts = [question["text"] for question in self.questions if "text" in question]
        return [language for language in LANGUAGES if all(language in text for text in texts)]


def t(*words: str) -> Text:
    """A text in the languages of the bank, English first; a validated scale may lack those it was not validated in."""
    return dict(zip(LANGUAGES, words, strict=False))


def likert(code: str, text: Text, points: Sequence[Text]) -> Question:
    """One of some labelled points, which count from 1."""
    return {"code": code, "type": "likert", "text": text, "options": options(points)}


def options(points: Sequence[Text]) -> list[dict[str, Any]]:
    """Labelled points as options with the codes and values from 1 on."""
    return [{"code": str(place), "text": point, "value": place} for place, point in enumerate(points, 1)]


def steps(code: str, text: Text, n: int, low: Text, high: Text) -> Question:
    """A whole number from 1, with words at both ends."""
    return {"code": code, "type": "likert", "steps": n, "text": text, "low": low, "high": high}


def choice(code: str, text: Text, answers: Mapping[str, Text], **more: Any) -> Question:
    """One of some answers; who does not want to say so is told apart from who left it out."""
    listed = [{"code": answer, "text": words} for answer, words in answers.items()]
    return {
        "code": code,
        "type": "single_choice",
        "text": text,
        "options": listed,
        "missing": [REFUSED],
        **more,
    }


def in_language(part: Any, language: str) -> Any:
    """A copy in which each text is in one language only, in English where it lacks that."""
    if isinstance(part, dict):
        if part and part.keys() <= set(LANGUAGES):
            return {language: part[language]} if language in part else {"en": part["en"]}
        return {name: in_language(inner, language) for name, inner in part.items()}
    return [in_language(inner, language) for inner in part] if isinstance(part, list | tuple) else part
