"""The local stack: real servers from Python wheels, started, watched and stopped by one supervisor.

What for: `make run` and the tests need PostgreSQL, NATS JetStream, S3 and the gateway without Docker, without root and
without anything installed beforehand but Python. Why here and not in containers: docs/adr/0002-embedded-stack-from-wheels.md.
Not for production: there each part is a managed server named by its URL.
"""
