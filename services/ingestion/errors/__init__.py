"""What ingestion can refuse, and which database constraints say so."""

from typing import Any

from kernel.limits import PlanLimitReached
from kernel.problems import Conflict, ConstraintProblems, Problem, TooLarge
from services.ingestion.domain import refusals
from services.ingestion.errors.entrance import AlreadyAnswered

# --- files


class FileNotReady(Problem):
    """The file was not understood yet, or never will be; `GET /api/files/<id>` says which, and why."""

    slug = "file-not-ready"
    title = "The file has not been understood"
    status = 409


class FileNotFailed(Problem):
    """Only a file that was not understood is read anew; one that is PENDING will be read by itself.

    Of one that was understood, `POST /api/datasets/<id>/read` reads a dataset otherwise, and `POST /api/files/<id>/datasets`
    makes one more.
    """

    slug = "file-not-failed"
    title = "The file has not failed"
    status = 409


class FileEmpty(Problem):
    """The file has no bytes. Often an export or an upload was cut off before it began."""

    slug = refusals.EMPTY
    title = "The file is empty"
    status = 422


class FileNotText(Problem):
    """The file is named like a table, but holds binary data or characters that no encoding explains."""

    slug = refusals.NOT_TEXT
    title = "The file is no text"
    status = 415


class FileFormatNotSupported(Problem):
    """The content is of a format that is not read yet; `detail` names it and those that are."""

    slug = refusals.NOT_SUPPORTED
    title = "This file format is not supported yet"
    status = 415


class FileDamaged(Problem):
    """The file begins like a table, but cannot be read through: cut off, protected, or broken inside."""

    slug = refusals.DAMAGED
    title = "The file is damaged"
    status = 422


class FileWithoutTable(Problem):
    """The file can be read, but there is no table with rows in it."""

    slug = refusals.NO_TABLE
    title = "There is no table in the file"
    status = 422


class FileTooComplex(Problem):
    """Reading the file takes more columns, memory or time than one import may use."""

    slug = refusals.TOO_COMPLEX
    title = "The file is too large or too complex to read"
    status = 422


class FileWithoutText(Problem):
    """The document can be read, but it has no text."""

    slug = refusals.NO_TEXT
    title = "There is no text in the document"
    status = 422


class FileProtected(Problem):
    """The file opens only with a password, which is never asked for. Save it without one and upload that."""

    slug = refusals.PROTECTED
    title = "The file is protected by a password"
    status = 422


class ScannedNeedsOcr(Problem):
    """The pages of the document are pictures, and this installation cannot read text from pictures.

    Upload a document with text, or run text recognition over it first. Operators can install Tesseract on the workers.
    """

    slug = refusals.NEEDS_OCR
    title = "The document is scanned"
    status = 422


class FileNotDocument(Problem):
    """The file was read as a table and has no pages of text; its datasets and preview show what is in it."""

    slug = "file-not-document"
    title = "The file is no document"
    status = 409


class FileReaderFailed(Problem):
    """Our reader failed on the file. The original is safe; operators see the cause in the worker's log."""

    slug = "file-reader-failed"
    title = "We failed to read the file"
    status = 500


class FileWithoutOriginal(Problem):
    """No original is stored: it is still on its way, or what arrived was refused. `GET /api/files/<id>` says which."""

    slug = "file-without-original"
    title = "There is no stored original"
    status = 409


class UploadMismatch(Problem):
    """What arrived is not what was announced: another size or another SHA-256. `expected` and `found` name both.

    Nothing of it is kept. Send the file again, and compute the SHA-256 over the very bytes that are sent.
    """

    slug = refusals.MISMATCH
    title = "What arrived is not what was announced"
    status = 422


class AddressRefused(Problem):
    """The address, or one that it redirects to, is none that this installation fetches: private, on an unusual port, or no web address."""

    slug = refusals.ADDRESS_REFUSED
    title = "This address is not fetched"
    status = 422


class FetchFailed(Problem):
    """The address gave no file: no answer, an error, or an answer that broke off. `detail` says what happened there."""

    slug = refusals.FETCH_FAILED
    title = "The file could not be fetched"
    status = 422


class AddressNotPublic(Problem):
    """The address asks for a log-in. A Google sheet must be shared as "anyone with the link"; then import it again."""

    slug = refusals.NOT_PUBLIC
    title = "What is at the address is not public"
    status = 422


class AddressOfAWebPage(Problem):
    """The address gives a web page, not a file: often the page from which a file is downloaded. Give the file's own address."""

    slug = refusals.WEB_PAGE
    title = "The address is that of a web page"
    status = 422


class DuplicateFile(Conflict):
    """The project has this content already, in the files that `duplicate_of` lists, and the request asked to refuse that."""

    slug = refusals.DUPLICATE
    title = "This content is there already"


class UploadIncomplete(Conflict):
    """Parts are missing, or have another size than they should; `missing` and `wrong_size` list their numbers.

    Read the upload: it gives fresh links for what is still to be sent.
    """

    slug = "upload-incomplete"
    title = "Not all parts have arrived"


