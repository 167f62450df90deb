"""Whether a definition can be published: every condition makes sense, every type is honoured, every text is there.

Errors refuse publication; warnings are for the researcher to judge. Conditions may look only at earlier questions, which also rules
cycles out: the message names the cycle when there is one.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.ingestion.domain.survey.answers import BEST_WORST
from services.ingestion.domain.survey.definition import Definition, Page
from services.ingestion.domain.survey.expanding import added_codes, expanded, turned_codes, written_out
from services.ingestion.domain.survey.expressions import ExpressionError, Node, Reference, parse, references
from services.ingestion.domain.survey.issues import Issue
from services.ingestion.domain.survey.kinds import Kind, Meaning, kind_of
from services.ingestion.domain.survey.lint_structure import (
    length_issues,
    structure_issues,
    texts_of,
    units_of,
)
from services.ingestion.domain.survey.notations import day, time_of_day
from services.ingestion.domain.survey.parts import Asked
from services.ingestion.domain.survey.questions import (
    Address,
    Computed,
    Consent,
    ConstantSum,
    DateOrTime,
    FileQuestion,
    FreeText,
    Hidden,
    Likert,
    Matrix,
    MaxDiff,
    MaxDiffSet,
    MultipleChoice,
    Number,
    Question,
    Ranking,
    Scale,
    SignatureQuestion,
    SingleChoice,
    Slider,
    Statement,
)

FEW_OPTIONS = 2


def lint(definition: Definition, published: Sequence[Definition] = ()) -> list[Issue]:
    """Every error and warning of a definition; codes of versions that were `published` must keep their meaning."""
    if too_long := list(length_issues(definition)):
        return too_long
    issues = [*_conditions(definition), *structure_issues(definition)]
    if not any(True for _ in definition.questions()):
        issues.append(Issue("/pages", "a survey needs at least one question"))
    for page, index, question in definition.questions():
        pointer = f"/pages/{page}/questions/{index}"
        issues += _question_issues(question, pointer)
        if isinstance(question, Hidden):
            issues += _cell_issues(question, pointer)
        issues += _translations(question, pointer, definition)
    issues += _reused(definition, published)
    return issues


@dataclass
class _Known:
    """The questions met so far, and those still to come, while conditions are read in order."""

    every: Mapping[str, Question]
    meanings: dict[str, Meaning] = field(default_factory=dict)
    uses: dict[str, set[str]] = field(default_factory=dict)

    def meaning(self, reference: Reference) -> Meaning:
        """What a reference stands for; ExpressionError when its question or row is unknown, later, or has no value."""
        question = self.every.get(reference.code)
        if question is None:
            raise ExpressionError(f"there is no question {reference.code!r}", reference.position)
        if reference.code not in self.meanings:
            raise ExpressionError(
                f"{reference.code!r} is asked only later{self.cycle(reference.code)}", reference.position
            )
        if reference.row is not None:
            return _row_meaning(question, reference)
        return self.meanings[reference.code]

    def cycle(self, code: str) -> str:
        """': a → b → a' when the later question depends on itself through others, else ''."""
        path, seen = [code], {code}
        while True:
            nearer = next(
                (c for c in sorted(self.uses.get(path[-1], ())) if c in seen or self.uses.get(c)), None
            )
            if nearer is None:
                return ""
            path.append(nearer)
            if nearer in seen:
                return f", and depends on itself: {' → '.join(path[path.index(nearer) :])}"
            seen.add(nearer)


def _conditions(definition: Definition) -> Iterator[Issue]:
    """An error for each expression that cannot be read or does not make sense where it stands."""
    here = (asked for _, _, question in definition.questions() for asked in written_out(question))
    every = [*(question for _, _, question in expanded(definition).questions()), *here]
    known = _Known({question.code: question for question in every})
    _collect_uses(definition, known)
    later: dict[tuple[str, ...], dict[str, Meaning]] = {}
    for unit in units_of(definition):
        before = dict(known.meanings)
        for place, page in unit.pages:
            yield from _page_conditions(f"/pages/{place}", page, known)
        learned = {code: known.meanings[code] for code in known.meanings.keys() - before.keys()}
        if unit.loop is not None:
            inside = [question for _, page in unit.pages for question in page.questions]
            learned = {
                turned: learned[code]
                for turn in unit.turns(known.every)
                for code, turned in turned_codes(inside, turn).items()
                if code in learned
            }
        if unit.group is None:
            known.meanings = before | learned
            continue
        # Pages that change places know nothing of each other; what comes after all of them knows all.
        later[unit.group] = later.get(unit.group, {}) | learned
        known.meanings = before | (later[unit.group] if unit.is_last else {})
    for place, quota in enumerate(definition.quotas):
        yield from _condition(quota.when, f"/quotas/{place}/when", known)


def _rules(question: Question) -> Iterator[tuple[str, str]]:
    """(pointer inside the question, condition) of each rule that speaks of its own answer."""
    if question.attention:
        yield "/attention", question.attention
    for place, check in enumerate(question.checks):
        yield f"/checks/{place}/condition", check.condition
    for place, jump in enumerate(question.then):
        if jump.when:
            yield f"/then/{place}/when", jump.when


def _page_conditions(pointer: str, page: Page, known: _Known) -> Iterator[Issue]:
    """An error for each expression of a page that does not make sense; `known` learns what its questions mean."""
    if page.show_if:
        yield from _condition(page.show_if, f"{pointer}/show_if", known)
    learned: dict[str, Meaning] = {}
    for index, question in enumerate(page.questions):
        at = f"{pointer}/questions/{index}"
        for name in ("show_if", "required_if"):
            if text := getattr(question, name):
                yield from _condition(text, f"{at}/{name}", known)
        meaning = yield from _meaning_of(question, at, known)
        own = _own_meanings(question, meaning)
        with_own = _Known(known.every, known.meanings | own, known.uses)
        for where, text in _rules(question):
            yield from _condition(text, f"{at}{where}", with_own)
        # Questions that change places know nothing of each other.
        target = learned if page.order == "random" else known.meanings
        target |= own
    known.meanings |= learned


def _own_meanings(question: Question, meaning: Meaning) -> dict[str, Meaning]:
    """What the codes mean under which a question's answers are known: a maxdiff has one for each of its sets, and none else."""
    if isinstance(question, MaxDiff):
        return dict.fromkeys(added_codes(question), meaning)
    return {question.code: meaning, **dict.fromkeys(added_codes(question), Meaning(Kind.TEXT))}


