"""`manage.py set_role_passwords`: gives the login roles the passwords that a deployment chose."""

import json
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from psycopg import sql

from schema.security import LOGIN_ROLES

VARIABLE = "PLUGZERO_ROLE_PASSWORDS"


class Command(BaseCommand):
    """Reads `{"plugzero_identity": "…", …}` from the environment; roles that it does not name stay as they are."""

    help = f"Sets the passwords of the service roles from the JSON object in {VARIABLE}."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Sets each password; raises CommandError on a missing variable, other roles, or an empty password."""
        passwords = read_passwords(os.environ.get(VARIABLE, ""))
        connection.ensure_connection()
        server = connection.connection.pgconn
        with connection.cursor() as cursor:
            for role, password in passwords.items():
                # Hashed here (SCRAM-SHA-256), so that the server's log never sees the password.
                secret = server.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
                statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(secret)
                )
                cursor.execute(statement.as_string(connection.connection))
        self.stdout.write(f"passwords set: {', '.join(passwords)}")


def read_passwords(text: str) -> dict[str, str]:
    """Role → password, checked."""
    try:
        passwords: Any = json.loads(text)
    except ValueError as error:
        raise CommandError(
            f'{VARIABLE} must hold a JSON object such as {{"{LOGIN_ROLES[0]}": "…"}}'
        ) from error
    if not isinstance(passwords, dict) or not all(
        isinstance(word, str) and word for word in passwords.values()
    ):
        raise CommandError(f"{VARIABLE} must map role names to passwords that are not empty")
    if unknown := set(passwords) - set(LOGIN_ROLES):
        raise CommandError(f"{VARIABLE} names roles that are not ours: {', '.join(sorted(unknown))}")
    return dict(passwords)
