"""What the API says about erasures of interviews."""

from typing import Any, Literal

from pydantic import BaseModel, Field


class RemovedVersion(BaseModel):
    """A version of a dataset whose rows were removed."""

    dataset_id: int
    version: int
    content_hash: str


class Removed(BaseModel):
    """What was removed, in numbers where it was personal."""

    answers: int
    paradata: int
    flags: int
    session_token: int
    device_hash: int
    fingerprint: int | None = Field(
        None,
        exclude_if=lambda n: n is None,
        description="Absent in receipts from before there was one: they stay as they were sealed.",
    )
    quota_seats: int
    participants: int = Field(description="Whoever had the personal link to it, with address and letters.")
    files: int = Field(description="Files that the respondent sent.")
    dataset_versions: list[RemovedVersion] = Field(description="Versions that may have held the interview.")
    exports: list[int] = Field(description="Files that were written of them.")
    objects: int = Field(description="Objects removed from the store.")


class Receipt(BaseModel):
    """What was removed where, by whom and when; it never changes once it has a hash."""

    survey_uuid: str
    response_uuid: str
    requested_by: str
    requested_at: str
    removed: Removed
    kept: str
    outside: str = Field(description="What this system cannot reach, or leaves.")
    completed_at: str | None = None
    sha256: str | None = Field(
        None,
        description="Over the receipt without it, as JSON with sorted keys; it stands in the activity log.",
    )


class ErasureRead(BaseModel):
    """The erasure of one interview; `pending` until no file is left that may hold it."""

    id: int
    response_id: int
    status: Literal["pending", "complete"]
    waiting_for: list[int] = Field(description="Datasets that may still hold it.")
    receipt: Receipt

    @classmethod
    def of(cls, erasure: Any) -> "ErasureRead":
        """The erasure of a row."""
        return cls(
            id=erasure.id,
            response_id=erasure.survey_response_id,
            status="pending" if erasure.completed_at is None else "complete",
            waiting_for=sorted(int(dataset_id) for dataset_id in erasure.waiting),
            receipt=Receipt.model_validate(erasure.receipt),
        )
