"""What is known while the rows of an XLSForm are made into questions of ours: codes, languages, names in conditions, notes."""

import re
from collections.abc import Mapping
from typing import Any

from services.ingestion.domain.survey.foreign.condition_trees import UntranslatableError
from services.ingestion.domain.survey.foreign.conditions import Sort, Target
from services.ingestion.domain.survey.foreign.taking import Codes, Note, Texts, option_codes
from services.ingestion.domain.survey.foreign.words import word
from services.ingestion.domain.survey.foreign.xlsform_conditions import XPATH
from services.ingestion.domain.survey.foreign.xlsform_sheets import Form, Languages, Row, texts_in

OTHER = "other"
_REFERENCE = re.compile(r"\$\{([^{}]+)\}")
_YES = frozenset({"yes", "true", "true()", "1"})
_NO = frozenset({"", "no", "false", "false()", "0"})
_PIPED_SORTS = frozenset({Sort.CHOICE, Sort.SEVERAL, Sort.NUMBER, Sort.TEXT, Sort.DATE})


class Making:
    """The state of one import, and what every kind of question needs of it."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.languages = Languages()
        default = form.settings.get("default_language", "")
        self.texts = Texts(self.languages.tag(default) if default else self._first_language())
        self.codes = Codes()
        self.names: dict[str, Target] = {}
        self.piped: dict[str, str] = {}
        """Names that stand for something else in texts, such as the turn of a loop."""
        self.notes: list[Note] = []

    def _first_language(self) -> str:
        """The language of the first column that names one, English where none does or where labels stand without one."""
        columns = [column for row in self.form.rows for column in row if column.partition("::")[0] == "label"]
        named = [column.partition("::")[2] for column in columns if "::" in column]
        return self.languages.tag(named[0]) if named and "label" not in columns else "en"

    def note(self, row: Row, detail: str) -> None:
        """Say what became of a part of a row."""
        self.notes.append(Note(row.get("name", "") or row.get("type", ""), detail))

    def code(self, row: Row, within: str = "") -> str:
        """The code of a row's name; one that is used again in another group gets the group's name too."""
        name = row.get("name", "")
        return self.codes.of(f"{within}_{name}" if name in self.names and within else name)

    def text(self, row: Row, column: str, *, otherwise: str = "") -> dict[str, str] | None:
        """A text in each language, earlier answers in it as ours; None where there is none."""
        said = self.texts.of(texts_in(row, column, self.languages) or None, otherwise=otherwise)
        return {tag: self._piped(words, row) for tag, words in said.items()} if said else None

    def _piped(self, words: str, row: Row) -> str:
        def ours(found: re.Match[str]) -> str:
            name = found[1].strip()
            target = self.names.get(name)
            if name in self.piped:
                return f"{{{{ {self.piped[name]} }}}}"
            if target is None or target.sort not in _PIPED_SORTS:
                self.note(row, f"{found[0]} in a text stays as it is written")
                return found[0]
            return f"{{{{ {target.said} }}}}"

        return _REFERENCE.sub(ours, words)

    def word(self, name: str) -> dict[str, str]:
        """A word that programs show by themselves."""
        return word(name, self.texts.languages)

    def condition(self, row: Row, column: str, own: Target | None = None) -> str | None:
        """The condition of a column in our language; None where there is none, or with a note where it cannot be said."""
        text = row.get(column, "")
        if not text:
            return None
        names = {**self.names, ".": own} if own else self.names
        try:
            return XPATH.translated(text, names)
        except UntranslatableError as error:
            self.note(row, f"the {column} `{text}` is left out: {error}")
            return None

    def rules(self, row: Row, own: Target | None) -> dict[str, Any]:
        """What is required, and the constraint as a check."""
        made: dict[str, Any] = {}
        required = row.get("required", "").lower()
        if required in _YES:
            made["required"] = True
        elif required not in _NO and (condition := self.condition(row, "required")):
            made["required_if"] = condition
        if condition := self.condition(row, "constraint", own):
            message = self.text(row, "constraint_message") or self.word("check")
            made["checks"] = [{"condition": condition, "message": message}]
        return made

    def options(self, row: Row, name: str) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """The options of a list of choices, and their codes by the names there."""
        choices = self.form.choices.get(name, [])
        if not choices:
            self.note(row, f"there is no list of choices `{name}`")
        codes = option_codes(choice["name"] for choice in choices)
        options = {
            codes[choice["name"]]: self.text(choice, "label", otherwise=choice["name"]) for choice in choices
        }
        return [{"code": code, "text": text} for code, text in options.items()], codes


def parameters_of(row: Row) -> Mapping[str, str]:
    """The column `parameters`: `start=0 end=10 step=1`, also with commas."""
    return dict(re.findall(r"([\w-]+)\s*=\s*([^\s,;]+)", row.get("parameters", "")))
