"""Which labels form an ordered scale, and in which order codes are listed.

Codes are listed in the order of their scale where one is recognised (numbers in the labels, or the standard wordings
of survey scales), else in natural order: numbers by value, words by letter. Both depend on the labels alone, so
permuting a file's rows changes nothing. Answers such as "Don't know" stand after the scale and carry no value.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

# Wordings after Vagias (2006), "Likert-type scale response anchors", and the American National Election Studies;
# lowest first; a line each (continued deeper indented); wordings of the same step are separated by "/".
_STANDARD_SCALES = """
    strongly disagree/completely disagree/totally disagree | disagree/generally disagree |
      moderately disagree | somewhat disagree/tend to disagree | slightly disagree |
      neither agree nor disagree/neutral/undecided/neither | slightly agree |
      somewhat agree/tend to agree | moderately agree | agree/generally agree |
      strongly agree/completely agree/totally agree
    extremely dissatisfied/completely dissatisfied | very dissatisfied | dissatisfied |
      somewhat dissatisfied | neither satisfied nor dissatisfied/neutral/neither | somewhat satisfied |
      satisfied | very satisfied | extremely satisfied/completely satisfied
    not at all likely/extremely unlikely | very unlikely | not so likely/unlikely | somewhat unlikely |
      neither likely nor unlikely/neutral/neither | slightly likely | somewhat likely | moderately likely |
      likely | very likely | extremely likely
    never | almost never | rarely/seldom | occasionally/once in a while | sometimes | fairly often |
      often/frequently | usually | very often | almost always | always
    not at all important/very unimportant | unimportant/not very important/not so important |
      somewhat unimportant |
      neither important nor unimportant (neutral)/neither important nor unimportant/neutral |
      slightly important | somewhat important | moderately important | important | very important |
      extremely important
    terrible/very poor/very bad | poor/bad | below average | fair | average/okay/ok/neutral |
      above average | good | very good | excellent
    not at all | very little | a little/not much | some/somewhat | a moderate amount/moderately |
      quite a bit | a lot/very much | a great deal/extremely
    very difficult | difficult | somewhat difficult | neutral | somewhat easy | easy | very easy
    extremely liberal/very liberal | liberal | slightly liberal/somewhat liberal | moderate |
      slightly conservative/somewhat conservative | conservative | extremely conservative/very conservative
    strong democrat | weak democrat | independent-democrat/independent democrat |
      independent-independent/independent | independent-republican/independent republican |
      weak republican | strong republican
    no formal education | 1-8 grades/primary school | some high school |
      less than high school degree/less than high school |
      high school graduate/high school degree/high school/high school or ged |
      some college/some college or associate degree | associate degree |
      college degree/bachelor degree/bachelor's degree | graduate degree/graduate or professional degree |
      master's degree/master degree | phd/doctorate/doctoral degree
    very low | low | medium/middle | high | very high
    extra small/xs | small/s | medium/m | large/l | extra large/xl
    much worse | worse | somewhat worse | about the same/the same/no change | somewhat better | better |
      much better
    decreased a lot | decreased | stayed the same | increased | increased a lot
