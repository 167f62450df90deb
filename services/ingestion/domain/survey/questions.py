"""The types of questions: what each may hold in a definition, as frozen Pydantic models.

This module knows the *shape* only, like `definition`: what counts as an answer is `answers`' question.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from services.ingestion.domain.survey.media import MediaKind
from services.ingestion.domain.survey.parts import (
    MAX_OPTIONS,
    Asked,
    Carries,
    ExpressionText,
    Item,
    Order,
    QuestionCode,
    Row,
    SomeOptions,
    Text,
)

NPS_HIGHEST = 10
SCALE_STEPS = {"rating": 5, "csat": 5, "ces": 7, "likert": 5}
DEFAULT_FILE_BYTES = 10 * 1024 * 1024
MAX_FILE_BYTES = 1024 * 1024 * 1024
MAX_ITEMS = 40
MAX_SETS = 40
MAX_CELLS = 20
APPEARANCES = 3
"""How often each item of a maxdiff question is shown at least, where nothing else is said (3K/k sets: Sawtooth Software, 2013)."""


class Choosing(Asked):
    """A question with options of its own, options carried over from earlier ones, or both; `order` is how they are shown."""

    options: SomeOptions = ()
    carry: Carries = ()
    order: Order = "fixed"


class SingleChoice(Choosing):
    """One option of a list."""

    type: Literal["single_choice"]
    display: Literal["radio", "dropdown", "buttons"] = "radio"


class MultipleChoice(Choosing):
    """Any number of options of a list, within `min` and `max` when they are given."""

    type: Literal["multiple_choice"]
    min: int | None = Field(default=None, ge=0)
    max: int | None = Field(default=None, ge=1)


class FreeText(Asked):
    """Words of the respondent's own; lengths in Unicode code points."""

    type: Literal["short_text", "long_text"]
    min_length: int | None = Field(default=None, ge=0)
    max_length: int | None = Field(default=None, ge=1, le=20_000)
    placeholder: Text | None = None


class OtherText(FreeText):
    """What is meant by an option `other`: made by `expanding`, asked beside its question, never written in a definition."""

    beside: QuestionCode
    about: Text | None = None
    """What that question asks."""


class Number(Asked):
    """A number; `decimals` limits the digits after the point (0 = whole numbers)."""

    type: Literal["number"]
    min: float | None = None
    max: float | None = None
    decimals: int | None = Field(default=None, ge=0, le=9)
    unit: Text | None = None


class Slider(Asked):
    """A number on the grid min, min + step, …, max."""

    type: Literal["slider"]
    min: float = 0
    max: float = 100
    step: float = Field(default=1, gt=0)
    low: Text | None = None
    high: Text | None = None


class ConstantSum(Choosing):
    """Numbers ≥ 0 given to options that add up to `total`."""

    type: Literal["constant_sum"]
    total: float = Field(default=100, gt=0)
    unit: Text | None = None


class DateOrTime(Asked):
    """A calendar day (`YYYY-MM-DD`) or a time of day (`HH:MM`), within `min` and `max` in the same notation."""

    type: Literal["date", "time"]
    min: str | None = None
    max: str | None = None


class Contact(Asked):
    """An address of the respondent in a checked notation."""

    type: Literal["email", "phone", "url"]


class Scale(Asked):
    """A whole number on a labelled scale: stars, NPS 0–10, CSAT 1–5, CES 1–7."""

    type: Literal["rating", "nps", "csat", "ces"]
    display: Literal["numbers", "stars", "smileys"] | None = None
    """How the numbers look; a rating has stars where nothing is said."""
    steps: int | None = Field(default=None, ge=2, le=11)
    low: Text | None = None
    high: Text | None = None

    @property
    def numbers(self) -> range:
        """The whole numbers that can be answered, lowest first."""
        if self.type == "nps":
            return range(NPS_HIGHEST + 1)
        return range(1, (self.steps or SCALE_STEPS[self.type]) + 1)


class Likert(Asked):
    """Agreement: with `options` one labelled point is chosen; without, a whole number from 1 to `steps`."""

    type: Literal["likert"]
    options: SomeOptions = ()
    steps: int = Field(default=5, ge=2, le=11)
    low: Text | None = None
    high: Text | None = None

    @property
    def numbers(self) -> range:
        """The whole numbers that can be answered when the scale has no labelled options."""
        return range(1, self.steps + 1)


