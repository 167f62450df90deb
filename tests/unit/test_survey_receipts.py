"""Receipts of erasures as the API shows them: what was sealed, no more and no less."""

from typing import Any

import pytest

from services.ingestion.schemas.erasures import Receipt

REMOVED: dict[str, Any] = {
    "answers": 3, "paradata": 1, "flags": 0, "session_token": 1, "device_hash": 0, "quota_seats": 0,
    "participants": 0, "files": 0, "dataset_versions": [], "exports": [], "objects": 0,
}  # fmt: skip


@pytest.mark.parametrize("removed", [REMOVED, REMOVED | {"fingerprint": 1}])
def test_a_receipt_has_no_more_than_was_sealed(removed: dict[str, Any]) -> None:
    """Older ones name no fingerprint; with one their hash would be another."""
    sealed = {
        "survey_uuid": "s",
        "response_uuid": "r",
        "requested_by": "user:1",
        "requested_at": "2026-11-28T00:00:00+00:00",
        "removed": removed,
        "kept": "A row.",
        "outside": "Files.",
        "completed_at": "2026-11-28T00:00:01+00:00",
        "sha256": "0" * 64,
    }
    assert Receipt.model_validate(sealed).model_dump() == sealed
