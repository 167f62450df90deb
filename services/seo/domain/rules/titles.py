"""Titles and meta descriptions: what a search result shows.

Lengths in characters, as the common guides give them for what a result line can show; they count characters and not
pixels, so they are notices.
"""

from collections.abc import Iterator

from services.seo.domain.checks import Category, Check, Finding, Severity
from services.seo.domain.visits import Visit

TITLE_LENGTH = range(20, 61)
DESCRIPTION_LENGTH = range(70, 161)

TITLE_MISSING = Check(
    "title-missing",
    Category.TITLE,
    Severity.ERROR,
    "Title is missing or empty",
    "The title is the headline of a search result and of the browser tab; without one, others choose it.",
    "Give the page a <title> that says what it is about.",
)
TITLE_SHORT = Check(
    "title-short",
    Category.TITLE,
    Severity.NOTICE,
    "Title is short",
    f"Fewer than {TITLE_LENGTH.start} characters rarely say what the page offers.",
    "Say what the page is about and for whom.",
)
TITLE_LONG = Check(
    "title-long",
    Category.TITLE,
    Severity.NOTICE,
    "Title is long",
    f"After about {TITLE_LENGTH.stop - 1} characters a search result cuts it.",
    "Put the important words first and shorten the rest.",
)
TITLES_SEVERAL = Check(
    "titles-several",
    Category.TITLE,
    Severity.WARNING,
    "Several titles",
    "Browsers and search engines may choose different ones.",
    "Keep one <title> element.",
)
DESCRIPTION_MISSING = Check(
    "description-missing",
    Category.DESCRIPTION,
    Severity.WARNING,
    "Meta description is missing or empty",
    "Search engines then show whatever text they find on the page.",
    "Write a meta description that answers why one should open the page.",
)
DESCRIPTION_SHORT = Check(
    "description-short",
    Category.DESCRIPTION,
    Severity.NOTICE,
    "Meta description is short",
    f"Fewer than {DESCRIPTION_LENGTH.start} characters leave room in the search result unused.",
    "Add what distinguishes the page.",
)
DESCRIPTION_LONG = Check(
    "description-long",
    Category.DESCRIPTION,
    Severity.NOTICE,
    "Meta description is long",
    f"After about {DESCRIPTION_LENGTH.stop - 1} characters a search result cuts it.",
    "Shorten it; the important words first.",
)
DESCRIPTIONS_SEVERAL = Check(
    "descriptions-several",
    Category.DESCRIPTION,
    Severity.WARNING,
    "Several meta descriptions",
    "It is not defined which one a search engine takes.",
    "Keep one meta description.",
)
CHECKS = (
    TITLE_MISSING,
    TITLE_SHORT,
    TITLE_LONG,
    TITLES_SEVERAL,
    DESCRIPTION_MISSING,
    DESCRIPTION_SHORT,
    DESCRIPTION_LONG,
    DESCRIPTIONS_SEVERAL,
)


def title_rule(visit: Visit) -> Iterator[Finding]:
    """Yield what is wrong with the title."""
    if visit.html and visit.is_page:
        yield from _judged(
            visit.html.titles, TITLE_LENGTH, (TITLE_MISSING, TITLE_SHORT, TITLE_LONG, TITLES_SEVERAL)
        )


def description_rule(visit: Visit) -> Iterator[Finding]:
    """Yield what is wrong with the meta description."""
    if visit.html and visit.is_page:
        checks = (DESCRIPTION_MISSING, DESCRIPTION_SHORT, DESCRIPTION_LONG, DESCRIPTIONS_SEVERAL)
        yield from _judged(visit.html.descriptions, DESCRIPTION_LENGTH, checks)


def _judged(
    texts: tuple[str, ...], length: range, checks: tuple[Check, Check, Check, Check]
) -> Iterator[Finding]:
    """Judge one-line texts of which a page should have exactly one; checks: missing, short, long, several."""
    missing, short, long, several = checks
    text = next((t for t in texts if t), "")
    if not text:
        yield Finding(missing, {"n_elements": len(texts)})
    elif len(text) < length.start:
        yield Finding(short, {"text": text, "length": len(text)})
    elif len(text) >= length.stop:
        yield Finding(long, {"text": text, "length": len(text)})
    if len(texts) > 1:
        yield Finding(several, {"texts": list(texts[:5]), "n_elements": len(texts)})


RULES = (title_rule, description_rule)
