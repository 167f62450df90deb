"""Addresses as people paste them, names of what they give, and what is no file."""

import pytest

from kernel.outbound import Fetched, Outcome, UnusableUrl
from services.ingestion.domain.addresses import file_address, looks_like_html, name_of
from services.ingestion.domain.fetching import may_pass, require_file
from services.ingestion.domain.refusals import FileRefused

ID = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms"
SHEET = f"https://docs.google.com/spreadsheets/d/{ID}"
PUBLISHED = "https://docs.google.com/spreadsheets/d/e/2PACX-1vQ_a-b"


@pytest.mark.parametrize(
    ("pasted", "fetched"),
    [
        (f"{SHEET}/edit#gid=123", f"{SHEET}/export?format=csv&gid=123"),
        (f"{SHEET}/edit?gid=5#gid=123", f"{SHEET}/export?format=csv&gid=123"),
        (f"{SHEET}/edit?gid=5", f"{SHEET}/export?format=csv&gid=5"),
        (f"{SHEET}/edit?usp=sharing&gid=0", f"{SHEET}/export?format=csv&gid=0"),
        (f"{SHEET}/edit?usp=sharing", f"{SHEET}/export?format=xlsx"),
        (f"{SHEET}/edit", f"{SHEET}/export?format=xlsx"),
        (f"{SHEET}/", f"{SHEET}/export?format=xlsx"),
        (SHEET, f"{SHEET}/export?format=xlsx"),
        (f"{SHEET}/view#gid=7&range=A1:B2", f"{SHEET}/export?format=csv&gid=7"),
        (f"{SHEET}/htmlview", f"{SHEET}/export?format=xlsx"),
        (SHEET.replace("/d/", "/u/1/d/") + "/edit#gid=9", f"{SHEET}/export?format=csv&gid=9"),
        (SHEET.replace("https", "http") + "/edit#gid=9", f"{SHEET}/export?format=csv&gid=9"),
        (f"{PUBLISHED}/pubhtml", f"{PUBLISHED}/pub?output=xlsx"),
        (f"{PUBLISHED}/pubhtml?gid=44&single=true", f"{PUBLISHED}/pub?output=csv&gid=44&single=true"),
        (f"{PUBLISHED}/pub?output=csv&gid=44", f"{PUBLISHED}/pub?output=csv&gid=44&single=true"),
    ],
)
def test_a_sheet_is_fetched_as_a_file(pasted: str, fetched: str) -> None:
    address = file_address(pasted)
    assert (address.url.href, address.is_sheet) == (fetched, True)


@pytest.mark.parametrize(
    "pasted",
    [
        f"{SHEET}/export?format=ods",
        f"{SHEET}/export?format=csv&gid=3",
        f"{SHEET}/gviz/tq?tqx=out:csv&sheet=Wave%201",
    ],
)
def test_an_address_that_gives_a_file_already_stays(pasted: str) -> None:
    address = file_address(pasted)
    assert (address.url.href, address.is_sheet) == (pasted, True)


@pytest.mark.parametrize(
    "pasted",
    [
        "https://example.org/data/survey.csv?x=1",
        "https://docs.google.com/document/d/abc/edit",
        "https://docs.google.com.example.org/spreadsheets/d/abc/edit#gid=1",
        "http://example.org:8080/spreadsheets/d/abc/edit#gid=1",
    ],
)
def test_every_other_address_is_fetched_as_it_is(pasted: str) -> None:
    address = file_address(pasted)
    assert (address.url.href, address.is_sheet) == (pasted.partition("#")[0], False)


