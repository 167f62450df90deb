"""How the page is delivered: encryption, protective headers, speed, weight."""

import re
from collections.abc import Iterator

from services.seo.domain.checks import Category, Check, Finding, Severity
from services.seo.domain.visits import Visit

SLOW_FIRST_BYTE_MS = 800
HEAVY_BYTES = 2 * 1024 * 1024
COMPRESSIBLE_BYTES = 1400
"""One network packet; below this compression saves nothing."""

NOT_HTTPS = Check(
    "not-https",
    Category.SECURITY,
    Severity.WARNING,
    "Page is delivered without encryption",
    "Browsers mark it as not secure, and anyone on the way can change it.",
    "Serve the site over https and redirect http to it.",
)
HSTS_MISSING = Check(
    "hsts-missing",
    Category.SECURITY,
    Severity.NOTICE,
    "No Strict-Transport-Security header",
    "A visitor's first request may still go over http (RFC 6797).",
    "Send Strict-Transport-Security: max-age=31536000.",
)
NOSNIFF_MISSING = Check(
    "nosniff-missing",
    Category.SECURITY,
    Severity.NOTICE,
    "No X-Content-Type-Options header",
    "Browsers may take a file for another type than it was sent as.",
    "Send X-Content-Type-Options: nosniff.",
)
CSP_MISSING = Check(
    "csp-missing",
    Category.SECURITY,
    Severity.NOTICE,
    "No Content-Security-Policy header",
    "Nothing limits what an injected script may do.",
    "Send a Content-Security-Policy; begin in report-only mode.",
)
MIXED_CONTENT = Check(
    "mixed-content",
    Category.SECURITY,
    Severity.ERROR,
    "https page loads parts over http",
    "Browsers block such scripts and styles and warn about images.",
    "Load all parts over https.",
)
INSECURE_FORM = Check(
    "insecure-form",
    Category.SECURITY,
    Severity.ERROR,
    "Form sends its entries without encryption",
    "What visitors type can be read on the way.",
    "Let the form's action be an https address.",
)
SERVER_VERSION = Check(
    "server-version-shown",
    Category.SECURITY,
    Severity.NOTICE,
    "Server tells its version",
    "It tells attackers which known holes to try.",
    "Switch off version numbers in the Server and X-Powered-By headers.",
)
SLOW = Check(
    "first-byte-slow",
    Category.PERFORMANCE,
    Severity.WARNING,
    "Server answers slowly",
    f"The first byte took longer than {SLOW_FIRST_BYTE_MS} ms (web.dev's limit for a good time to first byte).",
    "Cache pages, look for slow queries, bring the server nearer to its visitors.",
)
HEAVY = Check(
    "page-heavy",
    Category.PERFORMANCE,
    Severity.WARNING,
    "Document is very large",
    f"The HTML alone is more than {HEAVY_BYTES // (1024 * 1024)} MB.",
    "Move embedded data and images out of the document.",
)
UNCOMPRESSED = Check(
    "uncompressed",
    Category.PERFORMANCE,
    Severity.NOTICE,
    "Text is sent uncompressed",
    "Compression makes HTML about four times smaller.",
    "Switch on gzip or Brotli on the server.",
)
CHECKS = (
    NOT_HTTPS,
    HSTS_MISSING,
    NOSNIFF_MISSING,
    CSP_MISSING,
    MIXED_CONTENT,
    INSECURE_FORM,
    SERVER_VERSION,
    SLOW,
    HEAVY,
    UNCOMPRESSED,
)

_VERSION = re.compile(r"/\s*\d+\.\d+")


def encryption_rule(visit: Visit) -> Iterator[Finding]:
    """Yield what travels without encryption."""
    if not (visit.html and visit.is_page):
        return
    if visit.url.scheme != "https":
        yield Finding(NOT_HTTPS)
        return
    if visit.html.insecure_resources:
        yield Finding(MIXED_CONTENT, {"resources": list(visit.html.insecure_resources)})
    if visit.html.insecure_forms:
        yield Finding(INSECURE_FORM, {"actions": list(visit.html.insecure_forms)})


def header_rule(visit: Visit) -> Iterator[Finding]:
    """Yield protective headers that are missing, and headers that say too much."""
    if not visit.is_page:
        return
    headers = visit.headers
    if visit.url.scheme == "https" and not headers.get("strict-transport-security"):
        yield Finding(HSTS_MISSING)
    if headers.get("x-content-type-options", "").strip().lower() != "nosniff":
        yield Finding(NOSNIFF_MISSING)
    if not headers.get("content-security-policy"):
        yield Finding(CSP_MISSING)
    told = {
        name: headers[name] for name in ("server", "x-powered-by") if _VERSION.search(headers.get(name, ""))
    }
    if told:
        yield Finding(SERVER_VERSION, told)


def speed_rule(visit: Visit) -> Iterator[Finding]:
    """Yield what makes the page slow to arrive."""
    if not visit.is_page:
        return
    if (visit.first_byte_ms or 0) > SLOW_FIRST_BYTE_MS:
        yield Finding(SLOW, {"first_byte_ms": visit.first_byte_ms})
    size_bytes = visit.size_bytes or 0
    if size_bytes > HEAVY_BYTES:
        yield Finding(HEAVY, {"size_bytes": size_bytes})
    if size_bytes > COMPRESSIBLE_BYTES and not visit.headers.get("content-encoding"):
        yield Finding(UNCOMPRESSED, {"size_bytes": size_bytes})


RULES = (encryption_rule, header_rule, speed_rule)
