"""Access tokens: what is accepted, what is refused, and where the keys come from."""

import base64
import json
import time
from typing import Any, cast

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, OKPKey

from kernel.principals import ALGORITHM, TOKEN_TYPE, JwksKeys, Principal, TokenVerifier
from kernel.problems import Unauthenticated, Unavailable
from kernel.settings import Settings

SETTINGS = Settings(jwks_url="http://identity/.well-known/jwks.json")


def new_key() -> OKPKey:
    key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": ALGORITHM}, private=True)
    key.ensure_kid()
    return key


KEY, STRANGE = new_key(), new_key()


class OneKey:
    async def key_set(self, *, missing_kid: str | None = None) -> KeySet:
        del missing_kid  # there is no second key to look for
        return KeySet([OKPKey.import_key(KEY.as_dict(private=False))])


def claims(**changes: Any) -> dict[str, Any]:
    own = {
        "iss": SETTINGS.token_issuer,
        "aud": SETTINGS.token_audience,
        "sub": "5",
        "sid": "session",
        "amr": ["pwd"],
        "exp": int(time.time()) + 900,
    }
    return {name: value for name, value in {**own, **changes}.items() if value is not None}


def token(body: dict[str, Any] | None = None, *, key: OKPKey = KEY, **header: Any) -> str:
    head = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": str(KEY.kid), **header}
    return jwt.encode(head, claims() if body is None else body, key, algorithms=[ALGORITHM])


def unsigned() -> str:
    head = {"alg": "none", "typ": TOKEN_TYPE, "kid": str(KEY.kid)}
    parts = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, claims())
    )
    return ".".join((*parts, ""))


def signed(body: dict[str, Any] | None = None, **header: Any) -> str:
    """A token with any header at all, under a right signature."""
    head = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": str(KEY.kid), **header}
    parts = (json.dumps(part).encode() for part in (head, claims() if body is None else body))
    message = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    private = cast("Ed25519PrivateKey", KEY.private_key)
    return b".".join((message, base64.urlsafe_b64encode(private.sign(message)).rstrip(b"="))).decode()


def signed_with_the_public_key() -> str:
    """The classic confusion: the public key's bytes taken as an HMAC secret."""
    secret = OctKey.import_key(json.dumps(KEY.as_dict(private=False)))
    head = {"alg": "HS256", "typ": TOKEN_TYPE, "kid": str(KEY.kid)}
    return jwt.encode(head, claims(), secret, algorithms=["HS256"])


@pytest.mark.parametrize("good", [token(), signed()], ids=["by the library", "by hand"])
async def test_a_good_token_names_its_caller(good: str) -> None:
    principal = await TokenVerifier(SETTINGS, OneKey()).verify(good)
    assert principal == Principal(user_id=5, session_id="session", authentication_methods=("pwd",))


@pytest.mark.asvs("9.1.1", "9.1.2", "9.1.3", "9.2.1", "9.2.2", "9.2.3", "9.2.4")
@pytest.mark.parametrize(
    "bad",
    [
        token(claims(exp=int(time.time()) - 60)),
        token(claims(exp=None)),
        token(claims(aud="another-api")),
        token(claims(aud=None)),
        token(claims(iss="another-issuer")),
        token(claims(iss=None)),
        token(claims(sid=None)),
        token(claims(sub=None)),
        token(claims(sub="somebody")),
        token(typ="JWT"),
        token(kid="unknown"),
        token(key=new_key()),
        token(key=STRANGE, jwk=STRANGE.as_dict(private=False)),
        signed(crit=["x"], x=1),
        signed(crit=["b64"], b64=False),
        signed(crit=[]),
        signed(claims(sub=[5])),
        signed(claims(exp="tomorrow")),
        signed(claims(exp=1e400)),
        signed(alg="ES256"),
        unsigned(),
        signed_with_the_public_key(),
        token()[:-6] + "AAAAAA",
        token() + "." + "A" * 10_000,
        "",
        "a.b.c",
        "ä.ö.ü",
    ],
    ids=[
        "expired", "no expiry", "other audience", "no audience", "other issuer", "no issuer", "no session", "no subject",
        "subject is no id", "other type", "unknown key", "other key under our id", "other key in the header",
        "unknown critical header", "payload without Base64", "empty list of critical headers", "subject is a list",
        "expiry is a word", "expiry is infinite", "other algorithm under our signature", "algorithm none", "HMAC with the public key",
        "cut signature", "10 kB", "empty", "no base64", "not ASCII",
    ],
)  # fmt: skip
async def test_any_other_token_is_refused(bad: str) -> None:
    with pytest.raises(Unauthenticated):
        await TokenVerifier(SETTINGS, OneKey()).verify(bad)


class Identity:
    """Identity's JWKS as a server that can rotate its key and go away."""

    def __init__(self) -> None:
        self.keys = [KEY]
        self.is_up = True
        self.n_asked = 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        assert str(request.url) == SETTINGS.jwks_url
        self.n_asked += 1
        if not self.is_up:
            return httpx2.Response(503)
        return httpx2.Response(200, json={"keys": [key.as_dict(private=False) for key in self.keys]})

    def source(self, **settings: Any) -> JwksKeys:
        return JwksKeys(SETTINGS.model_copy(update=settings), transport=httpx2.MockTransport(self))


async def test_keys_are_fetched_once_and_kept() -> None:
    identity = Identity()
    verifier = TokenVerifier(SETTINGS, identity.source())
    for _ in range(5):
        await verifier.verify(token())
    assert identity.n_asked == 1


async def test_an_outage_of_identity_logs_nobody_out() -> None:
    identity = Identity()
    verifier = TokenVerifier(SETTINGS, identity.source(jwks_cache_s=1e-9))
    await verifier.verify(token())
    identity.is_up = False
    assert (await verifier.verify(token())).user_id == 5


async def test_without_any_key_the_answer_is_503_and_not_401() -> None:
    identity = Identity()
    identity.is_up = False
    with pytest.raises(Unavailable):
        await TokenVerifier(SETTINGS, identity.source()).verify(token())


async def test_a_new_key_is_found_before_the_cache_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.principals._REFETCH_AT_MOST_EVERY_S", -1.0)
    identity, fresh = Identity(), new_key()
    verifier = TokenVerifier(SETTINGS, identity.source())
    await verifier.verify(token())
    identity.keys.append(fresh)
    rotated = token(key=fresh, kid=str(fresh.kid))
    assert (await verifier.verify(rotated)).user_id == 5


async def test_unknown_keys_do_not_make_us_ask_identity_each_time() -> None:
    identity = Identity()
    verifier = TokenVerifier(SETTINGS, identity.source())
    await verifier.verify(token())
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await verifier.verify(token(kid="made-up"))
    assert identity.n_asked == 1
