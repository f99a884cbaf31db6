"""The demo's timeline says each thing in one calm line, within 80 columns; what is longer goes on below itself."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from curbstop.demo.news import Told
from curbstop.demo.timeline import WORDS, Timeline

START = datetime(2026, 3, 2, tzinfo=UTC)


def told(*rows: tuple[str, str, dict[str, object]], width: int = 80) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False)
    timeline = Timeline(console, START, {"o1": "suspend", "o2": "reactivate"}, {"pt_1": "A"})
    for n, (kind, subject, data) in enumerate(rows):
        timeline.tell(Told(n, START + timedelta(seconds=n), kind, subject, data))
    return out.getvalue().splitlines()


def order(event: str, state: str, grade: str | None = None, name: str = "o1") -> tuple[str, str, dict[str, object]]:
    data: dict[str, object] = {
        "order": name,
        "event": event,
        "state": state,
        "grade": grade,
        "point": "pt_1",
        "actor": "desk",
    }
    return "order", name, data


def receipt(outcome: str, why: str | None) -> tuple[str, str, dict[str, object]]:
    return "receipt", "o1", {"point": "pt_1", "verb": "close", "outcome": outcome, "why": why}


def test_one_line_each() -> None:
    lines = told(
        ("gateway", "g", {"boot": 1, "meters": ["A", "B"]}),
        order("entered", "entered"),
        order("dispatch", "dispatched"),
        order("proof", "executed", "read_back"),
        ("position", "A", {"position": "closed", "grade": "read_back"}),
        receipt("refused", "permit_denied"),
        receipt("done", None),
        ("alarm", "g", {"code": "receipt_chain_broken"}),
    )
    assert lines == [
        "   0.0 s  gateway  announced itself, signed: meters A, B",
        "   1.0 s  A        suspend entered: by desk",
        "   2.0 s  A        suspend dispatched: command signed and sent",
        "   3.0 s  A        suspend executed: read back, signed receipt  [read_back]",
        "   4.0 s  A        valve read: closed",
        "   5.0 s  A        the gateway's signed receipt: close refused, permit denied",
        "   7.0 s  alarm    receipt_chain_broken",
    ]


def test_what_a_crew_did_is_said_as_such() -> None:
    lines = told(
        order("permit_granted", "permitted"),
        order("assign", "assigned"),
        order("arrive", "on_site"),
        order("permit_granted", "permitted"),
        ("position", "A", {"position": "closed", "grade": "witnessed"}),
        order("proof", "executed", "witnessed"),
        order("permit_granted", "permitted", name="o2"),
    )
    assert lines == [
        "   0.0 s  A        suspend permitted: for 10 s",
        "   1.0 s  A        suspend assigned: a crew takes it, and goes",
        "   2.0 s  A        suspend on site: the crew is there, and looks",
        "   3.0 s  A        suspend permitted: for 5 min, to the crew's device alone",
        "   4.0 s  A        the crew has seen: closed",
        "   5.0 s  A        suspend executed: the crew's signed report  [witnessed]",
        "   6.0 s  A        reactivate permitted: for 10 s",
    ]


def test_an_event_without_words_of_its_own_is_still_told() -> None:
    assert told(order("some_new_event", "held")) == ["   0.0 s  A        suspend held: some new event"]


def test_a_point_that_is_none_of_the_demos_is_named_as_it_is() -> None:
    kind, subject, data = order("dispatch", "dispatched")
    (line,) = told((kind, subject, {**data, "point": "pt_9"}))
    assert line.startswith("   0.0 s  pt_9     ")


@pytest.mark.parametrize("event", WORDS)
def test_every_event_fits_one_line_of_80_columns(event: str) -> None:
    """In the longest state that comes with it; with a grade, in the longest that has one."""
    graded = event in {"proof", "found_as_wanted", "corroborated", "window_ended", "look_wanted"}
    shown = ("completed", "corroborated") if event == "corroborated" else ("completed", "read_back")
    state, grade = shown if graded else ("dispatched", None)
    assert len(told(order(event, state, grade, "o2"))) == 1


def test_what_is_too_long_goes_on_below_itself() -> None:
    assert told(("gateway", "g", {"meters": ["riser-one", "riser-two", "attic"]}), width=50) == [
        "   0.0 s  gateway  announced itself, signed:",
        "                   meters riser-one, riser-two,",
        "                   attic",
    ]
