"""Renders the SQLAlchemy classes of the services from the Django models: `python -m schema.codegen [--check]`.

A column is written once, in `schema/<app>/models.py`; the classes are committed, so that readers and type checkers see them.
They carry columns, keys and foreign keys within one file; defaults and constraints stay in the database.
"""

import argparse
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from schema.fields import EMBEDDING_DIMENSIONS, IdentityField, ListField, VectorField, options

ROOT = Path(__file__).resolve().parent.parent
READER = ("id", "email", "first_name", "last_name", "segment")
HEADER = '''"""GENERATED from schema/*/models.py by `make models`; do not edit. Tables of {what}."""

{imports}


class Base(DeclarativeBase):
    """Registry of the classes below; INSERT and UPDATE read back what the database filled in."""

    __mapper_args__ = {{"eager_defaults": True}}
'''
VECTOR = f'''

class Vector(UserDefinedType[list[float]]):
    """pgvector's `vector({EMBEDDING_DIMENSIONS})`; lists of numbers travel as text."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        """The column's type."""
        return "vector({EMBEDDING_DIMENSIONS})"

    def bind_processor(self, dialect: Dialect) -> Callable[[list[float] | None], str | None]:
        """`[1.0, 2.0]` for PostgreSQL."""
        return lambda value: None if value is None else f"[{{','.join(map(str, value))}}]"

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], list[float] | None]:
        """The numbers again."""
        return lambda value: None if value is None else [float(number) for number in value.strip("[]").split(",")]

    class comparator_factory(UserDefinedType.Comparator[list[float]]):  # noqa: N801 - SQLAlchemy's name
        """Distances that the HNSW index serves."""

        def cosine_distance(self, other: object) -> ColumnElement[float]:
            """0 for the same direction, 1 for orthogonal, 2 for opposite."""
            return self.expr.op("<=>", return_type=Float())(other)
'''.replace("{{", "{").replace("}}", "}")


@dataclass(frozen=True)
class Target:
    """One generated file: the apps whose tables it owns, and the columns of others that its role may read."""

    path: str
    what: str
    app: str
    reads: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def module(self) -> str:
        """The import path of the file."""
        return self.path.removesuffix(".py").replace("/", ".")


TARGETS = (
    Target("services/identity/models.py", "identity", "accounts"),
    Target("services/ingestion/models.py", "ingestion", "data_ingestion", (("accounts.User", READER),)),
    Target(
        "services/analytics/models.py",
        "analytics, and those of others that it may read",
        "analysis",
        (
            ("accounts.User", READER),
            ("data_ingestion.Project", ()),
            ("data_ingestion.Survey", ()),
            ("data_ingestion.Dataset", ()),
            ("data_ingestion.DatasetVersion", ()),
            ("data_ingestion.DatasetFilter", ()),
        ),
    ),
    Target(
        "services/seo/models.py",
        "seo, and those of others that it may read",
        "intelligence",
        (("data_ingestion.Project", ()),),
    ),
    Target("kernel/models.py", "messaging", "messaging"),
)
SQLALCHEMY_NAMES = "BigInteger Boolean ColumnElement Computed DateTime Dialect FetchedValue Float ForeignKey Integer LargeBinary String Text Uuid func"
# Django's internal type → (Python type, SQLAlchemy type).
TYPES = {
    "BigAutoField": ("int", "BigInteger"),
    "BigIntegerField": ("int", "BigInteger"),
    "IntegerField": ("int", "Integer"),
    "BooleanField": ("bool", "Boolean"),
    "TextField": ("str", "Text"),
    "UUIDField": ("UUID", "Uuid"),
    "DateTimeField": ("datetime", "DateTime(timezone=True)"),
    "BinaryField": ("bytes", "LargeBinary"),
}


def column_types(field: Any) -> tuple[str, str]:
    """(Python type, SQLAlchemy type) of the column, without nullability."""
    target = field.target_field if field.is_relation else getattr(field, "output_field", None) or field
    if isinstance(target, models.JSONField):
        python = "list[Any]" if isinstance(field, ListField) else "dict[str, Any]"
        # Without the flag a Python None would become the JSON value null, which is not SQL NULL.
        return python, "JSONB(none_as_null=True)" if field.null else "JSONB"
    if isinstance(target, SearchVectorField):
        return "str", "TSVECTOR"
    if isinstance(target, VectorField):
        return "list[float]", "Vector"
    if isinstance(target, models.CharField):
        return "str", f"String({target.max_length})"
    internal = next(kind.__name__ for kind in type(target).__mro__ if kind.__name__ in TYPES)
    return TYPES[internal]


