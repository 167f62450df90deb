"""Images of a survey: they lie where the researcher keeps them, and a page may load no others."""

import re
from collections.abc import Iterable
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints

LONGEST_ADDRESS = 2_000


def is_image_address(value: object) -> bool:
    """Whether an address can be that of an image."""
    try:
        return isinstance(value, str) and len(value) <= LONGEST_ADDRESS and bool(_image_address(value))
    except ValueError:
        return False


def _image_address(value: str) -> str:
    """An https address that can stand in a stylesheet and in a Content-Security-Policy."""
    parts = urlsplit(value)
    if (
        parts.scheme != "https"
        or not parts.hostname
        or not re.fullmatch(r"[!#$%&+,\-./0-9:=?@A-Z_a-z~]+", value)
    ):
        raise ValueError("an image is an https address")
    return value


ImageAddress = Annotated[str, StringConstraints(max_length=LONGEST_ADDRESS), AfterValidator(_image_address)]


def origins(addresses: Iterable[str | None]) -> set[str]:
    """The origins of images, for the page's Content-Security-Policy."""
    return {f"https://{urlsplit(address).netloc}" for address in addresses if address}