class Matrix(Asked):
    """One question asked for several rows. `columns` are the options of the single and multiple kinds."""

    type: Literal["matrix_single", "matrix_multiple", "matrix_number", "matrix_text"]
    rows: Annotated[tuple[Row, ...], Field(max_length=MAX_OPTIONS)] = ()
    carry: Carries = ()
    """Options of earlier questions that become rows."""
    order: Order = "fixed"
    """In which order the rows are shown."""
    columns: SomeOptions = ()
    min: float | None = None
    max: float | None = None
    required_rows: Literal["all", "any"] = "all"


class Ranking(Choosing):
    """Options put in order, best first; `max` limits how many are ranked (all, when it is not given)."""

    type: Literal["ranking"]
    max: int | None = Field(default=None, ge=1)


class MaxDiff(Asked):
    """Best-worst scaling: of `per_set` items at a time, which is the best and which the worst; `high` and `low` say it otherwise.

    Items come from here alone: a design is balanced over a list that everybody has.
    """

    type: Literal["maxdiff"]
    options: Annotated[tuple[Item, ...], Field(min_length=4, max_length=MAX_ITEMS)]
    per_set: int = Field(default=4, ge=3, le=6)
    sets: int | None = Field(default=None, ge=1, le=MAX_SETS)
    low: Text | None = None
    high: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _carries_nothing(cls, written: Any) -> Any:
        if isinstance(written, dict) and "carry" in written:
            raise ValueError(
                "items of a maxdiff question cannot be carried over: its sets are balanced over one list for everybody"
            )
        return written

    @property
    def n_sets(self) -> int:
        """How many sets each respondent is shown."""
        return self.sets or -(-APPEARANCES * len(self.options) // self.per_set)


class MaxDiffSet(MaxDiff):
    """One set of a maxdiff question: made by `expanding`, never written in a definition.

    `options` are all items; those that one respondent is shown where the engine has dealt them.
    """

    of: QuestionCode
    number: int
    """Which set it is, from 1."""


class FileQuestion(Asked):
    """Files of the respondent's own: photographs, documents, recordings. What they are is judged by their bytes."""

    type: Literal["file"]
    accept: Annotated[tuple[MediaKind, ...], Field(min_length=1, max_length=7)] = ("image", "pdf")
    max_bytes: int = Field(default=DEFAULT_FILE_BYTES, ge=1, le=MAX_FILE_BYTES)
    """Of each file; the installation may allow less."""
    max_files: int = Field(default=1, ge=1, le=10)


class Consent(Asked):
    """A statement to agree with; when required, only agreement lets the respondent go on."""

    type: Literal["consent"]


class Hidden(Asked):
    """A value the link carries (`?code=value`), never shown and never answered; with `cells`, the cell of an experiment.

    Each interview gets the cell that has fewest interviews, complete or under way, unless its link names one.
    """

    type: Literal["hidden"]
    default: str | None = Field(default=None, max_length=1_000)
    cells: Annotated[tuple[Item, ...], Field(max_length=MAX_CELLS)] = ()


class Computed(Asked):
    """A value computed from earlier answers by an expression."""

    type: Literal["computed"]
    expression: ExpressionText


class Statement(Asked):
    """A text to read; nothing is answered."""

    type: Literal["statement"]


AddressField = Literal["line1", "line2", "postal_code", "city", "region", "country"]


class Address(Asked):
    """A postal address in fields; a required address needs every field but `line2` and `region`."""

    type: Literal["address"]
    fields: tuple[AddressField, ...] = ("line1", "line2", "postal_code", "city", "country")


class SignatureQuestion(Asked):
    """A signature: strokes of a pen where the page has a script, else the respondent's name, typed."""

    type: Literal["signature"]


Question = (
    SingleChoice
    | MultipleChoice
    | FreeText
    | Number
    | Slider
    | ConstantSum
    | DateOrTime
    | Contact
    | Scale
    | Likert
    | Matrix
    | Ranking
    | MaxDiff
    | FileQuestion
    | Consent
    | Hidden
    | Computed
    | Statement
    | Address
    | SignatureQuestion
)
AnyQuestion = Annotated[Question, Field(discriminator="type")]
