"""The last look at a survey that was taken over: rules that the linter refuses are left out with a note, so that the draft can be published.

Why here: a translated condition is well formed, yet may speak of a question that comes later here, or that is on a page whose questions
change places. Only the linter knows all such faults, and only the whole definition shows them.
"""

import re
from collections.abc import Sequence
from typing import Any

from services.ingestion.domain.survey.definition import parse_definition
from services.ingestion.domain.survey.foreign.taking import Note, Taken
from services.ingestion.domain.survey.issues import DefinitionRefused, Issue
from services.ingestion.domain.survey.lint import lint
from services.ingestion.domain.survey.piping import PIPE

_RULE = re.compile(r"/pages/\d+(?:/questions/\d+)?/(show_if|required_if|loop|(?:checks|then)/\d+)\b")
_COMPUTED = re.compile(r"(/pages/\d+/questions/\d+)/expression$")
_QUOTA = re.compile(r"/quotas/\d+/when$")
_MOST_ROUNDS = 20


def settled(taken: Taken) -> Taken:
    """Return the survey without rules that could not be published, each with a note; other faults are left to the researcher."""
    for _ in range(_MOST_ROUNDS):
        try:
            issues = lint(parse_definition(taken.definition))
        except DefinitionRefused:
            return taken
        found = [(path, issue) for issue in issues if issue.level == "error" if (path := _path(issue))]
        if not found:
            break
        # From the last to the first, so that places in lists stay what the issues say.
        for path, issue in sorted(dict(found).items(), key=lambda each: _order(each[0]), reverse=True):
            _leave_out(taken, path.split("/")[1:], issue.detail)
    return taken


def _path(issue: Issue) -> str | None:
    """What is left out for the sake of an issue; None where nothing can be."""
    if match := _RULE.match(issue.pointer):
        return match[0]
    if match := _COMPUTED.match(issue.pointer):
        return match[1]
    if match := _QUOTA.match(issue.pointer):
        return match[0].removesuffix("/when")
    return issue.pointer if re.search(r"/[a-z]{2,3}(-[A-Za-z0-9]+)*$", issue.pointer) else None


def _order(path: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in path.split("/")]


def _leave_out(taken: Taken, path: Sequence[str], why: str) -> None:
    above: Any = taken.definition
    where = ""
    for part in path[:-1]:
        above = above[int(part)] if isinstance(above, list) else above[part]
        where = above.get("code", where) if isinstance(above, dict) else where
    last = path[-1]
    gone = above[int(last)] if isinstance(above, list) else above[last]
    if isinstance(gone, str) and PIPE.search(gone):
        above[last] = PIPE.sub(lambda pipe: f"[{pipe[1]}]", gone)
        taken.notes.append(
            Note(where, f"the text {gone[:60]!r} names an answer that cannot be shown there: {why}")
        )
        return
    if isinstance(above, list):
        del above[int(last)]
    else:
        del above[last]
    code = gone.get("code") if isinstance(gone, dict) else None
    what = f"`{gone}`" if isinstance(gone, str) else f"`{code}`" if code else f"`{last}`"
    taken.notes.append(Note(code or where, f"{what} is left out: {why}"))
