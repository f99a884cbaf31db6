"""One run: all starts, a storm of orders and payments, kills, then peace, the last payments, and the judgement."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from simulators.chance import stream
from tests.e2e.kills import judge
from tests.e2e.kills.case import Case
from tests.e2e.kills.ear import Ear
from tests.e2e.kills.files import EACH, GATEWAYS, gateway
from tests.e2e.kills.killer import Killer
from tests.e2e.kills.office import Office, client_of
from tests.e2e.kills.street import name_of
from tests.e2e.kills.town import BROKER, PLANE, Town, standing, until_token

PAUSE_S = 0.15
PEACE_S, LOOK_EVERY_S = 90.0, 1.0
METERS = [name_of(n) for n in range(GATEWAYS * EACH)]


@dataclass(slots=True)
class Report:
    """What a run came to."""

    seed: int
    kills: Counter[str]
    broken: list[str]
    seen: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        struck = ", ".join(f"{n} {what}" for what, n in sorted(self.kills.items()))
        seen = ", ".join(f"{n} {what}" for what, n in sorted(self.seen.items()))
        said = [f"seed {self.seed}: {self.kills.total()} kills ({struck}); {seen}", *self.broken]
        return "\n".join(said)


async def run(folder: Path, kills: int, seed: int, *, power: float = 0.0) -> Report:
    """Live one storm in an empty folder; what is broken is told with the seed, and the folder is kept for a look.

    `power`: how often power is lost with a kill; then control plane and gateways have disks that forget.
    """
    async with standing(folder) as town:
        if power:
            town.give_disks()
        await town.start(BROKER)
        await town.start(PLANE)
        token = await until_token(town.log(PLANE))
        async with client_of(town.place) as http:
            office, ear = Office(town.place, town.moments, http, token), Ear(town.place, town.moments)
            killer = Killer(town, stream(seed, "killer"), PAUSE_S, power)
            await office.enter()
            for number in range(GATEWAYS):
                await town.start(gateway(number))
            await until(lambda: judge.all_read(town.place, len(METERS)))
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(ear.listen(), name="ear")
                storms = [group.create_task(office.storm(meter, seed), name=meter) for meter in METERS]
                await killer.kill(kills)
                office.over.set()
                await asyncio.wait(storms)
                await peace(town, office)
                listening.cancel()
        await town.end()
        broken = [*town.fallen, *office.faults]
        case = Case(town.place, office, ear)
        return Report(seed, killer.count, broken + judge.broken(case), judge.seen(case))


async def until(reached: Callable[[], bool]) -> None:
    """Wait until files show it."""
    async with asyncio.timeout(PEACE_S):
        while not reached():  # noqa: ASYNC110 - files tell no event
            await asyncio.sleep(LOOK_EVERY_S)


async def peace(town: Town, office: Office) -> None:
    """All is paid everywhere, and everything is given time to end; what was answered is asked once more."""
    for meter in METERS:
        await office.pay(meter, f"last bill of {meter}")
    for each in list(office.answered):
        status, document = await office.ask(each.path, each.key, each.body)
        if (status, document) != (201, each.document):
            office.faults.append(f"I7: POST /{each.path} was answered {each.document}, and again {status} {document}")
    for _ in range(round(PEACE_S / LOOK_EVERY_S)):
        if judge.quiet(town.place):
            return
        await asyncio.sleep(LOOK_EVERY_S)


def fresh(folder: Path) -> Path:
    """The folder, emptied."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
