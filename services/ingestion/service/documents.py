"""What is stored of a document, and what is asked of it: pages, tables, the whole text, a table as a file of its own."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from contracts.ingestion import FileProcessed, FileType, UploadStatus
from kernel.db import Session
from kernel.events import record
from kernel.objects import Objects
from kernel.problems import NotFound
from services.ingestion.domain.documents.writing import PAGES_PER_PIECE, TABLES, TEXT, piece_name
from services.ingestion.errors import FileNotDocument, FileNotReady
from services.ingestion.models import RawDataFile
from services.ingestion.service.files import IncomingFile, folder_of

_LONGEST_STEM = 200
_TYPES = {".json": "application/json", ".txt": "text/plain; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """What the reader made of a document; its pages and tables lie beside the original."""

    columns_metadata: dict[str, Any]
    report: dict[str, Any]


async def store_pieces(objects: Objects, file_key: str, pieces: Sequence[Path]) -> None:
    """Store what was read beside the original; doing it again overwrites the same objects."""
    for path in pieces:
        await objects.upload(_key(file_key, path.name), path, _TYPES[path.suffix])


def _key(file_key: str, name: str) -> str:
    # What tables have, too, lies where theirs does.
    return f"{folder_of(file_key)}{name if name == 'preview.json' else f'document/{name}'}"


async def complete_document(
    session: Session, file: RawDataFile, document: ReadDocument, *, team_id: int
) -> None:
    """Note that a document was read, in the transaction that owns the event's effect; there is no dataset of it."""
    n_pages = document.report["pages"]
    file.file_type = FileType.UNSTRUCTURED
    file.upload_status = UploadStatus.SUCCESS
    file.columns_metadata = document.columns_metadata
    file.import_report = document.report
    file.progress = {"phase": "done", "done": n_pages, "total": n_pages}
    event = FileProcessed(project_id=file.project_id, file_id=file.id, dataset_ids=[], n_rows=0, n_columns=0)
    await record(session, event, team_id=team_id, project_id=file.project_id)


def require_document(file: RawDataFile) -> int:
    """Return the number of a document's pages; raises FileNotReady, FileNotDocument."""
    if file.upload_status != UploadStatus.SUCCESS:
        raise FileNotReady(f"File {file.id} is {file.upload_status}; only a document that was read has text.")
    if file.file_type != FileType.UNSTRUCTURED:
        raise FileNotDocument(
            f"File {file.id} was read as a table: see its preview and datasets. To read it as a document, upload it with "
            "the form field `file_type` UNSTRUCTURED."
        )
    return int(file.import_report["pages"])


async def pages_of(objects: Objects, file: RawDataFile, *, first: int, last: int) -> list[dict[str, Any]]:
    """Return pages of a document by number, both ends included."""
    pages: list[dict[str, Any]] = []
    starts = range((first - 1) // PAGES_PER_PIECE * PAGES_PER_PIECE + 1, last + 1, PAGES_PER_PIECE)
    for start in starts:
        piece = orjson.loads(await objects.get(_key(file.file, piece_name(start))))
        pages += [page for page in piece if first <= page["number"] <= last]
    return pages


def whole_text(objects: Objects, file: RawDataFile) -> AsyncIterator[bytes]:
    """Return the document's text as it is stored: UTF-8, a blank line between blocks, a form feed between pages."""
    return objects.open(_key(file.file, TEXT))


async def tables_of(objects: Objects, file: RawDataFile) -> list[dict[str, Any]]:
    """Return all tables of a document in order."""
    tables: list[dict[str, Any]] = orjson.loads(await objects.get(_key(file.file, TABLES)))
    return tables


async def table_of(objects: Objects, file: RawDataFile, number: int) -> dict[str, Any]:
    """Return one table of a document by its number, from 1; raises NotFound."""
    tables = await tables_of(objects, file)
    if not 1 <= number <= len(tables):
        raise NotFound(f"File {file.id} has {len(tables)} tables; there is no table {number}.")
    return tables[number - 1]


def as_csv_file(file: RawDataFile, table: dict[str, Any]) -> IncomingFile:
    """Return a table of a document as a file of its own, on its way in like an upload."""
    stem = PurePosixPath(file.original_name).stem[:_LONGEST_STEM]
    name = f"{stem} – table {table['number']} (page {table['page']}).csv"
    fields = {"file_type": FileType.TABULAR.value}
    return IncomingFile(name, "text/csv", _once(_csv(table["rows"])), fields)


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue().encode("utf-8", "replace")


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def origin(file: RawDataFile, table: dict[str, Any]) -> dict[str, Any]:
    """Return where the file of a table comes from, for its `source`."""
    return {"document_id": file.id, "table": table["number"], "page": table["page"]}
