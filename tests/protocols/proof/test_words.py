"""What proof knows of orders agrees with the house that writes them; what it shows is safe to show."""

from controlplane.orders.states import TERMINAL, Event, OrderState
from controlplane.orders.witness import BY_HAND
from controlplane.policy.facts import Act
from protocols.proof import archive, documents, words
from protocols.proof.entry import Because
from protocols.proof.shown import CORROBORATED, EXECUTED, WANTED
from protocols.types import ValvePosition
from tests.protocols.proof.house import House


def test_every_state_event_act_and_position_has_words() -> None:
    assert set(words.STATES) == set(OrderState)
    assert set(words.EVENTS) == {*Event, "entered"}
    assert set(words.ACTS) == set(Act)
    assert set(words.POSITIONS) == set(ValvePosition)
    assert set(words.KINDS) == set(documents.KINDS) - {"ack", "birth", "freeze"}


def test_both_know_the_same_ends_and_the_same_positions_that_show_an_act() -> None:
    assert set(words.TERMINAL) == set(TERMINAL)
    assert dict(BY_HAND.items()) == WANTED
    assert EXECUTED == OrderState.EXECUTED
    assert CORROBORATED == Event.CORROBORATED


def test_nothing_that_was_written_can_act_in_the_report() -> None:
    house = House()
    trick = "<script>alert(1)</script>\"'&<img src=x onerror=y>"
    house.tell("ord_<b>", "entered", "entered", facts={"grounds": trick})
    house.tell("ord_<b>", "refused", "rejected", because=Because(code="x", en=trick, it=trick, rule=None))
    house.sign()
    files = archive.read(house.dossier("ord_<b>"))
    for name in ("report.en.html", "report.it.html"):
        page = files[name].decode()
        for tag in ("<script", "<img", "<b>"):
            assert tag not in page
        assert "default-src 'none'" in page
