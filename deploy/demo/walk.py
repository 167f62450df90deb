"""The steps of the demo, each through the public door; nothing here reaches past the gateway."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from deploy.demo.anes import anes96_csv
from deploy.demo.client import Client, DemoFailedError
from deploy.demo.site import small_site
from deploy.demo.table import crosstab_lines

SURVEY = {
    "languages": ["en"],
    "pages": [
        {
            "code": "p1",
            "questions": [
                {
                    "code": "vote",
                    "type": "single_choice",
                    "required": True,
                    "text": {"en": "Did you vote in the last election?"},
                    "options": [{"code": "yes", "text": {"en": "Yes"}}, {"code": "no", "text": {"en": "No"}}],
                },
                {
                    "code": "trust",
                    "type": "rating",
                    "text": {"en": "How much do you trust opinion polls?"},
                    "show_if": "vote == 'yes'",
                },
            ],
        },
        {"code": "p2", "questions": [{"code": "why", "type": "long_text", "text": {"en": "Why is that?"}}]},
    ],
}
ANSWERS = (
    {"vote": "yes", "trust": 4, "why": "They were close last time."},
    {"vote": "yes", "trust": 2, "why": "Nobody ever asked me."},
    {"vote": "no", "why": "I was abroad."},
)


@dataclass
class Walk:
    """What the demo has made so far."""

    client: Client
    team_id: int = 0
    project_id: int = 0
    dataset_id: int = 0
    crosstab: dict[str, Any] = field(default_factory=dict)
    survey_pages: dict[str, str] = field(default_factory=dict)
    report_page: str = ""

    def register(self) -> str:
        """Register and log in."""
        email = f"demo-{uuid.uuid4().hex[:8]}@example.com"
        self.client.log_in_as_somebody_new(email, f"demo-{uuid.uuid4().hex}")
        return email

    def make_project(self) -> str:
        """Make a team and a project."""
        team = self.client.call("POST", "/api/teams", json={"name": "Election research"}, expect=201)
        body = {
            "team_id": team["id"],
            "name": "US election 1996",
            "description": "Who voted for whom, and why.",
        }
        self.team_id = team["id"]
        self.project_id = self.client.call("POST", "/api/projects", json=body, expect=201)["id"]
        return f"team {self.team_id}, project {self.project_id}"

    def upload(self) -> str:
        """Upload the study and wait until it is understood."""
        sent = self.client.call(
            "POST",
            f"/api/projects/{self.project_id}/files",
            files={"file": ("anes96.csv", anes96_csv(), "text/csv")},
            expect=202,
        )
        file = self.client.wait(f"/api/files/{sent['id']}", "upload_status")
        self.dataset_id = file["dataset_ids"][0]
        columns = file["columns_metadata"]["columns"]
        return ", ".join(f"{c['name']}: {c['kind']}" for c in columns)

    def analyse(self) -> str:
        """Compute a crosstab with significance letters, and a mean by group."""
        self.crosstab = self._analysis("CROSSTAB", {"rows": ["vote"], "columns": ["party"]})
        mean = self._analysis("MEAN", {"variable": "age", "by": ["vote"]})
        table = self.crosstab["result_data"]["tables"][0]
        lines = crosstab_lines(
            table,
            title="Vote by party identification, column %; letters: exceeds that column at 95 % (lower case) or 99 % (upper case)",
        )
        groups = (
            f"{'/'.join(g['by'].values())} {g['mean']:.1f} ± {1.96 * g['se']:.1f}"
            for g in mean["result_data"]["groups"]
        )
        return "\n".join(["", *lines, "", f"Mean age: {', '.join(groups)}", ""])

    def derive_insight(self) -> str:
        """Write down a finding and find it again."""
        body = {
            "title": "Party identification all but decides the vote",
            "body": "Strong Democrats voted for Clinton almost without exception, strong Republicans for Dole.",
            "analysis_result_id": self.crosstab["id"],
        }
        insight = self.client.call("POST", f"/api/projects/{self.project_id}/insights", json=body, expect=201)
        found = self.client.call(
            "GET", f"/api/projects/{self.project_id}/search", params={"q": "republicans dole"}
        )
        if insight["id"] not in [hit["id"] for hit in found["items"]]:
            raise DemoFailedError("the insight was not found again")
        return f"insight {insight['id']}, found by “republicans dole”"

    def survey(self) -> str:
        """Publish a survey in both layouts, answer it, and count the answers."""
        counted = ""
        for layout in ("CLASSIC", "FOCUS"):
            body = {
                "title": f"Polls ({layout.lower()})",
                "layout_style": layout,
                "theme_config": {},
                "definition": SURVEY,
            }
            survey = self.client.call(
                "POST", f"/api/projects/{self.project_id}/surveys", json=body, expect=201
            )
            self.client.call("POST", f"/api/surveys/{survey['id']}/publish", json={}, expect=(200, 201))
            self.survey_pages[layout] = f"{self.client.base_url}/s/{survey['uuid']}"
            self.client.call("GET", f"/s/{survey['uuid']}", headers={"Accept": "text/html"})
            for answers in ANSWERS:
                self._answer(survey["uuid"], answers)
            dataset_id = self.client.call("GET", f"/api/surveys/{survey['id']}")["dataset_id"]
            result = self._analysis("FREQUENCY", {"variables": ["vote"]}, dataset_id=dataset_id)
            table = result["result_data"]["tables"][0]
            counted = ", ".join(
                f"{label} {n}" for label, n in zip(table["labels"], table["count"], strict=True)
            )
            if sum(table["count"]) != len(ANSWERS):
                raise DemoFailedError(f"{len(ANSWERS)} interviews were sent, {table['count']} are counted")
        return f"answered {len(ANSWERS)} times in CLASSIC and FOCUS; as a dataset: {counted}"

    def report(self) -> str:
        """Publish a report with a chart and an anchored comment."""
        text = "Party identification all but decides the vote."
        blocks = [
            {"type": "text", "text": text},
            {"type": "chart", "analysis_result_id": self.crosstab["id"]},
        ]
        report = self.client.call(
            "POST",
            f"/api/projects/{self.project_id}/reports",
            json={"title": "Election 1996", "blocks": blocks},
            expect=201,
        )
        anchor = {
            "block_id": report["blocks"][0]["id"],
            "start": 0,
            "end": 5,
            "exact": text[:5],
            "prefix": "",
            "suffix": text[5:15],
        }
        comment = {"anchor": anchor, "body": "Say how it was asked."}
        self.client.call("POST", f"/api/reports/{report['id']}/comments", json=comment, expect=201)
        published = self.client.call(
            "POST", f"/api/reports/{report['id']}/publish", json={}, expect=(200, 201)
        )
        self.report_page = f"{self.client.base_url}/r/{published['uuid']}"
        page = self.client.call("GET", f"/r/{published['uuid']}", headers={"Accept": "text/html"})
        if "<svg" not in page:
            raise DemoFailedError("the published report shows no chart")
        return "text, chart, one comment on “Party”; published"

    def audit(self) -> str:
        """Audit a small site that is served here, with faults on purpose."""
        with small_site() as address:
            body = {"target_url": address, "max_pages": 20}
            started = self.client.call(
                "POST", f"/api/projects/{self.project_id}/audits", json=body, expect=(200, 202)
            )
            audit = self.client.wait(f"/api/audits/{started['id']}", "status")
        findings = self.client.call("GET", f"/api/audits/{audit['id']}/findings")["items"]
        codes = sorted({finding["code"] for finding in findings})
        return f"score {audit['score']}, status codes {audit['status_codes']}, {len(findings)} findings: {', '.join(codes[:5])} …"

    def _analysis(
        self, kind: str, parameters: dict[str, Any], *, dataset_id: int | None = None
    ) -> dict[str, Any]:
        body = {
            "dataset_id": dataset_id or self.dataset_id,
            "calculation_type": kind,
            "parameters": parameters,
        }
        path = f"/api/projects/{self.project_id}/analyses"
        asked = self.client.call("POST", path, json=body, headers={"Prefer": "wait=20"}, expect=(200, 202))
        found: dict[str, Any] = asked
        return (
            found
            if asked["status"] == "SUCCESS"
            else self.client.wait(f"/api/analyses/{asked['id']}", "status")
        )

    def _answer(self, survey_uuid: str, answers: dict[str, Any]) -> None:
        token = self.client.call("POST", f"/public/surveys/{survey_uuid}/sessions", json={}, expect=201)[
            "token"
        ]
        self.client.call("PUT", f"/public/sessions/{token}/answers", json={"answers": answers})
        done = self.client.call("POST", f"/public/sessions/{token}/submit", json={}, expect=(200, 201))
        if done["status"] != "complete":
            raise DemoFailedError(f"an interview ended as {done['status']}")
