"""Requests and responses of surveys, for the researcher."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.ingestion import LayoutStyle, SurveyStatus

Included = Literal["screened_out", "quota_full", "in_progress", "erased"]
MOST_TEST_ROWS = 2_000
EMPTY_DEFINITION: dict[str, Any] = {"languages": ["en"], "pages": []}


class SurveyCreate(BaseModel):
    """A new survey; it is a draft until it is published. Without a definition it has no questions yet."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str = Field(min_length=1, max_length=255)
    layout_style: LayoutStyle = LayoutStyle.CLASSIC
    theme_config: dict[str, Any] = Field(default_factory=dict, description="Looks; contrast is checked.")
    definition: dict[str, Any] = Field(
        default_factory=lambda: dict(EMPTY_DEFINITION), description="Pages and questions: docs/surveys.md."
    )


class SurveyDuplicate(BaseModel):
    """What the copy is called; "… (copy)" where nothing is said."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str | None = Field(None, min_length=1, max_length=255)


class SurveyUpdate(BaseModel):
    """What changes, as JSON Merge Patch (RFC 7396): objects are merged, lists replaced, null removes."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str | None = Field(None, min_length=1, max_length=255)
    layout_style: LayoutStyle | None = None
    theme_config: dict[str, Any] | None = None
    definition: dict[str, Any] | None = None
    dataset_includes: Annotated[list[Included], Field(max_length=4)] | None = None


class SurveyRead(BaseModel):
    """A survey: its draft, where it stands, and the dataset of its responses."""

    id: int
    uuid: UUID = Field(description="Of the public page: /s/<uuid>.")
    project_id: int
    title: str
    layout_style: LayoutStyle
    theme_config: dict[str, Any]
    definition: dict[str, Any]
    status: SurveyStatus
    version: int | None = Field(description="Number of the published version; null before the first.")
    dataset_id: int | None = Field(description="The dataset that its complete responses are.")
    dataset_includes: list[Included] = Field(
        description="Interviews that are rows of the dataset besides complete ones; `status` tells them apart."
    )
    public_url: str
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    closed_at: datetime | None
    archived_at: datetime | None


class ForeignFormat(StrEnum):
    """The programs whose surveys can be taken over."""

    SURVEYJS = "surveyjs"
    LIMESURVEY = "limesurvey"
    XLSFORM = "xlsform"


class SurveyPublishedRead(SurveyRead):
    """A survey that was published, and what its version changed."""

    edits: list["EditRead"]


class SurveyImport(BaseModel):
    """A survey that was written for another program."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    format: ForeignFormat
    title: str | None = Field(None, min_length=1, max_length=255, description="Else the document's own.")
    document: dict[str, Any] | str = Field(
        description="`surveyjs`: its JSON, an object. `limesurvey`: the content of an `.lss` file, a text. "
        "`xlsform`: the bytes of the workbook as base64."
    )


class ImportNote(BaseModel):
    """Something that is not taken over as it was."""

    where: str = Field(description="The question or page, as it was called; empty for the survey.")
    detail: str


class SurveyImported(BaseModel):
    """The draft that was made, and what was left behind."""

    survey: SurveyRead
    notes: list[ImportNote]


class RedirectKey(BaseModel):
    """What a panel needs to check signed addresses."""

    key: str = Field(
        description="HMAC-SHA-256 key; `sig` is the hexadecimal signature of the address before `sig`."
    )


class EditRead(BaseModel):
    """A change since the version before, and whether figures before and after can stand in one trend."""

    kind: str = Field(description="wording, option_added, recode, scale_reversed, order, base, …")
    pointer: str = Field(
        description="JSON Pointer into the new definition; into the old one for what is gone."
    )
    question: str | None
    old: Any
    new: Any
    trend: Literal["joins", "breaks"]
    reason: str
    overridden: bool = Field(description="Whether a researcher judged, instead of the kind.")


class TrendJudgement(BaseModel):
    """A researcher's word on one edit: whether its trend goes on, and why."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    pointer: str = Field(max_length=500, description="Of an edit, as `lint` lists it.")
    trend: Literal["joins", "breaks"]
    reason: str = Field(min_length=1, max_length=1_000)


class SurveyPublish(BaseModel):
    """Judgements on what a publication does to trends."""

    model_config = ConfigDict(extra="forbid")

    trends: Annotated[list[TrendJudgement], Field(max_length=1_000)] = []


