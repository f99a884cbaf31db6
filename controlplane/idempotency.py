"""A POST that is sent twice is done once: the answer is kept beside its effect, in the same transaction.

Keys are a principal's own. Another request under a used key is refused; a request that failed leaves no trace, so that
it may be sent again. Secrets in an answer are given once, and never kept.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, String, Table, Text, bindparam, delete, func, insert, select

from controlplane.db import Moment, Whole, metadata
from controlplane.problems import RefusalError, UnprocessableError

KEPT, CLEARED_LATE = timedelta(days=7), timedelta(hours=1)
LONGEST_KEY = 200

idempotency = Table(
    "idempotency",
    metadata,
    Column("principal", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("status", Whole, nullable=False),
    Column("document", Text, nullable=False),
    Column("version", Whole, nullable=True),
    Column("at", Moment, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a POST answers. `secret` is added to the document of the first answer only."""

    status: int
    document: Mapping[str, object]
    version: int | None = None
    secret: Mapping[str, object] = field(default_factory=dict)

    @property
    def whole(self) -> dict[str, object]:
        """The document as it is sent."""
        return {**self.document, **self.secret}


@dataclass(frozen=True, slots=True)
class Once:
    """A request that must take effect once; `digest` is of everything that makes it this request."""

    principal: str
    key: str
    digest: str


def checked(key: str | None) -> str:
    """The key of a request, or a refusal that says how to send one."""
    if not key:
        detail = "send the header Idempotency-Key with a value you have not used before, for example a UUID"
        raise RefusalError(detail, code="idempotency_key_required")
    if len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        detail = f"an Idempotency-Key has at most {LONGEST_KEY} printable ASCII characters"
        raise RefusalError(detail, code="idempotency_key_required")
    return key


OUTDATED = delete(idempotency).where(idempotency.c.at < bindparam("before"))
MINE = (idempotency.c.principal == bindparam("whose"), idempotency.c.key == bindparam("under"))
KNOWN = select(idempotency).where(*MINE)
FORGET = delete(idempotency).where(*MINE)
OLDEST = select(func.min(idempotency.c.at))
KEEP = insert(idempotency)


def once(db: Connection, asked: Once, now: datetime, verb: Callable[[Connection], Answer]) -> Answer:
    """Give the kept answer, or do it and keep the answer; UnprocessableError for another request under this key."""
    mine = {"whose": asked.principal, "under": asked.key}
    row = db.execute(KNOWN, mine).one_or_none()
    if row is not None and row.at < now - KEPT:
        db.execute(FORGET, mine)
    elif row is not None:
        if row.digest != asked.digest:
            detail = "this Idempotency-Key was used for another request; use a new one"
            raise UnprocessableError(detail, code="idempotency_key_reused")
        return Answer(row.status, json.loads(row.document), row.version)
    answer = verb(db)
    kept = {"status": answer.status, "document": json.dumps(dict(answer.document)), "version": answer.version}
    db.execute(KEEP, {"principal": asked.principal, "key": asked.key, "digest": asked.digest, "at": now, **kept})
    return answer


def clears_at(oldest: datetime) -> datetime:
    """When kept answers are to be cleared away next: a while after the oldest is outdated, many at once."""
    return oldest + KEPT + CLEARED_LATE


def clear_outdated(db: Connection, now: datetime) -> None:
    """Clear away what is kept no longer."""
    db.execute(OUTDATED, {"before": now - KEPT})
