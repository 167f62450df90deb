"""Rows of files as the API shows them."""

from collections.abc import Sequence
from typing import Any

from services.ingestion.queries import files as queries
from services.ingestion.schemas.files import FileRead, FileSummary

_NOT_COLUMNS = {"name", "dataset_ids", "duplicate_of"}


async def shaped_file(session: Any, file: Any) -> FileRead:
    """Return one file as the API shows it."""
    return FileRead.model_validate((await _values(session, [file], FileRead))[0])


async def shaped_files(session: Any, files: Sequence[Any]) -> list[FileSummary]:
    """Return files as lists show them."""
    return [FileSummary.model_validate(values) for values in await _values(session, files, FileSummary)]


async def _values(session: Any, files: Sequence[Any], shape: type[FileSummary]) -> list[dict[str, Any]]:
    datasets = await queries.dataset_ids(session, [file.id for file in files])
    earlier = await queries.duplicates(session, files)
    columns = shape.model_fields.keys() - _NOT_COLUMNS
    return [
        {
            **{name: getattr(file, name) for name in columns},
            "name": file.original_name,
            "dataset_ids": datasets.get(file.id, []),
            "duplicate_of": earlier.get(file.id, []),
        }
        for file in files
    ]
