"""What the log is told of orders: each event and each signed document, in the order in which they came about.

People's names stay out of it: an actor is a role, a token, a gateway or a device. Texts that a person wrote do too.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select

from controlplane.orders import documents
from controlplane.orders.life import BEGINS
from controlplane.orders.models import order_events, orders
from controlplane.orders.sending import HOUSE
from controlplane.orders.states import Event
from controlplane.proof.sequencer import Batch, Reached, Source
from protocols.proof.entry import Because, Entry, Rule, Step, document
from protocols.uplink.keys import SigningKey
from protocols.uplink.parts import GENESIS

TWO_PERSONS = "two persons"
EVENTS = (
    select(order_events, *(orders.c[name].label(f"order_{name}") for name in ("kind", "point", "client")))
    .add_columns(orders.c.grounds, orders.c.notice, orders.c.not_before, orders.c.deadline)
    .join(orders, orders.c.id == order_events.c.order)
    .where(order_events.c.id > bindparam("after"))
    .order_by(order_events.c.id)
    .limit(bindparam("most"))
)
ABOUT: Select[Any] = select(orders.c.id, orders.c.kind, orders.c.point, orders.c.client).where(
    orders.c.id.in_(bindparam("ids", expanding=True))
)
SECOND_PERSON = Because(
    code=Event.REFUSED, en="A second person has refused it.", it="Respinto da una seconda persona.", rule=None
)
"""What a second person has written, as the log tells it; a gateway's refusal bears the same code."""


def source(signer: SigningKey) -> Source:
    """What the sequencer asks; `signer` is the house's key, which signs what the house sends."""

    def waiting(db: Connection, after: Reached, most: int) -> Batch:
        events = db.execute(EVENTS, {"after": after.events, "most": most}).all()
        papers = documents.after(db, after.documents, most, signer)
        entries, reached = _merged(db, events, papers, after, most)
        taken = [paper for paper in papers if paper.id <= reached.documents]
        return Batch(entries, reached, lambda db: documents.seal(db, reached.documents, taken, signer))

    return waiting


def _merged(
    db: Connection, events: Sequence[Row[Any]], papers: Sequence[documents.Document], after: Reached, most: int
) -> tuple[list[Entry], Reached]:
    """One row from two: a document stands before the step that rests on it."""
    about = _about(db, papers)
    entries: list[Entry] = []
    e = d = 0
    while len(entries) < most and (e < len(events) or d < len(papers)):
        if d < len(papers) and (e == len(events) or papers[d].after < events[e].id):
            entries.append(_paper(papers[d], about[papers[d].order]))
            d += 1
        else:
            entries.append(_step(events[e]))
            e += 1
    return entries, Reached(events[e - 1].id if e else after.events, papers[d - 1].id if d else after.documents)


def _about(db: Connection, papers: Sequence[documents.Document]) -> dict[str, Row[Any]]:
    ids = sorted({paper.order for paper in papers})
    return {row.id: row for row in db.execute(ABOUT, {"ids": ids})} if ids else {}


def _paper(paper: documents.Document, order: Row[Any]) -> Entry:
    return Entry(
        order=paper.order,
        act=order.kind,
        point=order.point,
        client=order.client,
        sequence=1,
        previous=GENESIS,
        at=paper.at,
        actor=paper.signer or HOUSE,
        step=None,
        documents=(document(paper.kind, paper.envelope),),
        facts={},
    )


def _step(row: Row[Any]) -> Entry:
    """One event. The first one tells the order's grounds too."""
    return Entry(
        order=row.order,
        act=row.order_kind,
        point=row.order_point,
        client=row.order_client,
        sequence=1,
        previous=GENESIS,
        at=row.at,
        actor=TWO_PERSONS if row.event == Event.RELEASED_BY_TWO and " and " in row.actor else row.actor,
        step=Step(
            event=row.event,
            before=row.from_state,
            after=row.state,
            grade=row.grade,
            because=_because(row.event, row.reason),
            version=row.version,
        ),
        documents=(),
        facts=_grounds(row) if row.event == BEGINS else {},
    )


def _because(event: str, reason: dict[str, Any] | None) -> Because | None:
    if reason is None:
        return None
    if event == Event.REFUSED and reason["code"] == SECOND_PERSON.code:
        return SECOND_PERSON
    rule = reason.get("rule")
    return Because(code=reason["code"], en=reason["en"], it=reason["it"], rule=Rule(**rule) if rule else None)


def _grounds(row: Row[Any]) -> dict[str, str]:
    """What the order rests on, and when it is wanted."""
    notice = row.notice or {}
    told = {
        "grounds": row.grounds,
        "notice_received_on": notice.get("received_on"),
        "notice_channel": notice.get("channel"),
        "not_before": row.not_before.isoformat() if row.not_before else None,
        "deadline": row.deadline.isoformat() if row.deadline else None,
    }
    return {key: value for key, value in told.items() if value is not None}
