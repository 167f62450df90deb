"""What seo can refuse, and why an audit can fail."""

from kernel.problems import Conflict, ConstraintProblems, Problem


class AuditFinished(Conflict):
    """The audit has come to its end already, so there is nothing to cancel. Start a new one."""

    slug = "audit-finished"
    title = "This audit is finished"


class TargetUnreachable(Problem):
    """The audited site's first page gave no HTTP answer.

    `outcome` names the step that failed: `dns_error`, `refused`, `tls_error`, `timeout` and so on. Check the address in
    a browser, repair what fails there, and start a new audit.
    """

    slug = "target-unreachable"
    title = "The site could not be reached"
    status = 502


class TargetNotAllowed(Problem):
    """The audited site's address leads to a private or special network, which this deployment does not fetch.

    An operator can allow private networks with `SEO_ALLOW_PRIVATE_NETWORKS`.
    """

    slug = "target-not-allowed"
    title = "The site's address may not be fetched"
    status = 403


class TargetDisallowed(Problem):
    """The site's robots.txt asks crawlers not to fetch the first page, so nobody did.

    Allow the crawler there (its name is in the detail), then start a new audit.
    """

    slug = "target-disallowed"
    title = "The site's robots.txt does not admit the audit"
    status = 403


class TargetRedirectsAway(Problem):
    """The first page only redirects, in a circle or too often, and no page ever comes. Repair the redirects."""

    slug = "target-redirects"
    title = "The site's first page never comes"
    status = 508


class AuditInterrupted(Problem):
    """The audit was interrupted so often that it was given up. Start a new one; operators find the cause in the log."""

    slug = "audit-interrupted"
    title = "The audit was given up"
    status = 500


CONSTRAINTS: ConstraintProblems = {}
"""No constraint of these tables can be violated by what a caller sends."""
