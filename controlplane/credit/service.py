"""Recording payments: once per client and reference, with the stop and what it makes due in one transaction (I15)."""

from dataclasses import dataclass

from sqlalchemy import Connection, Row, insert, select

from controlplane.credit.models import payments
from controlplane.db import lock_point
from controlplane.ids import new_id
from controlplane.orders.context import Context
from controlplane.orders.reading import point_of
from controlplane.orders.stopping import Stop, record_stop
from controlplane.problems import ConflictError, UnprocessableError
from controlplane.registry.models import supply_points


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment as it was told."""

    point: str
    amount: str
    currency: str
    reference: str
    settles: bool


def record_payment(db: Connection, context: Context, scope: str | None, paid: Paid, actor: str) -> tuple[str, bool]:
    """Record it and stop what it stops; its id, and whether it is new. The same payment again stops nothing again."""
    point_of(db, scope, paid.point)
    if not paid.settles:
        detail = "only payments that settle what is owed are taken; a part of it stops nothing yet"
        raise UnprocessableError(detail, code="payment_does_not_settle")
    if not any(digit in paid.amount for digit in "123456789"):
        raise UnprocessableError("a payment is more than nothing", code="payment_of_nothing")
    lock_point(db, paid.point)
    client = db.execute(select(supply_points.c.client).where(supply_points.c.id == paid.point)).scalar_one()
    same = (payments.c.client == client) & (payments.c.reference == paid.reference)
    known = db.execute(select(payments).where(same)).one_or_none()
    if known is not None:
        return _again(known, paid), False
    order = record_stop(db, context, paid.point, Stop("payment", paid.reference), actor)
    identity = new_id("pay", context.clock, context.entropy)
    db.execute(
        insert(payments).values(
            id=identity,
            client=client,
            point=paid.point,
            amount=paid.amount,
            currency=paid.currency,
            reference=paid.reference,
            settles=paid.settles,
            actor=actor,
            recorded_at=context.now,
            gives_back=order.id if order is not None else None,
        )
    )
    return identity, True


def _again(known: Row[tuple[object, ...]], paid: Paid) -> str:
    if (known.point, known.amount, known.currency) != (paid.point, paid.amount, paid.currency):
        detail = "another payment has this reference; references are unique per client"
        raise ConflictError(detail, code="reference_taken", extra={"payment": str(known.id)})
    return str(known.id)
