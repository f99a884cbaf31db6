"""How long a payment takes to open a valve, and how much memory the processes have, while something floods them."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from seams.clock import SystemClock
from tests.e2e.kills import judge
from tests.e2e.kills.files import EACH, GATEWAYS, gateway
from tests.e2e.kills.office import Office, client_of
from tests.e2e.kills.street import name_of, read
from tests.e2e.kills.town import BROKER, PLANE, Town, standing, until_token

METERS = [name_of(n) for n in range(GATEWAYS * EACH)]
PATIENCE_S, LOOK_EVERY_S, PAUSE_S = 60.0, 0.2, 0.1
FLOODS = ("junk-at-the-api", "junk-at-the-broker", "slow-requests", "junk-at-topics", "reconnects")
MIB = 1 << 20


@dataclass(slots=True)
class Opens:
    """Seconds from a payment's POST to the valve's own act."""

    took_s: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        """The median."""
        return median(self.took_s)

    @property
    def p99(self) -> float:
        """What all but one in a hundred stay below."""
        return sorted(self.took_s)[round(0.99 * (len(self.took_s) - 1))]


@dataclass(slots=True)
class Scene:
    """A town at peace, to be flooded."""

    town: Town
    office: Office
    seed: int = 0

    async def opens(self, rounds: int) -> Opens:
        """Close all valves and open them by payments one by one, so many times."""
        seen = Opens()
        for _ in range(rounds):
            await asyncio.gather(*(self.office.suspend(meter) for meter in METERS))
            await self._until("closed")
            for meter in METERS:
                seen.took_s.append(await self._open(meter))
                await asyncio.sleep(PAUSE_S)
            await self._until("open")
        return seen

    async def _open(self, meter: str) -> float:
        began_s, told = SystemClock().boot(), len(self._deeds(meter))
        self.seed += 1
        opening = asyncio.ensure_future(self._until_told(meter, told))
        await self.office.pay(meter, f"bill {self.seed}")
        return await opening - began_s

    async def _until_told(self, meter: str, told: int) -> float:
        async with asyncio.timeout(PATIENCE_S):
            while len(deeds := self._deeds(meter)) == told:
                await self.town.moments.next("deed", LOOK_EVERY_S)
        return deeds[-1]

    def _deeds(self, meter: str) -> list[float]:
        return [deed.at_s for deed in read(self.town.place.folder / "diary") if deed.meter == meter]

    async def _until(self, wanted: str) -> None:
        """Until all valves were told so, and every order has ended."""
        await _until(lambda: self._all(wanted) and judge.quiet(self.town.place))

    def _all(self, wanted: str) -> bool:
        last = {deed.meter: deed.wanted for deed in read(self.town.place.folder / "diary")}
        return [last.get(meter) for meter in METERS] == [wanted] * len(METERS)

    @asynccontextmanager
    async def flooded(self, kind: str) -> AsyncIterator[None]:
        """Flood while the context lasts; whoever floods must not fall."""
        place = self.town.place
        words = [kind, str(place.rest), str(place.broker), gateway(0)]
        command = [sys.executable, "-m", "tests.e2e.floods.flood", *words]
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE)
        try:
            yield
        finally:
            assert process.returncode is None, f"{kind} has ended by itself"
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()

    def memory_mib(self) -> dict[str, float]:
        """What control plane and first gateway have in memory."""
        return {name: _resident(self.town.pids[name]) / MIB for name in (PLANE, gateway(0))}


def _resident(pid: int) -> int:
    """Bytes in memory that are this process's own: what it shares with whom it was forked from counts for nobody."""
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(row.split()[1]) * 1024 for row in rows if row.startswith("Private_"))


async def _until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not reached():  # noqa: ASYNC110 - files tell no event
            await asyncio.sleep(LOOK_EVERY_S)


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    """Start everything, and wait until all gateways are there."""
    async with standing(folder) as town:
        await town.start(BROKER)
        await town.start(PLANE)
        token = await until_token(town.log(PLANE))
        async with client_of(town.place) as http:
            office = Office(town.place, town.moments, http, token)
            await office.enter()
            for number in range(GATEWAYS):
                await town.start(gateway(number))
            it = Scene(town, office)
            await _until(lambda: judge.all_read(town.place, len(METERS)))
            yield it
