"""One-time codes of an authenticator (RFC 6238) and recovery codes: how they look and when one is right."""

import base64
import hmac
import secrets
import unicodedata

import pyotp
import segno

STEP_S = 30
DRIFT_STEPS = 1
N_RECOVERY_CODES = 10
_RECOVERY_BYTES = 15  # 120 bits: from 112 on a plain hash is enough to store them (OWASP ASVS 5.0, 6.5.2)
ISSUER = "PlugZero Analytics"


def new_seed() -> str:
    """Return a seed of 160 bits in Base32 (RFC 4226 §4 recommends that length)."""
    return pyotp.random_base32(32)


def provisioning_uri(seed: str, *, email: str) -> str:
    """Return the `otpauth://` address that authenticators read from a QR code."""
    return pyotp.TOTP(seed).provisioning_uri(name=email, issuer_name=ISSUER)


def qr_svg(uri: str) -> str:
    """Return the address as a QR code (ISO/IEC 18004), an SVG element with a white quiet zone."""
    code = segno.make_qr(uri, error="m")
    return code.svg_inline(scale=5, border=4, light="#fff", title="QR code for an authenticator app")


def accepted_step(seed: str, code: str, *, now_s: float) -> int | None:
    """Return the time step whose code this is, at most one step away from now (RFC 6238 §5.2), or None.

    The caller accepts it only if it is greater than the last accepted one. All candidates are compared in constant time.
    """
    present = int(now_s) // STEP_S
    totp = pyotp.TOTP(seed)
    found = None
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.at(step * STEP_S), code):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Return 10 codes of 120 random bits each, as six groups of Base32."""
    return [
        _grouped(base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode())
        for _ in range(N_RECOVERY_CODES)
    ]


def normalized_code(code: str) -> str:
    """Return a code as it is compared: without spaces and hyphens, upper case, full-width digits made plain."""
    plain = unicodedata.normalize("NFKC", code)
    return "".join(character for character in plain if character.isalnum()).upper()


def is_one_time_code(normalized: str) -> bool:
    """Return whether this is meant as an authenticator's code rather than as a recovery code."""
    return len(normalized) == 6 and normalized.isascii() and normalized.isdecimal()  # noqa: PLR2004 - RFC 4226's length


def _grouped(code: str) -> str:
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))
