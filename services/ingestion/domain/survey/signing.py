"""Signed addresses: a panel that gets its respondents back can tell an ending of ours from one that a respondent typed.

The signature is the HMAC-SHA-256 (RFC 2104), hexadecimal, of the address without it, under a key that belongs to the survey.
"""

import hashlib
import hmac


def redirect_key(secret: str, survey_uuid: str) -> str:
    """The key of a survey's redirects, 64 hexadecimal digits: derived from the deployment's secret, known to the team and its panel."""
    return hmac.new(secret.encode(), f"redirect-key/{survey_uuid}".encode(), hashlib.sha256).hexdigest()


def signed_address(address: str, key: str) -> str:
    """The address with its signature as last parameter, `sig`; what follows a `#` stays at the end."""
    plain, hash_sign, fragment = address.partition("#")
    signature = hmac.new(key.encode(), plain.encode(), hashlib.sha256).hexdigest()
    return f"{plain}{'&' if '?' in plain else '?'}sig={signature}{hash_sign}{fragment}"
