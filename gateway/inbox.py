"""The door for commands, looks and freezes: what is believed, what refused, what durable before it is acknowledged.

Nothing is acted on unsigned. A refusal is a signed receipt (CONTROL I3). A repeated message moves nothing: its stored
answer goes up again (I2). A higher number burns lower commands that have not started (P7).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

import structlog

from gateway.bounds import Quota, out_of_reach, too_far
from gateway.edge import Edge
from gateway.journal.records import Task
from gateway.receipts import Account, LookAccount, Subject
from gateway.worker import burn
from protocols.errors import MalformedError, TheirsError, UntrustedError
from protocols.ports import Verifier
from protocols.types import Capability, MeterId, Outcome, Verb
from protocols.uplink import codec
from protocols.uplink.codec import Opened
from protocols.uplink.messages import Command, Freeze, Look, LookAnswer, Receipt
from protocols.uplink.reasons import Why

UNBELIEVED_EVERY_S, UNBELIEVED_SIZE = 10.0, 8192
"""At most one refusal of something unbelieved in so many seconds, and none of what is larger than so many bytes, more
than any command of ours: a flood must not fill the journal."""
log: structlog.stdlib.BoundLogger = structlog.get_logger("inbox")


@dataclass(slots=True)
class Inbox:
    """Takes raw messages; returns the digests that are durable now and so may be acknowledged."""

    edge: Edge
    verifier: Verifier
    put: Callable[[MeterId, Task], None]
    _refused_at_s: float = field(default=float("-inf"))
    _giving: Quota = field(init=False)
    _other: Quota = field(init=False)

    def __post_init__(self) -> None:
        self._giving, self._other = Quota(len(self.edge.meters)), Quota(len(self.edge.meters))

    def command(self, raw: bytes) -> str | None:
        """Take a command."""
        try:
            opened = codec.open_signed(raw, Command, self.verifier)
        except UntrustedError as error:
            self._unbelieved(raw, str(error))
            return None
        except TheirsError as error:
            log.warning("a command that can't be read", error=str(error))
            return None
        if opened.message.gateway != self.edge.gateway:
            self._refuse_unjournaled(opened, Why.WRONG_GATEWAY, f"meant for {opened.message.gateway}")
            return None
        if self._unannounced(opened.message.meter):
            return None
        if self._known(opened.digest):
            return opened.digest
        quota = self._other if opened.message.verb.takes else self._giving
        if (detail := self._beyond(opened.message, quota)) is not None:
            self._refuse_unjournaled(opened, Why.MALFORMED, detail)
            return None
        self._receive_command(opened)
        return opened.digest

    def look(self, raw: bytes) -> str | None:
        """Take a look."""
        try:
            opened = codec.open_signed(raw, Look, self.verifier)
        except TheirsError as error:
            log.warning("a look that is not believed", error=str(error))
            return None
        message = opened.message
        if message.gateway != self.edge.gateway:
            log.warning("a look for another gateway", gateway=message.gateway)
            return None
        if self._unannounced(message.meter):
            return None
        if self._known(opened.digest):
            return opened.digest
        if (detail := self._beyond(message, self._other)) is not None:
            log.warning("a look is not taken", meter=message.meter, detail=detail)
            return None
        task = self._task(opened, "look")
        stale = self._stale(task)
        refused = stale or (None if task.meter in self.edge.meters else Why.UNKNOWN_METER)
        with self.edge.journal.transaction():
            self.edge.journal.receive(task)
            if stale is None:
                self._burn_lower(task)
            if refused is not None:
                self._refuse_look(task, refused)
        self._durable(None if refused else task)
        return opened.digest

    def freeze(self, raw: bytes) -> str | None:
        """Take a freeze or its end."""
        try:
            opened = codec.open_signed(raw, Freeze, self.verifier)
        except TheirsError as error:
            log.warning("a freeze that is not believed", error=str(error))
            return None
        if opened.message.gateway != self.edge.gateway:
            return None
        if too_far(opened.message.number, self.edge.journal.freeze()[0]):
            log.warning("a freeze is not taken: no house has frozen so often", number=opened.message.number)
            return None
        self.edge.journal.set_freeze(opened.message.number, on=opened.message.on)
        return opened.digest

    def _unannounced(self, meter: MeterId) -> bool:
        """One that was only now added: until its epoch is known nothing is taken of it, and all of it comes again."""
        return meter in self.edge.meters and meter not in self.edge.announced

    def _beyond(self, message: Command | Look, quota: Quota) -> str | None:
        """What no house sends, whoever signs it: it would use up epochs or disk for ever. None for all else."""
        journal, number = self.edge.journal, message.number
        if out_of_reach(number, journal.epoch(message.meter), journal.mark(message.meter)):
            return f"epoch {number.epoch} is beyond what any house has come to"
        if not quota.take(self.edge.clock.boot()):
            return "more of these came lately than any house sends"
        return None

    def _known(self, digest: str) -> bool:
        task = self.edge.journal.task(digest)
        if task is not None and task.state == "finished":
            self.edge.journal.send_again(digest)
            self.edge.outbox.set()
        return task is not None

    def _receive_command(self, opened: Opened[Command]) -> None:
        task = self._task(opened, "command")
        stale = self._stale(task)
        refused = stale or self._unfit(opened.message)
        with self.edge.journal.transaction():
            self.edge.journal.receive(task)
            if stale is None:
                self._burn_lower(task)
            if refused is not None:
                detail = self.edge.journal.safe if refused is Why.STORAGE else ""
                self.edge.finish(task, opened.message.verb, Account(Outcome.REFUSED, refused, detail))
        self._durable(None if refused else task)

    def _durable(self, task: Task | None) -> None:
        """A task is kept; what is to be done is handed on."""
        if task is not None:
            self.put(task.meter, task)

    def _task(self, opened: Opened[Command] | Opened[Look], kind: str) -> Task:
        message = opened.message
        return Task(
            digest=opened.digest,
            kind=kind,
            meter=message.meter,
            number=message.number,
            payload=codec.encode(message),
            state="received",
            outcome=None,
            began=False,
            permit=None,
            received_at=self.edge.clock.now(),
            received_boot_s=self.edge.clock.boot(),
        )

    def _stale(self, task: Task) -> Why | None:
        if task.number.epoch < self.edge.journal.epoch(task.meter):
            return Why.OLD_EPOCH
        mark = self.edge.journal.mark(task.meter)
        return Why.SUPERSEDED if mark is not None and task.number <= mark else None

    def _unfit(self, command: Command) -> Why | None:
        """What can be told without the line: all of it again, where it can change, right before the write."""
        meter = self.edge.meters.get(command.meter)
        if meter is None:
            return Why.UNKNOWN_METER
        if command.identity != meter.identity:
            return Why.WRONG_IDENTITY
        if command.verb is Verb.OPEN and meter.is_gas:
            return Why.GAS_NEVER_OPENED
        if Capability(command.verb.value) not in meter.spec.capabilities:
            return Why.NOT_CAPABLE
        if command.verb.takes and self.edge.journal.safe:
            return Why.STORAGE
        if not self.edge.watch.trusted:
            return Why.CLOCK_UNTRUSTED if command.verb.takes else None
        return Why.EXPIRED if self.edge.clock.now() >= command.expires_at else None

    def _burn_lower(self, task: Task) -> None:
        for lower in self.edge.journal.waiting(task.meter, task.number):
            burn(self.edge, lower, Why.SUPERSEDED, f"by number {task.number.sequence}")

    def _refuse_look(self, task: Task, why: Why) -> None:
        account = LookAccount(outcome=Outcome.REFUSED, why=why)
        settled = self.edge.journal.settled(task.meter, task.number)
        build = self.edge.notary.answer(self.edge.subject(task), account, settled)
        self.edge.journal.finish(task.digest, account.outcome, LookAnswer.kind, build)
        self.edge.outbox.set()

    def _unbelieved(self, raw: bytes, error: str) -> None:
        """Refuse it under the digest of the whole envelope: its payload may be that of a real command under way."""
        if len(raw) > UNBELIEVED_SIZE:
            log.warning("a command that is not believed", error=error, size=len(raw))
            return
        try:
            forged = replace(codec.peek(raw, Command), digest=codec.digest(raw))
            self._refuse_unjournaled(forged, Why.UNTRUSTED, error)
        except MalformedError as malformed:
            log.warning("a command that is not believed", error=str(malformed))

    def _refuse_unjournaled(self, opened: Opened[Command], why: Why, detail: str) -> None:
        """Refuse without burning or marking anything: it may be anybody's."""
        log.warning("a command is refused", why=why.value, meter=opened.message.meter)
        if self.edge.clock.boot() - self._refused_at_s < UNBELIEVED_EVERY_S:
            return
        self._refused_at_s = self.edge.clock.boot()
        message = opened.message
        subject = Subject(opened.digest, message.meter, message.number, self.edge.clock.now(), self.edge.clock.boot())
        account = Account(Outcome.REFUSED, why, detail)
        self.edge.journal.append(Receipt.kind, self.edge.notary.receipt(subject, message.verb, account))
        self.edge.outbox.set()


def recover(edge: Edge, put: Callable[[MeterId, Task], None], only: Collection[MeterId] | None = None) -> None:
    """After a start, once the birth is acknowledged: what had started is settled, what had not is asked again (P11).

    `only` are the meters that are to be seen to, where not all are.
    """
    for task in edge.journal.unfinished():
        if task.meter not in edge.meters or (only is not None and task.meter not in only):
            continue
        if task.state == "received" and task.kind == "command" and task.number.epoch < edge.journal.epoch(task.meter):
            burn(edge, task, Why.OLD_EPOCH, "the epoch was raised while the gateway was away")
        else:
            put(task.meter, task)
