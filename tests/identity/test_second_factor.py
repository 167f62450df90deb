"""Two-factor log-in: set up, used, replayed, raced, turned off; seeds sealed under keys that change."""

import asyncio
import time
import uuid
from typing import Any

import asyncpg
import httpx2
import pyotp
import pytest

from services.identity.domain.second_factor import STEP_S
from services.identity.service.second_factor import reseal_seeds
from services.identity.service.tools import seed_keyring
from tests.conftest import Clients, Person, settings_of
from tests.environment import Stack
from tests.identity.conftest import Mailing
from tests.identity.mailbox import token_in

ME = "/api/accounts/me"


async def call(
    clients: Clients, person: Person, method: str, path: str, body: dict[str, Any]
) -> httpx2.Response:
    return await clients.identity.request(method, path, json=body, headers=person.headers)


async def enrolled(clients: Clients, person: Person) -> tuple[str, list[str]]:
    """Turn two-factor log-in on; returns seed and recovery codes."""
    begun = await call(clients, person, "POST", f"{ME}/2fa", {"password": person.password})
    assert begun.status_code == 200, begun.text
    seed = begun.json()["secret"]
    code = pyotp.TOTP(seed).at(time.time() - STEP_S)  # the step before: the present one stays usable
    confirmed = await call(clients, person, "POST", f"{ME}/2fa/confirm", {"code": code})
    assert confirmed.status_code == 200, confirmed.text
    return seed, confirmed.json()["recovery_codes"]


async def first_step(clients: Clients, person: Person) -> str:
    body = {"email": person.email, "password": person.password}
    answer = await clients.identity.post("/api/accounts/login", json=body)
    assert answer.json()["mfa_required"] is True
    assert "access_token" not in answer.json()
    return str(answer.json()["mfa_token"])


async def second_step(clients: Clients, mfa_token: str, code: str) -> httpx2.Response:
    return await clients.identity.post("/api/accounts/login/mfa", json={"mfa_token": mfa_token, "code": code})


@pytest.mark.asvs("6.5.4")
async def test_a_seed_is_shown_once_in_three_forms_and_in_force_only_after_a_code(
    clients: Clients, alice: Person
) -> None:
    begun = await call(clients, alice, "POST", f"{ME}/2fa", {"password": alice.password})
    shown = begun.json()
    assert begun.headers["cache-control"] == "no-store"
    assert pyotp.parse_uri(shown["otpauth_uri"]).secret == shown["secret"]
    assert alice.email.replace("@", "%40") in shown["otpauth_uri"]
    assert shown["qr_svg"].startswith("<svg")
    body = {"email": alice.email, "password": alice.password}
    assert "access_token" in (await clients.identity.post("/api/accounts/login", json=body)).json()
    wrong = await call(clients, alice, "POST", f"{ME}/2fa/confirm", {"code": "000000"})
    assert (wrong.status_code, wrong.json()["type"]) == (401, "/problems/wrong-code")
    code = pyotp.TOTP(shown["secret"]).now()
    confirmed = await call(clients, alice, "POST", f"{ME}/2fa/confirm", {"code": code})
    codes = confirmed.json()["recovery_codes"]
    assert len(set(codes)) == 10
    assert all(len(code.replace("-", "")) == 24 for code in codes), "24 Base32 characters are 120 bits"
    again = await call(clients, alice, "POST", f"{ME}/2fa", {"password": alice.password})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/two-factor-is-on")
    me = (await clients.identity.get(ME, headers=alice.headers)).json()
    assert me["is_2fa_enabled"] is True


@pytest.mark.asvs("7.5.1")
async def test_beginning_turning_off_and_new_codes_ask_for_the_password(
    clients: Clients, alice: Person
) -> None:
    for method, path in (("POST", "/2fa"), ("DELETE", "/2fa"), ("POST", "/2fa/recovery-codes")):
        missing = await call(clients, alice, method, f"{ME}{path}", {})
        assert missing.status_code == 422
        wrong = await call(clients, alice, method, f"{ME}{path}", {"password": "not-the-password"})
        assert (wrong.status_code, wrong.json()["type"]) == (403, "/problems/wrong-password")
        assert (
            await call(clients, alice, method, f"{ME}{path}", {"password": alice.password})
        ).status_code in {
            200,
            409,
        }


async def test_a_code_logs_in_and_the_token_says_so(clients: Clients, alice: Person) -> None:
    seed, _ = await enrolled(clients, alice)
    answer = await second_step(clients, await first_step(clients, alice), pyotp.TOTP(seed).now())
    assert answer.status_code == 200
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await clients.identity.get(ME, headers=headers)).status_code == 200
    from joserfc import jwt
    from joserfc.jwk import KeySet

    jwks = KeySet.import_key_set((await clients.identity.get("/.well-known/jwks.json")).json())
    claims = jwt.decode(answer.json()["access_token"], jwks, algorithms=["Ed25519"]).claims
    assert claims["amr"] == ["pwd", "otp"]
    refreshed = await clients.identity.post(
        "/api/accounts/refresh", json={"refresh_token": answer.json()["refresh_token"]}
    )
    claims = jwt.decode(refreshed.json()["access_token"], jwks, algorithms=["Ed25519"]).claims
    assert claims["amr"] == ["pwd", "otp"], "a refresh does not forget how the session was authenticated"


