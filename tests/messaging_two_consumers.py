"""Two consumers in a module of their own, for commands that find them by name."""

from tests.messaging import bell_consumers

consumers = bell_consumers("ring", "echo")
