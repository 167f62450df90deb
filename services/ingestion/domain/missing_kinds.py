"""Why a value that a file declares missing is missing, by the words of its label."""

import re
from collections import Counter
from collections.abc import Mapping

from contracts.datasets.values import MissingKind

# English, German, French and Spanish wordings of codebooks; the first pattern that is found decides.
_WORDS = (
    (MissingKind.NOT_REACHED, r"not reached|break.?off|broke off|drop.?out|partial interview|abgebrochen"),
    (
        MissingKind.REFUSED,
        r"refus|prefer(?:red)? not|rather not|verweigert|ne souhaite pas|rehus|prefiere no",
    ),
    (
        MissingKind.DONT_KNOW,
        r"do(?:es)?(?:n[’'`]?t| not) know|\bdk\b|not sure|unsure|can(?:no|[’'`])t say|wei(?:ß|ss) nicht|ne sai[ts] pas|no sabe",
    ),
    (
        MissingKind.NOT_ASKED,
        r"not asked|\binap|not applicable|does not apply|\bn/?a\b|legitimate skip|filter|trifft nicht zu|nicht gefragt|sans objet",
    ),
    (
        MissingKind.SKIPPED,
        r"no answer|no response|not answered|unanswered|skipped|left blank|keine angabe|(?:pas de|sans) réponse|no (?:contesta|responde)",
    ),
)
_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _WORDS)


def kind_of_label(label: str) -> MissingKind | None:
    """Return why a value with this label is missing, None where the words do not say."""
    return next((kind for kind, pattern in _PATTERNS if pattern.search(label)), None)


def kinds_of_codes(labels: Mapping[str, str]) -> dict[str, str]:
    """Return code → what stands in `<alias>__missing`, for one variable's missing codes with their labels.

    Each code keeps a word of its own, so that the file can be written again: its kind where no other code means the
    same, else the code itself.
    """
    kinds = {code: kind_of_label(label) for code, label in labels.items()}
    counts = Counter(kinds.values())
    return {code: kind.value if kind and counts[kind] == 1 else code for code, kind in kinds.items()}
