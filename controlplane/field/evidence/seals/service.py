"""The verbs of seals. Each is one compare-and-set on where the seal is: of two that come at once, one is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum, auto

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from controlplane.field.enrolment.models import crews
from controlplane.field.evidence.seals.models import seal_events, seals
from controlplane.field.evidence.seals.numbers import written
from controlplane.orders.reading import point_of
from controlplane.problems import ConflictError, NotFoundError, UnprocessableError

AT_ONCE = 500
NAMED = 5


class Where(StrEnum):
    """Where a seal is."""

    IN_STORE = auto()
    ISSUED = auto()
    APPLIED = auto()
    REMOVED = auto()
    VOID = auto()


@dataclass(frozen=True, slots=True)
class By:
    """When something happens to a seal, and through whom; `order` is the one that it was done for."""

    at: datetime
    actor: str
    crew: str | None = None
    order: str | None = None


ALL = select(seals)
THIS = ALL.where(seals.c.number == bindparam("this"))
MOVE = update(seals).where(seals.c.number == bindparam("this"), seals.c.state == bindparam("was"))
APPLY = MOVE.where(seals.c.crew == bindparam("whose")).values(state=Where.APPLIED, point=bindparam("there"), crew=None)
REMOVE = MOVE.where(seals.c.point == bindparam("there")).values(state=Where.REMOVED)
ISSUE = (
    update(seals)
    .where(seals.c.number == bindparam("this"), seals.c.state.in_((Where.IN_STORE, Where.ISSUED)))
    .values(state=Where.ISSUED, crew=bindparam("whose"))
)
VOID = (
    update(seals)
    .where(seals.c.number == bindparam("this"), seals.c.state.in_((Where.IN_STORE, Where.ISSUED)))
    .values(state=Where.VOID, crew=None)
)
TOLD = insert(seal_events)
CREW = select(crews.c.id).where(crews.c.id == bindparam("crew"))
Line = Row[tuple[object, ...]]


def register(db: Connection, by: By, numbers: Sequence[str], *, standing_at: str | None = None) -> None:
    """Enter new seals: into the store, or as hanging at a point already. All of them, or none.

    ConflictError (`seal_taken`) where one was ever entered before: a number is never used twice.
    """
    taken = [row.number for row in _rows(db, numbers)]
    if taken:
        raise ConflictError(f"entered before: {_some(taken)}", code="seal_taken")
    if standing_at is not None:
        _known_point(db, standing_at)
    state = Where.IN_STORE if standing_at is None else Where.APPLIED
    new = [{"number": number, "state": state, "crew": None, "point": standing_at} for number in numbers]
    if new:
        db.execute(insert(seals), new)
        _tell(db, by, "registered" if standing_at is None else "found_applied", numbers, standing_at)


def issue(db: Connection, by: By, numbers: Sequence[str], crew: str) -> None:
    """Give seals to a crew, from the store or from another crew's hands. All of them, or none."""
    if db.execute(CREW, {"crew": crew}).one_or_none() is None:
        raise UnprocessableError(f"there is no crew {crew}: GET /field/crews lists them", code="unknown_crew")
    _check_known(db, numbers)
    moved = sum(db.execute(ISSUE, {"this": number, "whose": crew}).rowcount for number in numbers)
    if moved != len(numbers):
        gone = [row.number for row in _rows(db, numbers) if row.state != Where.ISSUED]
        detail = f"no longer to be had (applied, removed or void): {_some(gone)}"
        raise ConflictError(detail, code="seal_gone")
    _tell(db, replace(by, crew=crew), "issued", numbers)


def void(db: Connection, by: By, number: str, reason: str) -> None:
    """Note that a seal that hangs nowhere is lost or broken: it is never applied. ConflictError otherwise."""
    if db.execute(VOID, {"this": number}).rowcount != 1:
        row = get(db, number)
        raise ConflictError(f"the seal is {row.state}: only one that hangs nowhere is lost", code="seal_gone")
    _tell(db, by, "voided", [number], reason=reason)


def apply(db: Connection, by: By, number: str, point: str) -> None:
    """Note that the crew `by.crew` has put its seal on at a point. Refused unless it has that seal in hand."""
    number = written(number)
    if db.execute(APPLY, {"this": number, "was": Where.ISSUED, "whose": by.crew, "there": point}).rowcount != 1:
        raise _not_in_hand(_known(db, number))
    _tell(db, by, "applied", [number], point)


def remove(db: Connection, by: By, number: str, point: str) -> None:
    """Note that a seal was taken off at a point. Refused unless it hangs there."""
    number = written(number)
    if db.execute(REMOVE, {"this": number, "was": Where.APPLIED, "there": point}).rowcount != 1:
        raise _not_there(_known(db, number))
    _tell(db, by, "removed", [number], point)


def _not_in_hand(row: Line) -> ConflictError:
    if row.state == Where.APPLIED:
        return ConflictError("this seal was put on before: each is used once", code="seal_applied")
    if row.state == Where.REMOVED:
        return ConflictError("this seal was put on and taken off before: each is used once", code="seal_removed")
    if row.state == Where.VOID:
        return ConflictError("this seal was told lost or broken", code="seal_void")
    return ConflictError("this seal was not issued to this crew; have it issued first", code="seal_not_issued")


def _not_there(row: Line) -> ConflictError:
    if row.state == Where.REMOVED:
        return ConflictError("this seal was taken off before", code="seal_removed")
    if row.state == Where.APPLIED:
        return ConflictError("this seal hangs at another point: look at the number again", code="seal_elsewhere")
    return ConflictError("this seal was never put on anywhere: look at the number again", code="seal_not_applied")


def _known_point(db: Connection, point: str) -> None:
    try:
        point_of(db, None, point)
    except NotFoundError:
        raise UnprocessableError("there is no such supply point", code="unknown_supply_point") from None


def get(db: Connection, number: str) -> Line:
    """One seal; NotFoundError where there is none."""
    row = db.execute(THIS, {"this": number}).one_or_none()
    if row is None:
        raise NotFoundError("there is no such seal")
    return row


def _known(db: Connection, number: str) -> Line:
    """One seal that a crew names; UnprocessableError where there is none."""
    row = db.execute(THIS, {"this": number}).one_or_none()
    if row is None:
        raise UnprocessableError(f"no seal {number} was ever registered: look at it again", code="unknown_seal")
    return row


def _check_known(db: Connection, numbers: Sequence[str]) -> None:
    """Go on only if all of them are known."""
    there = {row.number for row in _rows(db, numbers)}
    unknown = [number for number in numbers if number not in there]
    if unknown:
        raise UnprocessableError(f"never registered: {_some(unknown)}", code="unknown_seal")


def _rows(db: Connection, numbers: Sequence[str]) -> list[Line]:
    found: list[Line] = []
    for n in range(0, len(numbers), AT_ONCE):
        found += db.execute(ALL.where(seals.c.number.in_(numbers[n : n + AT_ONCE]))).all()
    return found


def _some(numbers: Sequence[str]) -> str:
    more = f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else ""
    return ", ".join(numbers[:NAMED]) + more


def _tell(
    db: Connection,
    by: By,
    event: str,
    numbers: Sequence[str],
    point: str | None = None,
    reason: str | None = None,
) -> None:
    told: Mapping[str, object] = {"at": by.at, "event": event, "actor": by.actor, "crew": by.crew, "order": by.order}
    db.execute(TOLD, [{**told, "seal": number, "point": point, "reason": reason} for number in numbers])
