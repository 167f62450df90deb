"""Vega-Lite specifications to SVG and PNG, without a browser."""

import json
from typing import Any


def drawn_svg(spec: dict[str, Any]) -> bytes:
    """The picture as SVG text; labels are escaped by the renderer."""
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="6.1")
    return svg.encode()


def drawn_png(spec: dict[str, Any]) -> bytes:
    """The picture as PNG at twice the resolution of a screen."""
    import vl_convert

    png: bytes = vl_convert.vegalite_to_png(json.dumps(spec), vl_version="6.1", scale=2)
    return png
