"""Signatures as pictures, for whoever reads the answers: strokes as they were drawn, or the name that was typed."""

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from services.ingestion.domain.survey.notations import PAD_HEIGHT, PAD_WIDTH, strokes

_BOX = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {PAD_WIDTH} {PAD_HEIGHT}">'


def signature_svg(answer: Any) -> str | None:
    """The picture (SVG 2) of a stored signature, None for what is none; names are escaped, and paths are of strokes only."""
    signed = answer if isinstance(answer, Mapping) else {}
    if isinstance(name := signed.get("typed"), str):
        place = f'x="{PAD_WIDTH // 2}" y="{PAD_HEIGHT // 2}" text-anchor="middle"'
        return f'{_BOX}<text {place} font-family="cursive" font-size="36">{escape(name)}</text></svg>'
    path = strokes(str(signed.get("drawn", "")))
    if path is None:
        return None
    looks = 'fill="none" stroke="black" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"'
    return f'{_BOX}<path {looks} d="{path}"/></svg>'
