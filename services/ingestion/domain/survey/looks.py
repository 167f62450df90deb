"""What the respondent's page shows: texts in one language, the values to show again, and what is wrong, ready for the template.

The template decides on markup only. Everything here is plain text; the template engine escapes all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.answers import Fault, plain
from services.ingestion.domain.survey.media import HTML_ACCEPT
from services.ingestion.domain.survey.nonresponse import parted
from services.ingestion.domain.survey.ordering import displayed
from services.ingestion.domain.survey.parts import Text
from services.ingestion.domain.survey.phrases import say, say_fault
from services.ingestion.domain.survey.piping import Pipes
from services.ingestion.domain.survey.questions import (
    ConstantSum,
    FileQuestion,
    Likert,
    MaxDiffSet,
    MultipleChoice,
    Question,
    Ranking,
    Scale,
    Slider,
    Statement,
)
from services.ingestion.domain.survey.texts import read
from services.ingestion.domain.survey.turning import Turned

SCALE_POINTS = 11
MEBIBYTE = 1024 * 1024
CONTROLS = {
    "single_choice": "choice",
    "multiple_choice": "choices",
    "short_text": "line",
    "long_text": "lines",
    "number": "number",
    "date": "line",
    "time": "line",
    "email": "line",
    "phone": "line",
    "url": "line",
    "rating": "scale",
    "nps": "scale",
    "csat": "scale",
    "ces": "scale",
    "matrix_single": "matrix_choice",
    "matrix_multiple": "matrix_choices",
    "matrix_number": "parts",
    "matrix_text": "parts",
    "constant_sum": "parts",
    "ranking": "ranking",
    "maxdiff": "best_worst",
    "file": "files",
    "signature": "signature",
    "consent": "consent",
    "address": "parts",
    "statement": "statement",
}
INPUT_TYPES = {"date": "date", "time": "time", "email": "email", "phone": "tel", "url": "url"}
AUTOCOMPLETE = {
    "email": "email",
    "phone": "tel",
    "url": "url",
    "line1": "address-line1",
    "line2": "address-line2",
    "postal_code": "postal-code",
    "city": "address-level2",
    "region": "address-level1",
    "country": "country-name",
}


@dataclass(frozen=True)
class Item:
    """An option, a row or a field: its code and its text."""

    code: str
    text: str
    image: str = ""
    """Address of a picture above the text."""


@dataclass(frozen=True)
class QuestionLook:
    """One question on the page."""

    code: str
    control: str
    question: Question
    text: str
    help: str
    hint: str
    required: bool
    value: Any
    error: str
    warning: str
    error_at: str
    options: tuple[Item, ...]
    rows: tuple[Item, ...]
    low: str
    high: str
    unit: str
    placeholder: str
    missing: tuple[Item, ...] = ()
    """How the respondent may say that there is no answer, and in `why_not` what was said."""
    why_not: tuple[str, ...] = ()
    is_first_wrong: bool = False
    """Whether the page begins here, because nothing before it is wrong or doubted."""

    @property
    def focus(self) -> str:
        """Id of the input that has the focus when the page is shown, '' for none of this question."""
        return self.anchor if self.is_first_wrong else ""

    @property
    def described_by(self) -> str:
        """Ids of the texts that explain the question to screen readers, separated by blanks."""
        parts = [("h", self.help), ("t", self.hint), ("e", self.error or self.warning)]
        return " ".join(f"{prefix}-{self.code}" for prefix, text in parts if text)

    @property
    def anchor(self) -> str:
        """Id of the first input that is wrong, where the summary of errors leads."""
        return f"i-{self.code}{self.error_at.replace('/', '-')}"

    @property
    def file_types(self) -> str:
        """What a file input tells the browser to offer."""
        return (
            ",".join(HTML_ACCEPT[kind] for kind in self.question.accept)
            if isinstance(self.question, FileQuestion)
            else ""
        )

    @property
    def display(self) -> str:
        """How options look: `numbers`, `stars` or `smileys` of a scale, `buttons`, `pictures`, or nothing in particular."""
        if any(option.image for option in self.options):
            return "pictures"
        usual = "stars" if self.question.type == "rating" else ""
        return getattr(self.question, "display", None) or usual

    @property
    def input_type(self) -> str:
        """The HTML input type of a single-line control."""
        return INPUT_TYPES.get(self.question.type, "text")

    def autocomplete(self, part: str = "") -> str:
        """The HTML autocomplete token of an input, '' where browsers should not suggest anything."""
        return AUTOCOMPLETE.get(part or self.question.type, "")


@dataclass(frozen=True)
class Reader:
    """Reads texts in one respondent's language."""

    language: str
    default: str
    pipes: Pipes | None = None
    """Puts the respondent's earlier answers into texts."""
    most_file_bytes: int | None = None
    """The largest file that this installation takes; None: as large as the survey says."""

    def text(self, text: Text | None) -> str:
        """A text of the survey."""
        words = read(text, self.language, self.default)
        return self.pipes.into(words) if self.pipes else words

    def fault(self, fault: Fault | None) -> str:
        """Why an answer is not accepted, or doubted; nothing where it is neither."""
        return say_fault(self.language, self.default, fault) if fault else ""

    def say(self, key: str, **values: object) -> str:
        """A phrase of the engine."""
        return say(self.language, key, **values)


