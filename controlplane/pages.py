"""Lists in pieces: by key, never by offset, so that what is added meanwhile neither repeats nor hides a row."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select
from sqlalchemy.sql.elements import ColumnElement

from controlplane.problems import UnprocessableError

LARGEST_PAGE, USUAL_PAGE = 500, 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which piece: after a cursor, so many rows."""

    cursor: str | None = None
    limit: int = USUAL_PAGE


def pack(key: Sequence[str | int]) -> str:
    """An opaque cursor of the last row's key."""
    return urlsafe_b64encode(json.dumps(list(key)).encode()).decode().rstrip("=")


def unpack(cursor: str, shape: tuple[type, ...]) -> list[Any]:
    """The key in a cursor; UnprocessableError (`bad_cursor`) for one we have not made."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        key = json.loads(urlsafe_b64decode(padded))
    except (ValueError, binascii.Error, RecursionError):
        key = None
    if not isinstance(key, list) or tuple(type(part) for part in key) != shape:
        raise UnprocessableError("this cursor is none of ours; begin the list anew", code="bad_cursor")
    if any("\0" in part for part in key if isinstance(part, str)):
        raise UnprocessableError("this cursor is none of ours; begin the list anew", code="bad_cursor")
    return key


def page(
    db: Connection, query: Select[Any], key: ColumnElement[str], wanted: Wanted
) -> tuple[Sequence[Row[Any]], str | None]:
    """Rows of a query by a text key, and the cursor of the next piece; `key` must be among the query's columns."""
    query = query.order_by(key).limit(wanted.limit + 1)
    if wanted.cursor is not None:
        query = query.where(key > unpack(wanted.cursor, (str,))[0])
    rows = db.execute(query).all()
    if len(rows) <= wanted.limit:
        return rows, None
    kept = rows[: wanted.limit]
    return kept, pack([kept[-1]._mapping[key]])  # noqa: SLF001 - SQLAlchemy's public name for it
