"""Published language between services: enums and event payloads, one module per publishing service."""
