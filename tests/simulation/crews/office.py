"""The office: persons who revoke lost devices, end the permits of the silent, and judge what is doubted, two by two."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from controlplane.field.enrolment.service import revoke
from controlplane.field.work import two
from controlplane.field.work.two import Word
from controlplane.problems import RefusalError
from tests.simulation.crews.phone import Phone
from tests.simulation.machine import PLANE_KEY

if TYPE_CHECKING:
    from tests.simulation.world import World

PERSONS = (("Anna", "anna"), ("Bruno", "bruno"))
OUT = 'SELECT "order", granted_at FROM hands WHERE settled_sequence IS NULL'
TOLD = "SELECT count(*) FROM news WHERE type = 'alarm' AND (data LIKE ? OR data LIKE ?) AND data LIKE ? AND at >= ?"
OPEN_OF = 'SELECT id FROM work_orders WHERE "order" = ? AND closed_at IS NULL'
DOUBTED = 'SELECT id, "order" FROM work_orders WHERE report IS NOT NULL'


@dataclass
class Office:
    """It acts upon what the house tells, never before."""

    world: "World"
    task: "asyncio.Task[None] | None" = None

    async def work_on(self, chance: Random) -> None:
        self.task = asyncio.current_task()
        while True:
            await asyncio.sleep(chance.uniform(8, 25))
            for order, granted_at in self._eye(OUT):
                if self._told(order, granted_at):
                    self._release(order, chance)
            for work_order, order in self._eye(DOUBTED):
                self._judge(work_order, order, chance)

    def awaits(self) -> bool:
        """Whether a hand is out, or a report is doubted."""
        return bool(self._eye(OUT) or self._eye(DOUBTED))

    def _eye(self, query: str, *values: str) -> list[tuple[str, ...]]:
        return self.world.eye.execute(query, values).fetchall()

    def _told(self, order: str, since: str) -> bool:
        about = ("%crew_unreported%", "%revoked_with_permit%", f"%{order}%", since)
        return bool(self.world.eye.execute(TOLD, about).fetchone()[0])

    def _release(self, order: str, chance: Random) -> None:
        """The crew is spoken to first: from then on its hand does nothing under that permit."""
        for crew in self.world.field.crews:
            if crew.visit is not None and crew.visit.job.order == order:
                crew.visit.gone = True
        ((work_order,),) = self._eye(OPEN_OF, order)
        says = chance.choice(("away", "spoken_to"))
        self._two(work_order, f"the permit of {order} is ended", "released", release=says)

    def _judge(self, work_order: str, order: str, chance: Random) -> None:
        accept = chance.random() < 0.6
        what = "accepted" if accept else "rejected"
        if accept:
            self.world.field.seen.vouched_for.add(order)
        self._two(work_order, f"the report of {order} is {what}", what, accept=accept)

    def _two(self, work_order: str, tells: str, met: str, *, release: str = "", accept: bool = False) -> None:
        world = self.world
        try:
            for name, person in PERSONS:
                with world.people(), world.engine.begin() as db:
                    if release:
                        two.release(
                            db, world.context, PLANE_KEY, work_order, Word("release", release, "so", name, person)
                        )
                    else:
                        says = "accept" if accept else "reject"
                        word = Word("override", says, "seen", name, person)
                        two.override(db, world.context, work_order, word, "", accept=accept)
        except RefusalError as refused:
            world.witness.tell("office", f"{tells}: refused, {refused}")
            return
        world.witness.committed(world.eye)
        world.witness.tell("office", tells)
        world.witness.counts[f"crew: {met} by two"] += 1

    async def revoke(self, phone: Phone, after_s: float) -> None:
        """Somebody tells that a device is lost."""
        await asyncio.sleep(after_s)
        world = self.world
        with world.people(), world.engine.begin() as db:
            revoke(db, world.context, phone.pen.id, "lost", "anna")
        world.witness.tell("office", f"{phone.name}'s device is revoked")
        world.field.seen.revoked[phone.pen.id] = world.virtual.loop.time()
