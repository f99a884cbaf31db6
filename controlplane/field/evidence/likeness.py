"""Photographs that are nearly the same: bits that differ are counted, and those near enough are found by an index.

Two of 64 bits that differ in at most 7 have a 16-bit part that differs in at most one: an index of parts finds them,
with no look at all the others. Which is which is tried on pictures in the tests.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, Connection, or_, select

from controlplane.field.evidence.models import evidence, evidence_uses

BANDS, BITS = 4, 16
NEAR = 6
"""Bits that may differ; at most 7 are found by the index."""
MOST = 20
COLUMNS = (evidence.c.band0, evidence.c.band1, evidence.c.band2, evidence.c.band3)


@dataclass(frozen=True, slots=True)
class Twin:
    """A photograph of another order that is the same (`distance` 0 and the same digest) or nearly so."""

    digest: str
    order: str
    client: str
    distance: int


def distance(one: str, other: str) -> int:
    """How many bits differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def bands(bits: str) -> tuple[int, ...]:
    """The four parts."""
    return tuple(int(bits[n : n + BITS // 4], 16) for n in range(0, len(bits), BITS // 4))


def _around(part: int) -> Iterator[int]:
    yield part
    yield from (part ^ (1 << bit) for bit in range(BITS))


def twins(db: Connection, digest: str, bits: str | None, order: str) -> list[Twin]:
    """What serves other orders and is the same or nearly so, the nearest first; at most MOST of them."""
    alike: ColumnElement[bool] = evidence.c.sha256 == digest
    if bits is not None:
        near = zip(COLUMNS, bands(bits), strict=True)
        alike = or_(alike, *(column.in_(list(_around(part))) for column, part in near))
    uses = select(evidence_uses.c.order, evidence_uses.c.client, evidence.c.sha256, evidence.c.likeness)
    query = uses.join(evidence, evidence.c.sha256 == evidence_uses.c.evidence)
    rows = db.execute(query.where(alike, evidence_uses.c.order != order).distinct())
    found = [Twin(row.sha256, row.order, row.client, _apart(row.sha256 == digest, bits, row.likeness)) for row in rows]
    return sorted((t for t in found if t.distance <= NEAR), key=partial(_nearest, digest))[:MOST]


def _apart(same: bool, bits: str | None, other: str | None) -> int:  # noqa: FBT001
    if same:
        return 0
    return distance(bits, other) if bits is not None and other is not None else BANDS * BITS


def _nearest(digest: str, twin: Twin) -> tuple[bool, int, str]:
    return twin.digest != digest, twin.distance, twin.order
