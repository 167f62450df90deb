"""Parsed definitions and themes of published versions, remembered by their hash: they never change, and every answer needs them."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from services.ingestion.domain.survey.definition import Definition, parse_definition
from services.ingestion.domain.survey.engine import Layout
from services.ingestion.domain.survey.expanding import expanded
from services.ingestion.domain.survey.images import origins
from services.ingestion.domain.survey.parts import Option
from services.ingestion.domain.survey.themes import Theme, parse_theme

REMEMBERED = 256


@dataclass(frozen=True)
class Questionnaire:
    """A published version, ready to be asked, its definition `expanded`; `digest` is its hash, which names its stylesheet too."""

    digest: str
    title: str
    layout: Layout
    definition: Definition
    theme: Theme

    @cached_property
    def image_origins(self) -> tuple[str, ...]:
        """Where the page may load images from, sorted: those of its theme and of its options."""
        questions = (question for _, _, question in self.definition.questions())
        of_options = [
            option.image
            for question in questions
            for option in getattr(question, "options", ())
            if isinstance(option, Option)
        ]
        return tuple(sorted(origins([self.theme.logo, self.theme.background_image, *of_options])))


_remembered: OrderedDict[str, Questionnaire] = OrderedDict()


def remembered(digest: str) -> Questionnaire | None:
    """The parsed version with this hash, None where it has to be parsed (again)."""
    if digest in _remembered:
        _remembered.move_to_end(digest)
    return _remembered.get(digest)


def questionnaire(
    digest: str, *, title: str, layout: str, definition: Mapping[str, Any], theme: Mapping[str, Any]
) -> Questionnaire:
    """Parse and remember the version with this hash; the least recently used of REMEMBERED is forgotten first."""
    parsed = _remembered[digest] = Questionnaire(
        digest=digest,
        title=title,
        layout="FOCUS" if layout == "FOCUS" else "CLASSIC",
        definition=expanded(parse_definition(definition)),
        theme=parse_theme(theme),
    )
    if len(_remembered) > REMEMBERED:
        _remembered.popitem(last=False)
    return parsed
