"""What was published stays true: the saved schema and examples of every event version.

    python -m contracts.publication           save new event versions and new optional fields
    python -m contracts.publication --check   refuse breaking changes and versions that were not saved

Subscribers outside this repository read these events, and old events are delivered again after an incident. So a saved
version may only gain optional fields; anything else is a new version. Examples are never rewritten: tests replay
them against today's classes.
"""

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import contracts
from kernel.events import Event, event_classes

FOLDER = Path(__file__).parent / "published"
_PROSE = frozenset({"title", "description", "default", "examples"})
_TIME = "2026-01-31T09:30:00Z"
_UUID = "019c1355-7f00-7000-8000-000000000001"

Schema = dict[str, Any]


def published_events() -> list[type[Event]]:
    """Return the event classes of all contract modules, ordered by service, type and version."""
    names = [f"{contracts.__name__}.{module.name}" for module in pkgutil.iter_modules(contracts.__path__)]
    for name in names:
        if name not in {__name__, "contracts.asyncapi"}:
            importlib.import_module(name)
    return [cls for cls in event_classes() if cls.__module__ in names]


def schema_of(cls: type[Event]) -> Schema:
    """Return the payload's JSON Schema with all references resolved in place."""
    schema = cls.model_json_schema()
    definitions = schema.pop("$defs", {})
    resolved: Schema = _resolved(schema, definitions)
    return resolved


def _resolved(node: Any, definitions: Schema) -> Any:
    if isinstance(node, list):
        return [_resolved(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = definitions[node["$ref"].rpartition("/")[2]]
        return _resolved(
            {**target, **{key: value for key, value in node.items() if key != "$ref"}}, definitions
        )
    return {key: _resolved(value, definitions) for key, value in node.items()}


def breaking_changes(published: Schema, today: Schema, at: str = "") -> list[str]:
    """Return in words what today's schema breaks of a published one; empty when it only gained optional fields.

    Strict in both directions: readers rely on what they were promised, and saved events must stay readable.
    """
    before, after = published.get("properties", {}), today.get("properties", {})
    found = [f"{at}/{name} is gone" for name in before if name not in after]
    found += [
        f"{at}/{name} is new and required" for name in sorted(_required(today) - set(before)) if name in after
    ]
    changed = (_required(published) ^ _required(today)) & set(before) & set(after)
    found += [
        f"{at}/{name} is {'now' if name in _required(today) else 'no longer'} required"
        for name in sorted(changed)
    ]
    if _shape(published) != _shape(today):
        found.append(f"{at or '/'} was {json.dumps(_shape(published))} and is {json.dumps(_shape(today))}")
    for name in before:
        if name in after:
            found += breaking_changes(before[name], after[name], f"{at}/{name}")
    return found


def _required(schema: Schema) -> set[str]:
    return set(schema.get("required", ()))


def _shape(schema: Schema) -> Schema:
    """What of a node matters besides the fields it holds."""
    return {
        key: _bare(value) for key, value in schema.items() if key not in {"properties", "required", *_PROSE}
    }


def _bare(node: Any) -> Any:
    if isinstance(node, list):
        return [_bare(each) for each in node]
    if isinstance(node, dict):
        return {
            key: _bare(value)
            for key, value in node.items()
            if key not in _PROSE or not isinstance(value, str)
        }
    return node


def example_of(schema: Schema, name: str = "") -> Any:
    """Return a small value that fits a schema, the same every time."""
    if "enum" in schema or "const" in schema:
        return schema.get("enum", [schema.get("const")])[0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], name)
    if schema.get("type") == "object":
        fields = schema.get("properties") or {"200": schema.get("additionalProperties") or {}}
        return {key: example_of(each, key) for key, each in fields.items()}
    if schema.get("type") == "array":
        return [example_of(schema.get("items", {}), name)]
    return _example_scalar(schema, name)


def _example_scalar(schema: Schema, name: str) -> Any:
    if schema.get("type") in {"integer", "number"}:
        return max(1, schema.get("minimum", 1))
    return {"boolean": True, "null": None}.get(schema.get("type", ""), _example_text(schema, name))


def _example_text(schema: Schema, name: str) -> str:
    known = {"uuid": _UUID, "date-time": _TIME, "date": _TIME[:10], "uri": "https://www.example.org/"}
    if schema.get("format") in known:
        return known[schema["format"]]
    return (name or "text").ljust(schema.get("minLength", 0), "0")[: schema.get("maxLength", 200)]


def envelope_example(cls: type[Event]) -> dict[str, Any]:
    """Return a whole CloudEvent with an example payload."""
    data = example_of(schema_of(cls))
    project = data.get("project_id")
    return {
        "specversion": "1.0",
        "id": _UUID,
        "source": cls.event_source(),
        "type": cls.type,
        "subject": "teams/1" + (f"/projects/{project}" if project else ""),
        "time": _TIME,
        "datacontenttype": "application/json",
        "dataschema": f"urn:plugzero:{cls.service}:{cls.type}:v{cls.event_version}",
        "teamid": 1,
        **({"projectid": project} if project else {}),
        "data": data,
    }


def path_of(cls: type[Event]) -> Path:
    """Return where an event version is saved."""
    return FOLDER / f"{cls.event_subject()}.json"


def problems() -> list[str]:
    """Return in words why today's contracts do not fit what was published; empty when they do."""
    found = []
    paths = set(FOLDER.glob("*.json"))
    for cls in published_events():
        path = path_of(cls)
        if path not in paths:
            found.append(f"{path.name} is missing: run `python -m contracts.publication`")
            continue
        saved = json.loads(path.read_text())["schema"]
        broken = breaking_changes(saved, schema_of(cls))
        found += [
            f"{cls.event_subject()} {words}; make it version {cls.event_version + 1}" for words in broken
        ]
        if not broken and saved != schema_of(cls):
            found.append(f"{path.name} is not up to date: run `python -m contracts.publication`")
    gone = paths - {path_of(cls) for cls in published_events()}
    return found + [f"{path.name} was published and has no class any more" for path in sorted(gone)]


def save() -> list[Path]:
    """Save new versions and compatible changes; return the files written. Breaking changes are left for `--check`."""
    written = []
    FOLDER.mkdir(exist_ok=True)
    for cls in published_events():
        path, schema = path_of(cls), schema_of(cls)
        saved = json.loads(path.read_text()) if path.exists() else {"schema": None, "examples": []}
        if saved["schema"] == schema or (saved["schema"] and breaking_changes(saved["schema"], schema)):
            continue
        examples = [*saved["examples"], envelope_example(cls)]
        path.write_text(
            json.dumps({"schema": schema, "examples": examples}, indent=2, ensure_ascii=False) + "\n"
        )
        written.append(path)
    return written


def main(argv: Sequence[str] | None = None) -> int:
    """Save or check; exit status 1 when something published would break."""
    parser = argparse.ArgumentParser(prog="python -m contracts.publication")
    parser.add_argument("--check", action="store_true", help="write nothing")
    if not parser.parse_args(argv).check:
        sys.stdout.writelines(f"{path.name}\n" for path in save())
    found = problems()
    sys.stderr.writelines(f"{words}\n" for words in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
