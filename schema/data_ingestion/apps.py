"""Registers the app under the label that prefixes its tables."""

from django.apps import AppConfig


class DataIngestionConfig(AppConfig):
    """App `data_ingestion`."""

    name = "schema.data_ingestion"
    label = "data_ingestion"