async def from_everywhere(clients: Clients, mfa_token: str, code: str) -> list[int]:
    """What twenty posts at once are answered, each from an address of its own: no count of failures holds one back."""

    async def post(number: int) -> int:
        transport = httpx2.ASGITransport(clients.apps["identity"], client=(f"192.0.2.{number}", 50000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://plugzero.test") as client:
            body = {"mfa_token": mfa_token, "code": code}
            return (await client.post("/api/accounts/login/mfa", json=body)).status_code

    return sorted(await asyncio.gather(*(post(number) for number in range(20))))


@pytest.mark.asvs("6.5.1")
async def test_of_parallel_posts_of_one_code_exactly_one_wins(clients: Clients, alice: Person) -> None:
    seed, _ = await enrolled(clients, alice)
    token = await first_step(clients, alice)
    assert await from_everywhere(clients, token, pyotp.TOTP(seed).now()) == [200] + [401] * 19


@pytest.mark.asvs("6.5.1")
async def test_a_code_is_accepted_once_ever_and_an_earlier_one_never_after_it(
    clients: Clients, alice: Person
) -> None:
    seed, _ = await enrolled(clients, alice)
    token, now = await first_step(clients, alice), time.time()
    totp = pyotp.TOTP(seed)
    code = totp.at(now)
    assert (await second_step(clients, token, code)).status_code == 200
    again = await second_step(clients, token, code)
    assert (again.status_code, again.json()["type"]) == (401, "/problems/wrong-code")
    assert (await second_step(clients, token, totp.at(now - STEP_S))).status_code == 401


@pytest.mark.asvs("6.5.1")
async def test_of_parallel_posts_of_one_recovery_code_exactly_one_wins(
    clients: Clients, alice: Person, owner: asyncpg.Connection
) -> None:
    _, codes = await enrolled(clients, alice)
    token = await first_step(clients, alice)
    assert await from_everywhere(clients, token, codes[0]) == [200] + [401] * 19
    await owner.execute("DELETE FROM accounts_loginthrottle")
    assert (await second_step(clients, token, codes[1].lower().replace("-", " "))).status_code == 200


async def test_new_recovery_codes_void_the_old_ones(clients: Clients, alice: Person) -> None:
    _, old = await enrolled(clients, alice)
    renewed = await call(clients, alice, "POST", f"{ME}/2fa/recovery-codes", {"password": alice.password})
    new = renewed.json()["recovery_codes"]
    token = await first_step(clients, alice)
    assert (await second_step(clients, token, old[0])).status_code == 401
    assert (await second_step(clients, token, new[0])).status_code == 200


@pytest.mark.asvs("6.5.2", "11.3.3")
async def test_recovery_codes_and_seeds_are_not_stored_in_the_clear(
    clients: Clients, alice: Person, owner: asyncpg.Connection
) -> None:
    seed, codes = await enrolled(clients, alice)
    stored = await owner.fetch(
        "SELECT code_hash FROM accounts_recoverycode WHERE user_id = $1", alice.user_id
    )
    assert len(stored) == 10
    assert not {row["code_hash"] for row in stored} & {*codes, *(code.replace("-", "") for code in codes)}
    sealed = await owner.fetchval("SELECT totp_secret FROM accounts_user WHERE id = $1", alice.user_id)
    assert seed not in sealed
    assert sealed.startswith("0:"), "the key that sealed it is named"


@pytest.mark.asvs("7.4.3")
async def test_turning_it_on_or_off_ends_all_other_sessions(clients: Clients, alice: Person) -> None:
    body = {"email": alice.email, "password": alice.password}
    other = (await clients.identity.post("/api/accounts/login", json=body)).json()
    await enrolled(clients, alice)
    refused = await clients.identity.post(
        "/api/accounts/refresh", json={"refresh_token": other["refresh_token"]}
    )
    assert refused.status_code == 401
    off = await call(clients, alice, "DELETE", f"{ME}/2fa", {"password": alice.password})
    assert off.status_code == 204
    assert "access_token" in (await clients.identity.post("/api/accounts/login", json=body)).json()
    assert (
        await call(clients, alice, "DELETE", f"{ME}/2fa", {"password": alice.password})
    ).status_code == 409


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "\u0661" * 6, "0" * 64])
async def test_malformed_codes_are_wrong_and_nothing_worse(
    clients: Clients, alice: Person, code: str
) -> None:
    await enrolled(clients, alice)
    answer = await second_step(clients, await first_step(clients, alice), code)
    assert answer.status_code == 401


