"""Whether a file that may be a table is a document: by its signature, its directory of parts, or because it reads like prose."""

import zipfile
from pathlib import Path

from services.ingestion.domain.dialects import NO_DELIMITER, detect_dialect
from services.ingestion.domain.documents.prose import is_prose
from services.ingestion.domain.encodings import decode_chunks, detect_encoding
from services.ingestion.domain.signatures import HEAD_BYTES, Format, Signature

PROSE_BYTES = 64 * 1024
"""The first bytes of a file that show whether it is prose."""


def is_document(source: Path, head: bytes, signature: Signature) -> bool:
    """Return True when a file (`head`: its first `PROSE_BYTES`) is to be read as a document."""
    if signature.is_document:
        return True
    if signature.format in {Format.XLSX, Format.ZIP}:
        return is_word(source)
    return signature.format is Format.TEXT and _reads_like_prose(head)


def is_word(source: Path) -> bool:
    """Return True when a ZIP archive holds a Word document, wherever in its directory that is said."""
    try:
        with zipfile.ZipFile(source) as archive:
            return "word/document.xml" in archive.NameToInfo
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def _reads_like_prose(head: bytes) -> bool:
    sample = "".join(decode_chunks([head], detect_encoding([head])))
    if len(head) > HEAD_BYTES:
        # The last line may be cut off.
        sample = sample.rpartition("\n")[0] or sample
    return is_prose(sample) and detect_dialect(sample).delimiter == NO_DELIMITER