"""
_NOT_ON_A_SCALE = re.compile(
    r"(?:i )?(?:don[’'`]?t|do not) know.*|dk|not sure|unsure|no opinion|no answer|refused?.*|prefer not to .*|rather not .*"
    r"|not applicable|n/?a|other.*|none of .*|no response|skipped|-|\?",
    re.IGNORECASE,
)
_AMOUNT = r"[$€£]?\s?\d[\d.,]*\s?(?:k\b|m\b)?"
_LEADING_NUMBER = re.compile(rf"[$€£(]?\s?({_AMOUNT})", re.IGNORECASE)
_BELOW = re.compile(
    rf"(?:none or )?(?:less than|fewer than|under|below|up to|at most|<|≤|no more than)\s?({_AMOUNT}).*",
    re.IGNORECASE,
)
_ABOVE = re.compile(rf"(?:more than|greater than|over|above|at least|>|≥)\s?({_AMOUNT}).*", re.IGNORECASE)
# "5 - Very satisfied", "1 = never", "3: neutral", "5 stars": the number is the step's own value.
_STEP = re.compile(r"(-?\d{1,2})\s*(?:[-–—:=.)]\s*[^\W\d].*|(?:stars?|points?|★).*)|(-?\d{1,2}) \([^\d]+\)")
# Many questionnaires label the ends of a scale only: "1 - Very bad", "2", "3", "4", "5 - Very good".
_BARE_STEP = re.compile(r"(-?\d{1,2})()")
_CHUNKS = re.compile(r"(\d+)")
_MIN_STEPS = 2
_MAX_STEPS = 30


@dataclass(frozen=True, slots=True)
class Step:
    """One label of a scale and the number it stands for; None where it has none."""

    label: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Scale:
    """Labels in the order of a scale, and how it was recognised."""

    steps: tuple[Step, ...]
    reason: str
    confidence: float


def natural_order(texts: Iterable[str]) -> list[str]:
    """Return texts with numbers inside them in the order of their value, letters without regard to case."""
    return sorted(texts, key=lambda text: (_chunks(text.casefold()), text))


def _chunks(text: str) -> list[tuple[int, int, str]]:
    pieces = (piece for piece in _CHUNKS.split(text) if piece)
    return [(0, int(p), p) if p.isdecimal() and len(p) < 20 else (1, 0, p) for p in pieces]  # noqa: PLR2004 - fits an int


def find_scale(labels: Iterable[str]) -> Scale | None:
    """Return the scale that labels form, or None where they are mere names; linear in the labels."""
    texts = set(labels)
    aside = {text for text in texts if _NOT_ON_A_SCALE.fullmatch(text.strip())}
    on_scale = texts - aside
    if not _MIN_STEPS <= len(on_scale) <= _MAX_STEPS:
        return None
    found = _numbered(on_scale) or _standard(on_scale) or _ranges(on_scale)
    if found is None:
        return None
    rest = tuple(Step(text, None) for text in natural_order(aside))
    return Scale((*found.steps, *rest), found.reason, found.confidence)


def _numbered(texts: set[str]) -> Scale | None:
    values: dict[str, float] = {}
    for text in texts:
        found = _STEP.fullmatch(text.strip()) or _BARE_STEP.fullmatch(text.strip())
        if found:
            values[text] = float(found.group(1) or found.group(2))
    if len(values) < len(texts) or len(set(values.values())) < len(texts):
        return None
    if all(_BARE_STEP.fullmatch(text.strip()) for text in texts):
        return None
    steps = tuple(Step(text, values[text]) for text in sorted(texts, key=lambda t: values[t]))
    return Scale(steps, "each label begins with its number on a scale", 0.95)


@cache
def _standard_ranks() -> tuple[dict[str, int], ...]:
    scales = re.sub(r"\n {5,}", " ", _STANDARD_SCALES).strip().splitlines()
    return tuple(
        {word.strip(): i for i, step in enumerate(scale.split("|")) for word in step.split("/")}
        for scale in scales
    )


def _standard(texts: set[str]) -> Scale | None:
    for rank in _standard_ranks():
        ranked = {text: rank.get(" ".join(text.lower().replace("’", "'").split())) for text in texts}
        ranks = [r for r in ranked.values() if r is not None]
        if len(ranks) == len(texts) and len(set(ranks)) == len(ranks):
            ordered = sorted(texts, key=lambda t, ranked=ranked: ranked[t] or 0)  # type: ignore[misc]  # mypy cannot see the bound default
            steps = tuple(Step(text, float(i)) for i, text in enumerate(ordered, 1))
            return Scale(steps, "the labels are the steps of a standard scale", 0.9)
    return None


def _ranges(texts: set[str]) -> Scale | None:
    starts = {text: _range_start(text.strip()) for text in texts}
    known = {text: start for text, start in starts.items() if start is not None}
    if len(known) < len(texts) or all(text.strip().isalnum() for text in texts):
        return None
    if len(set(known.values())) < len(known):
        return None
    steps = tuple(Step(text, None) for text in sorted(texts, key=lambda t: known[t]))
    return Scale(steps, "the labels are ranges of numbers", 0.9)


def _range_start(text: str) -> tuple[float, int] | None:
    # Beside an equal number "under 18" comes before "18–24", and "over 64" after "64".
    for pattern, side in ((_BELOW, -1), (_ABOVE, 1), (_LEADING_NUMBER, 0)):
        found = pattern.match(text)
        if found:
            number = _amount(found.group(1))
            return None if number is None else (number if side >= 0 else number - 1e-9, side)
    return None


def _amount(text: str) -> float | None:
    digits = re.sub(r"[$€£\s]", "", text).rstrip(".,").lower()
    factor = {"k": 1e3, "m": 1e6}.get(digits[-1:], 1.0)
    digits = digits.rstrip("km")
    # "10,000" groups thousands; "2,5" is a decimal comma.
    digits = re.sub(r"[.,](?=\d{3}(?:\D|$))", "", digits).replace(",", ".")
    try:
        return float(digits) * factor
    except ValueError:
        return None
