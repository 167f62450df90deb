"""Vega-Lite specifications to SVG and PNG, without a browser."""

import json
from typing import Any


def drawn_svg(spec: dict[str, Any]) -> bytes:
    """The picture as SVG text; labels are escaped by the renderer."""
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="6.1")
    return svg.encode()


def png_of(svg: bytes) -> bytes:
    """The drawn SVG as PNG at twice the resolution of a screen; cheaper than drawing again."""
    import vl_convert

    png: bytes = vl_convert.svg_to_png(svg.decode(), scale=2)
    return png
