"""Texts of letters: placeholders, languages, the way to no more letters, and what cannot be sent."""

import pytest

from services.ingestion.domain.survey.letters import Recipient, faults_of, headers_of, written

ADA = Recipient(
    "ada@example.com", "7", "de-AT", {"name": "Ada\r\nBcc: x@y.example"}, "https://x/p/t", "https://x/u/t"
)
SUBJECT = {"en": "Hello {{ name }}", "de": "Hallo {{name|du}}"}
TEXT = {"en": "Dear {{ name | friend }},\n{{ link }}", "de": "{{ name }} {{ id }} {{ email }}\n{{ link }}"}


def test_a_letter_is_filled_in_the_language_of_the_recipient() -> None:
    subject, text = written(SUBJECT, TEXT, ADA, default="en")
    assert subject == "Hallo Ada Bcc: x@y.example", "no attribute makes a header of its own"
    assert text.startswith("Ada\r\nBcc: x@y.example 7 ada@example.com\nhttps://x/p/t\n\n-- \n")
    assert text.endswith("\nhttps://x/u/t\n")
    stranger = Recipient(
        "b@example.com", "", "fr", {"link": "https://evil"}, "https://x/p/s", "https://x/u/s"
    )
    subject, text = written(SUBJECT, TEXT, stranger, default="en")
    assert (subject, text.startswith("Dear friend,\nhttps://x/p/s\n")) == ("Hello", True)


def test_a_text_that_shows_the_way_out_gets_no_second_one() -> None:
    _, text = written(SUBJECT, {"en": "{{ link }} {{ unsubscribe }}"}, ADA, default="en")
    assert text == "https://x/p/t https://x/u/t"
    assert headers_of(ADA.unsubscribe)["List-Unsubscribe"] == "<https://x/u/t>"


def test_a_value_is_not_filled_in_again() -> None:
    sly = Recipient("b@example.com", "", "en", {"name": "{{ link }}"}, "https://x/p/s", "https://x/u/s")
    assert written(SUBJECT, TEXT, sly, default="en")[1].startswith("Dear {{ link }},")


@pytest.mark.parametrize(
    ("subject", "text", "pointer"),
    [
        ({"de": "x"}, {"en": "{{ link }}"}, "/subject"),
        ({"en": "x"}, {"de": "{{ link }}"}, "/text"),
        ({"en": "x"}, {"en": "{{ link }}", "de": "without"}, "/text/de"),
        ({"en": "{{ nmae }}"}, {"en": "{{ link }}"}, "/subject/en"),
    ],
)
def test_what_cannot_be_sent_is_refused_beforehand(
    subject: dict[str, str], text: dict[str, str], pointer: str
) -> None:
    found = list(faults_of(subject, text, default="en", known=["name"]))
    assert [where for where, _ in found] == [pointer]
