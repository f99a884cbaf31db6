"""A process that the demo starts: it is listened to while it runs, and always stopped.

What it says goes to a log file in the run's folder; lines that begin with an awaited word go to whoever awaits them,
and nowhere else: a secret that is shown once stays out of logs.
"""

import asyncio
import contextlib
import os
import sys
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

STOPS_WITHIN_S = 10.0
LAST_LINES, LONGEST_LINE, CHUNK = 12, 100_000, 65_536
OURS = "CURBSTOP_"


class DemoError(Exception):
    """Why the demo can't go on; the text says what, where, and what to do."""


class FellError(DemoError):
    """A process ended although nobody told it to."""


def curbstop(*words: str) -> list[str]:
    """The command line of one of our own commands; `-P` keeps the user's folder from standing in for our packages."""
    return [sys.executable, "-P", "-m", "curbstop", *words]


@dataclass(slots=True)
class Child:
    """One running process. `name` is what people call it."""

    name: str
    process: asyncio.subprocess.Process
    awaited: dict[str, asyncio.Future[str]]
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))
    stopping: bool = False

    async def told(self, word: str, within_s: float) -> str:
        """What follows an awaited word; DemoError when it isn't said in time."""
        try:
            async with asyncio.timeout(within_s):
                return await asyncio.shield(self.awaited[word])
        except TimeoutError:
            raise self.late(f"did not tell its {word} within {within_s:.0f} s") from None

    def late(self, what: str) -> DemoError:
        """The error of a process that runs, and does not what it should; with what it said last."""
        return DemoError(f"{self.name} {what}{self._said()}")

    def _said(self) -> str:
        if not self.last:
            return "; it said nothing"
        return "; it said last:\n" + "\n".join(f"  {line}" for line in self.last)

    async def watch(self, log: BinaryIO) -> None:
        """Listen until it ends; FellError unless it was told to."""
        await self._listen(log)
        code = await self.process.wait()
        if not self.stopping:
            how = f"was ended by signal {-code}" if code < 0 else f"ended by itself with exit code {code}"
            raise FellError(f"{self.name} {how}{self._said()}")

    async def _listen(self, log: BinaryIO) -> None:
        assert self.process.stdout is not None  # noqa: S101 - it was started with a pipe
        rest = b""
        while data := await self.process.stdout.read(CHUNK):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._hear(line, log)
            rest = rest[-LONGEST_LINE:]
        if rest:
            self._hear(rest, log)

    def _hear(self, line: bytes, log: BinaryIO) -> None:
        text = line.decode(errors="replace").rstrip()
        for word, future in self.awaited.items():
            if text.startswith(word):
                if not future.done():
                    future.set_result(text.removeprefix(word).strip())
                return
        self.last.append(text)
        log.write(line + b"\n")
        log.flush()

    async def stop(self) -> None:
        """Ask it to end; make it end if it takes too long."""
        self.stopping = True
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            async with asyncio.timeout(STOPS_WITHIN_S):
                await self.process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()


@asynccontextmanager
async def running(name: str, command: Sequence[str], log: Path, awaited: Sequence[str] = ()) -> AsyncIterator[Child]:
    """Run a process while the context lasts. If it falls, the body is cancelled and FellError comes out, in a group.

    It stands in a process group of its own: Ctrl-C is told to the demo alone, which stops its processes in order. Names
    of the environment that are settings of ours are not passed on: the demo's files say all.
    """
    environment = {name: text for name, text in os.environ.items() if not name.startswith(OURS)}
    promises = {word: asyncio.get_running_loop().create_future() for word in awaited}
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**environment, "PYTHONUNBUFFERED": "1"},
            process_group=0,
        )
        child = Child(name, process, promises)
        async with asyncio.TaskGroup() as group:
            group.create_task(child.watch(file), name=name)
            try:
                yield child
            finally:
                await child.stop()
