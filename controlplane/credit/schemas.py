"""Bodies of the payments' routes."""

from datetime import datetime
from typing import Annotated

from pydantic import StrictBool, StringConstraints

from controlplane.fields import In, Name, Out, Words


class NewPayment(In):
    """A payment that settles what is owed at a point. `amount` is text, for example "120.50"."""

    supply_point: Name
    amount: Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,11})\.[0-9]{2}$")]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    reference: Words
    settles: StrictBool


class PaymentOut(Out):
    """A payment as it was recorded; `gives_back` is the order it has entered to give supply back."""

    id: str
    supply_point: str
    amount: str
    currency: str
    reference: str
    settles: bool
    recorded_at: datetime
    gives_back: str | None
