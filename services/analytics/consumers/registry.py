"""The registry that analytics' consumers enter."""

from kernel.subscriptions import Consumers

consumers = Consumers("analytics")
