"""`docs/events/asyncapi.yaml` (AsyncAPI 3.0.0), rendered from the contracts.

python -m contracts.asyncapi           write it
python -m contracts.asyncapi --check   fail when it is not what would be written
"""

import argparse
import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from contracts.publication import envelope_example, published_events
from kernel.events import CONTENT_TYPE, Envelope, Event

PATH = Path(__file__).parents[1] / "docs" / "events" / "asyncapi.yaml"
_REFERENCE = "#/components/schemas/{model}"
_HEAD = "# GENERATED from contracts/ by `python -m contracts.asyncapi`; do not edit.\n"


def document() -> dict[str, Any]:
    """Return the AsyncAPI document of all published events."""
    classes = published_events()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "PlugZero Analytics events",
            "version": "1.0",
            "description": "Facts published on NATS JetStream as CloudEvents 1.0 in structured JSON mode. "
            "Delivery is at least once: `source` and `id` together name an event for ever. "
            "How to subscribe: docs/events.md.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "nats": {
                "host": "{host}:4222",
                "protocol": "nats",
                "description": "JetStream, stream PLUGZERO.",
                "variables": {"host": {"default": "localhost"}},
            }
        },
        "channels": {cls.event_subject(): _channel(cls) for cls in classes},
        "operations": {_operation_name(cls): _operation(cls) for cls in classes},
        "components": {
            "messages": {cls.__name__: _message(cls) for cls in classes},
            "schemas": _schemas(classes),
        },
    }


def _channel(cls: type[Event]) -> dict[str, Any]:
    return {
        "address": f"plugzero.{cls.event_subject()}.{{team_id}}",
        "messages": {cls.__name__: {"$ref": f"#/components/messages/{cls.__name__}"}},
        "parameters": {
            "team_id": {"description": "The team that the event belongs to; `*` subscribes to all."}
        },
    }


def _operation_name(cls: type[Event]) -> str:
    return f"publish-{cls.type}-v{cls.event_version}"


def _operation(cls: type[Event]) -> dict[str, Any]:
    channel = f"#/channels/{cls.event_subject()}"
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{cls.__name__}"}],
        "tags": [{"name": cls.service}],
    }


def _message(cls: type[Event]) -> dict[str, Any]:
    return {
        "name": cls.type,
        "title": cls.__name__,
        "summary": inspect.cleandoc(cls.__doc__ or ""),
        "contentType": CONTENT_TYPE,
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/Envelope"},
                {
                    "type": "object",
                    "properties": {
                        "type": {"const": cls.type},
                        "data": {"$ref": f"#/components/schemas/{cls.__name__}"},
                    },
                },
            ]
        },
        "examples": [{"name": cls.type, "payload": envelope_example(cls)}],
    }


def _schemas(classes: Sequence[type[Event]]) -> dict[str, Any]:
    models: list[type[BaseModel]] = [Envelope, *classes]
    _, definitions = models_json_schema([(cls, "validation") for cls in models], ref_template=_REFERENCE)
    return dict(sorted(definitions["$defs"].items()))


def rendered() -> str:
    """Return the document as YAML."""
    import yaml

    class Plain(yaml.SafeDumper):
        """Without anchors: the document is read by people."""

        def ignore_aliases(self, _data: Any) -> bool:
            return True

    body = yaml.dump(document(), Dumper=Plain, sort_keys=False, allow_unicode=True, width=110)
    return _HEAD + str(body)


def main(argv: Sequence[str] | None = None) -> int:
    """Write or check; exit status 1 on drift."""
    parser = argparse.ArgumentParser(prog="python -m contracts.asyncapi")
    parser.add_argument("--check", action="store_true", help="write nothing")
    text = rendered()
    if parser.parse_args(argv).check:
        if PATH.exists() and PATH.read_text() == text:
            return 0
        sys.stderr.write(f"{PATH.name} is not up to date: run `python -m contracts.asyncapi`\n")
        return 1
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