@pytest.mark.parametrize(
    "pasted", ["survey.csv", "ftp://example.org/a", "file:///etc/passwd", "http://u:p@example.org/", ""]
)
def test_what_is_no_web_address_is_refused(pasted: str) -> None:
    with pytest.raises(UnusableUrl):
        file_address(pasted)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("", "wave 1.csv"),
        ('attachment; filename="panel.csv"', "panel.csv"),
        ("attachment; filename=panel.csv", "panel.csv"),
        ("attachment; filename=\"x.csv\"; filename*=UTF-8''W%C3%A4hler.csv", "Wähler.csv"),
        ("attachment; filename*=utf-8'de'W%C3%A4hler%2Fx.csv", "x.csv"),
        ('attachment; filename="..\\\\..\\\\evil.csv"', "evil.csv"),
        ("inline", "wave 1.csv"),
    ],
)
def test_a_fetched_file_is_called_as_the_server_or_the_address_says(disposition: str, name: str) -> None:
    assert name_of(file_address("https://example.org/data/wave%201.csv?k=v").url, disposition) == name
    assert name_of(file_address("https://example.org/").url, "") == "example.org"


@pytest.mark.parametrize(
    ("head", "is_page"),
    [
        (b"<!DOCTYPE html><html>", True),
        (b"\xef\xbb\xbf\n  <!doctype HTML>", True),
        (b"<!-- saved --><html lang=en>", True),
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">', True),
        (b"<head><title>x", True),
        (b"name,html\n<html>,1\n", False),
        (b"<survey><row/></survey>", False),
        (b"", False),
        (b"<!--a-->" * 1000 + b"x", False),
    ],
)
def test_a_web_page_is_told_by_its_beginning(head: bytes, *, is_page: bool) -> None:
    assert looks_like_html(head) is is_page


def fetched(**more: object) -> Fetched:
    values: dict[str, object] = {
        "url": "https://example.org/a.csv",
        "outcome": Outcome.OK,
        "final_url": "https://example.org/a.csv",
        "status": 200,
        **more,
    }
    return Fetched(**values)  # type: ignore[arg-type] # the test names the fields that matter


LOG_IN = "https://accounts.google.com/v3/signin/identifier?continue=x"


@pytest.mark.parametrize(
    ("answer", "head", "is_sheet", "slug"),
    [
        (fetched(final_url=LOG_IN), b"<!doctype html>", True, "address-not-public"),
        (fetched(), b"<!doctype html><title>Sign in", True, "address-not-public"),
        (fetched(status=404), b"<!doctype html>", True, "address-not-public"),
        (fetched(status=401), b"", False, "address-not-public"),
        (fetched(status=404), b"no", False, "fetch-failed"),
        (fetched(status=204), b"", False, "fetch-failed"),
        (fetched(), b"<!doctype html>", False, "address-of-a-web-page"),
        (fetched(outcome=Outcome.TOO_LARGE), b"a,b", False, "too-large"),
        (fetched(outcome=Outcome.BLOCKED_ADDRESS, detail="private"), b"", False, "address-refused"),
        (fetched(outcome=Outcome.TIMEOUT, detail="late"), b"a", False, "fetch-failed"),
        (fetched(outcome=Outcome.REDIRECT_LOOP, detail="round"), b"", False, "fetch-failed"),
    ],
)
def test_what_is_no_file_is_refused_with_a_reason_and_a_way_out(
    answer: Fetched, head: bytes, *, is_sheet: bool, slug: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        require_file(answer, head, is_sheet=is_sheet, limit_bytes=10)
    assert refused.value.slug == slug
    assert refused.value.detail
    assert refused.value.hint
    if is_sheet:
        assert "anyone with the link" in refused.value.hint


def test_a_file_is_a_file_and_a_passing_fault_is_one() -> None:
    require_file(fetched(), b"a,b\n1,2\n", is_sheet=True, limit_bytes=10)
    assert may_pass(fetched(status=503))
    assert may_pass(fetched(status=429))
    assert may_pass(fetched(outcome=Outcome.DISCONNECTED))
    assert not may_pass(fetched(status=404))
    assert not may_pass(fetched(outcome=Outcome.BLOCKED_ADDRESS))
