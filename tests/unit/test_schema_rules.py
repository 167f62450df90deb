"""The small rules of the schema's tools: addresses, passwords, generated types."""

import os

import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "schema.settings")

from django.core.management.base import CommandError
from django.db import models

from schema import codegen
from schema.accounts.management.commands.set_role_passwords import read_passwords
from schema.fields import CreatedAtField, IdentityField, ListField, VectorField
from schema.scratch import plain_url, with_database
from schema.settings import parse_database_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql+asyncpg://own%20er:p%40ss@db.example:6432/plug%2Fzero",
            {"USER": "own er", "PASSWORD": "p@ss", "HOST": "db.example", "PORT": "6432", "NAME": "plug/zero"},
        ),
        (
            "postgresql://owner@/app?host=/run/pg",
            {"USER": "owner", "HOST": "/run/pg", "NAME": "app", "PORT": ""},
        ),
        ("postgresql:///app", {"USER": "", "HOST": "", "NAME": "app"}),
    ],
)
def test_a_database_url_is_read_as_every_other_process_reads_it(url: str, expected: dict[str, str]) -> None:
    assert expected.items() <= parse_database_url(url).items()


def test_a_migration_waits_for_locks_only_briefly() -> None:
    assert parse_database_url("postgresql:///app")["OPTIONS"]["options"] == "-c lock_timeout=5s"
    given = parse_database_url("postgresql:///app?sslmode=require&options=-c%20lock_timeout%3D1s")["OPTIONS"]
    assert given["options"] == "-c lock_timeout=1s"
    assert given["sslmode"] == "require"


def test_urls_of_other_databases_keep_everything_else() -> None:
    assert with_database("postgresql://u:p@h:1/a?x=y", "b") == "postgresql://u:p@h:1/b?x=y"
    assert plain_url("postgresql+psycopg://u@h/a") == "postgresql://u@h/a"


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"plugzero_identity": ""}', '{"postgres": "x"}', '{"plugzero_seo": 1}']
)
def test_unusable_role_passwords_are_refused(text: str) -> None:
    with pytest.raises(CommandError):
        read_passwords(text)


def test_role_passwords_are_read() -> None:
    assert read_passwords('{"plugzero_seo": "s"}') == {"plugzero_seo": "s"}


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (models.CharField(max_length=20), ("str", "String(20)")),
        (models.BigAutoField(primary_key=True), ("int", "BigInteger")),
        (IdentityField(), ("int", "BigInteger")),
        (models.JSONField(), ("dict[str, Any]", "JSONB")),
        (ListField(null=True), ("list[Any]", "JSONB(none_as_null=True)")),
        (CreatedAtField(), ("datetime", "DateTime(timezone=True)")),
        (VectorField(), ("list[float]", "Vector")),
    ],
)
def test_a_django_field_has_one_sqlalchemy_type(field: models.Field, expected: tuple[str, str]) -> None:  # type: ignore[type-arg]
    assert codegen.column_types(field) == expected
