"""How long guessing has to wait: rising delays per account and address, never a lock that keeps the owner out.

Three counts are kept for each attempt, and an attempt waits for the longest of their delays:

- the account from this address: who mistypes their own password waits a little, then longer;
- the address, whatever the account: one machine that tries many accounts;
- the account, from wherever: many machines that try one account. This one stays short, and does not hold for an
  address from which the owner has logged in before, so nobody can lock the owner out (OWASP ASVS 5.0, 6.1.1, 6.3.1).
"""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """When a count begins to delay, and how long at most.

    The first failure beyond the free ones delays the next attempt by a second, and each further one by twice as long.
    The database counts and delays in one statement (`queries.throttles`), so parallel attempts are delayed too.
    """

    n_free: int
    longest_s: int


PAIR = Rule(n_free=5, longest_s=900)
ACCOUNT = Rule(n_free=20, longest_s=30)
LONGEST_FOR_ADDRESS_S = 900


@dataclass(frozen=True, slots=True)
class Count:
    """One thing that is counted, under a key that does not show it."""

    key: str
    rule: Rule


def counts_of(
    purpose: str, account: str, ip_address: str, *, is_known_address: bool, n_free_per_address: int
) -> list[Count]:
    """Return what an attempt is counted under. `purpose` keeps passwords and one-time codes apart.

    `n_free_per_address` is a setting: behind one address there may be a whole campus.
    """
    pair = Count(_key(purpose, "pair", account, ip_address), PAIR)
    rule = Rule(n_free_per_address, LONGEST_FOR_ADDRESS_S)
    address = Count(_key(purpose, "address", ip_address), rule)
    if is_known_address:
        return [pair, address]
    return [pair, address, Count(_key(purpose, "account", account), ACCOUNT)]


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
