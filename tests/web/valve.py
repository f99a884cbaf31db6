"""A gateway's word at a house that runs: put into its database as the house itself would, and its bell rung."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, select, update

from controlplane.db import reading
from controlplane.orders.life import Order
from controlplane.orders.models import order_documents
from controlplane.registry.models import gateways, meters
from tests.controlplane.desk import KEY, METER, Clock, Desk, G
from tests.web.served import Served


@dataclass
class Valve:
    """One meter with a valve at a house that runs."""

    house: Served
    desk: Desk

    @classmethod
    def at(cls, house: Served) -> "Valve":
        url = f"sqlite:///{house.folder / 'control-plane.sqlite'}"
        desk = Desk(url, pack="demo", clock=Clock(datetime.now(UTC)))
        with desk.engine.begin() as db:
            db.execute(update(gateways).where(gateways.c.id == G).values(public_key=KEY.public.hex()))
        return cls(house, desk)

    def taken_away(self) -> None:
        """The town has its own meters again."""
        with self.desk.engine.begin() as db:
            db.execute(delete(meters).where(meters.c.name == METER))
        self.desk.engine.dispose()

    def rung(self) -> None:
        """Any write rings the bell: what was committed beside the house is read with it."""
        self.house.place()

    def enter(self) -> Order:
        self._now()
        order = self.desk.enter()
        self.rung()
        return order

    def permit(self, order: Order) -> None:
        self._now()
        assert self.desk.ask(order)
        self.rung()

    def close(self, order: Order) -> None:
        self._now()
        with reading(self.desk.engine) as db:
            granted = db.execute(
                select(order_documents.c.digest).where(
                    order_documents.c.order == order.id, order_documents.c.kind == "permit"
                )
            ).scalar_one()
        self.desk.receipt(self.desk.order(order).command, permit=granted)
        self.rung()

    def _now(self) -> None:
        self.desk.clock.at = datetime.now(UTC)
