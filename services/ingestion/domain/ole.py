"""What an OLE compound file (MS-CFB) holds that no reader here opens: old Word, or an Office file with a password.

Told by the names of its streams, which stand in the directory as UTF-16.
"""

import mmap
from pathlib import Path

from services.ingestion.domain.refusals import NOT_SUPPORTED, PROTECTED, FileRefused

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # MS-OFFCRYPTO §2.3.1
_WORD = "WordDocument".encode("utf-16-le")  # MS-DOC §2.1.1
_POWERPOINT = "PowerPoint Document".encode("utf-16-le")  # MS-PPT §2.1.1


def refuse_protected_or_old(source: Path) -> None:
    """Raise FileRefused for an encrypted Office file, an old Word document or presentation; workbooks pass."""
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        is_encrypted, is_word, is_slides = (
            content.find(name) >= 0 for name in (_ENCRYPTED, _WORD, _POWERPOINT)
        )
    if is_encrypted:
        raise FileRefused(
            PROTECTED,
            "This Office file opens only with a password.",
            "Open it, remove the password (File, Info, Protect), save it, and upload that.",
        )
    if is_word:
        raise FileRefused(
            NOT_SUPPORTED,
            "By its content this is an old Word document (.doc), which is not read.",
            "Open it in Word or LibreOffice, save it as DOCX or PDF, and upload that.",
        )
    if is_slides:
        raise FileRefused(
            NOT_SUPPORTED,
            "By its content this is an old presentation (.ppt), which is not read.",
            "Save it as PDF and upload that.",
        )
