"""A revoked gateway: nothing it says counts, nothing is sent to it, time settles what it may do, then a crew goes."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from controlplane.access.roles import Role
from controlplane.dispatch.doors import Doors
from controlplane.orders.life import Order
from controlplane.orders.models import orders
from controlplane.orders.rest import at_rest
from controlplane.orders.revoking import revoke
from controlplane.orders.states import OrderState
from controlplane.outbox import outbox
from controlplane.policy.facts import Act
from controlplane.registry.models import gateways, meters
from controlplane.telemetry.service import take_readings
from protocols.types import Outcome, ValvePosition
from protocols.uplink import codec, topics
from protocols.uplink.messages import Number, Receipt
from protocols.uplink.reasons import Why
from tests.controlplane.desk import KEY, OTHER, POINT, Desk, G
from tests.controlplane.desk_clerk import Clerk, refused

S = OrderState
ACTS_S = (10 + 20) * 1.01


@pytest.fixture
def desk() -> Desk:
    return Desk()


def lose(desk: Desk) -> None:
    with desk.engine.begin() as db:
        revoke(db, desk.context, G, "stolen", "anna")


def reason(desk: Desk, order: Order) -> str | None:
    said = desk.order(order).reason
    return said["code"] if said is not None else None


def rested(desk: Desk) -> bool:
    with desk.engine.begin() as db:
        return at_rest(db, POINT, desk.clock.now())


def test_what_was_not_permitted_is_held_and_then_a_crews_work(desk: Desk) -> None:
    order = desk.enter()
    lose(desk)
    assert (desk.state(order), reason(desk, order)) == (S.HELD, "gateway_revoked")
    assert not desk.ask(order)
    desk.pass_s(3601)
    assert (desk.state(order), desk.order(order).channel) == (S.PLANNED, "field")


def test_P6_what_was_permitted_is_settled_by_time_alone_before_a_crew_goes(desk: Desk) -> None:
    order = desk.permitted()
    lose(desk)
    assert desk.state(order) is S.LOOKING
    desk.pass_s(ACTS_S - 1)
    assert desk.state(order) is S.LOOKING
    assert not rested(desk)
    desk.pass_s(2)
    assert (desk.state(order), desk.order(order).channel) == (S.PLANNED, "field")


def test_P6_no_receipt_that_comes_after_all_settles_it_earlier(desk: Desk) -> None:
    order = desk.permitted()
    lose(desk)
    desk.receipt(order.command, Outcome.FAILED, position=ValvePosition.OPEN, started=True)
    desk.pass_s(ACTS_S - 1)
    assert desk.state(order) is S.LOOKING


def test_I15_supply_is_given_back_by_a_crew_once_all_has_settled(desk: Desk) -> None:
    order = desk.permitted()
    back = desk.stop()
    assert back is not None
    lose(desk)
    assert desk.state(back) is S.LOOKING
    desk.pass_s(ACTS_S + 1)
    assert (desk.state(back), desk.order(back).channel) == (S.PLANNED, "field")
    assert desk.state(order) is S.WITHDRAWN


def test_a_stop_after_the_revocation_gives_back_in_the_field(desk: Desk) -> None:
    desk.executed()
    lose(desk)
    back = desk.stop()
    assert back is not None
    assert (desk.state(back), desk.order(back).channel) == (S.PLANNED, "field")


def test_nothing_more_is_sent_to_it_not_even_a_look(desk: Desk) -> None:
    desk.enter(Act.REACTIVATE)
    desk.enter()
    lose(desk)
    desk.stop("hold")
    desk.pass_s(4000)
    with desk.engine.begin() as db:
        assert not [r for r in db.execute(select(outbox)) if r.gateway == G and r.next_at is not None]


def test_I10_nothing_it_says_is_taken(desk: Desk) -> None:
    order = desk.permitted()
    with desk.engine.begin() as db:
        db.execute(update(gateways).where(gateways.c.id == G).values(public_key=KEY.public.hex()))
    raw, _ = codec.seal(desk.account(order.command), KEY)
    lose(desk)
    with desk.engine.begin() as db:
        Doors(desk.context, take_readings).take(db, topics.parse(topics.up(G, Receipt.kind)), raw)
    assert desk.state(order) is S.LOOKING


def test_its_meters_are_bound_to_another_gateway_once_all_has_settled(clerk: Clerk) -> None:
    point, gateway, other = clerk.point(), clerk.gateway(), clerk.gateway()
    meter = clerk.meter(point, gateway)
    answer = clerk.post(Role.OPERATOR, f"/gateways/{gateway}/revoke", {"reason": "stolen"})
    assert (answer.status_code, answer.json()["revoked_by"]) == (200, Role.OPERATOR)
    assert answer.json()["revoke_reason"] == "stolen"
    refused(clerk.post(Role.OPERATOR, f"/gateways/{gateway}/revoke", {"reason": "again"}), 409, "gateway_revoked")
    refused(clerk.post(Role.OPERATOR, "/gateways/gw-none/revoke", {"reason": "x"}), 404, "not_found")
    moved = clerk.send(Role.OPERATOR, "PATCH", f"/meters/{meter}", {"gateway": other}, if_match='"1"')
    assert (moved.status_code, moved.json()["gateway"]) == (200, other)


def bind_to_other(desk: Desk) -> None:
    with desk.engine.begin() as db:
        db.execute(update(meters).where(meters.c.point == POINT).values(gateway=OTHER))


def test_I15_what_waits_for_a_crew_is_given_back_by_the_new_gateway_as_soon_as_it_is_there(desk: Desk) -> None:
    desk.executed()
    lose(desk)
    back = desk.stop()
    assert back is not None
    bind_to_other(desk)
    desk.birth(None, gateway=OTHER)
    sent = desk.order(back)
    assert (sent.state, sent.channel, desk.command(sent.command or "").gateway) == (S.DISPATCHED, "remote", OTHER)
    desk.birth(None, gateway=OTHER)
    assert desk.order(back).command == sent.command, "once"


def test_what_this_gateway_has_tried_in_vain_stays_a_crews_work(desk: Desk) -> None:
    desk.context = replace(desk.context, settings=replace(desk.settings, giving_sends=1))
    desk.executed()
    back = desk.stop()
    assert back is not None
    desk.receipt(back.command, Outcome.FAILED, Why.NO_ANSWER)
    desk.answer(desk.order(back).look, ValvePosition.CLOSED)
    desk.birth(Number(1, 99), boot=2)
    assert (desk.state(back), desk.order(back).channel) == (S.PLANNED, "field")


def test_taking_away_that_was_left_to_a_crew_stays_with_it(desk: Desk) -> None:
    lose(desk)
    order = desk.enter()
    bind_to_other(desk)
    desk.birth(None, gateway=OTHER)
    assert (desk.state(order), desk.order(order).channel) == (S.PLANNED, "field")


def test_I11_nothing_is_sent_while_a_crew_is_there(desk: Desk) -> None:
    order = desk.executed()
    lose(desk)
    back = desk.stop()
    assert back is not None
    with desk.engine.begin() as db:
        db.execute(update(orders).where(orders.c.id == order.id).values(state=S.PERMITTED, channel="field"))
    bind_to_other(desk)
    desk.birth(None, gateway=OTHER)
    assert (desk.state(back), desk.order(back).channel) == (S.PLANNED, "field")
