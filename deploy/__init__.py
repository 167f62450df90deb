"""How PlugZero Analytics is started: the local stack from wheels, the container image, the gateway's rules."""
