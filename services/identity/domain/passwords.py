"""Whether a password can be used, and how to make a better one: length and guessability, no rules of composition.

After NIST SP 800-63B-4 §3.1.1.2: a blocklist of common, repeated and sequential passwords and of words that belong to
the context, with the reason told. The blocklist is zxcvbn's (Wheeler, USENIX Security 2016): lists of leaked passwords,
names, dates, keyboard walks and their combinations, as a number of guesses that an attacker needs.
"""

from zxcvbn import zxcvbn

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128
# zxcvbn's own classes: below 3 a password falls to 10^8 guesses, minutes of an offline attack.
WEAKEST_SCORE = 3
_ESTIMATED_CHARACTERS = 72
# Published as an example so often that no estimate is needed.
_FAMOUS = frozenset({"correcthorsebatterystaple", "correct horse battery staple"})
_PRODUCT = "plugzero"


def password_fault(password: str, *, email: str, names: tuple[str, ...] = ()) -> str | None:
    """Return why a password cannot be used, as a sentence with the way out, or None.

    `names` are further words of the context: the person's names, the institution.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return (
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; this one has {len(password)}. "
            "Several words in a row make a good one."
        )
    folded = password.casefold()
    context = _words_of_context(email, names)
    if folded in _FAMOUS:
        return "This password is on every attacker's list; choose one that nobody else would."
    if len(_without(folded, context)) < SHORTEST_PASSWORD // 2:
        return "This password is mostly your email, your name or ours; add words that have nothing to do with them."
    estimate = zxcvbn(password[:_ESTIMATED_CHARACTERS], user_inputs=list(context))
    if estimate["score"] >= WEAKEST_SCORE:
        return None
    feedback = estimate["feedback"]
    advice = [feedback["warning"], *feedback["suggestions"]]
    return " ".join(
        [
            "This password is too easy to guess.",
            *(sentence.rstrip(".") + "." for sentence in advice if sentence),
        ]
    )


def _words_of_context(email: str, names: tuple[str, ...]) -> tuple[str, ...]:
    user, _, domain = email.casefold().partition("@")
    words = {_PRODUCT, user, domain.partition(".")[0], *(name.casefold() for name in names)}
    return tuple(sorted((word for word in words if len(word) > 2), key=len, reverse=True))  # noqa: PLR2004 - shorter ones are in every word


def _without(folded: str, words: tuple[str, ...]) -> str:
    for word in words:
        folded = folded.replace(word, "")
    return folded
