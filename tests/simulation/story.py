"""The story of a world: one timeline of orders, stops, faults, kills, clocks, frames and valves, 100 columns wide."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine, select

from controlplane.db import reading
from controlplane.orders.models import order_events, orders

WIDTH = 100
Told = tuple[float, str, str]


def story(told: list[Told], engine: Engine, true_s: Callable[[datetime], float]) -> str:
    """Everything that was told, with the orders' events, by the true time; last how each order stands."""
    with reading(engine) as db:
        rows = {r.id: r for r in db.execute(select(orders).order_by(orders.c.created_at, orders.c.number))}
        events = db.execute(select(order_events).order_by(order_events.c.id)).all()
    names = {identity: f"{row.point.removeprefix('pt_')}{row.number}" for identity, row in rows.items()}
    lines = [(at_s, n, who, text) for n, (at_s, who, text) in enumerate(told)]
    for event in events:
        code = f" ({event.reason['code']})" if event.reason else ""
        turn = event.state if event.from_state == event.state else f"{event.from_state} -> {event.state}"
        text = f"{rows[event.order].kind} {event.event}: {turn}{code}"
        lines.append((true_s(event.at), event.id, f"order {names[event.order]}", text))
    ends = [
        f"{names[r.id]:>4} {r.kind} stands {r.state}"
        + (f" on {r.channel}" if r.channel else "")
        + (f" until {r.until:%d. %H:%M}" if r.until else "")
        + (f" ({r.reason['code']})" if r.reason else "")
        for r in rows.values()
    ]
    return "\n".join(cut(text) for text in [*(f"{a:9.2f} {w:9} {t}" for a, _, w, t in sorted(lines)), *ends])


def cut(text: str) -> str:
    """Keep a line within the width."""
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
