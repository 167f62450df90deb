"""Why a file cannot be understood: one exception with a reason and a way out, raised by the parsing code.

The parser runs in a process of its own, so what it raises travels as plain words; `services.ingestion.errors`
gives each slug its title and page.
"""

from typing import Any

EMPTY = "file-empty"
NOT_TEXT = "file-not-text"
NOT_SUPPORTED = "file-format-not-supported"
DAMAGED = "file-damaged"
NO_TABLE = "file-without-table"
TOO_COMPLEX = "file-too-complex"
NO_TEXT = "file-without-text"
PROTECTED = "file-protected"
NEEDS_OCR = "scanned-needs-ocr"
IS_DOCUMENT = "file-is-document"
"""No problem of a file: the reader of tables says that this one is to be read as a document."""
NOT_DERIVABLE = "variable-not-derivable"
NOT_MERGEABLE = "datasets-not-mergeable"
KIND_DOES_NOT_FIT = "kind-does-not-fit"
OPTIONS_DO_NOT_FIT = "options-do-not-fit"
NO_SUCH_SHEET = "no-such-sheet"
MISMATCH = "upload-mismatch"
DUPLICATE = "duplicate-file"
ADDRESS_REFUSED = "address-refused"
FETCH_FAILED = "fetch-failed"
NOT_PUBLIC = "address-not-public"
WEB_PAGE = "address-of-a-web-page"
TOO_LARGE = "too-large"


class FileRefused(Exception):  # noqa: N818 - it is a verdict about a file, not a fault of ours
    """A file is not understood: `slug` names the problem, `detail` what was found, `hint` what would help.

    `members` are further members of the problem; a reader's process passes none on.
    """

    def __init__(self, slug: str, detail: str, hint: str, **members: Any) -> None:
        super().__init__(detail)
        self.slug = slug
        self.detail = detail
        self.hint = hint
        self.members = members