def _collect_uses(definition: Definition, known: _Known) -> None:
    """Note which questions each question's expressions mention, as far as they can be read."""
    for page, _, question in definition.questions():
        texts = [definition.pages[page].show_if, question.show_if, question.required_if]
        texts += [jump.when for jump in question.then]
        texts.append(question.expression if isinstance(question, Computed) else None)
        known.uses[question.code] = {ref.code for text in texts if text for ref in references(_parsed(text))}


def _parsed(text: str) -> Node:
    """The tree of an expression, an empty one when it cannot be read (which `_condition` reports)."""
    try:
        return parse(text)
    except ExpressionError:
        return Node(0)


def _condition(text: str, pointer: str, known: _Known) -> Iterator[Issue]:
    """The error of a condition, if it has one."""
    try:
        node = parse(text)
        if kind_of(node, known.meaning) is not Kind.BOOLEAN:
            yield Issue(
                pointer,
                f"a condition is true or false, this is {kind_of(node, known.meaning)} (at character 1)",
            )
    except ExpressionError as error:
        yield Issue(pointer, str(error))


def _meaning_of(question: Question, pointer: str, known: _Known) -> Generator[Issue, None, Meaning]:
    """Yield the error of a computed question's expression, and return what references to the question mean."""
    if not isinstance(question, Computed):
        return meaning_of(question)
    try:
        kind = kind_of(parse(question.expression), known.meaning)
    except ExpressionError as error:
        yield Issue(f"{pointer}/expression", str(error))
        return Meaning(Kind.NUMBER)
    if kind in {Kind.SET, Kind.TABLE, Kind.LIST}:
        yield Issue(f"{pointer}/expression", f"a computed value is a single value, this is {kind}")
    return Meaning(kind)


def meaning_of(question: Question) -> Meaning:
    """The kind of a question's answers in expressions, the codes they can have, and the ways not to answer."""
    missing = frozenset(offered.code for offered in question.missing)
    if isinstance(question, SingleChoice | MultipleChoice | Ranking) or (
        isinstance(question, Likert) and question.options
    ):
        kind = Kind.SET if isinstance(question, MultipleChoice | Ranking) else Kind.TEXT
        return Meaning(kind, frozenset(option.code for option in question.options), missing)
    if isinstance(question, Hidden) and question.cells:
        return Meaning(Kind.TEXT, frozenset(cell.code for cell in question.cells))
    return Meaning(_KINDS.get(type(question), Kind.TEXT), missing=missing)


_KINDS: Mapping[type[Asked], Kind] = {
    Number: Kind.NUMBER,
    Slider: Kind.NUMBER,
    Scale: Kind.NUMBER,
    Likert: Kind.NUMBER,
    ConstantSum: Kind.TABLE,
    Matrix: Kind.TABLE,
    Address: Kind.TABLE,
    Consent: Kind.BOOLEAN,
    DateOrTime: Kind.DATE,
    MaxDiff: Kind.PAIR,
    MaxDiffSet: Kind.PAIR,
    FileQuestion: Kind.FILES,
    SignatureQuestion: Kind.SIGNATURE,
}


def _row_meaning(question: Question, reference: Reference) -> Meaning:
    """What `question.row` stands for."""
    rows = parts_of(question)
    if reference.row not in rows:
        raise ExpressionError(f"{reference.code!r} has no row {reference.row!r}", reference.position)
    if isinstance(question, Matrix) and question.type in {"matrix_single", "matrix_multiple"}:
        kind = Kind.TEXT if question.type == "matrix_single" else Kind.SET
        return Meaning(kind, frozenset(column.code for column in question.columns))
    if isinstance(question, MaxDiff):
        return Meaning(Kind.TEXT, frozenset(item.code for item in question.options))
    if isinstance(question, ConstantSum) or question.type == "matrix_number":
        return Meaning(Kind.NUMBER)
    return Meaning(Kind.TEXT)


