"""The demo's timeline says each thing in one calm line."""

import io
from datetime import UTC, datetime, timedelta

from rich.console import Console

from curbstop.demo.timeline import Timeline

START = datetime(2026, 3, 2, tzinfo=UTC)


def told(*rows: dict[str, object]) -> list[str]:
    out = io.StringIO()
    timeline = Timeline(Console(file=out, width=120, highlight=False), START, {"o1": "suspend"})
    for n, row in enumerate(rows):
        timeline.tell({"at": START + timedelta(seconds=n), "subject": "x", **row})
    return out.getvalue().splitlines()


def order(event: str, state: str, grade: str | None = None) -> dict[str, object]:
    data = {"order": "o1", "event": event, "state": state, "grade": grade, "point": "point-A"}
    return {"type": "order", "data": data}


def test_one_line_each() -> None:
    lines = told(
        {"type": "gateway", "data": {"boot": 1, "meters": ["A", "B"]}},
        order("dispatch", "dispatched"),
        order("proof", "executed", "read_back"),
        {"type": "position", "subject": "A", "data": {"position": "closed"}},
        {
            "type": "receipt",
            "data": {"point": "point-B", "verb": "close", "outcome": "refused", "why": "permit_denied"},
        },
        {"type": "receipt", "data": {"point": "point-A", "verb": "close", "outcome": "done", "why": None}},
        {"type": "alarm", "data": {"code": "receipt_chain_broken"}},
    )
    assert lines == [
        "   0.0 s  gateway     announced itself, signed, start 1: meters A, B",
        "   1.0 s  point A     suspend: command signed and sent  [dispatched]",
        "   2.0 s  point A     suspend: position read back as wanted; signed receipt  [executed, read_back]",
        "   3.0 s  meter A     valve read: closed",
        "   4.0 s  point B     signed receipt: close refused, permit denied",
        "   6.0 s  alarm       receipt_chain_broken",
    ]


def test_an_event_without_words_of_its_own_is_still_told() -> None:
    assert told(order("some_new_event", "held")) == ["   0.0 s  point A     suspend: some new event  [held]"]