class UploadFinished(Conflict):
    """The upload takes no parts any more: it has become a file, has expired, or was given up. Begin a new one."""

    slug = "upload-finished"
    title = "The upload is finished"


# --- datasets


class DatasetWithoutRows(Problem):
    """The dataset has no version yet: its file is still being read, or its survey has no complete interview."""

    slug = "dataset-without-rows"
    title = "The dataset has no rows yet"
    status = 409


class ExportRefused(Problem):
    """The format cannot hold the dataset: too many rows or columns, or texts that are too long. `detail` says what would."""

    slug = "export-refused"
    title = "This format cannot hold the dataset"
    status = 422


class VariableNotDerivable(Problem):
    """A derived variable does not fit the dataset any more, or has too many categories; `detail` says which and why."""

    slug = refusals.NOT_DERIVABLE
    title = "The variable cannot be derived"
    status = 422


class DatasetsNotMergeable(Problem):
    """The datasets do not fit together: kinds that contradict each other, or a key that stands in several rows."""

    slug = refusals.NOT_MERGEABLE
    title = "The datasets cannot be merged"
    status = 422


class VariableNotDerived(Problem):
    """The variable was read with the dataset: it has no definition that could be changed or removed."""

    slug = "variable-not-derived"
    title = "The variable is not derived"
    status = 409


class VariableInUse(Problem):
    """Other variables or filters are made of this one; `detail` names them."""

    slug = "variable-in-use"
    title = "Something is made of this variable"
    status = 409


class DatasetWithoutFile(Problem):
    """The dataset was not read from a file, so that it cannot be read otherwise: derive variables instead."""

    slug = "dataset-without-file"
    title = "The dataset has no file"
    status = 409


class KindDoesNotFit(Problem):
    """A column cannot be taken for the kind that was told: not one of its cells is written like that."""

    slug = refusals.KIND_DOES_NOT_FIT
    title = "The column is not of this kind"
    status = 422


class OptionsDoNotFit(Problem):
    """The file was to be read with options that change nothing in files of its format, such as a delimiter for a workbook.

    Nothing was read. Leave those options out.
    """

    slug = refusals.OPTIONS_DO_NOT_FIT
    title = "The file has another format than the options are for"
    status = 422


class NoSuchSheet(Problem):
    """The workbook has no sheet of the name or position that was told; `detail` lists those that it has."""

    slug = refusals.NO_SUCH_SHEET
    title = "There is no such sheet"
    status = 422


class FilterNameTaken(Problem):
    """The dataset keeps a filter of this name already. Choose another name, or change that filter."""

    slug = "filter-name-taken"
    title = "There is a filter of this name"
    status = 409


class DatasetNotMerged(Problem):
    """The dataset was read from a file or belongs to a survey; only merged datasets are refreshed and deleted by themselves."""

    slug = "dataset-not-merged"
    title = "The dataset was not merged"
    status = 409


REFUSALS: dict[str, type[Problem]] = {
    problem.slug: problem
    for problem in (
        AddressNotPublic,
        AddressOfAWebPage,
        AddressRefused,
        DuplicateFile,
        FetchFailed,
        TooLarge,
        UploadMismatch,
        FileEmpty,
        FileNotText,
        FileFormatNotSupported,
        FileDamaged,
        FileWithoutTable,
        FileTooComplex,
        FileWithoutText,
        FileProtected,
        ScannedNeedsOcr,
        FileReaderFailed,
        VariableNotDerivable,
        DatasetsNotMergeable,
        KindDoesNotFit,
        OptionsDoNotFit,
        NoSuchSheet,
        PlanLimitReached,
    )
}


def problem_of_refusal(slug: str, *, detail: str, hint: str, **members: Any) -> dict[str, Any]:
    """Return the problem that a FAILED file, export or change carries (RFC 9457, with a `hint`)."""
    problem = REFUSALS[slug]
    return {
        **members,
        "type": f"/problems/{slug}",
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "hint": hint,
    }


# --- surveys and interviews


class SurveyInOtherState(Problem):
    """The survey is in a state in which this cannot be done, for example closing one that is closed already."""

    slug = "survey-in-other-state"
    title = "The survey is in another state"
    status = 409


class SurveyNotOpen(Problem):
    """The survey takes no answers at the moment: it is paused or closed, not open yet, or has all the responses it wants.

    `reason` is `paused`, `closed`, `not_yet`, `over` or `full`; `opens_at` and `closes_at` say when.
    """

    slug = "survey-not-open"
    title = "The survey takes no answers"
    status = 409


class InterviewFinished(Problem):
    """The answers were submitted and can no longer be changed. Submitting again gives the first answer once more."""

    slug = "interview-finished"
    title = "These answers were submitted"
    status = 409


CONSTRAINTS: ConstraintProblems = {
    "data_ingestion_datasetfilter_dataset_name_key": FilterNameTaken,
    "data_ingestion_surveyresponse_survey_id_device_hash_key": AlreadyAnswered,
}
