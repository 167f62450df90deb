"""Workbooks of surveys are read beside the API: what ends their reader is told, and is no failure of the API."""

import pytest

from kernel.problems import Invalid
from services.ingestion.service import forms
from services.ingestion.settings import IngestionSettings


@pytest.mark.parametrize("child", ["services.nothing", "tests.crashing_child"])
async def test_a_reader_that_ends_without_a_verdict_is_a_workbook_that_cannot_be_read(
    child: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No workbook is known that crashes the library, so another program stands in the reader's place.
    monkeypatch.setattr(forms, "_CHILD", child)
    with pytest.raises(Invalid) as refused:
        await forms.Forms(IngestionSettings()).read(b"no workbook")
    assert refused.value.detail.startswith("/document: ")
    assert "Save it once more as .xlsx" in refused.value.detail
