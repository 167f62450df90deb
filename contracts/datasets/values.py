"""Words that stand in datasets and their files; apart from events, so that a process that reads a file loads no framework."""

from enum import StrEnum


class MissingKind(StrEnum):
    """Why a value is missing, where that is known (the column `<alias>__missing` of a dataset)."""

    NOT_ASKED = "not_asked"
    SKIPPED = "skipped"
    REFUSED = "refused"
    DONT_KNOW = "dont_know"
    NOT_REACHED = "not_reached"
    ERASED = "erased"


class ExportFormat(StrEnum):
    """The files that a dataset can be written as."""

    CSV = "csv"
    XLSX = "xlsx"
    SAV = "sav"
    PARQUET = "parquet"
    TRIPLES = "triples"

    @property
    def extension(self) -> str:
        """How the name of such a file ends: Triple-S is two files, in an archive."""
        return "zip" if self is ExportFormat.TRIPLES else self.value
