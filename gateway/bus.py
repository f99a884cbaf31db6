"""One task owns one line: it runs plans by urgency, keeps their frames apart, and asks the guard before a valve moves.

From one `Wait` of a plan to the next nothing else is on the line, so that select, identify and write stay together. A
`Wait` frees the line for other meters. When the connection is lost, every plan that had begun fails: frame-count bits,
selection and answers under way are gone with it.
"""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from itertools import count
from typing import Any

import structlog

from drivers.plan import Plan, Send, Wait
from gateway.jobs import Guard, GuardError, Job, LineDownError, Priority, Ran, T, refuse_everything
from gateway.line_state import LineState
from gateway.liveness.duty import Duty
from protocols.mbus.frame import SELECTED, Frame, encode
from protocols.mbus.link import LONGEST_FRAME, Exchange, LinkMemory, duration_s, idle_s, reset_frame, response_timeout_s
from protocols.mbus.reader import FrameReader
from protocols.ports import Clock, Dial, Entropy, Wire
from protocols.types import MeterId
from protocols.uplink.messages import Traffic
from seams.backoff import delays

SLACK_S = 90.0
"""Beyond what its slowest meter takes: connecting, and the longest pause between two tries."""
log: structlog.stdlib.BoundLogger = structlog.get_logger("line")


@dataclass(frozen=True, slots=True)
class LineTiming:
    """The line's speed, what the transport adds to every answer, what its slowest meter takes beyond the norm.

    `act_max_s`: so long after it was written a moving frame may still come out of the converter.
    """

    baud: int
    slack_s: float
    slowest_s: float = 0.0
    act_max_s: float = 0.0

    @property
    def patience_s(self) -> float:
        """How long a meter of the norm may take to begin its answer, as seen from here."""
        return response_timeout_s(self.baud) + self.slack_s


