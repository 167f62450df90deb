"""Lists as pages: keyset cursors that stay stable under inserts and ties.

A cursor is the last row's sort values, signed and bound to caller and address, so that it is opaque and cannot be
used to probe another list.
"""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, UnaryExpression, and_, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.operators import desc_op

from kernel.principals import Caller
from kernel.problems import Invalid

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page a caller asks for."""

    limit: int
    after: tuple[Any, ...] | None
    binding: str
    secret: str

    def cursor(self, values: Sequence[Any]) -> str:
        """Return the opaque cursor that continues after a row with these sort values."""
        payload = json.dumps([_encode(v) for v in values], separators=(",", ":")).encode()
        return (
            base64.urlsafe_b64encode(_signature(payload, self.binding, self.secret) + payload)
            .decode()
            .rstrip("=")
        )


async def page_request(
    request: Request,
    caller: Caller,
    limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT, description="Items per page.")] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=2000, description="`next_cursor` of the page before.")
    ] = None,
) -> PageRequest:
    """Read `limit` and `cursor`; raises Invalid for a cursor that was not made for this caller and list."""
    secret = request.app.state.resources.settings.secret_key.get_secret_value()
    filters = sorted((k, v) for k, v in request.query_params.multi_items() if k not in {"cursor", "limit"})
    binding = json.dumps([caller.subject, request.url.path, filters])
    after = None if cursor is None else _read_cursor(cursor, binding, secret)
    return PageRequest(limit, after, binding, secret)


PageQuery = Annotated[PageRequest, Depends(page_request)]


async def paginate(
    session: AsyncSession,
    statement: Select[Any],
    page: PageRequest,
    *,
    order_by: Sequence[Any],
) -> tuple[list[Any], str | None]:
    """Return the page's entities and the next cursor.

    `order_by` names columns of the selected entity, the last one unique, each plain or `.desc()` and never NULL.
    """
    if page.after is not None:
        if len(page.after) != len(order_by):
            raise Invalid.at("/query/cursor", "This cursor belongs to another list; start again without one.")
        statement = statement.where(_after(order_by, page.after))
    rows = list((await session.scalars(statement.order_by(*order_by).limit(page.limit + 1))).all())
    if len(rows) <= page.limit:
        return rows, None
    rows = rows[: page.limit]
    return rows, page.cursor([getattr(rows[-1], _column(term).key or "") for term in order_by])


def _column(term: Any) -> ColumnElement[Any]:
    column: ColumnElement[Any] = term.element if isinstance(term, UnaryExpression) else term
    return column


def _after(order_by: Sequence[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return the row comparison (a, b) > (x, y) written out, since the directions may differ per column."""
    branches = []
    for position, term in enumerate(order_by):
        column, value = _column(term), values[position]
        descending = isinstance(term, UnaryExpression) and term.modifier is desc_op
        same = [_column(t) == v for t, v in zip(order_by[:position], values[:position], strict=True)]
        branches.append(and_(*same, column < value if descending else column > value))
    return or_(*branches)


def _signature(payload: bytes, binding: str, secret: str) -> bytes:
    return hmac.new(
        secret.encode(), b"cursor\0" + binding.encode() + b"\0" + payload, hashlib.sha256
    ).digest()[:16]


def _read_cursor(cursor: str, binding: str, secret: str) -> tuple[Any, ...]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        is_ours = hmac.compare_digest(raw[:16], _signature(raw[16:], binding, secret))
        values: list[Any] | None = json.loads(raw[16:]) if is_ours else None
    except ValueError:
        values = None
    if values is None:
        raise Invalid.at(
            "/query/cursor",
            "This cursor was not made for you, this list and these filters; start again without one.",
        )
    return tuple(_decode(v) for v in values)


def _encode(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, date):
        return {"on": value.isoformat()}
    if isinstance(value, uuid.UUID):
        return {"uuid": str(value)}
    return value


def _decode(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, text),) = value.items()
    readers: dict[str, Any] = {"at": datetime.fromisoformat, "on": date.fromisoformat, "uuid": uuid.UUID}
    return readers[kind](text)
