"""Letters that identity wrote as files, and the tokens in their links."""

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
    """The token in the letter's link."""
    found = re.search(r"/account/[a-z-]+\?token=([A-Za-z0-9_-]+)$", mail.get_content(), re.MULTILINE)
    assert found
    return found.group(1)
