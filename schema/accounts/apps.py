"""Registers the app under the label that prefixes its tables."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """App `accounts`."""

    name = "schema.accounts"
    label = "accounts"
