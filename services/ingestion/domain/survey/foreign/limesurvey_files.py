"""Questions for files of LimeSurvey (`|`) → questions for files of ours, which know kinds of files instead of extensions."""

import re
from typing import Any

from services.ingestion.domain.survey.foreign.limesurvey_document import Question
from services.ingestion.domain.survey.foreign.limesurvey_making import Making
from services.ingestion.domain.survey.media import MediaKind

_KINDS: dict[MediaKind, str] = {
    "image": "png gif jpg jpeg jpe jfif webp heic heif avif tif tiff",
    "pdf": "pdf",
    "document": "docx odt rtf pptx",
    "spreadsheet": "xlsx ods",
    "text": "txt csv tsv md",
    "audio": "mp3 m4a wav ogg oga opus flac",
    "video": "mp4 m4v mov webm mkv 3gp",
}
_KIND_OF: dict[str, MediaKind] = {
    extension: kind for kind, extensions in _KINDS.items() for extension in extensions.split()
}
_MOST_FILES, _MOST_BYTES = 10, 1 << 30


def files_of(making: Making, question: Question) -> list[dict[str, Any]]:
    """Return the question, or none where no kind of file that it takes can be taken here."""
    extensions = re.findall(r"\w+", question.attribute("allowed_filetypes").lower())
    left = [extension for extension in extensions if extension not in _KIND_OF]
    if left:
        making.note(question, f"files of these types are not taken: {', '.join(left)}")
    kinds = list(dict.fromkeys(_KIND_OF[extension] for extension in extensions if extension in _KIND_OF))
    if extensions and not kinds:
        return []
    limits = making.numbers(question, {"files": "max_num_of_files", "kib": "max_filesize"})
    made: dict[str, Any] = {"type": "file", **({"accept": kinds} if kinds else {})}
    if "files" in limits:
        made["max_files"] = int(min(max(limits["files"], 1), _MOST_FILES))
    if limits.get("kib", 0) > 0:
        made["max_bytes"] = int(min(limits["kib"] * 1024, _MOST_BYTES))
    if question.attribute("min_num_of_files") not in {"", "0", "1"}:
        making.note(question, "the smallest number of files is left out")
    return [made]
