"""The migration job of a deployment: migrates, then gives each database role its password.

`python -m deploy.roles --migrate`, with DATABASE_URL naming the owner of the tables and one variable per role. Roles are made
by the migrations; passwords are not, since they belong to a place and not to the code. Runs again with every release:
a changed variable is a changed password.
"""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg import sql

PROJECT = Path(__file__).resolve().parents[1]
ROLES = ("identity", "ingestion", "analytics", "seo", "relay", "respondent", "reader")


def variable_of(role: str) -> str:
    """Return the environment variable that holds a role's password."""
    return f"PLUGZERO_{role.upper()}_DB_PASSWORD"


def set_passwords(owner_url: str, passwords: dict[str, str]) -> None:
    """Set the passwords of the roles `plugzero_<name>`, by name."""
    with psycopg.connect(owner_url) as connection:
        for name, password in passwords.items():
            role = sql.Identifier(f"plugzero_{name}")
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))


def main() -> None:
    """Migrate when asked to, then set the passwords; exits with a sentence when a variable is missing."""
    names = {"DATABASE_URL", *map(variable_of, ROLES)}
    missing = sorted(name for name in names if not os.environ.get(name))
    if missing:
        sys.exit(f"These variables must be set: {', '.join(missing)}")
    if "--migrate" in sys.argv[1:]:
        migrate = [sys.executable, str(PROJECT / "schema" / "manage.py"), "migrate", "--no-input"]
        subprocess.run(migrate, check=True)
    set_passwords(os.environ["DATABASE_URL"], {role: os.environ[variable_of(role)] for role in ROLES})
    print("All roles have their passwords.")


if __name__ == "__main__":
    main()
