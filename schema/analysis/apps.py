"""Registers the app under the label that prefixes its tables."""

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    """App `analysis`."""

    name = "schema.analysis"
    label = "analysis"
