"""Responses about documents: pages with blocks of text, and tables."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field


class TextFormat(StrEnum):
    """How the text of a document is given."""

    JSON = "json"
    TXT = "txt"


class BlockRead(BaseModel):
    """A stretch of text of one kind."""

    kind: Literal["heading", "paragraph", "list", "table", "footnote"]
    text: str = Field(description="A table's: one line per row, cells set apart by tabs.")
    start: int = Field(description="Where it begins in the whole text, in Unicode code points.")
    end: int
    level: int | None = Field(
        description="Of a heading: 1 is the highest; of a list: how deep the item lies."
    )
    repeated: Literal["header", "footer"] | None = Field(description="Set where it stands on most pages.")
    table: int | None = Field(default=None, description="Number of the table.")


class DocumentPageRead(BaseModel):
    """A page of a document; of a text without pages, a portion of 100 blocks."""

    number: int
    ocr: bool = Field(description="Whether it was read from a picture.")
    confidence: float | None = Field(description="Mean confidence of its words, 0–100, where it was.")
    blocks: list[BlockRead]


class DocumentTableRead(BaseModel):
    """A table in a document, its cells as texts."""

    number: int
    page: int
    n_rows: int
    n_columns: int
    start: int | None = Field(
        description="Where it stands in the whole text; null where it was found beside the text."
    )
    end: int | None
    rows: list[list[str]] = Field(description="In lists: the first 10.")
