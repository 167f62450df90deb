"""Questions over all pages of an audit at once, answered as sets by PostgreSQL: one pass each, whatever the site's size."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

BROKEN_OUTCOMES = (
    "http_error",
    "dns_error",
    "refused",
    "unreachable",
    "tls_error",
    "bad_response",
    "disconnected",
)
"""Outcomes that make a link broken. Denied, timed-out and over-size pages are classes of their own."""

_LINKS_TO_TROUBLE = text("""
    SELECT source.id AS page_id, source.url, target.url AS target, target.status_code AS status, target.outcome,
           target.final_url AS redirects_to, link.value ->> 'text' AS text
    FROM intelligence_auditpage AS source
    CROSS JOIN LATERAL jsonb_array_elements(source.facts #> '{html,links}') AS link(value)
    JOIN intelligence_auditpage AS target
      ON target.site_audit_id = source.site_audit_id AND target.url = link.value ->> 'url'
    WHERE source.site_audit_id = :audit_id AND target.outcome = ANY(:outcomes)
    ORDER BY source.id, target.id
""")

_DUPLICATES = """
    WITH same AS (
        SELECT {value} AS value, count(*) AS n, (array_agg(url ORDER BY id))[1:11] AS urls
        FROM intelligence_auditpage
        WHERE site_audit_id = :audit_id AND is_indexable AND {value} <> ''
        GROUP BY 1 HAVING count(*) > 1
    )
    SELECT page.id AS page_id, page.url, same.value, same.n AS n_pages, same.urls
    FROM intelligence_auditpage AS page JOIN same ON {page_value} = same.value
    WHERE page.site_audit_id = :audit_id AND page.is_indexable
    ORDER BY page.id
"""


def _duplicates_of(value: str) -> Any:
    return text(_DUPLICATES.format(value=value, page_value=f"page.{value}"))


_SAME = {
    "title": _duplicates_of("title"),
    "description": _duplicates_of("facts #>> '{html,descriptions,0}'"),
    "text": _duplicates_of("facts #>> '{html,text_hash}'"),
}

_BROKEN_CANONICALS = text("""
    SELECT page.id AS page_id, page.url, target.url AS canonical, target.status_code AS status, target.outcome
    FROM intelligence_auditpage AS page
    JOIN intelligence_auditpage AS target
      ON target.site_audit_id = page.site_audit_id AND target.url = page.facts #>> '{canonicals,0}'
    WHERE page.site_audit_id = :audit_id AND page.status_code = 200 AND target.outcome = ANY(:outcomes)
    ORDER BY page.id
""")

_REDIRECTS = text("""
    SELECT id AS page_id, url, final_url AS target FROM intelligence_auditpage
    WHERE site_audit_id = :audit_id AND outcome = 'redirect' AND final_url <> '' ORDER BY id
""")

_ORPHANS = text("""
    WITH pointed AS (
        SELECT link.value ->> 'url' AS url
        FROM intelligence_auditpage AS page,
             LATERAL jsonb_array_elements(page.facts #> '{html,links}') AS link(value)
        WHERE page.site_audit_id = :audit_id AND link.value ->> 'url' <> page.url
        UNION
        SELECT final_url FROM intelligence_auditpage WHERE site_audit_id = :audit_id AND outcome = 'redirect'
    )
    SELECT page.id AS page_id, page.url FROM intelligence_auditpage AS page
    WHERE page.site_audit_id = :audit_id AND page.is_indexable AND page.depth > 0
      AND NOT EXISTS (SELECT 1 FROM pointed WHERE pointed.url = page.url)
    ORDER BY page.id
""")

_NOINDEX = text("""
    SELECT count(*) AS n_pages,
           count(*) FILTER (
               WHERE facts #> '{html,robots}' ?| array['noindex', 'none'] OR facts #>> '{headers,x-robots-tag}' ~* 'noindex|none'
           ) AS n_noindex
    FROM intelligence_auditpage
    WHERE site_audit_id = :audit_id AND status_code = 200 AND facts ? 'html'
""")


async def links_to(session: AsyncSession, audit_id: int, *, outcomes: Sequence[str]) -> Sequence[Row[Any]]:
    """Return links to pages with these outcomes: page_id, url, target, status, outcome, redirects_to, text."""
    return (
        await session.execute(_LINKS_TO_TROUBLE, {"audit_id": audit_id, "outcomes": list(outcomes)})
    ).all()


async def duplicates(session: AsyncSession, audit_id: int, *, of: str) -> Sequence[Row[Any]]:
    """Return indexable pages that share their title, description or text: page_id, url, value, n_pages, urls."""
    return (await session.execute(_SAME[of], {"audit_id": audit_id})).all()


async def broken_canonicals(session: AsyncSession, audit_id: int) -> Sequence[Row[Any]]:
    """Return pages whose canonical address answers with an error or a redirect."""
    parameters = {"audit_id": audit_id, "outcomes": [*BROKEN_OUTCOMES, "redirect"]}
    return (await session.execute(_BROKEN_CANONICALS, parameters)).all()


async def redirects(session: AsyncSession, audit_id: int) -> Sequence[Row[Any]]:
    """Return every redirecting address: page_id, url, target."""
    return (await session.execute(_REDIRECTS, {"audit_id": audit_id})).all()


async def orphans(session: AsyncSession, audit_id: int) -> Sequence[Row[Any]]:
    """Return indexable pages to which no other page links or redirects: page_id, url."""
    return (await session.execute(_ORPHANS, {"audit_id": audit_id})).all()


async def noindex_counts(session: AsyncSession, audit_id: int) -> tuple[int, int]:
    """Return the number of delivered HTML pages, and of those of them that carry noindex."""
    row = (await session.execute(_NOINDEX, {"audit_id": audit_id})).one()
    return row.n_pages, row.n_noindex
