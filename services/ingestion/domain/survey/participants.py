"""Participants: their tokens, which can be made again and need not be stored, and lists of them as files in any dialect.

A token is an HMAC-SHA-256 (RFC 2104) of the participant's random UUID under a key of the survey. The database holds its SHA-256 only:
who reads the database cannot answer for anybody, and the researcher can list the links again.
"""

import base64
import hashlib
import hmac
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.ingestion.domain.dialects import NAMES, SAMPLE_CHARACTERS, detect_dialect, excel_directive
from services.ingestion.domain.encodings import decode_chunks, detect_encoding
from services.ingestion.domain.records import LineNote, LineReport, records
from services.ingestion.domain.survey.notations import email as email_address

MOST_ROWS = 50_000
LONGEST_ID, LONGEST_LANGUAGE, LONGEST_VALUE, LONGEST_NAME, MOST_ATTRIBUTES = 100, 35, 1_000, 64, 50
MOST_NOTES = 1_000
_COLUMNS = {
    "email": ("email", "e-mail", "mail", "e_mail", "email address"),
    "external_id": ("id", "external_id", "external id"),
    "language": ("language", "lang"),
}


class ListRefused(Exception):  # noqa: N818 - a verdict on a file
    """The file is no list of participants; the text says why and what helps."""


@dataclass(frozen=True)
class Entry:
    """One participant as a list names them, and the line where they stand."""

    email: str = ""
    external_id: str = ""
    language: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    line: int = 0


@dataclass
class Listed:
    """What a file says: participants, and the lines that are left out with their reasons."""

    delimiter: str
    encoding: str
    attributes: tuple[str, ...]
    entries: list[Entry] = field(default_factory=list)
    report: LineReport = field(default_factory=LineReport)
    n_duplicates: int = 0
    duplicates: list[LineNote] = field(default_factory=list)

    def repeat(self, line: int, reason: str, text: str) -> None:
        """Note somebody who is listed already."""
        self.n_duplicates += 1
        if len(self.duplicates) < MOST_NOTES:
            self.duplicates.append(LineNote(line, reason, text))


def token_of(secret: str, survey_uuid: UUID, participant_uuid: UUID) -> str:
    """The token of a personal link: 256 bits that nobody without the deployment's secret can compute."""
    key = hmac.new(secret.encode(), f"participant-key/{survey_uuid}".encode(), hashlib.sha256).digest()
    return _encode(hmac.new(key, participant_uuid.bytes, hashlib.sha256).digest())


def session_of(secret: str, survey_uuid: UUID, token: str) -> str:
    """The session token of the one interview that a personal link leads to."""
    message = f"participant-session/{survey_uuid}/{token}".encode()
    return _encode(hmac.new(secret.encode(), message, hashlib.sha256).digest())


def _encode(raw: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_list(content: bytes) -> Listed:
    """The participants of a delimited text in any dialect and encoding; raises ListRefused."""
    encoding = detect_encoding([content])
    text = "".join(decode_chunks([content], encoding)).removeprefix("\ufeff")
    dialect = detect_dialect(text[:SAMPLE_CHARACTERS])
    report = LineReport()
    rows = records(io.StringIO(text, newline=""), dialect, report)
    if excel_directive(text[:SAMPLE_CHARACTERS]):
        next(rows, None)
    names = [name.strip() for name in next(rows, (0, []))[1]]
    fields = _fields_of(names)
    others = tuple(name for name, target in zip(names, fields, strict=True) if target == "")
    listed = Listed(NAMES.get(dialect.delimiter, dialect.delimiter), encoding.name, others, report=report)
    seen: dict[tuple[str, str], int] = {}
    for line, cells in rows:
        if len(listed.entries) >= MOST_ROWS:
            raise ListRefused(f"The list has more than {MOST_ROWS:,} people; split it.")
        _take(listed, seen, line=line, cells=[cell.strip() for cell in cells], names=names, fields=fields)
    return listed


def _fields_of(names: Sequence[str]) -> list[str]:
    """Per column the field it fills, empty for an attribute; raises ListRefused where nobody could be told apart."""
    known = {called: target for target, calls in _COLUMNS.items() for called in calls}
    fields = [known.get(name.casefold(), "") for name in names]
    if "email" not in fields and "external_id" not in fields:
        found = ", ".join(repr(name) for name in names[:10]) or "nothing"
        raise ListRefused(
            f"The first line must name the columns, and one of them must be `email` or `id`; found {found}."
        )
    taken = [target for target in fields if target]
    folded = [name.casefold() for name, target in zip(names, fields, strict=True) if not target]
    if len(set(taken)) != len(taken) or len(set(folded)) != len(folded) or "" in folded:
        raise ListRefused("Every column needs a name of its own in the first line.")
    if len(folded) > MOST_ATTRIBUTES or any(len(name) > LONGEST_NAME for name in folded):
        raise ListRefused(
            f"At most {MOST_ATTRIBUTES} columns beside email, id and language, with names of at most {LONGEST_NAME} characters."
        )
    return fields


def _take(
    listed: Listed,
    seen: dict[tuple[str, str], int],
    *,
    line: int,
    cells: list[str],
    names: Sequence[str],
    fields: Sequence[str],
) -> None:
    """Take a row in, or note why not."""
    shown = " | ".join(cells)[:200]
    if len(cells) > len(names) and any(cells[len(names) :]):
        listed.report.reject(line, f"{len(cells)} cells under {len(names)} names", shown)
        return
    filled = [*cells, *[""] * (len(names) - len(cells))]
    told = {target: value for target, value in zip(fields, filled, strict=False) if target}
    attributes = {
        name: value
        for name, target, value in zip(names, fields, filled, strict=False)
        if not target and value
    }
    entry = Entry(**told, attributes=attributes, line=line)
    fault = fault_of(entry)
    if fault:
        listed.report.reject(line, fault, shown)
        return
    entry = normal(entry)
    keys = [(name, key) for name in ("email", "external_id") if (key := getattr(entry, name))]
    before = next((seen[key] for key in keys if key in seen), None)
    if before is not None:
        listed.repeat(line, f"the same person as in line {before}", shown)
        return
    seen.update(dict.fromkeys(keys, line))
    listed.entries.append(entry)


def normal(entry: Entry) -> Entry:
    """The entry with its address in normal form and small letters."""
    address = (email_address(entry.email) or "").casefold() if entry.email else ""
    return Entry(address, entry.external_id, entry.language, entry.attributes, entry.line)


def fault_of(entry: Entry) -> str | None:
    """Why an entry cannot be taken, None where it can."""
    language, texts = entry.language, [entry.external_id, *entry.attributes, *entry.attributes.values()]
    is_tag = len(language) <= LONGEST_LANGUAGE and language.replace("-", "").isalnum()
    faults = (
        (not entry.email and not entry.external_id, "neither an address nor an id"),
        (
            entry.email and email_address(entry.email) is None,
            f"{entry.email[:100]!r} is no complete e-mail address",
        ),
        (len(entry.external_id) > LONGEST_ID, f"the id has more than {LONGEST_ID} characters"),
        (language and not is_tag, f"{language[:50]!r} is no language tag such as en or de-AT"),
        (any("\0" in text for text in texts), "a character that cannot be stored (NUL)"),
        (
            any(len(text) > LONGEST_VALUE for text in texts),
            f"a cell has more than {LONGEST_VALUE:,} characters",
        ),
    )
    return next((reason for is_so, reason in faults if is_so), None)
