"""What respondents' files are, by their first bytes: the kinds that a question can accept, and how such files are named.

The name and the declared type are never believed, nothing is unpacked, and what no signature explains is no kind at all: programs,
archives, old Office files (which installers are too) and SVG (which can hold scripts; it is text) are never pictures or documents.
Signatures beyond those of `signatures`: WebP and WAVE (RIFF), ISO/IEC 14496-12 (MP4, QuickTime, HEIF, AVIF, M4A), MPEG audio
(ISO/IEC 11172-3 §2.4.1.3, ID3v2), RFC 3533 (Ogg), RFC 9639 (FLAC), RFC 9559 (Matroska, WebM), TIFF 6.0, OpenDocument 1.3 part 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from services.ingestion.domain.names import LONGEST_NAME, clean_file_name
from services.ingestion.domain.signatures import Format, judge

MediaKind = Literal["image", "pdf", "document", "spreadsheet", "text", "audio", "video"]


@dataclass(frozen=True, slots=True)
class Media:
    """A format of files: its kind, and the extensions that its files have, the usual one first."""

    kind: MediaKind
    extensions: tuple[str, ...]


_FORMATS: Mapping[Format, Media] = {
    Format.PNG: Media("image", ("png",)),
    Format.JPEG: Media("image", ("jpg", "jpeg", "jpe", "jfif")),
    Format.GIF: Media("image", ("gif",)),
    Format.PDF: Media("pdf", ("pdf",)),
    Format.DOCX: Media("document", ("docx",)),
    Format.PPTX: Media("document", ("pptx",)),
    Format.RTF: Media("document", ("rtf",)),
    Format.XLSX: Media("spreadsheet", ("xlsx",)),
    Format.ODS: Media("spreadsheet", ("ods",)),
    Format.TEXT: Media("text", ("txt", "csv", "tsv", "md", "log", "srt", "vtt")),
    Format.JSON: Media("text", ("json", "txt")),
}
_PICTURES = (Media("image", ("heic", "heif")), Media("image", ("avif",)))
_BRANDS: Mapping[bytes, Media] = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"), _PICTURES[0]),
    **dict.fromkeys((b"avif", b"avis"), _PICTURES[1]),
    **dict.fromkeys((b"M4A ", b"M4B ", b"F4A "), Media("audio", ("m4a", "m4b", "mp4"))),
    b"qt  ": Media("video", ("mov", "qt")),
}
_MP4 = Media("video", ("mp4", "m4v", "3gp", "mov"))
_RIFF: Mapping[bytes, Media] = {b"WEBP": Media("image", ("webp",)), b"WAVE": Media("audio", ("wav",))}
_MAGIC: tuple[tuple[bytes, Media], ...] = (
    (b"II*\x00", Media("image", ("tif", "tiff"))),
    (b"MM\x00*", Media("image", ("tif", "tiff"))),
    (b"OggS", Media("audio", ("ogg", "oga", "opus"))),
    (b"fLaC", Media("audio", ("flac",))),
    (b"ID3", Media("audio", ("mp3",))),
    (b"\x1aE\xdf\xa3", Media("video", ("webm", "mkv"))),
)
_MP3, _ODT = Media("audio", ("mp3",)), Media("document", ("odt",))
_MIMETYPE_WITHIN = 128
HTML_ACCEPT: Mapping[str, str] = {
    "image": "image/*",
    "audio": "audio/*",
    "video": "video/*",
    **{
        kind: ",".join(
            f".{name}" for media in _FORMATS.values() if media.kind == kind for name in media.extensions
        )
        for kind in ("pdf", "document", "spreadsheet", "text")
    },
}
"""What a file input tells browsers to offer, by kind."""


def media_of(head: bytes) -> Media | None:
    """What a file is, by its first bytes (`HEAD_BYTES` of them suffice); None for what is no kind of media."""
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], _MP4)
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    if _is_mpeg_audio(head):
        return _MP3
    if head.startswith(b"PK") and b"opendocument.text" in head[:_MIMETYPE_WITHIN]:
        return _ODT
    return _FORMATS.get(judge(head).format)


def _is_mpeg_audio(head: bytes) -> bool:
    """Whether the first frame header is one of layer III: eleven bits set, a known version, layer 01."""
    if len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004 - the header's own numbers
        return False
    return head[1] & 0x06 == 0x02 and head[1] & 0x18 != 0x08  # noqa: PLR2004


def stored_name(sent: str, media: Media) -> str:
    """The name under which a file is kept: as sent, without what deceives, and with an extension that its content has."""
    name = clean_file_name(sent)
    extension = name.rpartition(".")[2].lower()
    if "." in name and extension in media.extensions:
        return name
    ending = f".{media.extensions[0]}"
    return f"{name[: LONGEST_NAME - len(ending)]}{ending}"
