"""`django.contrib.auth` and `contenttypes` as libraries: they lend AbstractUser, without tables, rows or signals."""

from django.contrib.auth.apps import AuthConfig as DjangoAuthConfig
from django.contrib.contenttypes.apps import ContentTypesConfig as DjangoContentTypesConfig


class AuthConfig(DjangoAuthConfig):
    """Django's auth app without the permission rows that it would write after each migration."""

    def ready(self) -> None:
        """Connects nothing."""


class ContentTypesConfig(DjangoContentTypesConfig):
    """Django's contenttypes app, which auth imports, without the rows that it would write after each migration."""

    def ready(self) -> None:
        """Connects nothing."""
