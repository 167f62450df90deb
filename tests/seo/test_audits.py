"""Audits through the API, crawled by the real worker over loopback sites."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.seo.domain.extraction import html_facts
from tests.conftest import Clients, Person
from tests.seo.conftest import Auditor
from tests.seo.local_site import SMALL_SITE, Reply, page, serving


async def test_a_small_site_is_crawled_counted_and_scored(auditor: Auditor) -> None:
    async with serving(SMALL_SITE) as site:
        audit = await auditor.audit(f"{site.base}/", max_pages=10)
    assert audit["status"] == "SUCCESS"
    assert audit["status_codes"] == {"200": 2, "404": 1}
    assert 0 <= audit["score"] < 100
    assert audit["progress"] == {"done": 3, "total": 3, "phase": "finished"}
    assert audit["completed_at"] >= audit["started_at"] >= audit["created_at"]
    assert site.visited == {"/": 1, "/a": 1, "/gone": 1}
    assert site.asked["/robots.txt"] == 1
    assert all("PlugZeroBot" in agent for agent in site.agents)


async def test_findings_name_the_page_the_check_and_what_was_seen(auditor: Auditor) -> None:
    async with serving(SMALL_SITE) as site:
        audit = await auditor.audit(f"{site.base}/")
    broken = await auditor.findings(audit["id"], "&code=broken-internal-link")
    assert [(f["url"], f["severity"], f["evidence"]["target"], f["evidence"]["status"]) for f in broken] == [
        (f"{site.base}/", "error", f"{site.base}/gone", 404)
    ]
    untitled = await auditor.findings(audit["id"], "&code=title-missing")
    assert [f["url"] for f in untitled] == [f"{site.base}/a"]
    pages = (await auditor.get(f"/api/audits/{audit['id']}/pages"))["items"]
    assert untitled[0]["page_id"] == next(p["id"] for p in pages if p["url"].endswith("/a"))
    assert {f["severity"] for f in await auditor.findings(audit["id"], "&severity=error")} == {"error"}
    of_page = await auditor.findings(audit["id"], f"&url={site.base}/gone")
    assert {f["code"] for f in of_page} == {"client-error"}


async def test_findings_are_paged_without_repeats_or_gaps(auditor: Auditor) -> None:
    async with serving(SMALL_SITE) as site:
        audit = await auditor.audit(f"{site.base}/")
    everything = [f["id"] for f in await auditor.findings(audit["id"])]
    walked: list[int] = []
    cursor = ""
    while True:
        answer = await auditor.get(f"/api/audits/{audit['id']}/findings?limit=4{cursor}")
        walked += [f["id"] for f in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert walked == everything


async def test_the_summary_groups_the_findings_and_says_what_to_do(auditor: Auditor) -> None:
    async with serving(SMALL_SITE) as site:
        audit = await auditor.audit(f"{site.base}/")
    summary = await auditor.get(f"/api/audits/{audit['id']}/summary")
    assert (summary["score"], summary["n_pages"], summary["n_indexable"]) == (audit["score"], 3, 2)
    assert summary["outcomes"] == {"http_error": 1, "ok": 2}
    assert summary["coverage"] == "complete"
    assert summary["checks"][0]["severity"] == "error"
    assert all(check["remedy"] and check["meaning"] for check in summary["checks"])
    assert sum(summary["severities"].values()) == len(await auditor.findings(audit["id"]))
    known = {check["code"] for check in (await auditor.get("/api/audits/checks"))["items"]}
    assert {check["code"] for check in summary["checks"]} <= known


async def test_the_links_of_a_page_are_listed(auditor: Auditor) -> None:
    async with serving(SMALL_SITE) as site:
        audit = await auditor.audit(f"{site.base}/")
    home = (await auditor.get(f"/api/audits/{audit['id']}/pages"))["items"][0]
    links = (await auditor.get(f"/api/audits/{audit['id']}/links?page_id={home['id']}"))["items"]
    assert [(link["target_url"], link["text"]) for link in links] == [
        (f"{site.base}/a", "a"),
        (f"{site.base}/gone", "gone"),
    ]


async def test_redirects_are_pages_of_their_own_with_chains_and_loops(auditor: Auditor) -> None:
    pages: dict[str, Reply | str] = {
        "/": page("Start of the redirecting site", "/one", "/loop-a"),
        "/one": Reply(status=301, headers={"Location": "/two"}),
        "/two": Reply(status=302, headers={"Location": "/end"}),
        "/end": page("The end of the redirect chain"),
        "/loop-a": Reply(status=301, headers={"Location": "/loop-b"}),
        "/loop-b": Reply(status=301, headers={"Location": "/loop-a"}),
    }
    async with serving(pages) as site:
        audit = await auditor.audit(f"{site.base}/")
    assert audit["status_codes"] == {"200": 2, "301": 3, "302": 1}
    chain = await auditor.findings(audit["id"], "&code=redirect-chain")
    assert [(f["url"], f["evidence"]["n_redirects"]) for f in chain] == [(f"{site.base}/one", 2)]
    loops = await auditor.findings(audit["id"], "&code=redirect-loop")
    assert {f["url"] for f in loops} == {f"{site.base}/loop-a", f"{site.base}/loop-b"}
    assert {f["url"] for f in await auditor.findings(audit["id"], "&code=link-to-redirect")} == {
        f"{site.base}/"
    }


async def test_a_target_that_redirects_to_another_host_opens_that_host(auditor: Auditor) -> None:
    async with serving(
        {"/": page("The real home of the site", "/more"), "/more": page("More about it")}
    ) as home:
        home.pages["/more"] = Reply(status=301, headers={"Location": "/most"})
        home.pages["/most"] = Reply(page("Most about it"))
        moved = {"/": Reply(status=301, headers={"Location": f"{home.base}/"})}
        async with serving(moved) as old:
            audit = await auditor.audit(f"{old.base}/")
    assert audit["status_codes"] == {"200": 2, "301": 2}
    assert home.visited == {"/": 1, "/more": 1, "/most": 1}


async def test_pages_with_the_same_title_are_found_across_the_site(auditor: Auditor) -> None:
    pages = {
        "/": page("A title that is only used here", "/a", "/b"),
        "/a": page("Products of our company"),
        "/b": page("Products of our company"),
    }
    async with serving(pages) as site:
        audit = await auditor.audit(f"{site.base}/")
    same = await auditor.findings(audit["id"], "&code=title-duplicate")
    assert [(f["url"], f["evidence"]["others"]) for f in same] == [
        (f"{site.base}/a", [f"{site.base}/b"]),
        (f"{site.base}/b", [f"{site.base}/a"]),
    ]


async def test_what_robots_txt_disallows_is_not_fetched(auditor: Auditor) -> None:
    pages: dict[str, Reply | str] = {
        "/robots.txt": Reply(
            "User-agent: *\nDisallow: /private\nAllow: /private/open", headers={"Content-Type": "text/plain"}
        ),
        "/": page("Home with something private", "/private/secret", "/private/open"),
        "/private/open": page("Open although it is below"),
    }
    async with serving(pages) as site:
        audit = await auditor.audit(f"{site.base}/")
    assert site.visited == {"/": 1, "/private/open": 1}
    assert audit["status_codes"] == {"200": 2}
    assert (await auditor.get(f"/api/audits/{audit['id']}/summary"))["outcomes"] == {
        "ok": 2,
        "robots_blocked": 1,
    }
    assert "robots-blocked" in await auditor.codes(audit["id"])


async def test_a_site_whose_robots_txt_fails_is_not_crawled(auditor: Auditor) -> None:
    async with serving({"/robots.txt": Reply("oops", 500), "/": page("Home")}) as site:
        audit = await auditor.audit(f"{site.base}/")
    assert (audit["status"], audit["error"]["type"]) == ("FAILED", "/problems/target-disallowed")
    assert "500" in audit["error"]["detail"]
    assert site.visited == {}


async def test_an_unreachable_target_fails_with_the_reason(auditor: Auditor, unused_tcp_port: int) -> None:
    audit = await auditor.audit(f"http://127.0.0.1:{unused_tcp_port}/")
    assert (audit["status"], audit["score"], audit["status_codes"]) == ("FAILED", None, {})
    assert audit["error"]["type"] == "/problems/target-unreachable"
    assert audit["error"]["outcome"] == "refused"
    assert "unreachable" in await auditor.codes(audit["id"])


async def test_a_target_that_only_redirects_fails(auditor: Auditor) -> None:
    async with serving({"/": Reply(status=302, headers={"Location": "/"})}) as site:
        audit = await auditor.audit(f"{site.base}/")
    assert (audit["status"], audit["error"]["type"]) == ("FAILED", "/problems/target-redirects")


async def test_the_crawl_stops_at_its_limits(auditor: Auditor) -> None:
    endless = {f"/{n}": page(f"Page number {n} of many", f"/{n + 1}", f"/{n + 2}") for n in range(60)}
    async with serving(endless) as site:
        few = await auditor.audit(f"{site.base}/0", max_pages=7)
        shallow = await auditor.audit(f"{site.base}/0", max_depth=2)
        one = await auditor.audit(f"{site.base}/0", max_depth=0)
    assert few["status_codes"] == {"200": 7}
    assert "limit of 7 pages" in (await auditor.get(f"/api/audits/{few['id']}/summary"))["coverage"]
    assert shallow["status_codes"] == {"200": 5}
    assert one["status_codes"] == {"200": 1}


async def test_pages_that_only_the_sitemap_knows_are_found_and_called_orphans(auditor: Auditor) -> None:
    async with serving(
        {"/": page("Home with a sitemap", "/linked"), "/linked": page("A linked page")}
    ) as site:
        index = f"<sitemapindex><sitemap><loc>{site.base}/pages.xml</loc></sitemap></sitemapindex>"
        listed = "".join(
            f"<url><loc>{site.base}/{name}</loc></url>" for name in ("linked", "forgotten", "gone")
        )
        site.pages["/robots.txt"] = Reply(
            f"Sitemap: {site.base}/index.xml", headers={"Content-Type": "text/plain"}
        )
        site.pages["/index.xml"] = Reply(index, headers={"Content-Type": "application/xml"})
        site.pages["/pages.xml"] = Reply(
            f"<urlset>{listed}</urlset>", headers={"Content-Type": "application/xml"}
        )
        site.pages["/forgotten"] = Reply(page("A forgotten page", "/"))
        audit = await auditor.audit(f"{site.base}/")
    assert audit["status_codes"] == {"200": 3, "404": 1}
    assert site.visited == {"/": 1, "/linked": 1, "/forgotten": 1, "/gone": 1}
    assert [f["url"] for f in await auditor.findings(audit["id"], "&code=orphan-page")] == [
        f"{site.base}/forgotten"
    ]


async def test_a_page_that_says_later_is_asked_again(auditor: Auditor) -> None:
    busy = Reply("busy", 503, {"Retry-After": "0"})
    async with serving({"/": page("Home of the busy site", "/busy"), "/busy": busy}) as site:
        audit = await auditor.audit(f"{site.base}/")
    assert site.asked["/busy"] == 3
    assert audit["status_codes"] == {"200": 1, "503": 1}


async def test_other_hosts_and_odd_links_are_left_alone(auditor: Auditor) -> None:
    odd = [
        "mailto:a@example.org",
        "javascript:void(0)",
        "#top",
        "http://[bad/",
        "https://example.org/",
        "/?utm_source=x",
    ]
    async with serving({"/": page("Home with odd links", *odd)}) as site:
        audit = await auditor.audit(f"{site.base}/")
    assert audit["status_codes"] == {"200": 1}
    assert "link-unusable" in await auditor.codes(audit["id"])


async def test_content_that_is_not_html_is_counted_but_not_judged(auditor: Auditor) -> None:
    film = Reply("x" * 5000, headers={"Content-Type": "video/mp4"})
    async with serving({"/": page("Home with a film", "/film"), "/film": film}) as site:
        audit = await auditor.audit(f"{site.base}/")
    assert audit["status_codes"] == {"200": 2}
    assert await auditor.findings(audit["id"], f"&url={site.base}/film") == []


async def test_a_page_that_breaks_our_own_parser_costs_its_facts_and_not_the_audit(
    auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(body: bytes, **options: Any) -> Any:
        if b"poison" in body:
            raise RuntimeError("a defect of ours")
        return html_facts(body, **options)

    monkeypatch.setattr("services.seo.consumers.visitor.html_facts", breaks)
    async with serving({"/": page("Home with a bad page", "/b"), "/b": page("poison")}) as site:
        audit = await auditor.audit(f"{site.base}/")
    assert (audit["status"], audit["status_codes"]) == ("SUCCESS", {"200": 2})


@pytest.mark.parametrize(
    ("target_url", "words"),
    [
        ("not an address", "complete web address"),
        ("ftp://example.org/", "http and https"),
        ("https://user:secret@example.org/", "user name or password"),
        ("http://169.254.169.254/latest/meta-data/", "metadata"),
        ("http://[::ffff:127.0.0.1]/", "IPv4-mapped"),
    ],
)
async def test_a_target_that_may_never_be_fetched_is_refused(
    auditor: Auditor, target_url: str, words: str
) -> None:
    answer = await auditor.call(
        "POST", f"/api/projects/{auditor.project}/audits", json={"target_url": target_url}
    )
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "/target_url"
    assert words in error["detail"]


async def test_other_teams_see_nothing_and_cannot_start_anything(
    auditor: Auditor, mallory: Person, clients: Clients
) -> None:
    async with serving(SMALL_SITE) as site:
        audit = await auditor.audit(f"{site.base}/")
        paths = ["", "/findings", "/pages", "/summary", "/links?page_id=1"]
        for path in paths:
            answer = await clients.seo.get(f"/api/audits/{audit['id']}{path}", headers=mallory.headers)
            assert answer.status_code == 404, path
        mallory_tries = Auditor(clients, mallory, auditor.project, auditor.drain)
        started = await mallory_tries.call(
            "POST", f"/api/projects/{auditor.project}/audits", json={"target_url": f"{site.base}/"}
        )
        assert started.status_code == 404
        assert (await mallory_tries.call("POST", f"/api/audits/{audit['id']}/cancel")).status_code == 404
        assert (await mallory_tries.call("DELETE", f"/api/audits/{audit['id']}")).status_code == 404
    assert (await clients.seo.get(f"/api/audits/{audit['id']}")).status_code == 401


async def test_a_viewer_reads_but_does_not_start_cancel_or_delete(
    auditor: Auditor, clients: Clients, member: Callable[[str], Awaitable[Person]]
) -> None:
    viewer = Auditor(clients, await member("VIEWER"), auditor.project, auditor.drain)
    async with serving(SMALL_SITE) as site:
        audit_id = await auditor.start(f"{site.base}/")
        assert (await viewer.get(f"/api/audits/{audit_id}"))["status"] == "PENDING"
        started = await viewer.call(
            "POST", f"/api/projects/{auditor.project}/audits", json={"target_url": f"{site.base}/"}
        )
        assert started.status_code == 403
        assert (await viewer.call("POST", f"/api/audits/{audit_id}/cancel")).status_code == 403
        assert (await viewer.call("DELETE", f"/api/audits/{audit_id}")).status_code == 403
        await auditor.drain()
        assert (await viewer.get(f"/api/projects/{auditor.project}/audits"))["items"][0][
            "status"
        ] == "SUCCESS"


async def test_a_cancelled_audit_is_not_crawled_and_cannot_be_cancelled_twice(auditor: Auditor) -> None:
    async with serving(SMALL_SITE) as site:
        audit_id = await auditor.start(f"{site.base}/")
        cancelled = await auditor.call("POST", f"/api/audits/{audit_id}/cancel")
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "CANCELLED")
        again = await auditor.call("POST", f"/api/audits/{audit_id}/cancel")
        assert (again.status_code, again.json()["type"]) == (409, "/problems/audit-finished")
        await auditor.drain()
    assert site.asked == {}


async def test_a_deleted_audit_is_gone(auditor: Auditor) -> None:
    async with serving(SMALL_SITE) as site:
        audit = await auditor.audit(f"{site.base}/")
    assert (await auditor.call("DELETE", f"/api/audits/{audit['id']}")).status_code == 204
    assert (await auditor.call("GET", f"/api/audits/{audit['id']}")).status_code == 404
