"""An account that was refused and signed anew comes once more, late, out of the network: it is not a second account."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from controlplane.field.work.needs import Kept
from controlplane.orders.models import order_documents
from protocols.uplink.crew import CrewReport, Photograph, Register
from tests.controlplane.desk_clerk import Clerk, refused
from tests.controlplane.field.evidence.pictures import jpeg, labels, scene
from tests.controlplane.hand import Hand, alarms, order

VIEWS = ("plate", "register", "before", "after")


@pytest.fixture
def clerk(database: str) -> Iterator[Clerk]:
    made = Clerk(database, needs=Kept())
    yield made
    made.close()


@pytest.fixture
def hand(clerk: Clerk) -> Hand:
    return Hand(clerk, "mario")


def shots(clerk: Clerk, hand: Hand) -> tuple[Photograph, ...]:
    return tuple(
        Photograph(shot=view, digest=clerk.photograph(jpeg(scene(n), labels()), hand.who))
        for n, view in enumerate(VIEWS, 1)
    )


def first_try(clerk: Clerk, hand: Hand, some: tuple[Photograph, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A report without its last photograph, refused; the work order, and what was signed."""
    clerk.order(clerk.fixed)
    work = hand.offered()
    hand.on_site(work)
    assert hand.ask(work).json()["granted"] is True
    sent: list[dict[str, Any]] = []
    post = hand.post

    def noted(work: dict[str, Any], verb: str, body: Any = None, **headers: str) -> Any:
        sent.append(body)
        return post(work, verb, body, **headers)

    hand.post = noted  # type: ignore[method-assign]
    answer = hand.report(work, photographs=some[:-1], register=Register(value="12.5", unit="m3"))
    refused(answer, 422, "evidence_missing")
    return work, sent[0]


def test_it_is_told_to_be_replaced_and_proves_nothing_else(clerk: Clerk, hand: Hand) -> None:
    some = shots(clerk, hand)
    work, late = first_try(clerk, hand, some)
    whole = hand.report(work, photographs=some, register=Register(value="12.5", unit="m3"))
    assert whole.status_code == 200, whole.text
    before = alarms(clerk)
    refused(hand.post(work, "report", late), 409, "account_replaced")
    assert alarms(clerk) == before
    assert order(clerk, work["order"])["grade"] == "witnessed"
    with clerk.engine.connect() as db:
        reports = select(order_documents).where(order_documents.c.kind == CrewReport.kind)
        assert len(db.execute(reports).all()) == 1


def test_what_was_taken_can_be_sent_again(clerk: Clerk, hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    some, kept, sign = shots(clerk, hand), list[dict[str, Any]](), hand.signed
    work, _ = first_try(clerk, hand, some)

    def noted(said: CrewReport) -> dict[str, Any]:
        kept.append(sign(said))
        return kept[-1]

    monkeypatch.setattr(hand, "signed", noted)
    assert hand.report(work, photographs=some, register=Register(value="12.5", unit="m3")).status_code == 200
    assert hand.post(work, "report", kept[-1]).status_code == 200


def test_an_abort_that_comes_after_the_report_of_its_number_is_replaced_too(clerk: Clerk, hand: Hand) -> None:
    some = shots(clerk, hand)
    work, _ = first_try(clerk, hand, some)
    links, last = hand.links, hand.last
    assert hand.report(work, photographs=some, register=Register(value="12.5", unit="m3")).status_code == 200
    hand.links, hand.last = links, last
    refused(hand.abort(work, "dog"), 409, "account_replaced")
