"""Checkers of what this world can break: I1, I2, I8, I13, I15, from events, commands and the valves' own history.

The other invariants have their tests in tests/gateway, tests/controlplane and tests/model, and no checker here yet.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from controlplane.db import reading
from controlplane.orders.models import commands, order_events, orders, stops
from controlplane.orders.states import TERMINAL, Kind, OrderState
from controlplane.telemetry.models import readings
from protocols.types import MeterId, ValvePosition
from simulators.loop import START
from tests.simulation.world import NAMES, World

ACT_S = (10.0 + 12.0) * 1.01
LITRES_APART = 10
Checker = Callable[[World], list[str]]


def taking_moves_have_their_permit(world: World) -> list[str]:
    """I1, I2: each closure falls into the life of one granted command of its meter, and uses it up.

    The life begins at the first grant: what closes before it has no permit, whatever is granted later.
    """
    broken = []
    with reading(world.engine) as db:
        rows = db.execute(select(commands).where(commands.c.verb == "close", commands.c.granted_at.is_not(None))).all()
        grants = db.execute(select(order_events).where(order_events.c.event == "permit_granted")).all()
    first = {r.digest: min(g.at for g in grants if g.order == r.order and g.at >= r.issued_at) for r in rows}
    for name, valve in world.valves.items():
        free = [r for r in rows if r.meter == name]
        for act in valve.history:
            if act.wanted is not ValvePosition.CLOSED:
                continue
            at = START + timedelta(seconds=act.at_s)
            fits = [r for r in free if first[r.digest] <= at <= r.granted_at + timedelta(seconds=ACT_S)]
            if not fits:
                broken.append(f"I1/I2: {name} closed at {at:%H:%M:%S} without a permitted command of its own")
            else:
                free.remove(fits[0])
    return broken


def no_permit_after_a_stop(world: World) -> list[str]:
    """I1: nothing is granted after a stop that reaches the order: by the stops themselves, not the order's own word."""
    with reading(world.engine) as db:
        query = select(order_events.c.at, orders.c.id, orders.c.point, orders.c.number).join(
            orders, orders.c.id == order_events.c.order
        )
        grants = db.execute(query.where(order_events.c.event == "permit_granted")).all()
        kept = db.execute(select(stops)).all()
    return [
        f"I1: {grant.id} was permitted after the {stop.kind} of {stop.recorded_at:%H:%M:%S}"
        for grant in grants
        for stop in kept
        if stop.point == grant.point and stop.recorded_at < grant.at and _reaches(stop, grant)
    ]


def _reaches(stop: Any, grant: Any) -> bool:
    if stop.up_to is not None:
        return bool(grant.number <= stop.up_to)
    return stop.until is None or bool(grant.at < stop.until)


def every_order_ends_or_stands_on_a_list(world: World) -> list[str]:
    """I8: terminal, executed within its window, or held or planned for a crew with a time to look again."""
    broken = []
    with reading(world.engine) as db:
        rows = db.execute(select(orders)).all()
    for row in rows:
        state = OrderState(row.state)
        waits = state is OrderState.HELD or (state is OrderState.PLANNED and row.channel == "field")
        listed = waits and row.until is not None and row.until > world.context.now and row.reason is not None
        if state not in TERMINAL and not listed:
            broken.append(f"I8: {row.id} at {row.point} stands {state}, on nobody's list")
    return broken


def supply_comes_back(world: World) -> list[str]:
    """I15: after a payment the valve is open, or an order to give back is alive, or a later permitted order took it."""
    broken = []
    with reading(world.engine) as db:
        paid = {r.point: r.up_to for r in db.execute(select(stops).where(stops.c.kind == "payment"))}
        rows = db.execute(select(orders)).all()
    for point, up_to in paid.items():
        mine = [r for r in rows if r.point == point]
        later = any(r.way == Kind.TAKING and r.number > up_to and r.ever_permitted for r in mine)
        giving = any(r.way == Kind.GIVING and r.alive for r in mine)
        name = MeterId(point.removeprefix("pt_"))
        shut = name in world.valves and world.valves[name].position is not ValvePosition.OPEN
        if shut and not later and not giving:
            broken.append(f"I15: {point} is paid, {world.valves[name].position}, and nobody gives back")
    return broken


def readings_are_their_own_meters(world: World) -> list[str]:
    """I13: each meter's index lies in the range that only it has."""
    with reading(world.engine) as db:
        query = select(readings).where(readings.c.quantity == "volume", readings.c.value.is_not(None))
        rows = db.execute(query).all()
    number = {name: n for n, name in enumerate(NAMES, 1)}
    return [
        f"I13: {row.value} m3 was credited to {row.meter}"
        for row in rows
        if int(float(row.value)) // LITRES_APART != number[row.meter]
    ]


def executed_means_read_back(world: World) -> list[str]:
    """Evidence: an order is executed only with a grade."""
    with reading(world.engine) as db:
        rows = db.execute(select(order_events).where(order_events.c.state == "executed")).all()
    return [f"{r.order} is executed without a read-back" for r in rows if r.grade is None]


CHECKERS: tuple[Checker, ...] = (
    taking_moves_have_their_permit,
    no_permit_after_a_stop,
    every_order_ends_or_stands_on_a_list,
    supply_comes_back,
    readings_are_their_own_meters,
    executed_means_read_back,
)


def broken(world: World) -> list[str]:
    """Everything that is broken in this world."""
    return [text for checker in CHECKERS for text in checker(world)]
