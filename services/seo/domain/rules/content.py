"""Headings, amount of text, language."""

import re
from collections.abc import Iterator
from itertools import pairwise

from services.seo.domain.checks import Category, Check, Finding, Severity
from services.seo.domain.visits import Visit

THIN_WORDS = 200
MAX_ELEMENTS = 1500

H1_MISSING = Check(
    "h1-missing",
    Category.HEADINGS,
    Severity.WARNING,
    "No main heading (H1)",
    "Readers, screen readers and search engines take the H1 for the page's subject.",
    "Give the page one <h1> that names its subject.",
)
H1_SEVERAL = Check(
    "h1-several",
    Category.HEADINGS,
    Severity.NOTICE,
    "Several main headings (H1)",
    "It is allowed, but it blurs what the page is about.",
    "Keep one <h1> and make the others <h2>.",
)
HEADING_ORDER = Check(
    "heading-order",
    Category.HEADINGS,
    Severity.NOTICE,
    "Heading levels are skipped",
    "A jump, such as from H2 to H4, breaks the outline that screen readers offer.",
    "Use the next level below the heading before.",
)
HEADING_EMPTY = Check(
    "heading-empty",
    Category.HEADINGS,
    Severity.NOTICE,
    "Empty heading",
    "Screen readers announce a heading that says nothing.",
    "Fill it or remove it; use CSS for space.",
)
THIN = Check(
    "content-thin",
    Category.CONTENT,
    Severity.WARNING,
    "Little text",
    f"Fewer than {THIN_WORDS} words rarely answer a question well enough to be listed for it.",
    "Say more where the subject deserves it, or merge the page with a related one.",
)
LARGE_DOM = Check(
    "dom-large",
    Category.PERFORMANCE,
    Severity.NOTICE,
    "Document has very many elements",
    f"More than {MAX_ELEMENTS} elements make layout and scripts slow on phones.",
    "Remove nested wrappers, split long lists into pages.",
)
LANG_MISSING = Check(
    "lang-missing",
    Category.LANGUAGE,
    Severity.WARNING,
    "Language of the page is not declared",
    "Screen readers pronounce it wrongly and translators guess.",
    'Add the language to the root element: <html lang="en">.',
)
LANG_INVALID = Check(
    "lang-invalid",
    Category.LANGUAGE,
    Severity.WARNING,
    "Declared language is no language tag",
    "A tag that does not follow BCP 47 counts as none.",
    "Use tags like en, en-GB or zh-Hant.",
)
HREFLANG_INVALID = Check(
    "hreflang-invalid",
    Category.LANGUAGE,
    Severity.WARNING,
    "hreflang names no language",
    "Search engines ignore an alternate whose hreflang is no language tag or x-default.",
    "Use a language, optionally with a region: de, de-AT, x-default.",
)
CHECKS = (
    H1_MISSING,
    H1_SEVERAL,
    HEADING_ORDER,
    HEADING_EMPTY,
    THIN,
    LARGE_DOM,
    LANG_MISSING,
    LANG_INVALID,
    HREFLANG_INVALID,
)

# Shape of BCP 47 (RFC 5646 §2.1): language, then script, region and variants; extensions are rare but allowed.
_LANGUAGE_TAG = re.compile(r"^[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?(-[a-z0-9]{1,8})*$", re.IGNORECASE)


def heading_rule(visit: Visit) -> Iterator[Finding]:
    """Yield what is wrong with the headings."""
    if not (visit.html and visit.is_page):
        return
    headings = visit.html.headings
    mains = [text for level, text in headings if level == 1]
    if not mains:
        yield Finding(H1_MISSING)
    elif len(mains) > 1:
        yield Finding(H1_SEVERAL, {"texts": mains[:5], "n_elements": len(mains)})
    jump = next(((a, b) for a, b in pairwise(headings) if b[0] > a[0] + 1), None)
    if jump:
        yield Finding(HEADING_ORDER, {"from": f"h{jump[0][0]}", "to": f"h{jump[1][0]}", "text": jump[1][1]})
    n_empty = sum(1 for _, text in headings if not text)
    if n_empty:
        yield Finding(HEADING_EMPTY, {"n_elements": n_empty})


def text_rule(visit: Visit) -> Iterator[Finding]:
    """Yield a page with little text or with too much markup."""
    if not (visit.html and visit.is_page):
        return
    if visit.html.n_words < THIN_WORDS:
        yield Finding(THIN, {"n_words": visit.html.n_words})
    if visit.html.n_elements > MAX_ELEMENTS:
        yield Finding(LARGE_DOM, {"n_elements": visit.html.n_elements})


def language_rule(visit: Visit) -> Iterator[Finding]:
    """Yield what is wrong with the declared languages."""
    if not (visit.html and visit.is_page):
        return
    lang = visit.html.lang
    if not lang:
        yield Finding(LANG_MISSING)
    elif not _LANGUAGE_TAG.match(lang):
        yield Finding(LANG_INVALID, {"lang": lang[:60]})
    wrong = [
        tag for tag, _ in visit.html.hreflangs if tag.lower() != "x-default" and not _LANGUAGE_TAG.match(tag)
    ]
    if wrong:
        yield Finding(HREFLANG_INVALID, {"hreflang": wrong[:5]})


RULES = (heading_rule, text_rule, language_rule)