class Line:
    """The queue and the owner of one line."""

    def __init__(self, name: str, dial: Dial, timing: LineTiming, clock: Clock, entropy: Entropy) -> None:
        self.name, self._dial, self._timing, self._clock, self._entropy = name, dial, timing, clock, entropy
        self._ready: asyncio.PriorityQueue[tuple[Priority, int, Job[Any]]] = asyncio.PriorityQueue()
        self._order, self._plans = count(), Counter[Priority]()
        self._jobs: dict[int, Job[Any]] = {}
        self._one_at_a_time: dict[MeterId, asyncio.Lock] = {}
        self._memory, self._reader = LinkMemory(), FrameReader()
        self._quiet_s, self._clean = 0.0, False
        self._late_until_s = 0.0
        self.state = LineState(name, clock)
        self.duty = Duty(f"line {name}", SLACK_S + timing.act_max_s + 2 * timing.slowest_s)
        self.connection = 0
        self.connected_s: float | None = None

    async def run_plan(
        self,
        meter: MeterId,
        plan: Plan[T],
        priority: Priority,
        *,
        response_s: float = 0.0,
        guard: Guard = refuse_everything,
        moving: list[Traffic] | None = None,
    ) -> Ran[T]:
        """Run a plan, the only one of this meter at a time (P5), and return what came of it.

        Raises what the plan raises, GuardError where its moving write was refused, LineDownError where the connection
        was lost after the plan had begun. If the caller is cancelled, the plan is dropped before its next step.
        `moving` is given the writes that may move the valve as they leave, so that they are known after an error too.
        """
        async with self._one_at_a_time.setdefault(meter, asyncio.Lock()):
            done = asyncio.get_running_loop().create_future()
            job = Job(meter, plan, priority, response_s, guard, done, moving=[] if moving is None else moving)
            self._put(job)
            self._plans[priority] += 1
            try:
                return await job.done
            finally:
                self._plans[priority] -= 1
                job.done.cancel()

    def waiting(self) -> Counter[Priority]:
        """How many plans are wanted and have not ended, by urgency."""
        return +self._plans

    def expect_late_bytes(self) -> None:
        """A moving frame may have left before now, by a connection that is lost: it moves whoever is selected then."""
        self._late_until_s = self._clock.boot() + self._timing.act_max_s

    def follow(self, other: "Line") -> None:
        """Take another one's place: what left by it may still come out late, of the same converter."""
        self._late_until_s = max(self._late_until_s, other._late_until_s)  # noqa: SLF001 - of the same class

    async def run(self) -> None:
        """Own the line, for ever: connect, serve, and when the wire breaks wait and connect anew."""
        waits = delays(self._entropy)
        while True:
            self.duty.got_on()
            try:
                wire = await self._dial()
            except OSError as error:
                self.state.away("line can't be reached", error)
            else:
                answers = self.state.answers
                await self._connected(wire)
                if self.state.answers > answers:
                    waits = delays(self._entropy)
            await asyncio.sleep(next(waits))

    async def _connected(self, wire: Wire) -> None:
        self._memory, self._reader = LinkMemory(), FrameReader()
        self.connection += 1
        self.connected_s = self._clock.boot()
        self._quiet_s, self._clean = max(self.connected_s + self._timing.slowest_s, self._late_until_s), False
        self.state.connected()
        try:
            await self._serve(wire)
        except OSError as error:
            self.state.away("line lost", error)
        finally:
            self.connected_s = None
            self._drop_begun()
            await wire.close()

    def _drop_begun(self) -> None:
        for job in list(self._jobs.values()):
            job.fail(LineDownError(f"line {self.name} was lost"))
        self._jobs.clear()

    async def _serve(self, wire: Wire) -> None:
        while True:
            if self._ready.empty():
                self.duty.rests()
            turn = await self._ready.get()
            self.duty.got_on()
            job = turn[2]
            if job.done.done():
                self._jobs.pop(id(job), None)
                continue
            if job.step is None:
                self._still_there(wire, turn)
                job.connection = self.connection
                self._jobs[id(job)] = job
            await self._segment(wire, job)

    def _still_there(self, wire: Wire, turn: tuple[Priority, int, Job[Any]]) -> None:
        """A converter may close a connection that was long idle: what has not begun waits for the next one."""
        try:
            self._purge(wire)
        except OSError:
            self._ready.put_nowait(turn)
            raise

    def _put(self, job: Job[Any]) -> None:
        if not self.duty.owed:
            self.duty.got_on()
        self._ready.put_nowait((job.priority, next(self._order), job))

    async def _segment(self, wire: Wire, job: Job[Any]) -> None:
        """Carry a plan to its next `Wait` or to its end."""
        await self._clear(wire)
        event: Frame | None = None
        while not job.done.done() and job.advance(event):
            match job.step:
                case Wait(seconds):
                    asyncio.get_running_loop().call_later(seconds, self._put, job)
                    return
                case Send() as send:
                    try:
                        event = await self._ask(wire, job, send)
                    except GuardError as error:
                        job.fail(error)
                        break
        self._jobs.pop(id(job), None)
        self._clean = self._clean and job.done.done() and not job.done.cancelled() and job.done.exception() is None

    async def _clear(self, wire: Wire) -> None:
        """See to it that no meter is left selected from before: a write to the selected one would move its valve too.

        A meter that prepares an answer hears nothing, not even that another is selected. So it is given the time it
        may take; and where an answer failed or may be another's, all are deselected once nobody can be deaf any more.
        """
        if (quiet_s := self._quiet_s - self._clock.boot()) > 0:
            await asyncio.sleep(quiet_s)
        if self._clean:
            return
        await asyncio.sleep(self._timing.patience_s)
        await wire.write(encode(reset_frame(SELECTED)))
        await asyncio.sleep(self._timing.patience_s)
        self._clean = True

    async def _ask(self, wire: Wire, job: Job[Any], send: Send) -> Frame | None:
        exchange = Exchange(self._memory, send.frame, self._reader)
        if self._memory.needs_reset(exchange.address):
            await self._tries(wire, job, Exchange(self._memory, reset_frame(exchange.address), self._reader))
        return await self._tries(wire, job, exchange, moves=send.moves_valve)

    async def _tries(self, wire: Wire, job: Job[Any], exchange: Exchange, *, moves: bool = False) -> Frame | None:
        while True:
            self._purge(wire)
            data = exchange.to_send()
            if moves and (why := job.guard()) is not None:
                raise GuardError(why)
            begun_s, self.state.exchanges = self._clock.boot(), self.state.exchanges + 1
            await self._write(wire, job, data, moves=moves)
            answer = await self._answer(wire, job, exchange, len(data))
            self.state.used(begun_s)
            self.duty.got_on()
            if answer is not None:
                self.state.answered()
                return answer
            self._clean = False
            await asyncio.sleep(idle_s(self._timing.baud))
            if not exchange.timed_out():
                return None

    async def _write(self, wire: Wire, job: Job[Any], data: bytes, *, moves: bool) -> None:
        """No await stands between the guard's answer and `wire.write`."""
        sent = Traffic("out", self._clock.boot(), data.hex())
        self._quiet_s = sent.boot_s + duration_s(len(data), self._timing.baud) + job.response_s
        job.traffic.append(sent)
        if moves:
            job.moving.append(sent)
            job.priority = Priority.READ_BACK
            self.expect_late_bytes()
        await wire.write(data)

    async def _answer(self, wire: Wire, job: Job[Any], exchange: Exchange, sent: int) -> Frame | None:
        """Wait as long as this meter may take, then as long as bytes keep coming.

        A converter may hand over nothing before the whole frame has come: the first wait is for all of the longest.
        """
        baud = self._timing.baud
        patience_s = duration_s(sent + exchange.longest_answer, baud) + job.response_s + self._timing.patience_s
        end_s = self._clock.boot() + patience_s + duration_s(LONGEST_FRAME, baud) + self._timing.slack_s
        while (left_s := min(patience_s, end_s - self._clock.boot())) > 0:
            if (data := await _within(wire, left_s)) is None:
                return None
            if not data:
                raise ConnectionResetError("the converter closed the connection")
            job.traffic.append(Traffic("in", self._clock.boot(), data.hex()))
            if (answer := exchange.receive_data(data)) is not None:
                return answer
            patience_s = idle_s(self._timing.baud) + self._timing.slack_s + duration_s(len(data), self._timing.baud)
        return None

    def _purge(self, wire: Wire) -> None:
        """Throw away what came unasked: it answers nothing."""
        while (data := wire.read_now()) is not None:
            if not data:
                raise ConnectionResetError("the converter closed the connection")
            log.log(logging.DEBUG, "bytes that nobody asked for", line=self.name, bytes=data.hex())


async def _within(wire: Wire, seconds: float) -> bytes | None:
    """What comes in this time, and what has come in it though the loop, held up by a slow disk, is late to look."""
    try:
        async with asyncio.timeout(seconds):
            return await wire.read()
    except TimeoutError:
        return wire.read_now()
