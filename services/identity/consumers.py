"""What identity does on events: nothing yet; the registry exists so that every worker is started alike."""

from kernel.subscriptions import Consumers

consumers = Consumers("identity")
