"""What is exported: a dataset's rows and codebook, which variables, and whether answers appear as codes or as labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from contracts.datasets.values import ExportFormat
from services.ingestion.domain.quoting import identifier, literal

SEPARATOR = ";"
MISSING_SUFFIX = "__missing"
NUMBERS = frozenset({"integer", "decimal", "currency", "percentage", "duration"})
CATEGORIES = frozenset({"category", "ordered"})

MISSING_WORDS = {
    "not_asked": "Not asked",
    "skipped": "No answer",
    "refused": "Refused",
    "dont_know": "Don't know",
    "not_reached": "Not reached",
    "erased": "Erased",
}


class Answers(StrEnum):
    """How answers appear in CSV and Excel; SPSS and Parquet hold both."""

    LABELS = "labels"
    CODES = "codes"


class Layout(StrEnum):
    """What a line of the file is: a row of the dataset, or one value of a row."""

    WIDE = "wide"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants written of a dataset; without `variables`, all of them."""

    format: ExportFormat
    variables: tuple[str, ...] | None = None
    answers: Answers = Answers.LABELS
    layout: Layout = Layout.WIDE

    def as_json(self) -> dict[str, Any]:
        """Return what is stored of it, beside the format."""
        told = {
            "variables": None if self.variables is None else list(self.variables),
            "answers": self.answers.value,
        }
        return told if self.layout is Layout.WIDE else {**told, "layout": self.layout.value}

    @classmethod
    def of_json(cls, kind: str, stored: Mapping[str, Any]) -> Self:
        """Return the wish of which this was stored."""
        named = stored["variables"]
        return cls(
            ExportFormat(kind),
            None if named is None else tuple(named),
            Answers(stored["answers"]),
            Layout(stored.get("layout", Layout.WIDE)),
        )


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of a dataset as a Parquet file on this machine, its codebook, and the columns that the file has."""

    parquet: Path
    codebook: Mapping[str, Any]
    columns: frozenset[str]
    variables: tuple[str, ...] | None = None
    answers: Answers = Answers.LABELS

    @property
    def entries(self) -> list[Mapping[str, Any]]:
        """The codebook's entries of the chosen variables, in its order."""
        listed: Sequence[Mapping[str, Any]] = self.codebook["variables"]
        return [e for e in listed if self.variables is None or e["alias"] in self.variables]

    @property
    def table_sql(self) -> str:
        """The rows as SQL."""
        return f"read_parquet({literal(str(self.parquet))})"

    def missing_column(self, entry: Mapping[str, Any]) -> str | None:
        """The column that says why values of a variable are missing, None where nothing is known."""
        name = f"{entry['alias']}{MISSING_SUFFIX}"
        return name if name in self.columns else None


@dataclass(frozen=True, slots=True)
class Exported:
    """The file that was written, and what a person should know about it."""

    path: Path
    content_type: str
    n_rows: int
    notes: list[str] = field(default_factory=list)


def labels_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return code → label of a variable with codes."""
    return {code["code"]: code["label"] for code in entry.get("codes", ())}


def unused_name(wanted: str, taken: set[str]) -> str:
    """Return the name, or with _2, _3 … behind it where it is taken in any case; enters it into `taken`."""
    name, number = wanted, 1
    while name.casefold() in taken:
        number += 1
        name = f"{wanted}_{number}"
    taken.add(name.casefold())
    return name


def text_sql(entry: Mapping[str, Any], answers: Answers) -> str:
    """Return the SQL expression of a variable's value as the text of a cell."""
    name, kind = identifier(entry["alias"]), entry["kind"]
    if kind == "multiple":
        piece = label_sql(entry, "piece") if answers is Answers.LABELS else "piece"
        return f"array_to_string(list_transform({name}, lambda piece: {piece}), {literal(SEPARATOR)})"
    if kind in CATEGORIES and answers is Answers.LABELS:
        return label_sql(entry, name)
    if kind == "datetime":
        at = f"({name} AT TIME ZONE 'UTC')"
        whole, broken = (f"strftime({at}, '%Y-%m-%dT%H:%M:%S{end}Z')" for end in ("", ".%f"))
        return f"CASE WHEN microsecond({at}) % 1000000 = 0 THEN {whole} ELSE {broken} END"
    return f"CAST({name} AS VARCHAR)"


def label_sql(entry: Mapping[str, Any], code: str) -> str:
    """Return the SQL expression of a code's label; the code where it has none."""
    labels = {code: label for code, label in labels_of(entry).items() if code != label}
    if not labels:
        return code
    pairs = ", ".join(f"{literal(one)}: {literal(label)}" for one, label in labels.items())
    return f"coalesce(map_extract_value(MAP {{{pairs}}}, {code}), {code})"