@pytest.mark.asvs("2.3.1")
async def test_a_first_step_is_void_after_a_new_password_and_when_forged(
    clients: Clients, alice: Person
) -> None:
    seed, _ = await enrolled(clients, alice)
    token = await first_step(clients, alice)
    body = {"password": alice.password, "new_password": f"Quite-another-{uuid.uuid4().hex}"}
    assert (await call(clients, alice, "POST", f"{ME}/password", body)).status_code == 204
    code = pyotp.TOTP(seed).now()
    assert (await second_step(clients, token, code)).status_code == 401
    for forged in ("", "x", token[:-6] + "AAAAAA", "A" * 2000):
        assert (await second_step(clients, forged, code)).status_code == 401


@pytest.mark.asvs("2.4.1")
async def test_guessing_codes_waits_longer_and_longer(clients: Clients, alice: Person) -> None:
    await enrolled(clients, alice)
    token = await first_step(clients, alice)
    statuses = [(await second_step(clients, token, f"00000{n}")).status_code for n in range(8)]
    assert statuses[:5] == [401] * 5
    assert 429 in statuses[5:]


@pytest.mark.asvs("11.2.2")
async def test_seeds_move_to_a_new_key_while_log_ins_go_on(
    clients: Clients, stack: Stack, alice: Person, owner: asyncpg.Connection
) -> None:
    seed, _ = await enrolled(clients, alice)
    tools, database = clients.apps["identity"].state.tools, clients.apps["identity"].state.resources.database
    settings = settings_of(stack, "identity", encryption_keys={"2026b": "a-new-key-" * 4})
    old, new = tools.seeds, seed_keyring(settings)
    tools.seeds = new
    try:
        log_ins = asyncio.create_task(first_step(clients, alice))
        assert await reseal_seeds(database, new) >= 1
        sealed = await owner.fetchval("SELECT totp_secret FROM accounts_user WHERE id = $1", alice.user_id)
        assert new.is_present(sealed)
        assert new.open(sealed, context=str(alice.user_id)) == seed
        with pytest.raises(ValueError, match="lacks the key '2026b'"):
            old.open(sealed, context=str(alice.user_id))
        with pytest.raises(ValueError, match="for another row"):
            new.open(sealed, context=str(alice.user_id + 1))
        assert (await second_step(clients, await log_ins, pyotp.TOTP(seed).now())).status_code == 200
        assert await reseal_seeds(database, new) == 0
    finally:
        back = seed_keyring(
            settings_of(
                stack,
                "identity",
                encryption_keys={
                    "0": clients.apps["identity"].state.resources.settings.secret_key,
                    "2026b": "a-new-key-" * 4,
                },
            )
        )
        await reseal_seeds(database, back)
        tools.seeds = old


async def test_a_reseal_that_is_killed_in_the_middle_goes_on_where_it_was(
    clients: Clients, stack: Stack, alice: Person, mallory: Person, owner: asyncpg.Connection
) -> None:
    await enrolled(clients, alice)
    await enrolled(clients, mallory)
    database = clients.apps["identity"].state.resources.database
    keys = {"half": "another-new-key-" * 3}
    ring = seed_keyring(settings_of(stack, "identity", encryption_keys=keys))
    mixed = "UPDATE accounts_user SET totp_secret = $1 WHERE id = $2"
    opened = clients.apps["identity"].state.tools.seeds
    before = await owner.fetchval("SELECT totp_secret FROM accounts_user WHERE id = $1", alice.user_id)
    plain = opened.open(before, context=str(alice.user_id))
    await owner.execute(mixed, ring.seal(plain, context=str(alice.user_id)), alice.user_id)
    n_left = await owner.fetchval(
        "SELECT count(*) FROM accounts_user WHERE totp_secret <> '' AND totp_secret NOT LIKE 'half:%'"
    )
    assert await reseal_seeds(database, ring) == n_left
    await owner.execute(
        "UPDATE accounts_user SET totp_secret = '', is_2fa_enabled = false WHERE totp_secret LIKE 'half:%'"
    )


@pytest.mark.asvs("6.4.3")
async def test_a_new_password_by_mail_leaves_the_second_factor_on(
    mailing: Mailing, clients: Clients, alice: Person
) -> None:
    await enrolled(clients, alice)
    await mailing.client.post("/api/accounts/forgot-password", json={"email": alice.email})
    body = {"token": token_in(mailing.letters(alice.email)[-1]), "password": "entirely-new-words-here"}
    assert (await mailing.client.post("/api/accounts/reset-password", json=body)).status_code == 204
    log_in = {"email": alice.email, "password": body["password"]}
    answer = (await mailing.client.post("/api/accounts/login", json=log_in)).json()
    assert answer["mfa_required"] is True
    assert "access_token" not in answer
