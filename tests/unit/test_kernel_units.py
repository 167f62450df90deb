"""Small rules of the kernel that need no server."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kernel.etags import etag, require_match
from kernel.ids import uuid7
from kernel.prefer import prefer_wait
from kernel.problems import PreconditionFailed
from kernel.settings import Settings, async_database_url, with_role


def test_uuid7_is_ordered_by_time_and_says_its_version() -> None:
    made = [uuid7() for _ in range(1000)]
    assert {u.version for u in made} == {7}
    assert {u.variant for u in made} == {uuid.RFC_4122}
    milliseconds = [u.int >> 80 for u in made]
    assert milliseconds == sorted(milliseconds)
    assert len(set(made)) == 1000


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 0),
        ("wait=20", 20),
        ("respond-async, wait=5", 5),
        ('wait="7"', 7),
        ("wait=9999", 30),
        ("await=5", 0),
        ("wait=x", 0),
    ],
)
async def test_prefer_wait_is_read_as_rfc_7240_says(header: str, seconds: float) -> None:
    assert await prefer_wait(header) == seconds


def test_an_edit_of_another_revision_is_refused() -> None:
    require_match(None, 3)
    require_match("*", 3)
    require_match(etag(3), 3)
    with pytest.raises(PreconditionFailed):
        require_match(etag(2), 3)


@given(role=st.text(min_size=1, max_size=20), password=st.text(min_size=1, max_size=20))
def test_a_role_with_any_characters_survives_the_database_address(role: str, password: str) -> None:
    from sqlalchemy import make_url

    try:
        role.encode(), password.encode()
    except UnicodeEncodeError:
        return
    url = make_url(async_database_url(with_role("postgresql://o:p@h:5/n?x=1", role=role, password=password)))
    assert (url.username, url.password, url.host, url.port, url.database) == (role, password, "h", 5, "n")


def test_a_short_secret_is_refused_with_the_way_to_make_one() -> None:
    with pytest.raises(ValidationError, match="openssl rand"):
        Settings(secret_key="short")


def test_another_database_than_postgresql_is_refused() -> None:
    with pytest.raises(ValueError, match="only postgresql"):
        async_database_url("mysql://x/y")
