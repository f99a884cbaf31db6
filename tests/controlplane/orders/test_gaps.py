"""A number that stays missing among a gateway's accounts is an operator's alarm; one that comes in time is none."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from controlplane.access.roles import Role
from controlplane.db import reading
from controlplane.news import news, tell
from controlplane.orders import gaps, waits
from controlplane.orders.models import gaps as rows
from controlplane.orders.models import receipts
from protocols.types import Outcome
from protocols.uplink.messages import GENESIS, Chain
from protocols.uplink.reasons import Why
from tests.controlplane.desk import JOURNAL, Desk, G
from tests.controlplane.desk_clerk import Clerk

MISSING = "receipt_missing"


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.engine.dispose()


def account(desk: Desk, number: int, previous: str | None = None) -> None:
    """An account with this number; its predecessor is whatever it is."""
    command = desk.orders()[0].command if desk.orders() else desk.enter().command
    chain = Chain(JOURNAL, number, previous or f"{number - 1:064x}")
    desk.receipt(command, Outcome.FAILED, Why.NO_ANSWER, chain=chain)


def missing(desk: Desk) -> list[int]:
    """Before which numbers something is missing, as it was told."""
    with reading(desk.engine) as db:
        told = db.execute(select(news).where(news.c.type == "alarm").order_by(news.c.id)).all()
        return [row.data["before"] for row in told if row.data["code"] == MISSING]


def test_I7_what_stays_missing_is_told_once(desk: Desk) -> None:
    account(desk, 1)
    account(desk, 4)
    desk.pass_s(899)
    assert missing(desk) == []
    desk.pass_s(1)
    assert missing(desk) == [4]
    desk.pass_s(3600)
    assert missing(desk) == [4]


def test_a_journal_that_begins_anew_begins_its_chain_wherever_its_numbers_stand(desk: Desk) -> None:
    account(desk, 8, GENESIS)
    account(desk, 9)
    desk.pass_s(3600)
    assert missing(desk) == []


def test_a_beginning_claimed_in_the_middle_of_a_chain_hides_no_gap(desk: Desk) -> None:
    account(desk, 1)
    account(desk, 4, GENESIS)
    desk.pass_s(900)
    assert missing(desk) == [4]


def test_what_comes_in_time_is_never_told(desk: Desk) -> None:
    for number in (1, 4, 2, 3):
        account(desk, number)
    desk.pass_s(3600)
    assert missing(desk) == []


def test_a_gap_that_is_half_filled_is_as_old_as_it_was(desk: Desk) -> None:
    account(desk, 1)
    account(desk, 4)
    desk.pass_s(800)
    account(desk, 3)
    desk.pass_s(100)
    assert missing(desk) == [3]


def test_the_first_account_of_a_journal_is_missing_too(desk: Desk) -> None:
    account(desk, 2)
    desk.pass_s(900)
    assert missing(desk) == [2]


def test_it_is_due_when_it_is_to_be_told(desk: Desk) -> None:
    account(desk, 2)
    with reading(desk.engine) as db:
        opened_at = db.execute(gaps.UNTOLD).scalar_one()
        assert gaps.tells_at(opened_at, desk.context) == desk.clock.now() + timedelta(seconds=900)
        assert (waits.next_due(db, desk.context) or desk.clock.at) <= desk.clock.now() + timedelta(seconds=900)


@given(st.permutations(range(1, 8)), st.integers(0, 7))
def test_in_whatever_order_they_come_the_gaps_are_exactly_what_is_missing(order: list[int], count: int) -> None:
    desk = Desk()
    with desk.engine.begin() as db:
        here: set[int] = set()
        for number in order[:count]:
            kept = {"digest": f"{number:064x}", "gateway": G, "kind": "receipt", "journal": JOURNAL, "raw": b""}
            db.execute(receipts.insert().values(**kept, number=number, received_at=desk.clock.now()))
            gaps.heard(db, desk.context, G, Chain(JOURNAL, number, f"{number - 1:064x}"), follows=number - 1 in here)
            here.add(number)
            found = {row.before for row in db.execute(select(rows))}
            assert found == {n for n in here if n > 1 and n - 1 not in here}
    desk.engine.dispose()


def test_alarms_are_listed_in_pieces_to_those_they_concern(clerk: Clerk) -> None:
    now = clerk.clock.now()
    with clerk.engine.begin() as db:
        tell(db, now, "alarm", "g1", {"code": MISSING, "to": "operator"}, None)
        tell(db, now, "escalation", "ord_1", {"order": "ord_1", "to": "planner"}, clerk.mine)
        tell(db, now, "order", "ord_1", {}, clerk.mine)
        tell(db, now, "alarm", "ord_2", {"code": "passing_valve"}, clerk.other)
    first = clerk.get(Role.OPERATOR, "/alarms?limit=2").json()
    rest = clerk.get(Role.OPERATOR, f"/alarms?limit=2&cursor={first['next']}").json()
    found = [(a["code"], a["subject"], a["to"]) for a in [*first["items"], *rest["items"]]]
    assert found == [
        (MISSING, "g1", "operator"),
        ("escalation", "ord_1", "planner"),
        ("passing_valve", "ord_2", "operator"),
    ]
    assert rest["next"] is None
    assert [a["subject"] for a in clerk.get(Role.CLIENT_VIEWER, "/alarms").json()["items"]] == ["ord_1"]
