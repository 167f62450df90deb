"""What people correct about variables: labels, codes, units, roles, and kinds that need no other reading of the values.

Corrections are kept in the codebook (`corrections`, by alias) and put on every later version, whatever its rows come from.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

LONGEST_LABEL: Final = 2000
MOST_CODES: Final = 2000
ROLES: Final = ("id", "weight")
NUMBERS: Final = frozenset({"decimal", "percentage", "currency", "duration"})
CATEGORIES: Final = frozenset({"category", "ordered"})
TEXTS: Final = frozenset({"text", "id", "email", "phone", "url", "geo"})
_ALIKE: Final = (NUMBERS, CATEGORIES, TEXTS)
_MEMBERS: Final = ("label", "kind", "unit", "role", "codes")
KINDS: Final = frozenset(
    {"integer", "boolean", "date", "datetime", "time", "multiple"} | NUMBERS | CATEGORIES | TEXTS
)


class CorrectionError(Exception):
    """Some corrections do not fit; `errors` lists (JSON Pointer, sentence)."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{pointer}: {detail}" for pointer, detail in errors))
        self.errors = errors


def are_stored_alike(one: str, other: str) -> bool:
    """Return whether values of two kinds are stored in the same way, so that one can be taken for the other."""
    return one == other or any({one, other} <= group for group in _ALIKE)


def check_corrections(codebook: Mapping[str, Any], asked: Mapping[str, Any]) -> set[str]:
    """Return the variables whose values must be read anew for their new kind; raises CorrectionError with every fault."""
    entries = {entry["alias"]: entry for entry in codebook.get("variables", ())}
    errors: list[tuple[str, str]] = []
    anew: set[str] = set()
    for alias, correction in asked.items():
        pointer = f"/variables/{alias.replace('~', '~0').replace('/', '~1')}"
        entry = entries.get(alias)
        if entry is None:
            errors.append((pointer, f"there is no variable '{alias}' in this dataset"))
            continue
        errors += [(f"{pointer}/{member}", detail) for member, detail in _faults(entry, correction)]
        kind = correction.get("kind", entry["kind"])
        if not are_stored_alike(kind, entry["kind"]):
            anew.add(alias)
    if errors:
        raise CorrectionError(errors)
    return anew


def _faults(entry: Mapping[str, Any], correction: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = [
        (name, f"can be corrected: {', '.join(_MEMBERS)}") for name in correction if name not in _MEMBERS
    ]
    label, kind, role = correction.get("label", "x"), correction.get("kind", "text"), correction.get("role")
    if not isinstance(label, str) or not 1 <= len(label.strip()) <= LONGEST_LABEL:
        found.append(("label", f"give a text of 1 to {LONGEST_LABEL} characters"))
    if kind not in KINDS:
        found.append(("kind", f"give one of: {', '.join(sorted(KINDS))}"))
    if role is not None and role not in ROLES:
        found.append(("role", f"give one of: {', '.join(ROLES)}, or null"))
    if not isinstance(correction.get("unit"), str | None):
        found.append(("unit", "give a text or null"))
    return found + (
        [("codes", text) for text in _code_faults(entry, correction)] if "codes" in correction else []
    )


def _code_faults(entry: Mapping[str, Any], correction: Mapping[str, Any]) -> list[str]:
    codes = correction["codes"]
    if not isinstance(codes, list) or not 1 <= len(codes) <= MOST_CODES or not all(map(_is_code, codes)):
        return ['give a list such as [{"code":"1","label":"Yes","value":1}] in the order in which they stand']
    if not are_stored_alike(correction.get("kind", entry["kind"]), entry["kind"]):
        return ["correct the kind first; the codes are known once the values are read anew"]
    known = {code["code"] for code in entry.get("codes", ())}
    unknown = [code["code"] for code in codes if code["code"] not in known]
    if unknown:
        return [f"'{entry['alias']}' has no code {unknown[0]!r}; derive a variable (recode) to make others"]
    return ["a code stands twice in the list"] if len({code["code"] for code in codes}) < len(codes) else []


def _is_code(given: object) -> bool:
    if not isinstance(given, Mapping) or not isinstance(given.get("code"), str):
        return False
    value, label = given.get("value"), given.get("label", "x")
    is_number = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    return is_number and isinstance(label, str) and 0 < len(label) <= LONGEST_LABEL


def merged(before: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return all corrections that a dataset has, the new ones above the old."""
    return {**before, **{alias: {**before.get(alias, {}), **one} for alias, one in asked.items()}}


def corrected(codebook: Mapping[str, Any]) -> dict[str, Any]:
    """Return the codebook with the corrections that it keeps put on its variables; those that do not fit any more rest."""
    kept = codebook.get("corrections") or {}
    entries = [_corrected(entry, kept.get(entry["alias"], {})) for entry in codebook.get("variables", ())]
    return {**codebook, "variables": entries}


def _corrected(entry: dict[str, Any], correction: Mapping[str, Any]) -> dict[str, Any]:
    found = {**entry, **{name: correction[name] for name in ("label", "unit", "role") if name in correction}}
    if are_stored_alike(correction.get("kind", entry["kind"]), entry["kind"]):
        found["kind"] = correction.get("kind", entry["kind"])
    if "codes" in correction and "codes" in entry:
        found["codes"] = _ordered(entry["codes"], correction["codes"])
    return found


def _ordered(codes: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The codes in the order that a person gave, with labels and values from there; others behind, as they were."""
    known = {code["code"]: code for code in codes}
    first = [{**known[code["code"]], **code} for code in wanted if code["code"] in known]
    named = {code["code"] for code in first}
    return first + [dict(code) for code in codes if code["code"] not in named]


def content_hash(base_hash: str, codebook: Mapping[str, Any]) -> str:
    """Return the hash of unchanged rows below a changed codebook: SHA-256, hexadecimal."""
    text = json.dumps([base_hash, codebook], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
