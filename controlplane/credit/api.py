"""Routes of payments."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy import Connection, Row, Select, select

from controlplane.access.deps import Asking, Posting, Posts, Requires
from controlplane.access.roles import Permission
from controlplane.credit.models import payments
from controlplane.credit.schemas import NewPayment, PaymentOut
from controlplane.credit.service import Paid, record_payment
from controlplane.fields import Name, Page
from controlplane.idempotency import Answer
from controlplane.orders.api import Ctx
from controlplane.pages import Wanted, page
from controlplane.problems import NotFoundError
from controlplane.queries import wanted

router = APIRouter(tags=["payments"])


def _out(row: Row[tuple[object, ...]]) -> PaymentOut:
    known = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return PaymentOut.model_validate({**known, "supply_point": row.point})


def _payments(scope: str | None) -> Select[tuple[object, ...]]:
    return select(payments) if scope is None else select(payments).where(payments.c.client == scope)


def _payment(db: Connection, scope: str | None, identity: str) -> PaymentOut:
    row = db.execute(_payments(scope).where(payments.c.id == identity)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such payment")
    return _out(row)


@router.post(
    "/payments",
    status_code=201,
    response_model=PaymentOut,
    responses={200: {"model": PaymentOut, "description": "recorded before; nothing was stopped again"}},
)
async def create_payment(
    body: NewPayment, context: Ctx, who: Annotated[Posting, Depends(Posts(Permission.PAYMENTS_WRITE))]
) -> Response:
    """Record a payment: it stops every closing at the point, and gives supply back where that is due."""
    paid = Paid(body.supply_point, body.amount, body.currency, body.reference, body.settles)

    def verb(db: Connection) -> Answer:
        identity, new = record_payment(db, context, who.principal.client, paid, who.principal.name)
        return Answer(201 if new else 200, _payment(db, None, identity).model_dump(mode="json"))

    return await who.once(verb)


@router.get("/payments")
async def list_payments(
    who: Annotated[Asking, Depends(Requires(Permission.PAYMENTS_READ))], piece: Annotated[Wanted, Depends(wanted)]
) -> Page[PaymentOut]:
    """The payments that the caller may see, oldest first."""
    scope = who.principal.client
    rows, after = await who.read(lambda db: page(db, _payments(scope), payments.c.id, piece))
    return Page(items=[_out(row) for row in rows], next=after)


@router.get("/payments/{payment}")
async def get_payment(
    payment: Annotated[Name, Path()], who: Annotated[Asking, Depends(Requires(Permission.PAYMENTS_READ))]
) -> PaymentOut:
    """One payment."""
    return await who.read(lambda db: _payment(db, who.principal.client, payment))
