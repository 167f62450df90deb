"""Why a file cannot be understood: one exception with a reason and a way out, raised by the parsing code.

The parser runs in a process of its own, so what it raises travels as plain words; `services.ingestion.errors`
gives each slug its title and page.
"""

EMPTY = "file-empty"
NOT_TEXT = "file-not-text"
NOT_SUPPORTED = "file-format-not-supported"
DAMAGED = "file-damaged"
NO_TABLE = "file-without-table"
TOO_COMPLEX = "file-too-complex"


class FileRefused(Exception):  # noqa: N818 - it is a verdict about a file, not a fault of ours
    """A file is not understood: `slug` names the problem, `detail` what was found, `hint` what would help."""

    def __init__(self, slug: str, detail: str, hint: str) -> None:
        super().__init__(detail)
        self.slug = slug
        self.detail = detail
        self.hint = hint
