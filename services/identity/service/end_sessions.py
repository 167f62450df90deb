"""Ends sessions from the command line, for operators: of one account, or of everybody after an incident.

    python -m services.identity.service.end_sessions --email ada@example.com
    python -m services.identity.service.end_sessions --everybody

Runs with identity's own environment. Every service refuses an ended session with its next request; who has the password
may log in again. The activity log of each account tells of it.
"""

import argparse
import asyncio
import sys

from kernel.activity import log_activity
from kernel.db import Database, Tenancy
from services.identity.domain.accounts import normalized_email
from services.identity.queries import accounts, sessions
from services.identity.settings import IdentitySettings, settings


async def end_sessions(identity: IdentitySettings, *, email: str | None) -> int:
    """End the sessions of the account with this address, None: of all accounts; returns how many accounts had some.

    Raises LookupError when no account has the address.
    """
    database = Database(identity.database_url, identity)
    try:
        async with database.transaction(Tenancy.none()) as session:
            if email is None:
                user_ids = await sessions.end_sessions_of_everybody(session)
            else:
                user = await accounts.find_user_by_email(session, normalized_email(email))
                if user is None:
                    raise LookupError(f"no account has the address {email}")
                user_ids = [user.id] if await sessions.end_sessions_of(session, user.id) else []
            for user_id in user_ids:
                await log_activity(session, "sessions.ended_by_operator", actor=user_id)
    finally:
        await database.close()
    return len(user_ids)


def main() -> int:
    """Return the exit code: 0 done, 1 no such account."""
    parser = argparse.ArgumentParser(prog="python -m services.identity.service.end_sessions")
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--email", help="address of the account")
    whose.add_argument("--everybody", action="store_true", help="all accounts")
    arguments = parser.parse_args()
    try:
        n_accounts = asyncio.run(end_sessions(settings(), email=arguments.email))
    except LookupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"sessions of {n_accounts} account(s) are ended\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
