"""What questions are made of: texts, options, rows, and the rules that are written on them, as frozen Pydantic models.

A rule is an expression (`expressions`) with what follows from it. This module knows shapes only, like `definition`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.ingestion.domain.survey.images import ImageAddress

MAX_OPTIONS = 500
MAX_RULES = 20
COMPLETE = "@complete"
SCREEN_OUT = "@screen_out"
"""Where a jump may lead besides questions and pages: to the end, as complete or as not wanted."""
QUOTA_FULL = "@quota_full"
"""The end of who falls into a cell that has as many as are wanted."""

LanguageTag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Text = Annotated[
    dict[LanguageTag, Annotated[str, StringConstraints(max_length=10_000)]],
    Field(min_length=1, max_length=100),
]
QuestionCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
RowCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,64}$")]
OptionCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.\-]{1,64}$")]
ExpressionText = Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True)]


class Part(BaseModel):
    """Any part of a definition: immutable, and without fields that nobody reads (a typing error is told, not ignored)."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Item(Part):
    """One thing that is compared with others."""

    code: OptionCode
    text: Text


class Option(Item):
    """One thing that can be chosen. `value` is its number in means; an `exclusive` option excludes all others.

    An `image` is shown above its text. A `pinned` option keeps its place where the others change theirs. `other` asks what is meant: the words are a question of
    their own, `<question>_<option>`.
    """

    value: float | None = None
    exclusive: bool = False
    pinned: bool = False
    other: bool = False
    image: ImageAddress | None = None


class Row(Part):
    """One line of a matrix: each row is a variable of its own in the dataset."""

    code: RowCode
    text: Text
    pinned: bool = False


Order = Literal["fixed", "random", "rotate", "reverse"]
"""In which order parts are shown: as written, shuffled, turned on by some places, or from last to first for half of all."""


class Carried(Part):
    """Options taken over from an earlier question: those that were selected there, or those that were not, or all."""

    question: QuestionCode
    which: Literal["selected", "unselected", "all"] = "selected"


class Check(Part):
    """What an answer must fulfil; a `soft` check warns once and lets the respondent go on."""

    condition: ExpressionText
    message: Text
    soft: bool = False


class Jump(Part):
    """Where to go after the question when the condition holds: a later question or page, an ending, `@complete`, `@screen_out`."""

    when: ExpressionText | None = None
    to: Annotated[str, StringConstraints(pattern=r"^(@complete|@screen_out|[A-Za-z][A-Za-z0-9_]{0,63})$")]


class Unanswered(Part):
    """A way not to answer that a question offers; without a text, the engine's own words for it."""

    code: Literal["refused", "dont_know"]
    text: Text | None = None


class Asked(Part):
    """What every question has: a stable code, a text, and conditions in the expression language."""

    code: QuestionCode
    text: Text | None = None
    help: Text | None = None
    required: bool = False
    required_if: ExpressionText | None = None
    show_if: ExpressionText | None = None
    checks: Annotated[tuple[Check, ...], Field(max_length=MAX_RULES)] = ()
    then: Annotated[tuple[Jump, ...], Field(max_length=MAX_RULES)] = ()
    attention: ExpressionText | None = None
    """What an attentive respondent's answer fulfils; any other is flagged, not refused."""
    missing: Annotated[tuple[Unanswered, ...], Field(max_length=2)] = ()
    """How respondents may say that they do not answer; it satisfies `required`, and counts as missing."""


Carries = Annotated[tuple[Carried, ...], Field(max_length=MAX_RULES)]
SomeOptions = Annotated[tuple[Option, ...], Field(max_length=MAX_OPTIONS)]
Options = Annotated[tuple[Option, ...], Field(min_length=1, max_length=MAX_OPTIONS)]
Rows = Annotated[tuple[Row, ...], Field(min_length=1, max_length=MAX_OPTIONS)]
