"""The town's processes: started, killed, started again. The meters survive; everything else may be killed."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.e2e import servers
from tests.e2e.kills import files
from tests.e2e.kills.files import Place, gateway
from tests.power.disk import Loss
from tests.power.mounted import Mounted

PLANE, BROKER = "plane", "broker"
PATIENCE_S, LOOK_EVERY_S = 60.0, 0.05
KILLED = -signal.SIGKILL


@dataclass(slots=True)
class Moments:
    """What has just happened, for whoever waits to strike then: `about` is the meter or gateway."""

    _waiting: dict[str, "asyncio.Future[str]"] = field(default_factory=dict)

    def now(self, kind: str, about: str) -> None:
        """It happens."""
        waiting = self._waiting.pop(kind, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(about)

    async def next(self, kind: str, within_s: float) -> str | None:
        """What the next one is about; None where none comes in time."""
        waiting = self._waiting[kind] = asyncio.get_running_loop().create_future()
        await asyncio.wait([waiting], timeout=within_s)
        return waiting.result() if waiting.done() else None


class Forks:
    """The fork server, asked one thing at a time."""

    def __init__(self, process: Process) -> None:
        self._process, self._turn = process, asyncio.Lock()

    async def ask(self, **what: object) -> int:
        """Ask, and return the number that it answers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._turn:
            self._process.stdin.write(f"{json.dumps(what)}\n".encode())
            answer = await self._process.stdout.readline()
        assert answer, "the fork server is gone"
        return int(answer)


@dataclass(slots=True)
class Town:
    """What runs. `fallen` is whoever ended without being killed, which nobody may."""

    place: Place
    moments: Moments
    forks: Forks
    pids: dict[str, int] = field(default_factory=dict)
    broker: Process | None = None
    fallen: list[str] = field(default_factory=list)
    disks: dict[str, Mounted] = field(default_factory=dict)
    _cuts: Iterator[int] = field(default_factory=count)

    @property
    def names(self) -> list[str]:
        """Everybody who may be killed."""
        return [PLANE, BROKER, *(gateway(n) for n in range(len(self.place.lines)))]

    async def start(self, name: str) -> None:
        """Start it; it need not be ready yet."""
        mine = self.place.folder / name
        if name == BROKER:
            program = servers.obtain("mosquitto")
            assert program is not None, "mosquitto can't be had here"
            with self.log(name).open("ab") as log:
                self.broker = await asyncio.create_subprocess_exec(
                    program, "-c", mine / "broker.conf", stdout=log, stderr=log
                )
        else:
            words = ["serve", str(mine / "plane.toml")] if name == PLANE else ["gateway", str(mine / "gateway.toml")]
            self.pids[name] = await self.forks.ask(run=words, log=str(self.log(name)))

    async def kill(self, name: str) -> None:
        """Kill with SIGKILL, and return once it is gone."""
        if name == BROKER:
            assert self.broker is not None
            if self.broker.returncode is None:
                self.broker.kill()
            ended, self.broker = await self.broker.wait(), None
        else:
            pid = self.pids.pop(name)
            os.kill(pid, signal.SIGKILL)
            ended = await self.forks.ask(reap=pid)
        if ended != KILLED:
            said = self.log(name).read_text()[-2000:]
            self.fallen.append(f"{name} ended by itself with {ended}; it said last: {said}")

    def log(self, name: str) -> Path:
        """What it says; on a disk that forgets nothing."""
        return self.place.folder / f"{name}.log"

    def give_disks(self) -> None:
        """Let control plane and gateways have disks that forget, each its own, with the files that are there."""
        for name in self.names:
            if name != BROKER:
                mine = self.place.folder / name
                self.disks[name] = Mounted(mine, mine.rename(self._fresh(name)))

    def _fresh(self, name: str) -> Path:
        return self.place.folder / f"{name}.{next(self._cuts)}"

    async def cut(self, name: str, loss: Loss, seed: int) -> None:
        """Cut its power: it is gone, and so is what its disk had not yet made safe. It is not started again."""
        await self.kill(name)
        await asyncio.to_thread(self._lose, name, loss, seed)

    def _lose(self, name: str, loss: Loss, seed: int) -> None:
        left, disk = self._fresh(name), self.disks[name]
        disk.left(loss, seed, left)
        disk.close()
        self.disks[name] = Mounted(disk.place, left)

    async def end(self) -> None:
        """Kill whatever still runs; what is safe on the disks stands where it stood."""
        for name in [*self.pids, *([BROKER] if self.broker is not None else [])]:
            await self.kill(name)
        for disk in self.disks.values():
            left = self._fresh(disk.place.name)
            disk.left(Loss.ALL, 0, left)
            disk.close()
            disk.place.rmdir()
            left.rename(disk.place)
        self.disks.clear()


@asynccontextmanager
async def standing(folder: Path) -> AsyncIterator[Town]:
    """Start the meters and the fork server, and write everybody's files; all is killed in the end."""
    moments = Moments()
    words = ["street", str(files.GATEWAYS), str(files.EACH), str(folder / "diary")]
    async with _helper(words) as street, _helper(["forks"]) as server, asyncio.TaskGroup() as group:
        assert street.stdout is not None
        lines = tuple(json.loads(await street.stdout.readline()))
        town = Town(files.write(folder, lines), moments, Forks(server))
        telling = group.create_task(_tell(street, moments), name="deeds")
        try:
            yield town
        finally:
            await town.end()
            telling.cancel()


async def _tell(street: Process, moments: Moments) -> None:
    assert street.stdout is not None
    while line := await street.stdout.readline():
        moments.now("deed", json.loads(line)[0])


@asynccontextmanager
async def _helper(words: list[str]) -> AsyncIterator[Process]:
    """A process that nobody kills before the end."""
    module, *rest = words
    command = [sys.executable, "-m", f"{__package__}.{module}", *rest]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def until_token(log: Path) -> str:
    """The token that the control plane's first start shows."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := [line for line in _lines(log) if line.startswith("admin token")]):  # noqa: ASYNC110 - a file tells no event
            await asyncio.sleep(LOOK_EVERY_S)
    return found[0].split()[2]


def _lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []
