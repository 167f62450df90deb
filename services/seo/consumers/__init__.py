"""What seo's worker does when an audit is asked for."""

from dataclasses import replace

from contracts.seo import AuditRequested
from kernel.outbound.client import Outbound
from kernel.subscriptions import Consumers, Delivery
from services.seo.consumers.crawler import Crawler
from services.seo.domain.visits import HTML_TYPES
from services.seo.errors import AuditInterrupted
from services.seo.service import crawl, verdict
from services.seo.settings import SeoSettings

MAX_DELIVER = 20
"""A crawl may take hours, and each restart of its worker costs one delivery."""
ACK_WAIT_S = 30
"""How soon another worker takes over from a killed one."""
MAX_RUN_S = 24 * 3600

consumers = Consumers("seo")


@consumers.on(
    AuditRequested, name="crawl-site", ack_wait_s=ACK_WAIT_S, max_deliver=MAX_DELIVER, max_run_s=MAX_RUN_S
)
async def crawl_site(event: AuditRequested, delivery: Delivery) -> None:
    """Crawl the site and end the audit; a second delivery goes on where the first one was killed."""
    if delivery.attempt >= MAX_DELIVER:
        async with delivery.effect() as session:
            problem = AuditInterrupted(f"It was interrupted {delivery.attempt - 1} times.")
            await verdict.fail(session, event.site_audit_id, problem)
        return
    async with delivery.transaction() as session:
        plan = await crawl.begin(session, event.site_audit_id)
    if plan is None:
        return
    settings = delivery.resources.settings
    if not isinstance(settings, SeoSettings):
        raise TypeError("the worker of seo needs seo's settings")
    policy = replace(settings.outbound_policy, body_types=HTML_TYPES)
    async with Outbound(policy) as client:
        coverage = await Crawler(plan, delivery, client, settings).run()
    if coverage is not None:
        async with delivery.transaction() as session:
            await crawl.begin_evaluation(session, plan.audit_id)
        async with delivery.effect() as session:
            await verdict.finish(session, plan.audit_id, coverage=coverage)
