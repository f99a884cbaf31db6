"""One supply point as the model sees it: what each side has durable, what is under way, and the truth nobody sees.

Network: a message once sent stays, so it may be lost (never taken), doubled, reordered or late without bound.
Time: `lease` tells how much of the last grant has passed: it may still start something, it may not, or nothing that it
started is on its way any more.
"""

from typing import Literal, NamedTuple

from tests.model.table import TERMINAL, OrderState

Position = Literal["open", "closed"]
Life = OrderState | Literal["absent"]
Job = Literal["received", "asked", "started", "over"]
Note = Literal["", "technical", "law", "open", "closed", "open, named", "closed, named"]
MessageKind = Literal[
    "close", "open", "look",  # down: commands
    "ask", "permit", "denial", "judged",  # the permit; `judged` only where the fence row is missing
    "done", "failed", "found", "burned", "opened", "not_opened", "answer",  # up: receipts and look answers
    "report", "abort", "birth", "welcome",
]  # fmt: skip
RUNNING, ENDED, CLEARED = 0, 1, 2
OVER: frozenset[Life] = TERMINAL | {"absent"}
GIVEN: frozenset[Life] = OVER | {"executed"}


class Message(NamedTuple):
    """What is on the network; fields that a kind has no use for stay 0."""

    kind: MessageKind
    seq: int
    gateway: int = 0
    epoch: int = 0
    nonce: int = 0
    note: Note = ""


class Control(NamedTuple):
    """What the control plane has durable. Sequences are 0 where there is none."""

    taking: Life = "absent"
    field: bool = False  # its channel
    number: int = 0  # the how-manieth order that takes
    live: int = 0  # its live command
    permitted: bool = False  # a permit was ever granted for it
    stops: str = ""  # recorded for it: p payment, q protection, h hold
    hold_ended: bool = False
    old_stop: bool = False  # a stop of an earlier order is on the point
    refused: bool = False  # a cap or a clock refused it, and that reason has not passed
    giving: Life = "absent"
    giving_field: bool = False
    giving_live: int = 0
    unsettled: int = 0  # a granted command without settlement
    time_only: int = 0  # a granted command whose journal is gone
    regranted: bool = False
    hand: bool = False  # a crew's permit without report, abort or release
    settled_from: int = 0  # the next sequence when the last settlement was recorded
    look: int = 0  # the look that is waited for
    seen: Literal["", "open", "closed"] = ""  # an answer that came before settlement (only without P6's sentence)
    frozen: bool = False
    next_seq: int = 1
    epoch: int = 1
    bound: int = 0  # the gateway
    mark: int = 0  # the highest sequence the bound gateway has proven to hold
    halted: bool = False
    stands: bool = False  # an executed order's act still stands at the point


class Gateway(NamedTuple):
    """What a gateway has durable, and in memory `permit` (for which command) and `nonce` (of its last asking)."""

    mark: int = 0
    jobs: tuple[tuple[int, Job], ...] = ()
    permit: int = 0
    nonce: int = 0
    epoch: int = 1
    born: bool = True
    alive: bool = True

    def put(self, seq: int, job: Job) -> "Gateway":
        """The journal with one command's status written."""
        return self._replace(jobs=tuple(sorted({**dict(self.jobs), seq: job}.items())))

    def burn(self) -> "Gateway":
        """All that has not started is over, durably; the permit in memory goes with it."""
        jobs = tuple((q, "over" if job in {"received", "asked"} else job) for q, job in self.jobs)
        return self._replace(jobs=jobs, permit=0)


class Left(NamedTuple):
    """How often each misfortune may still happen."""

    freezes: int = 0
    caps: int = 0
    crashes: int = 0
    rebinds: int = 0
    deaths: int = 0
    lost_crews: int = 0
    gateway_restores: int = 0
    control_restores: int = 0
    control_crashes: int = 0
    resends: int = 0


class World(NamedTuple):
    """Everything. From `begun` on it is truth that neither side can read."""

    cp: Control = Control()
    gateways: tuple[Gateway, Gateway] = (Gateway(), Gateway())
    net: frozenset[Message] = frozenset()
    outbox: frozenset[Message] = frozenset()  # committed, not yet published: only behind a crash
    backup: Control | None = None
    asked: tuple[tuple[int, int], ...] = ()  # (command, nonces used)
    left: Left = Left()
    begun: tuple[int, ...] = ()  # commands whose close was ever started
    moved: tuple[int, ...] = ()  # commands whose close took effect
    flying: tuple[int, ...] = ()  # (gateway, command): a close on the wire, not yet in effect
    valve: Position = "open"
    lease: int = RUNNING
    crew_may_act: bool = False
    by_hand: int = 0  # the order whose crew closed
    closed_since: bool = False  # the valve was closed while no order to give back was alive
    highest: tuple[int, int] = (0, 0)  # the highest sequence ever durable at each gateway
    hold_over: bool = False  # the hold on the order has ended
    stopped: bool = False  # a stop was recorded for the order: a restore forgets it, the customer does not
