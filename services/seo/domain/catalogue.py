"""Every check by its code, and every rule of single pages."""

from collections.abc import Iterator

from services.seo.domain.checks import Check, Finding, Rule
from services.seo.domain.rules import (
    across,
    content,
    delivery,
    indexing,
    links,
    presentation,
    redirects,
    status,
    titles,
)
from services.seo.domain.visits import Visit

_MODULES = (status, redirects, indexing, titles, content, links, presentation, delivery)

CHECKS: dict[str, Check] = {
    check.code: check
    for checks in (*(module.CHECKS for module in _MODULES), across.CHECKS)
    for check in checks
}
"""By code, in the order in which a report shows them."""

PAGE_RULES: tuple[Rule, ...] = tuple(rule for module in _MODULES for rule in module.RULES)


def page_findings(visit: Visit) -> Iterator[Finding]:
    """Yield everything that is wrong with one page by itself."""
    for rule in PAGE_RULES:
        yield from rule(visit)
