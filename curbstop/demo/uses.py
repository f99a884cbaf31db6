"""What the demo's people do: the client's desk orders, its billing tells of payments, all look. By REST."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from curbstop.demo.law import NOTICE_DAYS_AGO
from curbstop.demo.plane import People
from curbstop.demo.rest import Document
from protocols.ports import Clock

OWED = "120.50"
STEPS_SEEN, STEP_M3 = 10, Decimal("0.0001")
"""CONTROL chooses the window by ten steps of the index; these meters resolve 0.1 l."""
LARGEST_PAGE = 100
LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Uses:
    """The verbs of the stories."""

    people: People
    clock: Clock

    async def suspend(self, meter: str) -> Document:
        """The desk orders a suspension, its notice long received."""
        received = (self.clock.now() - timedelta(days=NOTICE_DAYS_AGO)).date()
        return await self.people.desk.post(
            "/orders",
            {
                "supply_point": self.people.points[meter],
                "kind": "suspend",
                "grounds": "default",
                "notice": {"received_on": received.isoformat(), "channel": "registered letter"},
            },
        )

    async def pay(self, meter: str) -> Document:
        """The customer pays all that is owed; billing tells of it."""
        return await self.people.billing.post(
            "/payments",
            {
                "supply_point": self.people.points[meter],
                "amount": OWED,
                "currency": "EUR",
                "reference": f"bill of {meter}",
                "settles": True,
            },
        )

    async def order(self, order: str) -> Document:
        """An order as it stands, with its timeline."""
        return await self.people.desk.get(f"/orders/{order}")

    async def orders_at(self, meter: str) -> list[Document]:
        """All orders at a meter's point, oldest first, each with its timeline."""
        items = (await self.people.desk.get("/orders", supply_point=self.people.points[meter]))["items"]
        return [await self.order(item["id"]) for item in items]

    async def kind(self, order: str) -> str:
        """What an order is for."""
        return str((await self.people.operator.get(f"/orders/{order}"))["kind"])

    async def readings(self, meter: str) -> list[dict[str, Any]]:
        """A meter's current registers, newest reading first; only values that were understood."""
        found = (await self.people.desk.get(f"/meters/{meter}/readings", limit=LARGEST_PAGE))["items"]
        return [r for r in found if r["value"] is not None and r["storage"] == 0 and r["function"] == "instantaneous"]

    async def index_runs(self, meter: str) -> bool:
        """Whether the index was seen to move so often that a standing one will prove something."""
        seen = [Decimal(r["value"]) for r in await self.readings(meter) if r["quantity"] == "volume"]
        return bool(seen) and (seen[0] - seen[-1]) / STEP_M3 >= STEPS_SEEN

    async def until_index_runs(self, meter: str) -> None:
        """Wait for that."""
        while not await self.index_runs(meter):  # noqa: ASYNC110 - readings are no news
            await asyncio.sleep(LOOK_EVERY_S)

    async def position(self, meter: str) -> str:
        """The last proven position of a meter's valve."""
        return str((await self.people.desk.get(f"/meters/{meter}/position"))["position"])
