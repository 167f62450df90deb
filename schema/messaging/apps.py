"""Registers the app under the label that prefixes its tables."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """App `messaging`."""

    name = "schema.messaging"
    label = "messaging"
