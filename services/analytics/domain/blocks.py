"""Blocks of a report: which members each type needs, ids given by the server, what publishing freezes."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

NEEDS: Final[Mapping[str, str | None]] = {
    "heading": "text",
    "text": "text",
    "quote": "text",
    "chart": "analysis_result_id",
    "table": "analysis_result_id",
    "insight": "insight_id",
    "page_break": None,
}
"""Block type → the member it cannot do without."""
Block = dict[str, Any]


def block_faults(blocks: Sequence[Mapping[str, Any]], *, known_ids: Collection[str]) -> list[tuple[str, str]]:
    """(pointer, sentence) of blocks that lack what their type needs, or name an id that the report does not have."""
    faults = []
    seen: set[str] = set()
    for i, block in enumerate(blocks):
        need = NEEDS[block["type"]]
        if need is not None and block.get(need) is None:
            faults.append((f"/blocks/{i}/{need}", f"a block of type {block['type']} needs '{need}'"))
        block_id = block.get("id")
        if block_id is None:
            continue
        if block_id not in known_ids:
            faults.append(
                (f"/blocks/{i}/id", f"this report has no block '{block_id}'; leave the id out for a new one")
            )
        if block_id in seen:
            faults.append((f"/blocks/{i}/id", f"block '{block_id}' appears twice"))
        seen.add(block_id)
    return faults


def with_ids(blocks: Sequence[Mapping[str, Any]], new_ids: Sequence[UUID]) -> list[Block]:
    """The blocks as stored: without empty members, new ones with an id from `new_ids`, one per block."""
    return [
        {"id": block.get("id") or f"b-{new_ids[i].hex}"}
        | {name: value for name, value in block.items() if name != "id" and value is not None}
        for i, block in enumerate(blocks)
    ]


def referenced(blocks: Sequence[Mapping[str, Any]], member: str) -> list[int]:
    """The ids that the blocks name under a member, each once, in order."""
    return list(dict.fromkeys(block[member] for block in blocks if block.get(member) is not None))


def block_text(blocks: Sequence[Mapping[str, Any]], block_id: str) -> str | None:
    """The source text of a block, "" for one without text, None where the report has no such block."""
    for block in blocks:
        if block["id"] == block_id:
            return str(block.get("text") or "")
    return None


def frozen_blocks(
    blocks: Sequence[Block],
    *,
    charts: Mapping[int, str],
    figures: Mapping[int, Mapping[str, Any]],
    insights: Mapping[int, Mapping[str, str]],
) -> list[Block]:
    """The blocks with everything a reader needs inside: SVG of charts, rows of tables, texts of insights.

    `charts` and `figures` are by analysis, `insights` by insight; a missing insight (deleted meanwhile) leaves its
    block out.
    """
    frozen = []
    for block in blocks:
        analysis_id = block.get("analysis_result_id")
        if block["type"] == "chart" and analysis_id is not None:
            frozen.append({**block, "svg": charts[analysis_id], **figures[analysis_id]})
        elif block["type"] == "table" and analysis_id is not None:
            frozen.append({**block, **figures[analysis_id]})
        elif block["type"] != "insight":
            frozen.append(dict(block))
        elif block.get("insight_id") in insights:
            frozen.append({**block, **insights[block["insight_id"]]})
    return frozen
