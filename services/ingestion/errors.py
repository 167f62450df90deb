"""What ingestion can refuse, and which database constraints say so."""

from typing import Any

from kernel.limits import PlanLimitReached
from kernel.problems import ConstraintProblems, Problem
from services.ingestion.domain import refusals

# --- files


class FileNotReady(Problem):
    """The file was not understood yet, or never will be; `GET /api/files/<id>` says which, and why."""

    slug = "file-not-ready"
    title = "The file has not been understood"
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


class FileReaderFailed(Problem):
    """Our reader failed on the file. The original is safe; operators see the cause in the worker's log."""

    slug = "file-reader-failed"
    title = "We failed to read the file"
    status = 500


REFUSALS: dict[str, type[Problem]] = {
    problem.slug: problem
    for problem in (
        FileEmpty,
        FileNotText,
        FileFormatNotSupported,
        FileDamaged,
        FileWithoutTable,
        FileTooComplex,
        FileReaderFailed,
        PlanLimitReached,
    )
}


def problem_of_refusal(slug: str, *, detail: str, hint: str) -> dict[str, Any]:
    """Return the problem that a FAILED file carries (RFC 9457, with a `hint`)."""
    problem = REFUSALS[slug]
    return {
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
    """The survey takes no answers at the moment: it is not published, paused, or closed."""

    slug = "survey-not-open"
    title = "The survey takes no answers"
    status = 409


class InterviewFinished(Problem):
    """The answers were submitted and can no longer be changed. Submitting again gives the first answer once more."""

    slug = "interview-finished"
    title = "These answers were submitted"
    status = 409


CONSTRAINTS: ConstraintProblems = {}
