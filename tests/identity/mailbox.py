"""Letters that identity wrote as files, and the tokens in them."""

import email
import email.policy
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


def mails(folder: Path) -> list[email.message.EmailMessage]:
    """The mails in the folder, oldest first."""
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(folder.glob("*.eml"))
    ]


def link_in(mail: email.message.EmailMessage) -> str:
    """The address of the page that the letter links to."""
    found = re.search(r"^https?://\S+$", mail.get_content(), re.MULTILINE)
    assert found
    return found.group()


def token_in(mail: email.message.EmailMessage) -> str:
    """The token that the letter's link passes on."""
    return parse_qs(urlsplit(link_in(mail)).query)["token"][0]
