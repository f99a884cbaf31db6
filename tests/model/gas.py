"""Giving gas back, explored: the arm, the person at the key, the meter's own expiry, the leak check after an opening.

One point, suspended by a permitted close that may still be under way when the payment is recorded; then arms (at once,
after settlement, and again), a person, and a second suspension. An arm's number is its place among them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.model.explore import Goal, Result, Step, explore

RULES = {
    "open_is_wanted": "a gas reactivate is executed by `open` read back alone; `armed` leaves it dispatched",
    "arm_on_closed": "an arm is written only if `closed` and no leak alarm were read in the same hold of the line",
    "contradicted": "executed and then closed by the leak check: looking, field work, never armed again",
}
FIRST, SETTLED, AGAIN = 1, 2, 3
NOBODY, PRESSES = 0, 2


class Gas(NamedTuple):
    """The whole state. `taking`: g permitted, x executed, w withdrawn; 2 and y: of the second suspension.

    `giving`: - none, d dispatched, l looking, f field, x executed, k completed. `seen` are positions read back that
    the control plane has not heard yet, each with whether the close had settled when it was asked.
    """

    valve: str = "open"
    taking: str = "g"
    flying: bool = True
    paid: bool = False
    giving: str = "-"
    arms: frozenset[int] = frozenset()
    highest: int = 0
    seen: frozenset[tuple[str, bool]] = frozenset()
    leaks: int = 1
    presses: int = PRESSES
    leaked: bool = False


@dataclass(frozen=True)
class Meter:
    """`class70`: an arm on an open meter does nothing (0 -> 2 only). `expires`: it ends an unused arm itself."""

    class70: bool = True
    expires: bool = True


@dataclass(frozen=True)
class Model:
    """A meter, and the rules that stand."""

    meter: Meter
    rules: frozenset[str]

    @property
    def wanted(self) -> frozenset[str]:
        return frozenset({"open"}) if "open_is_wanted" in self.rules else frozenset({"open", "armed"})


def steps(m: Model, s: Gas) -> Iterator[Step[Gas]]:
    for part in (physics, taking, arming, giving, afterwards):
        yield from part(m, s)


def physics(m: Model, s: Gas) -> Iterator[Step[Gas]]:
    if s.flying:
        yield Step("the close takes effect", s._replace(flying=False, valve="closed"))
        yield Step("the close is lost", s._replace(flying=False))
    if s.valve == "armed" and s.presses:
        yield Step("somebody presses: open", s._replace(valve="open", presses=s.presses - 1))
    if s.valve == "armed" and m.meter.expires:
        yield Step("the arm expires in the meter", s._replace(valve="closed"))
    if s.valve == "open" and s.leaks and s.presses < PRESSES:
        yield Step("the leak check closes it", s._replace(valve="closed", leaks=0, leaked=True))


def taking(_: Model, s: Gas) -> Iterator[Step[Gas]]:
    if not s.flying and s.taking == "g":
        arms = s.arms | ({SETTLED} if s.giving == "d" else set())
        state = "x" if s.valve == "closed" else "w"
        yield Step(f"receipt of the close: {s.valve}", s._replace(taking=state, arms=arms))
    if s.taking in "gx" and not s.paid:
        yield Step("payment: an arm is sent", s._replace(paid=True, giving="d", arms=s.arms | {FIRST}))
    if s.giving == "k" and s.taking in "xw":
        yield Step("a second suspension is permitted", s._replace(taking="2", paid=False))
    if s.taking == "2":
        yield Step("the second close", s._replace(taking="y", valve="closed"))


def arming(m: Model, s: Gas) -> Iterator[Step[Gas]]:
    for arm in s.arms:
        if arm <= s.highest or s.flying:  # superseded; or it waits behind a close that has started (P5)
            continue
        if "arm_on_closed" in m.rules:
            valve = "armed" if s.valve == "closed" and not s.leaked else s.valve
        else:
            valve = "armed" if s.valve == "closed" or not m.meter.class70 else s.valve
        heard = s.seen | {(valve, s.taking != "g")}
        after = s._replace(valve=valve, seen=heard, highest=arm, arms=s.arms - {arm})
        yield Step(f"arm {arm}, then {valve} is read", after, "arm")


def giving(m: Model, s: Gas) -> Iterator[Step[Gas]]:
    for valve, settled in s.seen:
        heard = s._replace(seen=s.seen - {(valve, settled)})
        if s.giving == "d" and settled and valve in m.wanted:
            yield Step(f"executed on {valve}", heard._replace(giving="x"), f"executed on {valve}")
        else:
            yield Step(f"receipt of an arm: {valve}, not enough", heard)
    if s.giving == "d" and s.taking != "g":
        yield Step("deadline: looking", s._replace(giving="l"))
    if s.giving == "l":
        yield from _looked(m, s)
    if s.giving == "f":
        opened = s._replace(valve="open", giving="x", leaks=0, leaked=False)
        yield Step("a technician opens after the tightness test", opened)


def _looked(m: Model, s: Gas) -> Iterator[Step[Gas]]:
    if s.valve in m.wanted:
        yield Step(f"a look: {s.valve}, executed", s._replace(giving="x"), f"executed on {s.valve}")
        return
    fresh = AGAIN not in s.arms and s.highest < AGAIN
    if s.valve == "closed" and fresh and not (s.leaked and "contradicted" in m.rules):
        yield Step("a look: closed, armed again", s._replace(giving="d", arms=s.arms | {AGAIN}))
    yield Step(f"a look: {s.valve}, field work", s._replace(giving="f"))


def afterwards(m: Model, s: Gas) -> Iterator[Step[Gas]]:
    if s.giving == "x" and (s.valve == "open" or "contradicted" not in m.rules):
        yield Step("completed", s._replace(giving="k"))
    elif s.giving == "x":
        yield Step("read against it: looking", s._replace(giving="l"))


def judge(before: Gas, step: Step[Gas]) -> str | None:
    after = step.after
    if step.deed == "arm" and before.valve == "open" and after.valve == "armed":
        return "I1: an arm took supply away, without a permit"
    if step.deed == "arm" and before.leaked and after.valve == "armed" and before.valve != "armed":
        return "G4: armed again after the leak check had closed it"
    ended = step.label in ("completed", "the arm expires in the meter")
    if ended and after.paid and after.giving == "k" and after.valve == "closed" and after.taking in "xw":
        return "I15: paid and completed, closed, and nothing is alive that gives back"
    if step.deed == "executed on armed":
        return "I15: executed by a position that is no supply"
    return None


GOALS: list[tuple[str, Callable[[Gas], bool], Callable[[Gas], bool]]] = [
    (
        "supply can never come back",
        lambda s: s.paid,
        lambda s: not s.paid or (s.valve == "open" and s.giving in "xk"),
    ),
    ("the order can never end", lambda s: s.giving in "dlf", lambda s: s.giving in "k-"),
]


def run(meter: Meter, rules: frozenset[str] = frozenset(RULES)) -> Result:
    """Every state of one meter under these rules."""
    model = Model(meter, rules)
    return explore(Gas(), lambda s: steps(model, s), judge, [Goal(*goal) for goal in GOALS])
