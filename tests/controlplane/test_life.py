"""The life of an order, row by row: stops, evidence, settlement (I8, I11, I15, P6-P8)."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select

from controlplane import news
from controlplane.orders.deadlines import due
from controlplane.orders.life import advance, giving_alive
from controlplane.orders.models import commands, receipts
from controlplane.orders.service import withdraw
from controlplane.orders.settling import unsettled
from controlplane.orders.states import TABLE, Event, Kind, OrderState, target
from controlplane.problems import ConflictError, StaleError
from controlplane.registry.models import meters, protections
from protocols.types import Outcome, ValvePosition
from protocols.uplink.messages import Number
from protocols.uplink.reasons import Why
from tests.controlplane.house import House, build

S = OrderState
OPEN, CLOSED = ValvePosition.OPEN, ValvePosition.CLOSED


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("state", list(OrderState))
@pytest.mark.parametrize("event", list(Event))
def test_every_step_is_a_row_or_a_conflict(kind: Kind, state: OrderState, event: Event) -> None:
    targets = {row.to for row in TABLE if (row.kind, row.from_, row.on) == (kind, state, event)}
    for to in OrderState:
        if to in targets:
            assert target(kind, state, event, to) is to
        else:
            with pytest.raises(ConflictError) as error:
                target(kind, state, event, to)
            assert error.value.code == "illegal_transition"


def closed(house: House, db: Connection):  # type: ignore[no-untyped-def]  # noqa: ANN201 - an Order
    order = house.suspend(db)
    assert house.ask(db, order.command)
    house.receipt(db, order.command, Outcome.DONE, CLOSED)
    return house.order(db, order)


def test_I15_a_payment_after_the_act_gives_back_in_the_same_transaction(house: House, db: Connection) -> None:
    order = closed(house, db)
    assert order.state is S.COMPLETED
    back = house.stop(db)
    assert back is not None
    assert (back.state, back.way) == (S.DISPATCHED, Kind.GIVING)
    house.receipt(db, back.command, Outcome.DONE, OPEN)
    assert house.order(db, back).state is S.COMPLETED
    assert house.stop(db) is None, "given back already: a second payment is owed nothing"


def test_I15_a_payment_while_permitted_gives_back_and_waits_for_settlement(house: House, db: Connection) -> None:
    order = house.suspend(db)
    assert house.ask(db, order.command)
    back = house.stop(db)
    assert back is not None
    first = back.command
    house.receipt(db, first, Outcome.DONE, OPEN, Why.ALREADY)
    assert house.order(db, back).state is S.DISPATCHED, "P8: read open before the close had settled proves nothing"
    house.receipt(db, order.command, Outcome.DONE, CLOSED)
    again = house.order(db, back)
    assert again.command != first, "P8: each settlement sends it again"
    house.receipt(db, again.command, Outcome.DONE, OPEN)
    assert house.order(db, back).state is S.COMPLETED


def test_I15_what_is_due_after_a_stop_can_not_be_withdrawn(house: House, db: Connection) -> None:
    closed(house, db)
    back = house.stop(db)
    assert back is not None
    with pytest.raises(ConflictError) as error:
        withdraw(db, house.context, back.id, house.order(db, back).version, "client")
    assert error.value.code == "due_after_stop"


def test_a_stale_withdrawal_is_refused(house: House, db: Connection) -> None:
    order = house.suspend(db)
    with pytest.raises(StaleError):
        withdraw(db, house.context, order.id, order.version - 1, "client")
    assert withdraw(db, house.context, order.id, order.version, "client").state is S.WITHDRAWN


@pytest.mark.parametrize("why", [Why.CAP, Why.FROZEN, Why.CLOCK_UNTRUSTED])
def test_refused_by_law_is_held_and_never_field_work(house: House, db: Connection, why: Why) -> None:
    order = house.suspend(db)
    assert house.ask(db, order.command)
    house.receipt(db, order.command, Outcome.REFUSED, why=why)
    found = house.order(db, order)
    assert (found.state, found.channel) == (S.HELD, "remote")
    assert found.until is not None


def test_I11_a_technical_failure_is_looked_at_before_a_crew_goes(house: House, db: Connection) -> None:
    order = house.suspend(db)
    assert house.ask(db, order.command)
    house.receipt(db, order.command, Outcome.FAILED, OPEN, Why.NOT_AS_WANTED)
    looking = house.order(db, order)
    assert looking.state is S.LOOKING
    house.answer(db, looking.look, OPEN, (house.named(db, order.command, Outcome.FAILED),))
    found = house.order(db, order)
    assert (found.state, found.channel) == (S.PLANNED, "field")
    assert found.tried[0]["why"] == "not_as_wanted"


def test_I11_nobody_is_sent_before_settlement(house: House, db: Connection) -> None:
    order = house.suspend(db)
    assert house.ask(db, order.command)
    house.clock.run(151)
    due(db, house.context)
    looking = house.order(db, order)
    assert looking.state is S.LOOKING
    assert not unsettled(db, order.point), "P6: by 151 s everything granted has settled by time"
    house.answer(db, looking.look, OPEN)
    assert house.order(db, order).channel == "field"


def test_P6_by_time_only_after_validity_and_act_with_drift(house: House, db: Connection) -> None:
    order = house.suspend(db)
    assert house.ask(db, order.command)
    house.clock.run(22.0)
    due(db, house.context)
    assert unsettled(db, order.point)
    house.clock.run(0.3)
    due(db, house.context)
    assert not unsettled(db, order.point)


def test_P6_a_raised_epoch_settles_by_time_alone(house: House, db: Connection) -> None:
    order = house.suspend(db)
    assert house.ask(db, order.command)
    house.birth(db, boot=2, journal="11" * 16)
    house.receipt(db, order.command, Outcome.REFUSED, why=Why.SUPERSEDED)
    assert unsettled(db, order.point), "a journal that did not hold it can't swear to it"
    house.clock.run(23)
    due(db, house.context)
    assert not unsettled(db, order.point)


def test_a_birth_that_holds_all_that_was_sent_keeps_its_epoch(house: House, db: Connection) -> None:
    order = house.suspend(db)
    row = db.execute(select(commands).where(commands.c.digest == order.command)).one()
    house.birth(db, boot=2, mark=Number(row.epoch, row.sequence))
    assert house.ask(db, order.command)


def test_a_birth_below_what_was_sent_raises_the_epoch_and_asks_anew(house: House, db: Connection) -> None:
    order = house.suspend(db)
    house.birth(db, boot=2, mark=None)
    assert house.order(db, order).state is S.LOOKING
    assert not house.ask(db, order.command)


def test_a_receipt_for_a_command_of_nobody_changes_nothing_and_is_told(house: House, db: Connection) -> None:
    order = house.suspend(db)
    house.receipt(db, None, Outcome.DONE, CLOSED)
    assert house.order(db, order).state is S.DISPATCHED
    told = [row["data"] for row in news.after(db, 0, None) if row["type"] == "alarm"]
    assert [t["code"] for t in told if isinstance(t, dict)] == ["unknown_command"]


def test_a_receipt_is_kept_once_and_as_it_came(house: House, db: Connection) -> None:
    order = closed(house, db)
    events = len(house.orders(db))
    rows = db.execute(select(receipts)).all()
    assert len(rows) == 1
    assert bytes(rows[0].raw).startswith(b"{")
    assert len(house.orders(db)) == events
    assert order.grade == "read_back"


def test_a_broken_chain_of_receipts_is_told(house: House, db: Connection) -> None:
    closed(house, db)
    house.head = "ee" * 32
    house.stop(db)
    back = giving_alive(db, "pt_A")
    assert back is not None
    house.receipt(db, back.command, Outcome.DONE, OPEN)
    codes = [row["data"]["code"] for row in news.after(db, 0, None) if row["type"] == "alarm"]  # type: ignore[index]
    assert codes == ["receipt_chain_broken"]


def test_I8_a_giving_order_nobody_answers_becomes_a_crews(house: House, db: Connection) -> None:
    closed(house, db)
    back = house.stop(db)
    assert back is not None
    for _ in range(40):
        house.clock.run(200)
        due(db, house.context)
    found = house.order(db, back)
    assert (found.state, found.channel) == (S.PLANNED, "field")


def test_I8_a_taking_order_nobody_answers_becomes_a_crews(house: House, db: Connection) -> None:
    order = house.suspend(db)
    for _ in range(40):
        house.clock.run(200)
        due(db, house.context)
    found = house.order(db, order)
    assert (found.state, found.channel) == (S.PLANNED, "field")
    assert found.until is not None


def test_I8_a_held_order_goes_on_when_its_reason_has_passed(house: House, db: Connection) -> None:
    order = house.suspend(db)
    assert house.ask(db, order.command)
    house.receipt(db, order.command, Outcome.REFUSED, why=Why.CAP)
    house.clock.run(3700)
    due(db, house.context)
    assert house.order(db, order).state is S.DISPATCHED
    assert house.order(db, order).command != order.command


def test_nothing_but_the_table_moves_an_order(house: House, db: Connection) -> None:
    order = closed(house, db)
    with pytest.raises(ConflictError):
        advance(db, house.context, order, Event.DISPATCH, "anybody")


ACTS = st.lists(
    st.sampled_from(["suspend", "pay", "hold", "ask", "closed", "failed", "refused", "open", "look", "time", "birth"]),
    min_size=4,
    max_size=25,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS, st.randoms(use_true_random=False))
def test_I1_I15_whatever_comes_in_whatever_order(tmp_path_factory, acts: list[str], chance) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - pytest's and hypothesis's own
    house = build(f"sqlite:///{tmp_path_factory.mktemp('house') / 'house.sqlite'}")
    paid = False
    with house.engine.begin() as db:
        house.birth(db)
        for act in acts:
            order = next((o for o in reversed(house.orders(db)) if o.way is Kind.TAKING), None)
            given_back = giving_alive(db, "pt_A")
            if act == "suspend" and (order is None or not order.alive):
                house.suspend(db)
                paid = False
            elif order is None:
                continue
            elif act == "pay":
                house.stop(db)
                paid = True
            elif act == "hold":
                house.stop(db, "hold", until=house.clock.now())
            elif act == "ask":
                granted = house.ask(db, order.command)
                assert not (granted and paid), "I1"
            elif act in ("closed", "failed", "refused"):
                outcome = {"closed": Outcome.DONE, "failed": Outcome.FAILED, "refused": Outcome.REFUSED}[act]
                house.receipt(
                    db,
                    order.command,
                    outcome,
                    CLOSED if act == "closed" else OPEN,
                    None if act == "closed" else Why.NO_ANSWER,
                )
            elif act == "open" and given_back is not None:
                house.receipt(db, given_back.command, Outcome.DONE, OPEN)
            elif act == "look" and order.look is not None:
                house.answer(db, order.look, chance.choice([OPEN, CLOSED, None]))
            elif act == "time":
                house.clock.run(chance.choice([5, 60, 200]))
                due(db, house.context)
            if paid:
                took = [
                    o
                    for o in house.orders(db)
                    if o.way is Kind.TAKING and (o.ever_permitted or o.state in (S.EXECUTED, S.COMPLETED))
                ]
                gave = [
                    o
                    for o in house.orders(db)
                    if o.way is Kind.GIVING and (o.alive or o.state in (S.EXECUTED, S.COMPLETED))
                ]
                assert not took or gave, f"I15 after {acts}"
    house.engine.dispose()


def test_P6_started_and_not_read_back_settles_nothing_but_time_does(house: House, db: Connection) -> None:
    order = house.suspend(db)
    assert house.ask(db, order.command)
    house.receipt(db, order.command, Outcome.UNKNOWN, why=Why.INTERRUPTED)
    assert unsettled(db, order.point)
    looking = house.order(db, order)
    assert looking.state is S.LOOKING
    house.answer(db, looking.look, OPEN, (house.named(db, order.command, Outcome.UNKNOWN),))
    assert house.order(db, order).state is S.LOOKING, "I11: nobody is sent before it is settled"
    house.clock.run(23)
    due(db, house.context)
    assert not unsettled(db, order.point)


def test_P6_I11_a_held_order_is_not_given_to_a_crew_before_its_grant_has_settled(house: House, db: Connection) -> None:
    order = house.suspend(db)
    assert house.ask(db, order.command)
    until = house.clock.now() + timedelta(seconds=5)
    row = {"id": "p1", "point": "pt_A", "act": "suspend", "reason": "bonus", "recorded_at": house.clock.now()}
    db.execute(insert(protections).values(**row, until=until))
    assert not house.ask(db, order.command)
    db.execute(delete(meters))
    house.clock.run(6)
    due(db, house.context)
    assert unsettled(db, order.point)
    assert house.order(db, order).state is S.HELD, "the gateway may still start the granted close"
    house.clock.run(40)
    due(db, house.context)
    found = house.order(db, order)
    assert (found.state, found.channel) == (S.PLANNED, "field")
