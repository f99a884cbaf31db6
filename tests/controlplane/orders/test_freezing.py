"""The freeze: one stops all closing, two lift it, giving back goes on, each gateway is told."""

from datetime import timedelta

import pytest

from controlplane import outbox
from controlplane.orders.freezing import freeze, unfreeze
from controlplane.orders.states import OrderState
from controlplane.problems import ConflictError
from protocols.types import Outcome
from protocols.uplink import codec
from protocols.uplink.messages import Ack, Freeze
from protocols.uplink.reasons import Why
from tests.controlplane.desk import OTHER, Desk, G

S = OrderState


@pytest.fixture
def desk() -> Desk:
    return Desk()


def put_on(desk: Desk, reason: str = "storm") -> None:
    with desk.engine.begin() as db:
        freeze(db, desk.context, reason, "anna")


def lift(desk: Desk, who: str) -> bool:
    with desk.engine.begin() as db:
        return unfreeze(db, desk.context, who, who)


def told(desk: Desk) -> list[tuple[str, int, bool]]:
    found = [codec.decode_payload(bytes(row.payload), Freeze) for row in desk.sent("freeze")]
    return [(m.gateway, m.number, m.on) for m in found]


def test_a_freeze_holds_what_is_on_its_way_burns_it_and_denies(desk: Desk) -> None:
    order = desk.enter()
    put_on(desk)
    held = desk.order(order)
    assert (held.state, held.reason and held.reason["code"]) == (S.HELD, "frozen")
    assert held.until is not None
    assert held.look is not None
    assert not desk.ask(order)


def test_no_second_grant_while_frozen(desk: Desk) -> None:
    order = desk.permitted()
    put_on(desk)
    assert desk.state(order) is S.PERMITTED
    assert not desk.ask(order, nonce="d" * 32)
    assert desk.state(order) is S.HELD


def test_an_order_entered_while_frozen_waits(desk: Desk) -> None:
    put_on(desk)
    assert desk.state(desk.enter()) is S.HELD
    assert desk.sent("command") == []


def test_giving_back_goes_on(desk: Desk) -> None:
    desk.executed()
    put_on(desk)
    back = desk.stop()
    assert back is not None
    assert desk.state(back) is S.DISPATCHED
    desk.receipt(back.command)
    assert desk.state(back) in (S.EXECUTED, S.COMPLETED)


def test_every_gateway_is_told_with_a_higher_number_each_time(desk: Desk) -> None:
    put_on(desk)
    put_on(desk, "again")
    assert sorted(told(desk)) == [(OTHER, 1, True), (OTHER, 2, True), (G, 1, True), (G, 2, True)]


def test_it_is_sent_again_until_each_gateway_holds_it_and_then_no_more(desk: Desk) -> None:
    put_on(desk)

    def due(later_s: float) -> list[str]:
        with desk.engine.begin() as db:
            at = desk.context.now + timedelta(seconds=later_s)
            found = [p for p in outbox.waiting(db, at).parcels if p.kind == Freeze.kind]
            outbox.sent(db, found, at)
            return sorted(p.gateway for p in found)

    assert due(0) == sorted([G, OTHER])
    assert due(0) == []
    assert due(400) == sorted([G, OTHER])
    digest = next(row.digest for row in desk.sent("freeze") if row.gateway == G)
    with desk.engine.begin() as db:
        outbox.acknowledged(db, G, (digest,))
    assert due(4000) == [OTHER]


def test_a_gateway_that_was_away_learns_of_it_at_its_birth(desk: Desk) -> None:
    boots = [4, 3, 2]

    def terms() -> tuple[int, bool]:
        desk.birth(None, boot=boots.pop())
        birth = codec.decode_payload(bytes(desk.sent("ack")[-1].payload), Ack).birth
        assert birth is not None
        return birth.freeze, birth.frozen

    assert terms() == (0, False)
    put_on(desk)
    assert terms() == (1, True)
    lift(desk, "anna")
    lift(desk, "bruno")
    assert terms() == (2, False)


def test_two_different_people_lift_it(desk: Desk) -> None:
    put_on(desk)
    assert not lift(desk, "anna")
    assert not lift(desk, "anna")
    assert lift(desk, "bruno")
    assert told(desk)[-1][1:] == (2, False)
    with pytest.raises(ConflictError) as refused:
        lift(desk, "anna")
    assert refused.value.code == "not_frozen"


def test_a_new_freeze_forgets_who_wanted_to_lift_the_old_one(desk: Desk) -> None:
    put_on(desk)
    lift(desk, "anna")
    put_on(desk, "again")
    assert not lift(desk, "bruno")


def test_what_a_freeze_held_goes_on_soon_after_it_is_lifted(desk: Desk) -> None:
    order = desk.enter()
    put_on(desk)
    lift(desk, "anna")
    lift(desk, "bruno")
    desk.pass_s(1)
    assert desk.state(order) is S.DISPATCHED
    assert desk.ask(order)


def test_a_gateways_refusal_because_of_a_freeze_holds_and_is_never_field_work(desk: Desk) -> None:
    order = desk.permitted()
    desk.receipt(order.command, Outcome.REFUSED, Why.FROZEN)
    held = desk.order(order)
    assert (held.state, held.channel) == (S.HELD, "remote")
