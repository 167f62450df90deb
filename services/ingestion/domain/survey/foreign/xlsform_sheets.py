"""The sheets of an XLSForm as rows by column, its choices by list, and the languages that its columns name.

A column may be written for several languages: `label::English (en)`, `hint::Français (fr)`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.ingestion.domain.survey.definition import MAX_QUESTIONS
from services.ingestion.domain.survey.foreign.taking import ForeignSurveyError, refuse_more
from services.ingestion.domain.survey.parts import MAX_OPTIONS
from services.ingestion.domain.survey.texts import OWN_NAMES

Sheet = Sequence[Sequence[str]]
Row = dict[str, str]
_TAG = re.compile(r"\(\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\s*\)\s*$")
_SYNONYMS = {
    "relevance": "relevant",
    "list name": "list_name",
    "command": "type",
    "value": "name",
    "constraint message": "constraint_message",
    "choice filter": "choice_filter",
    "read only": "read_only",
    "readonly": "read_only",
    "repeat count": "repeat_count",
}
_ENGLISH = {
    "arabic": "ar", "bengali": "bn", "chinese": "zh", "czech": "cs", "danish": "da", "dutch": "nl", "english": "en", "finnish": "fi",
    "french": "fr", "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi", "hungarian": "hu", "indonesian": "id", "italian": "it",
    "japanese": "ja", "korean": "ko", "norwegian": "no", "persian": "fa", "polish": "pl", "portuguese": "pt", "romanian": "ro", "russian": "ru",
    "spanish": "es", "swahili": "sw", "swedish": "sv", "thai": "th", "turkish": "tr", "ukrainian": "uk", "urdu": "ur", "vietnamese": "vi",
}  # fmt: skip
_BY_NAME = _ENGLISH | {name.lower(): tag for tag, name in OWN_NAMES.items()}
MAX_ROWS = 4 * MAX_QUESTIONS
"""Questions, and groups that begin and end."""
_FIRST_PRIVATE = ord("a")
DEFAULT = "default"


class Languages:
    """Tags for the languages that columns name."""

    def __init__(self) -> None:
        self._private: dict[str, str] = {}

    def tag(self, name: str) -> str:
        """`English (en)` is `en`; a name without a known tag gets one of those for private use (ISO 639-2: qaa, qab …)."""
        if found := _TAG.search(name):
            language, _, more = found[1].partition("-")
            return f"{language.lower()}-{more}" if more else language.lower()
        plain = name.strip().lower()
        if plain in _BY_NAME or re.fullmatch("[a-z]{2,3}", plain):
            return _BY_NAME.get(plain, plain)
        return self._private.setdefault(plain, f"qa{chr(_FIRST_PRIVATE + len(self._private) % 26)}")

    @property
    def unknown(self) -> Mapping[str, str]:
        """Name → tag of languages whose tags are not known."""
        return self._private


@dataclass(frozen=True)
class Form:
    """What the workbook holds."""

    rows: list[Row]
    choices: dict[str, list[Row]]
    settings: Row


def form_of(sheets: Mapping[str, Sheet]) -> Form:
    """Read the sheets `survey`, `choices` and `settings`; raises ForeignSurveyError where there is no survey."""
    by_name = {name.strip().lower(): sheet for name, sheet in sheets.items()}
    rows = list(_rows(by_name.get("survey", ())))
    if not any(row.get("type") for row in rows):
        raise ForeignSurveyError("this is no XLSForm: it has no sheet `survey` with a column `type`")
    refuse_more(len(rows), MAX_ROWS, "rows in the sheet `survey`")
    choices: dict[str, list[Row]] = {}
    for row in _rows(by_name.get("choices", by_name.get("choices and columns", ()))):
        if row.get("list_name") and row.get("name"):
            choices.setdefault(row["list_name"], []).append(row)
    refuse_more(max(map(len, choices.values()), default=0), MAX_OPTIONS, "choices in one list")
    return Form(rows, choices, next(_rows(by_name.get("settings", ())), {}))


def _rows(sheet: Sheet) -> Iterator[Row]:
    filled = iter(row for row in sheet if any(cell.strip() for cell in row))
    names = [_column(cell) for cell in next(filled, ())]
    for row in filled:
        yield {name: cell.strip() for name, cell in zip(names, row, strict=False) if name and cell.strip()}


def _column(cell: str) -> str:
    name, separator, language = (part.strip() for part in cell.partition("::"))
    plain = _SYNONYMS.get(name.lower(), name.lower().replace(" ", "_"))
    return f"{plain}::{language}" if separator else plain


def texts_in(row: Row, column: str, languages: Languages) -> dict[str, str]:
    """The texts of a column by language; `default` is what is written without one."""
    found = {}
    for name, words in row.items():
        plain, separator, language = name.partition("::")
        if plain == column and words:
            found[languages.tag(language) if separator else DEFAULT] = words
    return found
