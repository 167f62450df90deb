"""How a survey looks: colours, font, corners, images and button texts, checked so that everyone can read it.

Contrast follows WCAG 2.2: relative luminance and contrast ratio as its glossary defines them, success criteria 1.4.3 (text, 4.5:1)
and 1.4.11 (controls and focus, 3:1). A theme below that is refused with the ratio found.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from services.ingestion.domain.survey.images import ImageAddress
from services.ingestion.domain.survey.issues import DefinitionRefused, Issue, issues_of
from services.ingestion.domain.survey.parts import Part, Text

TEXT_RATIO = 4.5
CONTROL_RATIO = 3.0
DARK_BELOW = 0.18
"""The luminance at which black and white stand out alike: (L + 0.05)² = 1.05 × 0.05."""

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{3}([0-9A-Fa-f]{3})?$", to_lower=True)]

FONTS = {
    "system": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', sans-serif",
    "serif": "'Iowan Old Style', 'Palatino Linotype', Palatino, 'Noto Serif', Georgia, serif",
    "humanist": "Seravek, 'Gill Sans Nova', Ubuntu, Calibri, 'DejaVu Sans', source-sans-pro, sans-serif",
    "rounded": "ui-rounded, 'Hiragino Maru Gothic ProN', Quicksand, Comfortaa, Manjari, 'Arial Rounded MT Bold', sans-serif",
    "monospace": "ui-monospace, 'Cascadia Code', 'Source Code Pro', Menlo, Consolas, monospace",
}


class Colours(Part):
    """The page's colours; what is left out is calm ink on paper with a deep blue."""

    background: Colour = "#f4f5f7"
    surface: Colour = "#ffffff"
    text: Colour = "#1b2330"
    muted: Colour = "#566073"
    primary: Colour = "#2b50c8"
    on_primary: Colour = "#ffffff"
    error: Colour = "#b3261e"


class Buttons(Part):
    """The survey's own words on its buttons."""

    next: Text | None = None
    back: Text | None = None
    submit: Text | None = None


class Theme(Part):
    """A survey's looks; an empty `theme_config` is the house's own."""

    colors: Colours = Colours()
    font: Literal["system", "serif", "humanist", "rounded", "monospace"] = "system"
    radius: Annotated[int, Field(ge=0, le=32)] = 14
    logo: ImageAddress | None = None
    background_image: ImageAddress | None = None
    buttons: Buttons = Buttons()


def parse_theme(document: Mapping[str, Any]) -> Theme:
    """The theme that a JSON document writes down; DefinitionRefused lists faults, too little contrast among them."""
    issues, theme = issues_of(Theme, document)
    if theme is None:
        raise DefinitionRefused(issues)
    faint = list(_faint(theme.colors))
    if faint:
        raise DefinitionRefused(faint)
    return theme


def _faint(colors: Colours) -> Iterator[Issue]:
    """An error for each pair of colours that WCAG 2.2 AA finds too alike."""
    pairs = (
        ("text", "background", TEXT_RATIO),
        ("text", "surface", TEXT_RATIO),
        ("muted", "background", TEXT_RATIO),
        ("muted", "surface", TEXT_RATIO),
        ("on_primary", "primary", TEXT_RATIO),
        ("error", "surface", TEXT_RATIO),
        ("primary", "surface", CONTROL_RATIO),
        ("primary", "background", CONTROL_RATIO),
    )
    for front, back, needed in pairs:
        ratio = contrast_ratio(getattr(colors, front), getattr(colors, back))
        if ratio < needed:
            found = f"{front} {getattr(colors, front)} on {back} {getattr(colors, back)} has contrast {ratio:.2f}:1"
            yield Issue(f"/colors/{front}", f"{found}; WCAG 2.2 AA needs {needed}:1")


def contrast_ratio(first: str, second: str) -> float:
    """1–21: (L1 + 0.05) / (L2 + 0.05) with L1 the lighter relative luminance (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((relative_luminance(first), relative_luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def relative_luminance(colour: str) -> float:
    """0 (black) to 1 (white) of an sRGB colour `#rgb` or `#rrggbb` (WCAG 2.2, "relative luminance")."""
    red, green, blue = (_linear(channel) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue as 0–255."""
    digits = colour.removeprefix("#")
    if len(digits) == 3:  # noqa: PLR2004 - the short notation has one digit per channel
        digits = "".join(digit * 2 for digit in digits)
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def _linear(channel: int) -> float:
    """A channel without sRGB's gamma (IEC 61966-2-1); 0.04045 is the standard's own threshold."""
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - constants of the formula


def stylesheet(theme: Theme) -> str:
    """The theme as CSS custom properties, which the survey's own stylesheet reads."""
    values = {f"--{name.replace('_', '-')}": colour for name, colour in theme.colors.model_dump().items()}
    is_dark = relative_luminance(theme.colors.surface) < DARK_BELOW
    # Boxes, lists and scroll bars that the browser draws itself are to be of the same kind.
    values |= {
        "color-scheme": "dark" if is_dark else "light",
        "--font": FONTS[theme.font],
        "--radius": f"{theme.radius}px",
    }
    if theme.background_image:
        values["--background-image"] = f'url("{theme.background_image}")'
    lines = "".join(f"  {name}: {value};\n" for name, value in values.items())
    return f":root {{\n{lines}}}\n"
