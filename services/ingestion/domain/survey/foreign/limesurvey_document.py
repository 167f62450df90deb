"""What an `.lss` file of LimeSurvey holds: its tables as rows of texts, and questions with what belongs to them.

An expat parser that refuses DOCTYPE, and with it all entities: LimeSurvey writes none, and an attack on the parser needs them.
Versions before 4 keep the texts of each language in rows of their own beside codes; later ones in tables `…_l10ns`. Both are read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

from services.ingestion.domain.survey.definition import MAX_PAGES, MAX_QUESTIONS
from services.ingestion.domain.survey.foreign.taking import ForeignSurveyError, refuse_more
from services.ingestion.domain.survey.parts import MAX_OPTIONS

_ROW_DEPTH = 4
_MAX_DEPTH = 8
Row = dict[str, str]
Texts = dict[str, str]
"""Language → text, as it is written there."""


@dataclass
class Part:
    """A subquestion or an answer option."""

    code: str
    scale: str
    order: float
    value: str
    """What an answer counts in assessments."""
    texts: Texts = field(default_factory=dict)


@dataclass
class Question:
    """A question with its subquestions, answer options and attributes."""

    qid: str
    group: str
    code: str
    kind: str
    row: Row
    texts: Texts = field(default_factory=dict)
    helps: Texts = field(default_factory=dict)
    rows: list[Part] = field(default_factory=list)
    answers: list[Part] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    translated: dict[str, Texts] = field(default_factory=dict)
    """Attributes that are texts, by language."""
    default: str = ""
    used: set[str] = field(default_factory=set)
    """Attributes that somebody asked for."""

    def attribute(self, name: str) -> str:
        """An attribute, "" where it is not set; it counts as taken over."""
        self.used.add(name)
        return self.attributes.get(name, "").strip()

    def words(self, name: str) -> Texts:
        """An attribute that is a text in each language."""
        self.used.add(name)
        plain = self.attributes.get(name, "")
        return self.translated.get(name) or ({"default": plain} if plain else {})

    def scale(self, parts: Sequence[Part], scale: str = "0") -> list[Part]:
        """Subquestions or answers of one scale in their order."""
        return sorted((part for part in parts if part.scale == scale), key=lambda part: part.order)


class Document:
    """The tables of a file."""

    def __init__(self, text: str) -> None:
        reader = _Reader()
        reader.read(text)
        self.kind, self.languages, self.tables = reader.kind, reader.languages, reader.tables

    def rows(self, table: str) -> list[Row]:
        """The rows of a table; none where it is not there."""
        return self.tables.get(table, [])

    def texts(self, table: str, key: str, column: str) -> dict[str, Texts]:
        """Per key the texts of a column by language, from the table itself or from its `_l10ns`."""
        found: dict[str, Texts] = {}
        for row in (*self.rows(table), *self.rows(_TRANSLATIONS.get(table, ""))):
            if row.get("language") and row.get(column):
                found.setdefault(row.get(key, ""), {})[row["language"]] = row[column]
        return found

    def questions(self) -> list[Question]:
        """Questions in their order within their groups, with all that belongs to them."""
        made: dict[str, Question] = {}
        for row in self.rows("questions"):
            if row.get("parent_qid", "0") in {"", "0"} and row.get("qid"):
                question = Question(
                    row["qid"], row.get("gid", ""), row.get("title", ""), row.get("type", ""), row
                )
                made.setdefault(row["qid"], question)
        self._add_texts(made)
        self._add_rows(made)
        self._add_answers(made)
        self._add_attributes(made)
        refuse_more(len(made), MAX_QUESTIONS, "questions")
        for question in made.values():
            refuse_more(
                max(len(question.rows), len(question.answers)), 2 * MAX_OPTIONS, "answers to one question"
            )
        return sorted(made.values(), key=lambda question: number(question.row.get("question_order")))

    def _add_texts(self, made: Mapping[str, Question]) -> None:
        texts = self.texts("questions", "qid", "question")
        helps = self.texts("questions", "qid", "help")
        for qid, question in made.items():
            question.texts, question.helps = texts.get(qid, {}), helps.get(qid, {})

    def _add_rows(self, made: Mapping[str, Question]) -> None:
        texts = self.texts("questions", "qid", "question") | self.texts("subquestions", "qid", "question")
        seen = set()
        # Some versions list subquestions among the questions.
        for row in (*self.rows("subquestions"), *self.rows("questions")):
            question = made.get(row.get("parent_qid", ""))
            if question is not None and row.get("qid", "") not in seen:
                seen.add(row.get("qid", ""))
                question.rows.append(_part(row, "title", "question_order", texts.get(row.get("qid", ""), {})))

    def _add_answers(self, made: Mapping[str, Question]) -> None:
        later = self.texts("answers", "aid", "answer")
        found: dict[tuple[str, str, str], Part] = {}
        for row in self.rows("answers"):
            question = made.get(row.get("qid", ""))
            if question is None:
                continue
            key = (question.qid, row.get("code", ""), row.get("scale_id", "0"))
            if key not in found:
                found[key] = _part(row, "code", "sortorder", dict(later.get(row.get("aid", "-"), {})))
                question.answers.append(found[key])
            if row.get("language") and row.get("answer"):
                found[key].texts[row["language"]] = row["answer"]

    def _add_attributes(self, made: Mapping[str, Question]) -> None:
        for row in self.rows("question_attributes"):
            question, name = made.get(row.get("qid", "")), row.get("attribute", "")
            if question is None or not row.get("value"):
                continue
            if row.get("language"):
                question.translated.setdefault(name, {})[row["language"]] = row["value"]
            else:
                question.attributes[name] = row["value"]
        words = {row.get("dvid", ""): row.get("defaultvalue", "") for row in self.rows("defaultvalue_l10ns")}
        for row in self.rows("defaultvalues"):
            question = made.get(row.get("qid", ""))
            if question is not None:
                question.default = (
                    question.default or row.get("defaultvalue") or words.get(row.get("dvid", ""), "")
                )


_TRANSLATIONS = {
    "questions": "question_l10ns",
    "subquestions": "question_l10ns",
    "answers": "answer_l10ns",
    "groups": "group_l10ns",
}


def _part(row: Row, code: str, order: str, texts: Texts) -> Part:
    scale, value = row.get("scale_id") or "0", row.get("assessment_value", "")
    return Part(row.get(code, ""), scale, number(row.get(order)), value, texts)


def number(text: str | None) -> float:
    """A number of the file, 0 where it is none."""
    try:
        return float(text or 0)
    except ValueError:
        return 0


class _Reader:
    """Collects `document/<table>/rows/row/<field>`, the languages and the kind of the document."""

    def __init__(self) -> None:
        self.kind = ""
        self.languages: list[str] = []
        self.tables: dict[str, list[Row]] = {}
        self._open: list[str] = []
        self._row: Row | None = None
        self._text: list[str] = []

    def read(self, text: str) -> None:
        parser = expat.ParserCreate(encoding="utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = _refuse_doctype
        try:
            parser.Parse(text.encode("utf-8", "replace"), True)  # the whole document at once
        except expat.ExpatError as error:
            raise ForeignSurveyError(f"this is no XML that can be read: {error}") from error

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._open.append(name)
        if len(self._open) > _MAX_DEPTH:
            raise ForeignSurveyError(f"an `.lss` file is at most {_MAX_DEPTH} elements deep")
        self._text = []
        if self._open[2:] == ["rows", "row"]:
            self._row = {}
            self.tables.setdefault(self._open[1], []).append(self._row)

    def _characters(self, words: str) -> None:
        self._text.append(words)

    def _end(self, name: str) -> None:
        depth, words = len(self._open), "".join(self._text).strip()
        if self._row is not None and depth == _ROW_DEPTH + 1:
            self._row[name] = words
        elif depth == _ROW_DEPTH:
            self._row = None
        elif self._open[1:] == ["languages", "language"] and words:
            self.languages.append(words)
        elif self._open[1:] == ["LimeSurveyDocType"]:
            self.kind = words
        self._open.pop()
        self._text = []


def _refuse_doctype(*_declaration: object) -> None:
    raise ForeignSurveyError("a document with a DOCTYPE is not read")


def groups_of(document: Document) -> Iterator[tuple[Row, Texts, Texts]]:
    """(row, names, descriptions) of each group in its order."""
    names = document.texts("groups", "gid", "group_name")
    descriptions = document.texts("groups", "gid", "description")
    refuse_more(len({row.get("gid") for row in document.rows("groups")}), MAX_PAGES, "groups")
    seen = set()
    for row in sorted(document.rows("groups"), key=lambda row: number(row.get("group_order"))):
        gid = row.get("gid", "")
        if gid not in seen:
            seen.add(gid)
            yield row, names.get(gid, {}), descriptions.get(gid, {})
