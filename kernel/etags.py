"""Optimistic concurrency over HTTP: `ETag` from a row's revision, `If-Match` on edits (RFC 9110 §13.1.1)."""

from typing import Annotated

from fastapi import Depends, Header

from kernel.problems import BadRequest, PreconditionFailed


def etag(revision: int) -> str:
    """Return the strong entity tag of a revision."""
    return f'"{revision}"'


async def if_match(
    value: Annotated[
        str | None,
        Header(alias="If-Match", description="`ETag` of the version you read; 412 if it moved on."),
    ] = None,
) -> str | None:
    """Return the header as sent; raises BadRequest when it is no entity tag."""
    if (
        value is not None
        and value != "*"
        and not (value.startswith('"') and value.endswith('"') and len(value) > 1)
    ):
        raise BadRequest('If-Match must be an entity tag as `ETag` gave it, such as "3", in double quotes.')
    return value


IfMatch = Annotated[str | None, Depends(if_match)]


def require_match(value: str | None, revision: int) -> None:
    """Raise PreconditionFailed when the caller read another revision; without If-Match the last writer wins."""
    if value not in {None, "*", etag(revision)}:
        raise PreconditionFailed(f"You edited revision {value}; the present one is {etag(revision)}.")
