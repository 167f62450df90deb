"""What a file is called: the name as sent, without what would deceive or break whoever shows or saves it."""

import re
import unicodedata

LONGEST_NAME = 255
NAMELESS = "upload"
_LONGEST_EXTENSION = 16
# Marks that turn the direction of writing (Unicode Standard Annex #9), with which `exe.csv` can be made of `vsc.exe`,
# and the byte order mark. Joiners stay: scripts and emoji need them.
_DECEIVING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_UNSHOWABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


def clean_file_name(sent: str) -> str:
    """Return a name of 1 to 255 characters: without folders, control characters and marks of direction.

    A longer one is cut before its extension; where nothing is left, the name is `upload`.
    """
    last = re.split(r"[\\/]", sent)[-1]
    shown = "".join(c for c in last if c not in _DECEIVING and unicodedata.category(c) not in _UNSHOWABLE)
    name = shown.strip()
    return NAMELESS if not name.strip(".") else _cut(name)


def _cut(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > _LONGEST_EXTENSION:
        return name[:LONGEST_NAME].rstrip()
    return f"{stem[: LONGEST_NAME - len(extension) - 1].rstrip()}.{extension}"
