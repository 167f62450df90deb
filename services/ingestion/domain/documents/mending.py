"""Words as they were before they were set in type: ligatures taken apart, words divided at line ends put together.

A divided word is joined without its hyphen unless the hyphen belongs to it: another letter case or a digit follows
(`Anglo-American`, `2019-20`), or the document writes the word with a hyphen elsewhere and never without.
"""

import re
from collections.abc import Iterable

DIVIDED = "\ufffe"
"""What PDFium puts for a hyphen and the end of the line behind it."""
_LIGATURES = {
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "st",
    "\ufb06": "st",
}
_TABLE = str.maketrans({**_LIGATURES, "\x02": DIVIDED, "\x00": ""})
# A soft hyphen at the end of a line divides a word; within a line it is not to be seen.
_SOFT = re.compile(r"\u00ad[ \t]*\r?\n[ \t]*")
_DIVIDED_WORD = re.compile(rf"(\w+){DIVIDED}\s*(\w+)")
_WORDS = re.compile(r"\w+(?:-\w+)*")
_SURROGATES = re.compile(r"[\ud800-\udfff]")


def plain_letters(text: str) -> str:
    """Return the text with ligatures as letters, soft hyphens gone, and no lone surrogates."""
    text = _SOFT.sub("", text.translate(_TABLE)).replace("\u00ad", "")
    return _SURROGATES.sub("\ufffd", text)


class Vocabulary:
    """The words that a document writes whole, by which divided ones are put together."""

    def __init__(self) -> None:
        self._words: set[str] = set()

    def learn(self, texts: Iterable[str]) -> None:
        """Take the words of texts in, but for those that are divided."""
        for text in texts:
            whole = _DIVIDED_WORD.sub(" ", text)
            self._words.update(word.lower() for word in _WORDS.findall(whole))

    def mend(self, text: str) -> str:
        """Return the text with its divided words joined."""
        # Again, since a word may be divided more than once.
        mended = _DIVIDED_WORD.sub(self._joined, _DIVIDED_WORD.sub(self._joined, text))
        return mended.replace(DIVIDED, "-")

    def _joined(self, found: re.Match[str]) -> str:
        first, second = found.groups()
        if not second[0].islower() or not first[-1].isalpha():
            return f"{first}-{second}"
        hyphenated = f"{first}-{second}".lower() in self._words
        joined = f"{first}{second}".lower() in self._words
        return f"{first}-{second}" if hyphenated and not joined else f"{first}{second}"