def parts_of(question: Question) -> tuple[str, ...]:
    """Codes of the parts that have a value of their own: matrix rows, options of a sum, fields of an address."""
    match question:
        case Matrix():
            return tuple(row.code for row in question.rows)
        case ConstantSum():
            return tuple(option.code for option in question.options)
        case Address():
            return question.fields
        case MaxDiff():
            return BEST_WORST
        case _:
            return ()


def _question_issues(question: Question, pointer: str) -> Iterator[Issue]:
    """Faults of one question that do not concern others."""
    if question.text is None and not isinstance(question, Hidden | Computed):
        yield Issue(f"{pointer}/text", f"question {question.code!r} has no text")
    if isinstance(question, Statement | Hidden | Computed) and (question.required or question.required_if):
        yield Issue(
            f"{pointer}/required", f"a {question.type} is not answered and cannot be required", "warning"
        )
    if isinstance(question, Statement | Hidden | Computed | Consent) and question.missing:
        yield Issue(f"{pointer}/missing", f"a {question.type} is answered or not: it has nothing to refuse")
    if len({offered.code for offered in question.missing}) < len(question.missing):
        yield Issue(f"{pointer}/missing", "a way not to answer is offered twice")
    if isinstance(question, SingleChoice) and len(question.options) < FEW_OPTIONS:
        yield Issue(f"{pointer}/options", "a choice of one option is no choice", "warning")
    if isinstance(question, MaxDiff):
        yield from _design_issues(question, pointer)
    yield from _limits(question, pointer)


def _cell_issues(question: Hidden, pointer: str) -> Iterator[Issue]:
    """Cells that are no experiment."""
    if not question.cells:
        return
    if question.default is not None:
        yield Issue(f"{pointer}/default", "a cell is given to each interview; leave the default out")
    if len(question.cells) < FEW_OPTIONS:
        yield Issue(f"{pointer}/cells", "an experiment of one cell compares nothing", "warning")


def _design_issues(question: MaxDiff, pointer: str) -> Iterator[Issue]:
    """Sets that compare nothing, or too little."""
    n_items, per_set = len(question.options), question.per_set
    if n_items <= per_set:
        yield Issue(f"{pointer}/options", f"{n_items} items make no sets of {per_set}: give more items")
    elif n_items < 2 * per_set:
        detail = f"more than half of the {n_items} items are shown at once; a smaller per_set tells more"
        yield Issue(f"{pointer}/per_set", detail, "warning")
    if question.n_sets * per_set < n_items:
        detail = (
            f"{question.n_sets} sets of {per_set} leave some of the {n_items} items unseen by each respondent"
        )
        yield Issue(f"{pointer}/sets", detail, "warning")


def _limits(question: Question, pointer: str) -> Iterator[Issue]:
    """Limits that no answer could keep."""
    low, high = getattr(question, "min", None), getattr(question, "max", None)
    if low is not None and high is not None and low > high:
        yield Issue(f"{pointer}/min", f"min {low} is above max {high}: no answer could be given")
    if isinstance(question, MultipleChoice) and (question.min or 0) > len(question.options):
        yield Issue(f"{pointer}/min", f"{question.min} options cannot be chosen of {len(question.options)}")
    if isinstance(question, FreeText) and (question.min_length or 0) > (question.max_length or 20_000):
        yield Issue(f"{pointer}/min_length", "min_length is above max_length: no answer could be given")
    if isinstance(question, Scale) and question.type == "nps" and question.steps is not None:
        yield Issue(f"{pointer}/steps", "an nps scale is always 0 to 10")
    if isinstance(question, DateOrTime):
        notation = day if question.type == "date" else time_of_day
        for name, value in (("min", question.min), ("max", question.max)):
            if value is not None and notation(value) is None:
                yield Issue(f"{pointer}/{name}", f"{value!r} is no {question.type}")


def _translations(question: Asked, pointer: str, definition: Definition) -> Iterator[Issue]:
    """A warning for each text that a language of the survey lacks."""
    for where, text in texts_of(question):
        lacking = [language for language in definition.languages if not text.get(language)]
        if lacking:
            yield Issue(f"{pointer}{where}", f"no text in {', '.join(lacking)}", "warning")


def _reused(definition: Definition, published: Sequence[Definition]) -> Iterator[Issue]:
    """An error for each question code that was published with another type: its answers would not be one variable."""
    types = {question.code: question.type for version in published for _, _, question in version.questions()}
    for page, index, question in definition.questions():
        before = types.get(question.code, question.type)
        if before != question.type:
            pointer = f"/pages/{page}/questions/{index}/type"
            yield Issue(
                pointer,
                f"code {question.code!r} was published as {before}; use a new code for a {question.type}",
            )
