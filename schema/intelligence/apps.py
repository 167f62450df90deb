"""Registers the app under the label that prefixes its tables."""

from django.apps import AppConfig


class IntelligenceConfig(AppConfig):
    """App `intelligence`."""

    name = "schema.intelligence"
    label = "intelligence"
