r"""Fresh secrets for docker-compose.yml, as an environment file on standard output.

    python3 deploy/new_secrets.py https://research.example.com smtp://user:password@mail.example.com:587 \
        > .plugzero/compose.env
    docker compose --env-file .plugzero/compose.env up --detach

Standard library only. Keep the file: another one would lock you out of the data.
"""

import secrets
import sys

PASSWORDS = (
    "POSTGRES_PASSWORD",
    *(f"PLUGZERO_{role}_DB_PASSWORD" for role in ("IDENTITY", "INGESTION", "ANALYTICS", "SEO")),
    *(f"PLUGZERO_{role}_DB_PASSWORD" for role in ("RELAY", "RESPONDENT", "READER")),
    "NATS_PASSWORD",
    "NATS_SUBSCRIBER_PASSWORD",
    "PLUGZERO_S3_SECRET_ACCESS_KEY",
    "PLUGZERO_SECRET_KEY",
)


def main() -> None:
    """Print one NAME=value line per variable."""
    if len(sys.argv) != 3:  # noqa: PLR2004 - the program and its two arguments
        sys.exit("usage: new_secrets.py <address of the gateway> <address of the mail server, smtp://…>")
    print(f"PLUGZERO_GATEWAY_URL={sys.argv[1]}")
    print(f"PLUGZERO_SMTP_URL={sys.argv[2]}")
    print("PLUGZERO_S3_ACCESS_KEY_ID=plugzero")
    for name in PASSWORDS:
        # The leading letter keeps NATS from reading a number with a unit; hexadecimal needs no escaping in addresses.
        print(f"{name}=p{secrets.token_hex(24)}")


if __name__ == "__main__":
    main()
