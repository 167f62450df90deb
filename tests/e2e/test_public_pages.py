"""Through the gateway: every page that needs no account has a strict policy, and refusals are readable where people read."""

import uuid
from typing import Any

import httpx2
import pytest

from deploy.demo.walk import Walk
from tests.e2e.surveying import DRINKS, number_of, publish

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
LARGEST_BYTES = 16 * 1024 * 1024


@pytest.mark.asvs("3.4.3")
def test_every_page_and_every_refusal_has_a_strict_policy(walk: Walk) -> None:
    open_page, closed_page = (publish(walk, DRINKS, "CLASSIC") for _ in range(2))
    walk.client.call("POST", f"/api/surveys/{number_of(walk, closed_page)}/close", json={})
    expected = {
        open_page: 200, closed_page: 410, f"/s/{uuid.uuid4()}": 404, "/s/nothing": 404, f"/r/{uuid.uuid4()}": 404,
        "/problems": 200, "/problems/not-found": 200, "/problems/gateway/429": 429, "/problems/gateway/502": 502,
        "/account/reset-password?token=x": 410, "/nowhere": 404, "/": 404,
    }  # fmt: skip
    with httpx2.Client(base_url=walk.client.base_url, trust_env=False, headers=BROWSER) as browser:
        for address, status in expected.items():
            answer = browser.get(address)
            policy = answer.headers.get("content-security-policy", "")
            assert answer.status_code == status, address
            assert policy.startswith("default-src 'none';"), address
            assert "frame-ancestors 'none'" in policy, address
            assert "unsafe" not in policy, address


def test_a_form_that_is_too_large_is_a_page_and_a_problem_where_no_page_is_wanted(
    run: dict[str, Any],
) -> None:
    with httpx2.Client(base_url=run["gateway_url"], trust_env=False, timeout=30) as client:
        large = b"a" * (LARGEST_BYTES + 1)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        page = client.post(f"/s/{uuid.uuid4()}", content=large, headers=BROWSER | kind)
        problem = client.put(
            "/public/sessions/x/answers", content=large, headers={"Accept": "application/json"}
        )
    assert (page.status_code, problem.status_code) == (413, 413)
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none';")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["status"] == 413
