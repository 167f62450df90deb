"""Anchors: which range of a block's text a comment is about, in Unicode code points.

As in the W3C Web Annotation Data Model (2017), 4.2.4-4.2.5: a position (start, end) together with the quote (exact,
prefix, suffix), so that the range is found again after the text was edited.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Anchor:
    """A range of a block: `exact` is the quoted text, `prefix` and `suffix` what stood around it."""

    block_id: str
    start: int
    end: int
    exact: str
    prefix: str = ""
    suffix: str = ""


def anchor_fault(anchor: Anchor, text: str) -> tuple[str, str] | None:
    """(pointer below the anchor, sentence) where the anchor does not fit the text; None where it does."""
    if not 0 <= anchor.start < anchor.end <= len(text):
        return (
            "/start",
            f"the block's text has {len(text)} code points; start and end must lie inside, start first",
        )
    found = text[anchor.start : anchor.end]
    if found != anchor.exact:
        return (
            "/exact",
            f"at {anchor.start}:{anchor.end} the block reads '{found[:80]}', not '{anchor.exact[:80]}'",
        )
    if not text[: anchor.start].endswith(anchor.prefix):
        return "/prefix", "the text before the range does not end with this prefix"
    if not text[anchor.end :].startswith(anchor.suffix):
        return "/suffix", "the text after the range does not start with this suffix"
    return None


def relocated(anchor: Anchor, text: str | None) -> tuple[int, int] | None:
    """Where the quoted text stands now: at its place, else where most of its surroundings match; None if it is gone."""
    if text is None:
        return None
    if text[anchor.start : anchor.end] == anchor.exact:
        return anchor.start, anchor.end
    places = _places(text, anchor.exact)
    if not places:
        return None
    best = max(places, key=lambda at: (_surroundings(anchor, text, at), -abs(at - anchor.start)))
    return best, best + len(anchor.exact)


def _places(text: str, exact: str) -> list[int]:
    places, at = [], text.find(exact)
    while at >= 0:
        places.append(at)
        at = text.find(exact, at + 1)
    return places


def _surroundings(anchor: Anchor, text: str, at: int) -> int:
    """How much of prefix and suffix stands around a place, in code points."""
    before, after = text[:at], text[at + len(anchor.exact) :]
    n_before = sum(1 for n in range(1, len(anchor.prefix) + 1) if before.endswith(anchor.prefix[-n:]))
    n_after = sum(1 for n in range(1, len(anchor.suffix) + 1) if after.startswith(anchor.suffix[:n]))
    return n_before + n_after
