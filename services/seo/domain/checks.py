"""What a check and a finding are. The checks themselves are data, beside the rules that find them (`rules/`)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from services.seo.domain.visits import Visit


class Severity(StrEnum):
    """How much a finding matters. Weights: `score.SEVERITY_WEIGHTS`."""

    ERROR = "error"
    """Visitors or search engines do not get what they came for."""
    WARNING = "warning"
    """It costs visibility or trust on the pages concerned."""
    NOTICE = "notice"
    """Worth knowing; often a choice."""


class Category(StrEnum):
    """Group of checks, and of the score."""

    STATUS = "status"
    REDIRECTS = "redirects"
    INDEXABILITY = "indexability"
    CANONICAL = "canonical"
    LINKS = "links"
    TITLE = "title"
    DESCRIPTION = "description"
    HEADINGS = "headings"
    CONTENT = "content"
    LANGUAGE = "language"
    IMAGES = "images"
    MOBILE = "mobile"
    SOCIAL = "social"
    SECURITY = "security"
    PERFORMANCE = "performance"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that an audit looks for. `version` rises whenever the rule finds something else than before."""

    code: str
    category: Category
    severity: Severity
    title: str
    meaning: str
    remedy: str
    version: int = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that a page fails, with what was seen: selector, header or value."""

    check: Check
    evidence: dict[str, Any] = field(default_factory=dict)


Rule = Callable[[Visit], Iterator[Finding]]
"""Judges one visited page; pure, so that the same facts always give the same findings."""
