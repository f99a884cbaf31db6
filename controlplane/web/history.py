"""An order's history as people read it, newest first, each step with the signed documents that it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from controlplane.orders.documents import Document
from controlplane.orders.sending import HOUSE
from controlplane.orders.sheet import Line, Sheet
from controlplane.orders.states import Event, OrderState
from protocols.errors import TheirsError
from protocols.proof.documents import Signed, read
from protocols.uplink.messages import LookAnswer, Receipt, Traffic

NOTHING_CHANGED, STOPPED = "documents", "stopped_in_time"
STOPS = frozenset({Event.STOP, Event.PERMIT_DENIED_STOP, Event.LOOK_NOT_WANTED_STOP, Event.ABORTED_STOP})
CREWS = "dev_"
"""How the names of crews' devices begin."""


@dataclass(frozen=True, slots=True)
class Frames:
    """Frames of one moment; `what` names it."""

    what: str
    frames: Sequence[Traffic]


@dataclass(frozen=True, slots=True)
class Paper:
    """A signed document, decoded from its own bytes alone; `text` is None where they can't be read."""

    kind: str
    digest: str
    signer: str | None
    keyid: str
    at: datetime
    text: str | None
    frames: Sequence[Frames] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One step. `by` is system, rule, gateway, crew, two or person; `count` steps alike are one, since `first_at`."""

    id: str
    at: datetime
    event: str
    state: str
    moved: bool
    by: str
    actor: str
    grade: str | None
    said: dict[str, Any] | None
    version: int
    papers: Sequence[Paper] = field(default_factory=tuple)
    count: int = 1
    first_at: datetime | None = None


def history(sheet: Sheet) -> list[Item]:
    """All of it, newest first."""
    found: list[Item] = []
    waiting = list(sheet.papers)
    for event in sheet.events:
        mine = [each for each in waiting if each.after < event.id]
        waiting = waiting[len(mine) :]
        item = _item(event, [paper(each) for each in mine], sheet)
        if found and _alike(found[-1], item):
            item = replace(item, count=found[-1].count + 1, first_at=found[-1].first_at or found[-1].at)
            item = replace(item, papers=(*found.pop().papers, *item.papers))
        found.append(item)
    if waiting:
        found.append(_loose([paper(each) for each in waiting], sheet.events[-1]))
    return found[::-1]


def _item(event: Line, papers: Sequence[Paper], sheet: Sheet) -> Item:
    return Item(
        id=f"event-{event.id}",
        at=event.at,
        event=event.event,
        state=STOPPED if event.state == OrderState.WITHDRAWN and event.event in STOPS else event.state,
        moved=event.state != event.from_state or event.event == "entered",
        by=_by(event, sheet),
        actor=event.actor,
        grade=event.grade if event.grade and event.event not in (Event.STOP, Event.HOLD) else None,
        said=event.reason,
        version=event.version,
        papers=tuple(papers),
    )


def _by(event: Line, sheet: Sheet) -> str:
    rule = (event.reason or {}).get("rule")
    if event.event == Event.RELEASED_BY_TWO and " and " in event.actor:
        return "two"
    if event.actor == HOUSE:
        return "rule" if rule else "system"
    if (rule and event.actor == rule["id"]) or event.event == Event.LEGAL_TERM_ENDED:
        return "rule"
    if event.actor.startswith(CREWS):
        return "crew"
    gateways = {paper.signer for paper in sheet.papers} | {sheet.line.gateway}
    return "gateway" if event.actor in gateways else "person"


def _alike(before: Item, now: Item) -> bool:
    """Repeats are folded: the same step, by the same, for the same reason, that changes nothing."""
    same = (before.event, before.state, before.actor, before.said) == (now.event, now.state, now.actor, now.said)
    return same and not now.moved


def _loose(papers: Sequence[Paper], newest: Line) -> Item:
    """Documents after which nothing has changed yet."""
    last = papers[-1]
    by = "system" if last.signer is None else "crew" if last.signer.startswith(CREWS) else "gateway"
    return Item(
        id=f"papers-{last.digest[:16]}",
        at=last.at,
        event=NOTHING_CHANGED,
        state=newest.state,
        moved=False,
        by=by,
        actor=last.signer or "",
        grade=None,
        said=None,
        version=newest.version,
        papers=tuple(papers),
    )


def paper(document: Document) -> Paper:
    """One document, decoded; whether its signature holds is the proof's to say."""
    try:
        signed = read(document.envelope)
    except TheirsError:
        return Paper(document.kind, "", document.signer, "", document.at, None)
    text = msgspec.json.format(signed.payload, indent=2).decode("utf-8", "replace")
    return Paper(document.kind, signed.digest, document.signer, signed.keyid, document.at, text, _frames(signed))


def _frames(signed: Signed) -> list[Frames]:
    match signed.message:
        case Receipt() as receipt:
            before, after = (seen.frames if seen is not None else () for seen in (receipt.before, receipt.after))
            told = [Frames("before", before), Frames("sent", receipt.sent), Frames("after", after)]
        case LookAnswer() as answer:
            told = [Frames("seen", answer.seen.frames)] if answer.seen is not None else []
            told += [Frames("index", each.frames) for each in answer.index]
        case _:
            return []
    return [each for each in told if each.frames]