def is_filled_by_database(field: Any) -> bool:
    """Whether an INSERT may leave the column out although it is not null."""
    return field.has_db_default() or isinstance(field, models.AutoField | IdentityField)


def column_arguments(field: Any, *, keys: set[str], tables: set[str]) -> list[str]:
    """What follows the type in `mapped_column(…)`."""
    arguments = []
    if field.is_relation and options(field.remote_field.model).db_table in tables:
        target = field.target_field
        arguments.append(f'ForeignKey("{options(target.model).db_table}.{target.column}")')
    if field.generated:
        arguments += ['Computed("(in the database)", persisted=True)', "deferred=True"]
    if field.column in keys:
        arguments.append("primary_key=True")
    if is_filled_by_database(field):
        arguments.append("server_default=FetchedValue()")
    if field.column == "updated_at":
        arguments.append("onupdate=func.now()")
    return arguments


def render_class(model: type[models.Model], columns: tuple[str, ...], tables: set[str]) -> str:
    """One declarative class; `columns` limits it to what may be read, empty for all."""
    meta = options(model)
    keys = {field.column for field in getattr(meta.pk, "fields", None) or [meta.pk]}
    lines = [
        f"class {model.__name__}(Base):",
        f'    """{meta.db_table_comment}"""',
        "",
        f'    __tablename__ = "{meta.db_table}"',
        "",
    ]
    for field in meta.local_fields:
        if isinstance(field, models.CompositePrimaryKey) or (columns and field.column not in columns):
            continue
        python, sql = column_types(field)
        optional = " | None" if field.null else ""
        arguments = ", ".join([sql, *column_arguments(field, keys=keys, tables=tables)])
        lines.append(f"    {field.column}: Mapped[{python}{optional}] = mapped_column({arguments})")
        lines.append(f'    """{field.db_comment or "Internal unique identifier."}"""')
    return "\n".join(lines) + "\n"


def render_imports(body: str) -> str:
    """The import lines that the classes need, and no others."""

    def line(start: str, names: str) -> str:
        used = [name for name in names.split() if re.search(rf"\b{name}\b", body)]
        return start + ", ".join(used) if used else ""

    groups = (
        (
            line("from collections.abc import ", "Callable"),
            line("from datetime import ", "datetime"),
            line("from typing import ", "Any"),
            line("from uuid import ", "UUID"),
        ),
        (
            line("from sqlalchemy import ", SQLALCHEMY_NAMES),
            line("from sqlalchemy.dialects.postgresql import ", "JSONB TSVECTOR"),
            "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column",
            line("from sqlalchemy.types import ", "UserDefinedType"),
        ),
    )
    return "\n\n".join("\n".join(filter(None, group)) for group in groups)


def render(target: Target) -> str:
    """The whole generated file."""
    own: list[tuple[type[models.Model], tuple[str, ...]]] = [
        (model, ()) for model in apps.get_app_config(target.app).get_models()
    ]
    readable = [*own, *((apps.get_model(label), columns) for label, columns in target.reads)]
    tables = {options(model).db_table for model, _ in readable}
    classes = "\n\n".join(render_class(model, columns, tables) for model, columns in readable)
    body = (VECTOR if "(Vector," in classes else "") + "\n\n" + classes
    return HEADER.format(what=target.what, imports=render_imports(body)) + body


def load_models() -> None:
    """Lets Django read the models; may be called again."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "schema.settings")
    django.setup()


def table_name(label: str) -> str:
    """The table of the model `<app>.<Model>`."""
    return str(options(apps.get_model(label)).db_table)


def rendered() -> dict[str, str]:
    """Path → text of every generated file."""
    load_models()
    return {target.path: render(target) for target in TARGETS}


def stale_paths() -> list[str]:
    """The generated files that are not what the models render to."""
    return [path for path, text in rendered().items() if not is_current(ROOT / path, text)]


def is_current(path: Path, text: str) -> bool:
    """Whether the file exists with this text."""
    return path.exists() and path.read_text() == text


def main() -> None:
    """Writes the files; with `--check` only names those that are stale, and exits with status 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    check = parser.parse_args().check
    stale = stale_paths()
    texts = rendered()
    for path in stale:
        print(f"{path} {'is not what the models render to' if check else 'written'}")
        if not check:
            (ROOT / path).write_text(texts[path])
    sys.exit(check and bool(stale))


if __name__ == "__main__":
    main()
