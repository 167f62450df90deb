"""NATS permissions for subscribers from outside: all events to read, nothing of ours to touch.

    python -m kernel.outsiders [MODULE …]

prints them as a block for `nats.conf`. NATS grants by subject, and JetStream's requests name stream and consumer in
theirs. So an outside user may make consumers of its own in the stream, and is denied each of ours by name: otherwise
it could take our messages, acknowledge them, or delete or redirect our consumers. Print it again after an update that
adds consumers.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from kernel.settings import Settings
from kernel.streams import redelivery_subject, stream_name


def outside_permissions(prefix: str, durables: Iterable[str]) -> dict[str, Any]:
    """Return the `permissions` of an outside user; `durables` are the names of all our own consumers.

    The request `CONSUMER.CREATE.<stream>` without a name is left out on purpose: NATS 2.15 accepts another consumer's
    name in its body, past all of the rules below. Current clients send the name in the subject.
    """
    stream = stream_name(prefix)
    requests = f"$JS.API.CONSUMER.{{}}.{stream}.{{}}"
    verbs = ("CREATE", "DURABLE.CREATE", "INFO", "MSG.NEXT", "DELETE")
    allowed = [
        "$JS.API.INFO",
        "$JS.API.STREAM.NAMES",
        f"$JS.API.STREAM.INFO.{stream}",
        f"$JS.ACK.{stream}.>",
        "$JS.FC.>",
    ]
    allowed += [requests.format(verb, ">") for verb in verbs]
    denied = [
        subject
        for durable in sorted(durables)
        for verb in verbs
        for subject in (requests.format(verb, durable), requests.format(verb, f"{durable}.>"))
    ]
    denied += [f"$JS.ACK.{stream}.{durable}.>" for durable in sorted(durables)]
    return {
        "subscribe": {"allow": [f"{prefix}.>", "_INBOX.>"], "deny": [redelivery_subject(prefix, "*")]},
        "publish": {"allow": allowed, "deny": denied},
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Print the permissions; NATS reads JSON as configuration."""
    from kernel.reconcile import consumers_in

    parser = argparse.ArgumentParser(
        prog="python -m kernel.outsiders", description="Permissions of an outside user."
    )
    parser.add_argument("modules", nargs="*", help="modules with consumers; default: those of all services")
    durables = [consumer.durable for consumer in consumers_in(parser.parse_args(argv).modules)]
    permissions = outside_permissions(Settings(service="relay").events_prefix, durables)
    sys.stdout.write(f"permissions: {json.dumps(permissions, indent=2)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
