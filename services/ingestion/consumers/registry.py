"""The registry that every consumer of ingestion enters; its own module, so that consumer modules can import it."""

from kernel.subscriptions import Consumers

consumers = Consumers("ingestion")
