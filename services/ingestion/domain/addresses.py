"""Addresses of files as people paste them, and as they are fetched; what answers that are no file look like.

Google's addresses: a sheet that is open to anyone with the link is given out at `…/export?format=csv&gid=<tab>` or
`format=xlsx` (Google Sheets export parameters), one that is published to the web at `…/pub?output=…` (Google Docs Editors Help,
"Make Google Docs, Sheets, Slides & Forms public").
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from kernel.outbound import WebUrl, parse_web_url
from services.ingestion.domain.names import clean_file_name

_SHEETS_HOST = "docs.google.com"
_SIGN_IN_HOST = "accounts.google.com"
# /spreadsheets/d/<id>/… and, with several accounts, /spreadsheets/u/0/d/<id>/…
_SHEET = re.compile(r"/spreadsheets/(?:u/\d+/)?d/(?!e/)([A-Za-z0-9_-]+)(/[^?]*)?")
_PUBLISHED = re.compile(r"/spreadsheets/(?:u/\d+/)?d/e/([A-Za-z0-9_-]+)(/[^?]*)?")
_GID = re.compile(r"(?:^|[&?#])gid=(\d+)")
# Addresses under which Google gives out a file already.
_ALREADY_A_FILE = ("/export", "/gviz/tq")
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf|\s)*(?><!--.*?-->\s*)*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_DISPOSITION_WHOLE = re.compile(r"filename\*\s*=\s*(?:utf-8|iso-8859-1)'[^']*'([^;]+)", re.IGNORECASE)
_DISPOSITION = re.compile(r'filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]+))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileAddress:
    """Where a file is fetched, and whether it is one of Google's sheets."""

    url: WebUrl
    is_sheet: bool


def file_address(text: str) -> FileAddress:
    """Return the address to fetch for the one that a person gave; raises UnusableUrl.

    One tab of a Google sheet (`gid`) is fetched as CSV, a whole sheet as a workbook.
    """
    url = parse_web_url(text)
    if url.host != _SHEETS_HOST:
        return FileAddress(url, is_sheet=False)
    gid = _gid_of(text)
    if match := _PUBLISHED.fullmatch(url.path):
        wanted = f"output=csv&gid={gid}&single=true" if gid else "output=xlsx"
        return _sheet(f"/spreadsheets/d/e/{match[1]}/pub?{wanted}")
    if match := _SHEET.fullmatch(url.path):
        if (match[2] or "").startswith(_ALREADY_A_FILE):
            return FileAddress(url, is_sheet=True)
        wanted = f"format=csv&gid={gid}" if gid else "format=xlsx"
        return _sheet(f"/spreadsheets/d/{match[1]}/export?{wanted}")
    return FileAddress(url, is_sheet=False)


def _sheet(path: str) -> FileAddress:
    return FileAddress(parse_web_url(f"https://{_SHEETS_HOST}{path}"), is_sheet=True)


def _gid_of(text: str) -> str:
    """The tab's number, in the fragment (where the browser keeps it) or else in the query; empty without one."""
    before, _, fragment = text.partition("#")
    found = _GID.search(fragment) or _GID.search(before.partition("?")[2])
    return found[1] if found else ""


def looks_like_html(head: bytes) -> bool:
    """Return True where a content begins like a web page."""
    return _HTML.match(head) is not None


def is_sign_in(final_url: str) -> bool:
    """Return True where a fetch ended at Google's log-in page."""
    return parse_web_url(final_url).host == _SIGN_IN_HOST


def name_of(url: WebUrl, disposition: str) -> str:
    """Return the name of a fetched file: what the server calls it (RFC 6266), else the address's last part, else its host."""
    told = _told_name(disposition)
    if told:
        return clean_file_name(told)
    last = unquote(url.path.rstrip("/").rpartition("/")[2])
    return clean_file_name(last or url.host)


def _told_name(disposition: str) -> str:
    if whole := _DISPOSITION_WHOLE.search(disposition):
        return unquote(whole[1].strip().strip('"'))
    if plain := _DISPOSITION.search(disposition):
        return re.sub(r"\\(.)", r"\1", plain[1]) if plain[1] is not None else plain[2].strip()
    return ""
