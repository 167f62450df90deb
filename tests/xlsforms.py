"""XLSForm workbooks as people write them: sheets with a header row each."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

Rows = Sequence[Mapping[str, Any]]

SURVEY: Rows = [
    {"type": "start", "name": "start"},
    {"type": "begin_group", "name": "you", "label::English (en)": "About you", "label::Français (fr)": "Vous"},
    {
        "type": "select_one yn", "name": "owns", "label::English (en)": "Do you own a cat?", "label::Français (fr)": "Avez-vous un chat ?",
        "hint::English (en)": "Any cat", "required": "yes", "appearance": "minimal",
    },
    {
        "type": "select_multiple brands or_other", "name": "brands", "label::English (en)": "Which foods?", "relevant": "${owns} = 'y'",
        "parameters": "randomize=true", "constraint": "count-selected(.) <= 2", "constraint_message::English (en)": "Two at most.",
    },
    {"type": "end_group"},
    {"type": "integer", "name": "age", "label::English (en)": "Your age, ${owns}?", "constraint": ". >= 18 and . <= 120", "required": "${owns} = 'y'"},
    {"type": "decimal", "name": "kg", "label::English (en)": "Its weight?", "relevant": "selected(${brands}, 'a') or ${age} div 2 > 20"},
    {"type": "begin_group", "name": "grid", "label::English (en)": "How good is", "appearance": "table-list", "relevant": "${owns} != 'n'"},
    {"type": "select_one yn", "name": "price", "label::English (en)": "the price", "required": "yes"},
    {"type": "select_one yn", "name": "taste", "label::English (en)": "the taste", "required": "true"},
    {"type": "end_group"},
    {"type": "begin_repeat", "name": "each", "label::English (en)": "Each food", "repeat_count": "count-selected(${brands})"},
    {"type": "calculate", "name": "food", "calculation": "selected-at(${brands}, position(..) - 1)"},
    {"type": "select_one agree", "name": "like", "label::English (en)": "I like ${food}", "appearance": "likert"},
    {"type": "end_repeat"},
    {"type": "text", "name": "why", "label::English (en)": "Why?", "appearance": "multiline", "relevant": "${price} = 'n' and string-length(${other}) > 3"},
    {"type": "calculate", "name": "twice", "calculation": "${age} * 2 + 1"},
    {"type": "geopoint", "name": "where", "label::English (en)": "Where?"},
    {"type": "acknowledge", "name": "ok", "label::English (en)": "All true."},
    {"type": "note", "name": "bye", "label::English (en)": "Thanks!", "relevant": "${ok} = 'OK'"},
]  # fmt: skip
CHOICES: Rows = [
    {"list_name": "yn", "name": "y", "label::English (en)": "Yes", "label::Français (fr)": "Oui"},
    {"list_name": "yn", "name": "n", "label::English (en)": "No", "label::Français (fr)": "Non"},
    {"list_name": "brands", "name": "a", "label::English (en)": "Acorn"},
    {"list_name": "brands", "name": "b", "label::English (en)": "Birch"},
    {"list_name": "agree", "name": "1", "label::English (en)": "No"},
    {"list_name": "agree", "name": "2", "label::English (en)": "Perhaps"},
    {"list_name": "agree", "name": "3", "label::English (en)": "Yes"},
]
SETTINGS: Rows = [{"form_title": "Cats", "form_id": "cats", "default_language": "English (en)"}]


def sheet(rows: Rows) -> list[list[str]]:
    """Rows below their header, as texts."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return [columns, *([str(row.get(column, "")) for column in columns] for row in rows)]


def sheets(survey: Rows, choices: Rows = (), settings: Rows = ()) -> dict[str, list[list[str]]]:
    """The three sheets of a form."""
    return {"survey": sheet(survey), "choices": sheet(choices), "settings": sheet(settings)}


def workbook(survey: Rows = SURVEY, choices: Rows = CHOICES, settings: Rows = SETTINGS) -> bytes:
    """The form as an .xlsx file."""
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as book:
        for name, rows in sheets(survey, choices, settings).items():
            page = book.add_worksheet(name)
            for place, row in enumerate(rows):
                page.write_row(place, 0, row)
        book.add_worksheet("notes").write(0, 0, "not read")
    return written.getvalue()
