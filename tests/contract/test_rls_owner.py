"""An owner without any special right can migrate, once an administrator has made the roles; policies then bind the owner too."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from schema.scratch import manage, with_database
from tests.environment import Stack

ROLES_SQL = Path(__file__).parents[2] / "deploy" / "roles.sql"


@pytest.fixture(scope="module")
def plain_owner_url(stack: Stack) -> Iterator[str]:
    """The URL of a migrated database whose owner may neither create roles nor bypass row-level security."""
    name = f"plain_{uuid.uuid4().hex[:10]}"
    role, head = sql.Identifier(name), stack.database_url.partition("@")[2]
    with psycopg.connect(stack.database_url, autocommit=True) as administrator:
        administrator.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'plain'").format(role))
        administrator.execute(
            sql.SQL(
                "GRANT plugzero_access, plugzero_purge, plugzero_clerk TO {} WITH SET TRUE, INHERIT FALSE"
            ).format(role)
        )
        administrator.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
        with psycopg.connect(with_database(stack.database_url, name), autocommit=True) as inside:
            inside.execute("CREATE EXTENSION vector")
        try:
            url = with_database(f"postgresql://{name}:plain@{head}", name)
            done = manage(url, "migrate", "--verbosity=0")
            assert done.returncode == 0, done.stderr
            yield url
        finally:
            administrator.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(role))
            administrator.execute(sql.SQL("DROP ROLE {}").format(role))


def test_policies_bind_the_owner_of_the_tables_too(plain_owner_url: str) -> None:
    with psycopg.connect(plain_owner_url) as owner:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute("INSERT INTO accounts_user (email, password) VALUES ('a@example.com', 'x')")
        owner.rollback()
        assert owner.execute("SELECT count(*) FROM accounts_user").fetchone() == (0,)


def test_the_jobs_functions_work_for_a_plain_owner(plain_owner_url: str, stack: Stack) -> None:
    database = plain_owner_url.rpartition("/")[2]
    with psycopg.connect(with_database(stack.role_url("plugzero_ingestion"), database)) as ingestion:
        assert ingestion.execute("SELECT maintenance.make_event_partitions(4)").fetchone() == (1,)
    with psycopg.connect(with_database(stack.role_url("plugzero_identity"), database)) as identity:
        (user,) = identity.execute(
            "INSERT INTO accounts_user (email, password, deleted_at) VALUES ('b@example.com', 'x', now() - interval '1 year') RETURNING id"
        ).fetchone() or (0,)
        identity.execute("SELECT set_config('app.user_id', '0', true)")
        assert user
        assert identity.execute("SELECT * FROM maintenance.purge_deleted('30 days')").fetchone() == (0, 1)


def test_the_administrators_script_names_every_role(stack: Stack) -> None:
    with psycopg.connect(stack.database_url) as owner:
        roles = owner.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'plugzero\\_%'").fetchall()
    script = ROLES_SQL.read_text()
    assert roles
    assert [role for (role,) in roles if role not in script] == []