class SurveyVersionRead(BaseModel):
    """A published version, which never changes."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    title: str
    layout_style: LayoutStyle
    theme_config: dict[str, Any]
    definition: dict[str, Any]
    definition_hash: str
    edits: list[EditRead] = Field(description="What changed since the version before.")
    created_at: datetime


class LintIssue(BaseModel):
    """One finding of the linter."""

    level: Literal["error", "warning"]
    pointer: str = Field(description="JSON Pointer into the definition.")
    detail: str


class LintRead(BaseModel):
    """What the linter found; a survey with errors cannot be published."""

    publishable: bool
    issues: list[LintIssue]
    edits: list[EditRead] = Field(description="What publishing would change in the present version.")


class ResponseRead(BaseModel):
    """One interview. `answers` are those that count; questions that the logic hid are in `not_asked`."""

    id: int
    uuid: UUID
    status: Literal["in_progress", "complete", "screened_out", "quota_full", "erased"]
    version: int
    language: str
    answers: dict[str, Any]
    not_asked: list[str]
    flags: list[Any]
    is_test: bool
    created_at: datetime
    submitted_at: datetime | None


class PreviewCreate(BaseModel):
    """What is shown of a survey, to whom; nothing of it is stored."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(None, ge=1, description="A published version; else the draft.")
    language: str | None = Field(None, max_length=35)
    layout_style: LayoutStyle | None = Field(None, description="Else the survey's own.")
    answers: dict[str, Any] = Field(
        default_factory=dict, max_length=1_000, description="As the JSON door takes them."
    )
    position: int | None = Field(
        None,
        ge=0,
        le=99_999,
        description="Which page or question; else the first that these answers leave open.",
    )
    seed: int = Field(1, ge=0, le=2**53, description="Of every random order.")


class SimulationCreate(BaseModel):
    """How many respondents are simulated, and from which seed their answers are drawn."""

    model_config = ConfigDict(extra="forbid")

    n: int | None = Field(None, ge=1, le=500, description="200 where nothing is said, fewer in long surveys.")
    seed: int = Field(1, ge=0, le=2**53)
    version: int | None = Field(None, ge=1, description="A published version; else the draft.")


class TestDatasetCreate(BaseModel):
    """The same for a dataset, which a worker makes: more respondents."""

    model_config = ConfigDict(extra="forbid")

    n: int = Field(200, ge=1, le=MOST_TEST_ROWS)
    seed: int = Field(1, ge=0, le=2**53)
    version: int | None = Field(None, ge=1, description="A published version; else the draft.")


class SimulatedQuestion(BaseModel):
    """How often a question was asked and answered, and which of its values came."""

    code: str
    asked: int
    answered: int
    missing: dict[str, int] = Field(description="Who said why there is no answer: refused, dont_know.")
    counts: list["OptionCount"] = Field(description="Of choices and scales; values that nobody chose have 0.")


class SimulationRead(BaseModel):
    """What simulated respondents met."""

    n: int
    outcomes: dict[str, int] = Field(description="complete, screened_out, stuck.")
    endings: dict[str, int]
    median_questions: float = Field(description="Questions that the respondent in the middle is asked.")
    questions: list[SimulatedQuestion]
    never_asked: list[str] = Field(description="Worth a look: no simulated respondent came by.")
    stuck: dict[str, int] = Field(description="Required questions that no drawn answer satisfied.")
    quotas: dict[str, int] = Field(description="Respondents in each cell.")


class OptionCount(BaseModel):
    """How many complete interviews chose an option."""

    value: str
    count: int


class QuestionResult(BaseModel):
    """Counts of one question over the complete interviews."""

    code: str
    answered: int
    missing: dict[str, int] = Field(description="Who said why there is no answer: refused, dont_know.")
    standing: int = Field(
        description="Unfinished interviews whose next question this is: under way, or left for good."
    )
    counts: list[OptionCount]


class PageResult(BaseModel):
    """Where interviews are slow, and where people leave."""

    code: str
    sent: int = Field(description="Interviews that sent this page.")
    standing: int = Field(
        description="Unfinished interviews whose next page this is: under way, or left for good."
    )
    median_seconds: float | None = Field(description="Spent on it; null before anybody sent it.")


class QuotaRead(BaseModel):
    """How full a cell of the sample is."""

    code: str
    target: int
    complete: int = Field(description="Complete interviews that fall into it.")
    under_way: int = Field(description="Interviews that hold a seat at the moment.")


class CellRead(BaseModel):
    """How many interviews a cell of an experiment has."""

    question: str
    cell: str
    complete: int
    under_way: int = Field(description="Interviews that hold a seat at the moment.")


class FieldworkRead(BaseModel):
    """How the fieldwork goes."""

    started: int
    in_progress: int
    complete: int
    screened_out: int
    quota_full: int = Field(description="Interviews that ended because their cell was full.")
    erased: int = Field(description="Interviews that were erased; they count nowhere else.")
    completion_ratio: float | None = Field(description="complete / started; null before the first interview.")
    median_duration_s: float | None


class ResultsRead(FieldworkRead):
    """How the fieldwork goes, and what it brings."""

    questions: list[QuestionResult]
    pages: list[PageResult]
    quotas: list[QuotaRead]
    cells: list[CellRead] = Field(description="Of experiments.")
    flagged: dict[str, int] = Field(
        description="Complete interviews by kind of doubt; none is left out by itself."
    )
