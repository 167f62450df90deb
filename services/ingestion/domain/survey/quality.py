"""What makes one doubt an interview: too fast, one answer down a grid, keys struck at random, a failed check, a trap, a double.

A flag is a suspicion with a score and its evidence; nothing is left out by itself, and reports say what was. Sources: speeding, Zhang
and Conrad, "Speeding in Web Surveys", Survey Research Methods 8 (2014), who take 0.3 s a word as the least that reading needs;
straight-lining, Kim, Dykema, Stevenson, Black and Moberg, "Straightlining", Social Science Computer Review 37 (2019), simple
nondifferentiation; attention checks, Oppenheimer, Meyvis and Davidenko, Journal of Experimental Social Psychology 45 (2009);
duplicates, Konstan, Rosser, Ross, Stanton and Edwards, "The Story of Subject Naught", Journal of Computer-Mediated Communication 10 (2005).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.ingestion.domain.survey.engine import State
from services.ingestion.domain.survey.expressions import holds, parse
from services.ingestion.domain.survey.parts import Text
from services.ingestion.domain.survey.questions import FreeText, Matrix, Question
from services.ingestion.domain.survey.texts import read

KINDS = ("speeding", "straight_lining", "gibberish", "attention", "honeypot", "duplicate")
SECONDS_A_WORD = 0.3
LEAST_WORDS = 30
"""Of shorter surveys nobody can say that they were not read."""
LEAST_ROWS = 4
_CHARACTERS_A_WORD = {"ja": 2, "ko": 2, "th": 4, "zh": 2}
"""Of languages that are written without blanks between words."""
_LETTERS = re.compile(r"[a-z]+")
# Rows of keys, and how many beside each other are no word: "property" and "Wert" run along the upper row.
_ROWS_OF_KEYS = (
    *((row, 5) for row in ("qwertyuiop", "qwertzuiop", "azertyuiop")),
    *((row, 4) for row in ("asdfghjkl", "qsdfghjklm", "zxcvbnm", "yxcvbnm", "wxcvbn")),
)
_LEAST_LETTERS = 5
_RUN = 5
_LEAST_VOWELS = 0.15
_LONG_TEXT = 15
_VOWELS = frozenset("aeiouyäöüáéíóúàèìòùâêîôûåæøœ")


@dataclass(frozen=True)
class Flag:
    """A suspicion: its kind, how strong it is (0 to 1), and what it rests on."""

    kind: str
    score: float
    evidence: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {"kind": self.kind, "score": round(self.score, 3), "evidence": self.evidence}


def flags_of(
    state: State,
    *,
    language: str,
    default_language: str,
    active_s: float | None,
    is_trapped: bool,
    n_alike: int = 0,
) -> list[Flag]:
    """Every flag of a finished interview.

    `active_s` is the time spent on its pages, None where it is not known; `n_alike` counts complete interviews with its fingerprint.
    """

    def words(text: Text | None) -> str:
        return read(text, language, default_language)

    found = [
        _speeding(sum(_n_words(question, words, language) for question in state.visible), active_s),
        _straight_lining(state),
        _gibberish(state),
        _attention(state),
        Flag("honeypot", 1.0, {"field": "website"}) if is_trapped else None,
        _duplicate(n_alike),
    ]
    return [flag for flag in found if flag is not None]


def _n_words(question: Question, words: Any, language: str) -> int:
    """How many words a question has with its options."""
    parts = [*getattr(question, "options", ()), *getattr(question, "rows", ())]
    texts = [words(question.text), words(question.help), *(words(part.text) for part in parts)]
    tag = language.split("-", maxsplit=1)[0].lower()
    if tag in _CHARACTERS_A_WORD:
        return sum(map(len, texts)) // _CHARACTERS_A_WORD[tag]
    return sum(len(text.split()) for text in texts)


def _speeding(n_words: int, active_s: float | None) -> Flag | None:
    least_s = n_words * SECONDS_A_WORD
    if active_s is None or n_words < LEAST_WORDS or active_s >= least_s:
        return None
    evidence = {"seconds": round(active_s, 1), "least_seconds": round(least_s, 1), "words": n_words}
    return Flag("speeding", 1 - active_s / least_s, evidence)


def _straight_lining(state: State) -> Flag | None:
    grids: list[str] = []
    straight: list[str] = []
    for question in state.visible:
        answer = state.effective.get(question.code)
        if (
            not isinstance(question, Matrix)
            or question.type == "matrix_text"
            or not isinstance(answer, Mapping)
        ):
            continue
        if len(answer) >= LEAST_ROWS:
            grids.append(question.code)
            straight += [question.code] if len({str(value) for value in answer.values()}) == 1 else []
    if not straight:
        return None
    return Flag("straight_lining", len(straight) / len(grids), {"questions": straight, "of": len(grids)})


def _gibberish(state: State) -> Flag | None:
    told = {
        question.code: answer
        for question in state.visible
        if isinstance(question, FreeText) and isinstance(answer := state.effective.get(question.code), str)
    }
    reasons = {code: reason for code, text in told.items() if (reason := why_gibberish(text))}
    if not reasons:
        return None
    return Flag("gibberish", len(reasons) / len(told), {"questions": reasons})


def why_gibberish(text: str) -> str | None:
    """Why a text looks like keys struck at random, None where it does not; of Latin letters only, for want of rules for others."""
    plain = text.casefold()
    letters = [character for character in plain if character.isalpha()]
    if len(letters) < _LEAST_LETTERS:
        return None
    if re.search(rf"([^\W\d_])\1{{{_RUN - 1},}}", plain):
        return "one letter again and again"
    if any(_is_along_keys(run) for run in _LETTERS.findall(plain)):
        return "keys beside each other"
    is_latin = all("a" <= character <= "z" or character in _VOWELS for character in letters)
    n_vowels = sum(character in _VOWELS for character in letters)
    # "Strengths" has one vowel in nine letters; only longer texts must have more than one.
    least = len(letters) * _LEAST_VOWELS if len(letters) >= _LONG_TEXT else 1
    return "hardly a vowel" if is_latin and n_vowels < least else None


def _is_along_keys(run: str) -> bool:
    return any(
        run[start : start + length] in keys
        for row, length in _ROWS_OF_KEYS
        for keys in (row, row[::-1])
        for start in range(len(run) - length + 1)
    )


def _attention(state: State) -> Flag | None:
    checked = [
        question for question in state.visible if question.attention and question.code in state.effective
    ]
    failed = [one.code for one in checked if not holds(parse(one.attention or ""), state.effective)]
    if not failed:
        return None
    return Flag("attention", len(failed) / len(checked), {"questions": failed})


def _duplicate(n_alike: int) -> Flag | None:
    """If one person gave all n + 1 interviews, n are too many: their share is the score, 0.5 for the second, near 1 for a series."""
    return Flag("duplicate", n_alike / (n_alike + 1), {"others": n_alike}) if n_alike else None


def kinds_in(flags: Sequence[Any]) -> list[str]:
    """The kinds of stored flags, in a fixed order."""
    present = {flag["kind"] for flag in flags if isinstance(flag, Mapping) and "kind" in flag}
    return [kind for kind in KINDS if kind in present]


def with_time(paradata: Mapping[str, Any], page: str, seconds: float) -> dict[str, Any]:
    """Paradata with so many more seconds on a page."""
    spent = dict(paradata.get("seconds", {}))
    spent[page] = round(spent.get(page, 0.0) + max(0.0, seconds), 1)
    return {**paradata, "seconds": spent}


def active_seconds(paradata: Mapping[str, Any]) -> float | None:
    """The seconds spent on all pages; None where none was noted."""
    spent = paradata.get("seconds")
    return sum(spent.values()) if spent else None
