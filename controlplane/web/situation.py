"""The situation: what needs a person, orders, meters as last seen, how full the thresholds are, gateways."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection

from controlplane import news
from controlplane.access.roles import Permission
from controlplane.orders import board as orders
from controlplane.orders.states import OrderState
from controlplane.telemetry import board as telemetry
from controlplane.web.frame import Page
from controlplane.web.live import serve
from controlplane.web.needs import LOOKED_BACK, P2, P3, of_alarms, of_lines, of_many, sorted_needs
from controlplane.web.reader import Asked

OLD_AFTER = timedelta(hours=24)
"""A position or a gateway's word that is older is shown as old (U2)."""
WARN_AT = 0.8
"""From this share of a threshold on, it is marked."""
router = APIRouter(include_in_schema=False)


def gather(db: Connection, asked: Asked) -> Mapping[str, Any]:
    """All that the page shows, at one moment."""
    scope, now = asked.scope, asked.reader.now
    meters, bound = telemetry.seen(db, scope)
    needs = sorted_needs(
        [
            *of_alarms(news.alarms_since(db, now - LOOKED_BACK, scope)),
            *of_lines("unknown", P2, orders.in_state(db, scope, OrderState.LOOKING)),
            *of_many("no_crew", P3, orders.without_a_crew(db, scope)),
        ]
    )
    return {
        "needs": needs,
        "need_count": len(needs),
        "waiting": orders.in_state(db, scope, OrderState.AWAITING_APPROVAL),
        "in_field": orders.with_a_crew(db, scope),
        "held": orders.held(db, scope),
        "counts": orders.counts(db, scope),
        "orders": orders.newest(db, scope),
        "meters": meters,
        "bound": bound,
        "loads": orders.loads(db, asked.context, scope),
        "warn_at": WARN_AT,
        "gateways": telemetry.heard(db) if asked.reader.may(Permission.GATEWAYS_READ) else None,
        "old_before": now - OLD_AFTER,
    }


PAGE = Page(
    name="situation",
    path="/c/situation",
    permission=Permission.PAGES_READ,
    regions=("needs", "orders", "meters", "loads", "gateways"),
    gather=gather,
)
serve(router, PAGE)