def question_looks(
    questions: Sequence[Question],
    state: engine.State,
    reader: Reader,
    *,
    turned: Turned,
    seed: int,
) -> list[QuestionLook]:
    """The questions of a step in the respondent's order; values that were refused are shown again as they were typed."""
    looks = [_look(displayed(question, seed), state, reader, turned) for question in questions]
    wrong = [code for code in (look.code for look in looks) if code in (turned.faults or turned.warnings)]
    return [replace(look, is_first_wrong=look.code in wrong[:1]) for look in looks]


def _look(question: Question, state: engine.State, reader: Reader, turned: Turned) -> QuestionLook:
    """One question of a step."""
    fault = turned.faults.get(question.code)
    # Files that were refused are gone; shown are those that the interview has.
    raw = {} if isinstance(question, FileQuestion) else turned.raw
    value, why_not = parted(raw[question.code] if question.code in raw else state.told.get(question.code))
    return QuestionLook(
        code=question.code,
        control=_control(question),
        question=question,
        text=_words(question, reader),
        help=reader.text(question.help),
        hint=_hint(question, reader),
        required=question.code in state.required and not isinstance(question, Statement),
        value=value,
        error=reader.fault(fault),
        warning=reader.fault(turned.warnings.get(question.code)),
        error_at=fault.where if fault else "",
        options=_options(question, reader),
        rows=_rows(question, reader),
        low=reader.text(getattr(question, "low", None)),
        high=reader.text(getattr(question, "high", None)),
        unit=reader.text(getattr(question, "unit", None)),
        placeholder=reader.text(getattr(question, "placeholder", None)),
        missing=tuple(
            Item(offered.code, reader.text(offered.text) or reader.say(offered.code))
            for offered in question.missing
        ),
        why_not=why_not,
    )


def _words(question: Question, reader: Reader) -> str:
    """What is asked; of a maxdiff also which set it is."""
    words = reader.text(question.text)
    if isinstance(question, MaxDiffSet):
        return f"{words} ({reader.say('progress_of', done=question.number, total=question.n_sets)})"
    return words


def _control(question: Question) -> str:
    """Which control of the template shows a question."""
    if isinstance(question, Likert):
        return "choice" if question.options else "scale"
    if isinstance(question, Slider):
        return "scale" if len(_slider_points(question)) else "slider"
    if question.type == "single_choice" and getattr(question, "display", "") == "dropdown":
        return "dropdown"
    return CONTROLS[question.type]


def _slider_points(question: Slider) -> tuple[float, ...]:
    """The points of a slider that has few enough to be buttons; none otherwise (a number is typed then)."""
    n_steps = (question.max - question.min) / question.step
    if n_steps > SCALE_POINTS - 1 or not n_steps.is_integer():
        return ()
    return tuple(round(question.min + place * question.step, 9) for place in range(int(n_steps) + 1))


def _options(question: Question, reader: Reader) -> tuple[Item, ...]:
    """Options or columns; the numbers of a scale."""
    if isinstance(question, Scale) or (isinstance(question, Likert) and not question.options):
        return tuple(Item(str(number), str(number)) for number in question.numbers)
    if isinstance(question, Slider):
        return tuple(Item(plain(point), plain(point)) for point in _slider_points(question))
    parts = getattr(question, "options", ()) or getattr(question, "columns", ())
    return tuple(
        Item(part.code, reader.text(part.text), getattr(part, "image", None) or "") for part in parts
    )


def _rows(question: Question, reader: Reader) -> tuple[Item, ...]:
    """The parts that have an input of their own."""
    if question.type == "address":
        return tuple(Item(name, reader.say(name)) for name in question.fields)
    if isinstance(question, ConstantSum):
        return _options(question, reader)
    return tuple(Item(row.code, reader.text(row.text)) for row in getattr(question, "rows", ()))


def _hint(question: Question, reader: Reader) -> str:
    """What the respondent should know before answering, from the question's limits."""
    if isinstance(question, MultipleChoice) and (question.min or question.max):
        key = (
            "choices_between"
            if question.min and question.max
            else "choices_min"
            if question.min
            else "choices_max"
        )
        return reader.say(key, min=question.min, max=question.max)
    if isinstance(question, ConstantSum):
        return reader.say("sum_hint", total=plain(question.total))
    if isinstance(question, Ranking):
        return reader.say("rank_hint")
    if isinstance(question, FileQuestion):
        return _file_hint(question, reader)
    if isinstance(question, Slider) and not _slider_points(question):
        return reader.say("low_high", low=plain(question.min), high=plain(question.max))
    return ""


def _file_hint(question: FileQuestion, reader: Reader) -> str:
    """Which files are taken, how many, and how large."""
    kinds = ", ".join(reader.say(f"kind_{kind}") for kind in question.accept)
    most_bytes = min(question.max_bytes, reader.most_file_bytes or question.max_bytes)
    size = f"{plain(round(most_bytes / MEBIBYTE, 2))} MB"
    return reader.say("file_hint", kinds=kinds, size=size, max=question.max_files)


def skipped(state: engine.State, reader: Reader) -> list[str]:
    """Texts of the questions that were asked and have no answer, for the review before submitting."""
    asked = [question for question in state.visible if not isinstance(question, engine.UNANSWERED)]
    told = state.told
    return [_words(question, reader) for question in asked if question.code not in told]
