"""Images, phones, and how the page looks when it is shared."""

import re
from collections.abc import Iterator

from services.seo.domain.checks import Category, Check, Finding, Severity
from services.seo.domain.visits import Visit

ALT_MISSING = Check(
    "image-alt-missing",
    Category.IMAGES,
    Severity.WARNING,
    "Image without alternative text",
    "Screen readers and image search have nothing to go by. (An empty alt marks decoration and is fine.)",
    'Describe the image in its alt attribute, or set alt="" where it only decorates.',
)
SIZE_MISSING = Check(
    "image-size-missing",
    Category.IMAGES,
    Severity.NOTICE,
    "Image without width and height",
    "The page jumps while it loads, since the browser cannot keep the place free.",
    "Give images their width and height.",
)
VIEWPORT_MISSING = Check(
    "viewport-missing",
    Category.MOBILE,
    Severity.WARNING,
    "No viewport for phones",
    "Phones show the page tiny, as if on a desktop screen; search engines judge the phone's version.",
    'Add <meta name="viewport" content="width=device-width, initial-scale=1">.',
)
ZOOM_DISABLED = Check(
    "zoom-disabled",
    Category.MOBILE,
    Severity.WARNING,
    "Visitors cannot zoom",
    "People with weak sight cannot enlarge the page (WCAG 2.2, 1.4.4).",
    "Remove user-scalable=no and a maximum-scale below 2 from the viewport.",
)
SOCIAL_MISSING = Check(
    "open-graph-missing",
    Category.SOCIAL,
    Severity.NOTICE,
    "No preview for shared links (Open Graph)",
    "Without og:title and og:image, networks and messengers choose what they show.",
    "Add og:title, og:description, og:image and og:url.",
)
CHECKS = (ALT_MISSING, SIZE_MISSING, VIEWPORT_MISSING, ZOOM_DISABLED, SOCIAL_MISSING)

_NO_ZOOM = re.compile(
    r"user-scalable\s*=\s*(no|0)\b|maximum-scale\s*=\s*(0|1)(\.\d*)?\s*(,|;|$)", re.IGNORECASE
)
_WANTED_SOCIAL = ("og:title", "og:image")


def image_rule(visit: Visit) -> Iterator[Finding]:
    """Yield images that cannot be understood or have no size."""
    if not (visit.html and visit.is_page):
        return
    html = visit.html
    if html.n_images_without_alt:
        evidence = {"n_images": html.n_images_without_alt, "images": list(html.images_without_alt)}
        yield Finding(ALT_MISSING, evidence)
    if html.n_images_without_size:
        yield Finding(SIZE_MISSING, {"n_images": html.n_images_without_size})


def phone_rule(visit: Visit) -> Iterator[Finding]:
    """Yield what makes the page hard to use on a phone."""
    if not (visit.html and visit.is_page):
        return
    viewport = ", ".join(visit.html.viewports)
    if not viewport:
        yield Finding(VIEWPORT_MISSING)
    elif _NO_ZOOM.search(viewport):
        yield Finding(ZOOM_DISABLED, {"viewport": viewport})


def social_rule(visit: Visit) -> Iterator[Finding]:
    """Yield missing preview properties."""
    if visit.html and visit.is_page:
        missing = [name for name in _WANTED_SOCIAL if not visit.html.social.get(name)]
        if missing:
            yield Finding(SOCIAL_MISSING, {"missing": missing})


RULES = (image_rule, phone_rule, social_rule)
