"""Commands of reading: a dataset's file otherwise, or one more dataset from it."""

from collections.abc import Mapping
from typing import Any

from contracts.datasets.codebook import read_codebook
from contracts.ingestion import (
    ChangeKind,
    FileType,
    UploadStatus,
)
from kernel.access import Permission, require_project
from kernel.db import Session
from kernel.problems import Invalid
from services.ingestion.domain.derivations.deriving import (
    base_entries,
)
from services.ingestion.domain.reading_options import (
    OptionsError,
    merged_options,
    read_options,
    require_heeded,
)
from services.ingestion.errors import (
    DatasetWithoutFile,
    FileNotFailed,
    FileNotReady,
    FileWithoutOriginal,
)
from services.ingestion.models import Dataset, DatasetChange, RawDataFile
from services.ingestion.queries import files
from services.ingestion.service.changes import add_change, writable
from services.ingestion.service.files import tell_uploaded


async def request_reading(
    session: Session,
    dataset_id: int,
    asked: Mapping[str, Any],
    *,
    corrections: Mapping[str, Any],
    user_id: int,
) -> DatasetChange:
    """Ask for a dataset's file to be read with other options; those that were told before hold where nothing else is said.

    Raises NotFound, Forbidden for viewers, DatasetWithoutRows, DatasetWithoutFile, and Invalid with every fault.
    """
    dataset, grant, version = await writable(session, dataset_id)
    if dataset.raw_data_file_id is None:
        raise DatasetWithoutFile(f"Dataset {dataset_id} was not read from a file; derive variables instead.")
    file = await files.get_file(session, dataset.raw_data_file_id)
    options = merged_options(version.codebook.get("reading") or {}, asked)
    _require_options(options, asked, file)
    _require_known(options, version.codebook, asked)
    request = {"options": dict(asked), "corrections": dict(corrections)}
    return await add_change(session, dataset, grant, ChangeKind.READ, request, user_id=user_id)


async def read_again(
    session: Session, file_id: int, asked: Mapping[str, Any], file_type: FileType | None
) -> RawDataFile:
    """Have a file that was not understood read with options; what failed before is forgotten.

    Raises NotFound, Forbidden for viewers, FileNotFailed, FileWithoutOriginal, and Invalid with every fault.
    """
    file = await files.get_file(session, file_id)
    grant = await require_project(session, file.project_id, Permission.WRITE)
    await session.refresh(file, with_for_update=True)
    if file.upload_status != UploadStatus.FAILED:
        raise FileNotFailed(f"File {file_id} is {file.upload_status}.")
    if not file.sha256:
        raise FileWithoutOriginal(f"File {file_id} never arrived; no original of it is stored.")
    options = merged_options({}, asked)
    _require_sense(options)
    if options and file_type is FileType.UNSTRUCTURED:
        raise Invalid.at(
            "/options", "documents are read without options; leave them out, or read it as TABULAR"
        )
    file.reading, file.error, file.upload_status = options, None, UploadStatus.PENDING
    file.file_type = file_type or (FileType.TABULAR if options else file.file_type)
    file.progress = {"phase": "waiting", "done": 0, "total": file.size_bytes}
    await session.flush()  # the answer carries the new updated_at
    await tell_uploaded(session, file, team_id=grant.team_id, wanted_type=file_type)
    return file


async def request_another(
    session: Session, file_id: int, name: str, asked: Mapping[str, Any], *, user_id: int
) -> DatasetChange:
    """Ask for one more dataset from a file, read with options of its own, such as another sheet of a workbook.

    Raises NotFound, Forbidden for viewers, FileNotReady, and Invalid with every fault.
    """
    file = await files.get_file(session, file_id)
    grant = await require_project(session, file.project_id, Permission.WRITE)
    if file.upload_status != UploadStatus.SUCCESS or file.file_type != FileType.TABULAR:
        raise FileNotReady(f"File {file_id} has no table that was understood.")
    options = merged_options({}, asked)
    _require_options(options, options, file)
    dataset = Dataset(project_id=file.project_id, name=name, raw_data_file_id=file_id, version=0)
    session.add(dataset)
    await session.flush()  # the change carries the id
    return await add_change(session, dataset, grant, ChangeKind.READ, {"options": options}, user_id=user_id)


def _require_known(options: Mapping[str, Any], codebook: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Raise Invalid for columns that the dataset does not have; one that is left out so far may be named again."""
    aliases = {entry["alias"] for entry in base_entries(codebook)}
    aliases |= set((codebook.get("reading") or {}).get("leave_out", ()))
    named = [each for each in read_options(options).columns_told() if asked.get(each[0])]
    unknown = [(name, alias) for name, alias in named if alias not in aliases]
    if unknown:
        known = read_codebook(codebook)
        raise Invalid([(f"/options/{name}", known.explain_unknown(alias)) for name, alias in unknown])


def _require_sense(options: Mapping[str, Any]) -> None:
    try:
        read_options(options)
    except OptionsError as error:
        raise Invalid(error.errors) from error


def _require_options(options: Mapping[str, Any], asked: Mapping[str, Any], file: RawDataFile) -> None:
    _require_sense(options)
    try:
        require_heeded(asked, file.import_report["format"])
    except OptionsError as error:
        raise Invalid(error.errors) from error
