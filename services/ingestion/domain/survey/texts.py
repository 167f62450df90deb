"""Texts in several languages: which language a respondent reads, and what is shown when a text lacks it.

Why here: the page, the JSON door, the codebook and the linter must all fall back in the same way.
It does not hold any text itself: the engine's own phrases are in `phrases`, the survey's in its definition.
"""

from collections.abc import Mapping, Sequence

RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})
MAX_ACCEPTED_LANGUAGES = 20
OWN_NAMES = {
    "ar": "العربية", "bn": "বাংলা", "cs": "Čeština", "da": "Dansk", "de": "Deutsch", "el": "Ελληνικά", "en": "English",
    "es": "Español", "fa": "فارسی", "fi": "Suomi", "fr": "Français", "he": "עברית", "hi": "हिन्दी", "hu": "Magyar",
    "id": "Bahasa Indonesia", "it": "Italiano", "ja": "日本語", "ko": "한국어", "nl": "Nederlands", "no": "Norsk",
    "pl": "Polski", "pt": "Português", "ro": "Română", "ru": "Русский", "sv": "Svenska", "th": "ไทย", "tr": "Türkçe",
    "uk": "Українська", "ur": "اردو", "vi": "Tiếng Việt", "zh": "中文",
}  # fmt: skip


def read(text: Mapping[str, str] | None, language: str, default: str) -> str:
    """The text in `language`, else in the survey's default language, else in any language it has, else ''."""
    if not text:
        return ""
    return text.get(language) or text.get(default) or next(iter(text.values()))


def direction(language: str) -> str:
    """'rtl' for languages written from right to left, else 'ltr' (for the HTML `dir` attribute)."""
    return "rtl" if language.split("-", maxsplit=1)[0].lower() in RIGHT_TO_LEFT else "ltr"


def own_name(language: str) -> str:
    """What a language calls itself; its tag where we do not know."""
    return OWN_NAMES.get(language.lower()) or OWN_NAMES.get(
        language.split("-", maxsplit=1)[0].lower(), language
    )


def choose_language(languages: Sequence[str], *, wanted: str | None, accept_language: str | None) -> str:
    """The language a respondent reads: the link's, else the browser's best match, else the first of the survey.

    Matching is RFC 4647 §3.4 look-up: 'de-AT' finds 'de-AT', then 'de'.
    """
    ranges = [wanted] if wanted else []
    ranges += _accepted(accept_language or "")
    by_name = {language.lower(): language for language in languages}
    for tag in ranges:
        subtags = tag.lower().split("-")
        for length in range(len(subtags), 0, -1):
            found = by_name.get("-".join(subtags[:length]))
            if found:
                return found
    return languages[0]


def _accepted(header: str) -> list[str]:
    """Language ranges of an Accept-Language header (RFC 9110 §12.5.4), best first; unreadable weights count as 0."""
    weighted: list[tuple[float, int, str]] = []
    for index, part in enumerate(header.split(",")[:MAX_ACCEPTED_LANGUAGES]):
        tag, _, parameters = part.strip().partition(";")
        quality = _quality(parameters)
        if tag and tag != "*" and quality > 0:
            weighted.append((-quality, index, tag.strip()))
    return [tag for _, _, tag in sorted(weighted)]


def _quality(parameters: str) -> float:
    """The weight `q=` of one language range, 1 when it is not given."""
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def storable(value: str) -> str:
    """A link's value as it is kept: at most 1,000 characters, without what PostgreSQL or UTF-8 cannot hold."""
    kept = "".join(c for c in value if c.isprintable() and not "\ud800" <= c <= "\udfff")
    return kept.strip()[:1_000]
