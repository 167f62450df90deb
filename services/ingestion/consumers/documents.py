"""How a document is read in the background: text, pages and tables, stored beside the original."""

from dataclasses import dataclass
from pathlib import Path

from kernel.objects import Objects
from services.ingestion.service.documents import ReadDocument, store_pieces
from services.ingestion.service.reading import Note, run_limited
from services.ingestion.settings import IngestionSettings

CHILD = "services.ingestion.domain.document_child"


@dataclass(frozen=True, slots=True)
class Original:
    """An original on this machine, a folder beside it to work in, and its key in the object store."""

    path: Path
    folder: Path
    key: str


async def read_document(
    objects: Objects, original: Original, settings: IngestionSettings, note: Note
) -> ReadDocument:
    """Read a document and store its pieces; raises FileRefused, ReaderFailedError."""
    work = original.folder / "document"
    work.mkdir()
    result = await run_limited(CHILD, original.path, work, settings, note)
    await store_pieces(objects, original.key, [Path(piece) for piece in result["pieces"]])
    return ReadDocument(result["columns_metadata"], result["report"])
