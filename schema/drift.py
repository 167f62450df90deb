"""Whether models, migrations, generated classes and a migrated database still say the same: `python -m schema.drift`.

1. The models need no further migration. 2. The generated classes are what the models render to. 3. A freshly migrated
database has exactly the tables and columns of the generated classes, with the same types, nullability, defaults and
generated expressions. Exit status 1 with one line per difference.
"""

import importlib
import sys
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, Inspector, MetaData, NullPool, create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SAWarning
from sqlalchemy.types import UserDefinedType

from schema import codegen
from schema.scratch import manage, migrated_database

# Tables that no service maps: Django's own book-keeping, and what a partitioned table consists of.
BOOKKEEPING = "django_migrations"
PARTITION_OF = "data_ingestion_experienceevent_"
# Comments, constraints and indexes live in the database and the models only; the classes do not repeat them.
COMPARED = {"add_table", "remove_table", "add_column", "remove_column", "modify_type", "modify_nullable"}


class ReflectedVector(UserDefinedType[Any]):
    """pgvector's type as the inspector finds it in the database."""

    cache_ok = True

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions

    def get_col_spec(self, **_kw: Any) -> str:
        """The type with its number of dimensions."""
        return f"vector({self.dimensions})"


def unmigrated_models(url: str) -> Iterator[str]:
    """Changes of the models that no migration makes."""
    done = manage(url, "makemigrations", "--check", "--dry-run")
    if done.returncode:
        yield f"models have changes without a migration:\n{done.stdout}{done.stderr}"


def stale_classes() -> Iterator[str]:
    """Generated files that are not what the models render to."""
    yield from (
        f"{path} is not what the models render to: run `make models`" for path in codegen.stale_paths()
    )


def is_whole(target: codegen.Target, table: str) -> bool:
    """Whether the generated file maps every column of the table, not only what its role may read."""
    return not any(codegen.table_name(label) == table and columns for label, columns in target.reads)


def structure_differences(
    connection: Connection, target: codegen.Target, metadata: MetaData
) -> Iterator[str]:
    """Alembic's comparison of tables and columns (existence, type, nullability) for one generated file."""

    def is_compared(item: Any, name: str | None, kind: str, reflected: Any, _counterpart: Any) -> bool:
        if kind == "table":
            return name in metadata.tables
        if kind != "column":
            return False
        return (
            not reflected
            or is_whole(target, item.table.name)
            or str(name) in metadata.tables[item.table.name].c
        )

    options = {"compare_type": True, "compare_server_default": False, "include_object": is_compared}
    context = MigrationContext.configure(connection, opts=options)
    for difference in compare_metadata(context, metadata):
        parts = difference if isinstance(difference, list) else [difference]
        yield from (describe(target, part) for part in parts if part[0] in COMPARED)


def describe(target: codegen.Target, difference: tuple[Any, ...]) -> str:
    """One line for one of Alembic's differences."""
    what, *rest = difference
    words = [in_words(part) for part in rest if part is not None and not isinstance(part, dict)]
    return f"{target.path}: {what} {' '.join(words)}"


def in_words(part: Any) -> str:
    """A table, column or type as one would write it."""
    return part.get_col_spec() if isinstance(part, UserDefinedType) else str(part)


def default_differences(inspector: Inspector, target: codegen.Target, metadata: MetaData) -> Iterator[str]:
    """Columns that the database fills in on one side only: by default, identity or generated expression."""
    existing = set(inspector.get_table_names())
    for table in metadata.sorted_tables:
        found = (
            {column["name"]: column for column in inspector.get_columns(table.name)}
            if table.name in existing
            else {}
        )
        for column in table.columns:
            if column.name not in found:
                continue
            real = found[column.name]
            sides = {
                "a generated expression": (column.computed is not None, bool(real.get("computed"))),
                "a default": (
                    column.server_default is not None and column.computed is None,
                    bool(real.get("default") or real.get("identity")),
                ),
            }
            for what, (mapped, actual) in sides.items():
                if mapped != actual:
                    where = "the generated class" if mapped else "the database"
                    yield f"{target.path}: {table.name}.{column.name} has {what} in {where} only"


def unmapped_tables(inspector: Inspector, mapped: set[str]) -> Iterator[str]:
    """Tables of the database that no generated class maps."""
    for name in sorted(set(inspector.get_table_names()) - mapped - {BOOKKEEPING}):
        if not name.startswith(PARTITION_OF):
            yield f"table {name} is mapped by no generated class"


def differences_on(connection: Connection) -> list[str]:
    """Differences between the database that the connection sees and all generated classes, one line each."""
    codegen.load_models()
    found: list[str] = []
    mapped: set[str] = set()
    with warnings.catch_warnings():
        # Alembic looks at expression indexes although they are not compared.
        warnings.simplefilter("ignore", SAWarning)
        for target in codegen.TARGETS:
            metadata = importlib.import_module(target.module).Base.metadata
            mapped |= set(metadata.tables)
            found += structure_differences(connection, target, metadata)
            found += default_differences(inspect(connection), target, metadata)
        found += unmapped_tables(inspect(connection), mapped)
    return found


def engine_for(url: str) -> Engine:
    """An engine whose inspector knows pgvector's type."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    engine.dialect.ischema_names = {**engine.dialect.ischema_names, "vector": ReflectedVector}  # type: ignore[attr-defined]
    return engine


def database_differences(url: str) -> list[str]:
    """Differences between a migrated database and all generated classes, one line each."""
    with engine_for(url).connect() as connection:
        return differences_on(connection)


def all_differences() -> Iterable[str]:
    """Everything that differs anywhere."""
    yield from stale_classes()
    with migrated_database() as url:
        yield from unmigrated_models(url)
        yield from database_differences(url)


def main() -> None:
    """Prints the differences; exit status 1 when there are any."""
    found = list(all_differences())
    print("\n".join(found) or "models, migrations, generated classes and database agree")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
