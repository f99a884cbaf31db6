"""One task a meter that was told something: it carries out what is journaled, lowest number first, one at a time (P5).

A higher number burns lower commands that have not started (the inbox does, durably); the worker drops the attempt that
was burned under its hands. One that has started is let finish.
"""

import asyncio
from dataclasses import dataclass, field, replace

from gateway.attempt import Attempt, settle
from gateway.edge import Edge
from gateway.journal.records import Task
from gateway.look import look
from gateway.meters import Meter
from gateway.receipts import Account
from protocols.types import MeterId, Outcome
from protocols.uplink.codec import decode_payload
from protocols.uplink.messages import Command, Look, LookAnswer
from protocols.uplink.reasons import Why


@dataclass(slots=True)
class Worker:
    """The mailbox of one meter and who empties it."""

    edge: Edge
    meter: Meter
    _waiting: dict[str, Task] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _disturbed: asyncio.Event = field(default_factory=asyncio.Event)
    _current: "asyncio.Task[None] | None" = None
    _busy_with: Task | None = None
    _held: bool = False
    _rests: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._rests.set()

    async def rest(self) -> None:
        """Let it finish what it has begun and begin nothing more. The window of a look ends early."""
        self._held = True
        self._disturbed.set()
        await self._rests.wait()

    def resume(self) -> None:
        """Go on after all."""
        self._held = False
        self._news.set()

    @property
    def idle(self) -> bool:
        """Whether polling may have the meter: while a permit is awaited the line is free, the meter is not (P3)."""
        tasks = [*self._waiting.values(), *([self._busy_with] if self._busy_with else [])]
        return all(task.kind == "look" for task in tasks)

    def put(self, task: Task) -> None:
        """Give it something journaled to do."""
        self._waiting[task.digest] = task
        self._news.set()
        self._disturbed.set()
        self._drop_burned()

    def _drop_burned(self) -> None:
        busy = self._busy_with
        if busy is None or self._current is None or busy.kind != "command":
            return
        now = self.edge.journal.task(busy.digest)
        if now is not None and now.state == "finished":
            self._current.cancel()

    async def run(self) -> None:
        """Work for ever."""
        while True:
            task = self._next()
            if task is None:
                self._news.clear()
                await self._news.wait()
            else:
                await self._one(task)

    def _next(self) -> Task | None:
        if not self._waiting or self._held:
            return None
        task = min(self._waiting.values(), key=lambda t: t.number)
        del self._waiting[task.digest]
        return self.edge.journal.task(task.digest)

    async def _one(self, task: Task) -> None:
        """Do one thing; if it is burned meanwhile, its attempt is dropped and the next one's turn comes."""
        if task.state == "finished":
            return
        if not self._waiting:
            self._disturbed.clear()
        self._busy_with = task
        self._rests.clear()
        self._current = asyncio.create_task(self._do(task), name=f"{self.meter.name} {task.number.sequence}")
        try:
            await asyncio.wait([self._current])
            if not self._current.cancelled():
                self._settle_up(task, self._current.exception())
        finally:
            self._current.cancel()
            self._busy_with = self._current = None
            self._rests.set()

    def _settle_up(self, task: Task, error: BaseException | None) -> None:
        """What failed to be done or kept is still to be done: the supervisor starts this worker again."""
        if error is not None:
            self._waiting[task.digest] = task
            raise error

    async def _do(self, task: Task) -> None:
        if task.kind == "look":
            await self._look(task)
            return
        command = decode_payload(task.payload, Command)
        if command.identity != self.meter.identity:
            account = _meant_another(task)
        elif task.state == "started":
            account = await settle(self.edge, self.meter, command)
        else:
            account = await Attempt(self.edge, self.meter, task, command).run()
        self._finish(task, command, account)

    def _finish(self, task: Task, command: Command, account: Account) -> None:
        """Unless a look or a higher command has burned it while it waited. What began names its permit."""
        now = self.edge.journal.task(task.digest)
        if now is not None and now.state != "finished":
            self.edge.finish(task, command.verb, replace(account, permit=account.permit or now.permit))

    async def _look(self, task: Task) -> None:
        account = await look(self.edge, self.meter, decode_payload(task.payload, Look), self._disturbed)
        settled = self.edge.journal.settled(task.meter, task.number)
        build = self.edge.notary.answer(self.edge.subject(task), account, settled)
        self.edge.journal.finish(task.digest, account.outcome, LookAnswer.kind, build)
        self.edge.outbox.set()


class Workers(dict[MeterId, Worker]):
    """The workers of a gateway's meters: each is made when its meter is first told to do something."""

    def __init__(self, edge: Edge) -> None:
        super().__init__()
        self._edge = edge

    def __missing__(self, name: MeterId) -> Worker:
        worker = self[name] = Worker(self._edge, self._edge.meters[name])
        return worker

    def idle(self, name: MeterId) -> bool:
        """Whether polling may have this meter."""
        return name not in self or self[name].idle


def _meant_another(task: Task) -> Account:
    """The gateway's file was changed since the command came: this name stands for another meter now."""
    detail = "the gateway's file names another meter now"
    if task.state == "started":
        return Account(Outcome.UNKNOWN, Why.WRONG_IDENTITY, detail, started=True)
    return Account(Outcome.REFUSED, Why.WRONG_IDENTITY, detail)


def burn(edge: Edge, task: Task, why: Why, detail: str) -> None:
    """End a command that has not started, with a signed receipt."""
    command = decode_payload(task.payload, Command)
    edge.finish(task, command.verb, Account(Outcome.REFUSED, why, detail))
