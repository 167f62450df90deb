"""Letters that identity wrote as files, and the tokens in them."""

import email
import email.policy
import re
from pathlib import Path


def mails(folder: Path) -> list[email.message.EmailMessage]:
    """The mails in the folder, oldest first."""
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(folder.glob("*.eml"))
    ]


def token_in(mail: email.message.EmailMessage) -> str:
    """The token that the letter carries on a line of its own."""
    found = re.search(r"^[A-Za-z0-9_-]{40,}$", mail.get_content(), re.MULTILINE)
    assert found
    return found.group()
