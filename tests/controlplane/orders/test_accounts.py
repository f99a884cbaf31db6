"""What an account changes: once, at its own meter only; and a journal whose accounts do not follow is an alarm."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from controlplane.db import reading
from controlplane.news import news
from controlplane.orders import evidence
from controlplane.orders.states import OrderState
from protocols.types import MeterId, Outcome
from protocols.uplink import codec
from protocols.uplink.messages import GENESIS, Chain
from protocols.uplink.reasons import Why
from tests.controlplane.desk import JOURNAL, KEY, Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.engine.dispose()


def account(desk: Desk, number: int, previous: str, detail: str = "") -> None:
    command = desk.orders()[0].command if desk.orders() else desk.enter().command
    chain = Chain(JOURNAL, number, previous)
    desk.receipt(command, Outcome.FAILED, Why.NO_ANSWER, chain=chain, detail=detail)


def forks(desk: Desk) -> list[int]:
    """Under which numbers a fork was told."""
    with reading(desk.engine) as db:
        told = db.execute(select(news.c.data).where(news.c.type == "alarm").order_by(news.c.id)).scalars()
        return [data["number"] for data in told if data["code"] == "receipt_chain_broken"]


def test_I9_a_chain_that_goes_on_is_none(desk: Desk) -> None:
    account(desk, 1, GENESIS)
    account(desk, 2, desk.last_link)
    account(desk, 3, desk.last_link)
    assert forks(desk) == []


def test_I9_two_accounts_under_one_number_are_told(desk: Desk) -> None:
    account(desk, 1, GENESIS, "one")
    account(desk, 1, GENESIS, "and another")
    assert forks(desk) == [1]


def test_I9_one_that_names_another_predecessor_than_the_one_kept_is_told(desk: Desk) -> None:
    account(desk, 1, GENESIS)
    account(desk, 2, "f" * 64)
    assert forks(desk) == [2]


def test_I9_one_that_comes_late_and_is_not_what_its_successor_names_is_told(desk: Desk) -> None:
    account(desk, 2, "f" * 64)
    account(desk, 1, GENESIS)
    assert forks(desk) == [1]


def test_I10_an_account_of_another_meter_changes_nothing_and_is_told(desk: Desk) -> None:
    order = desk.permitted()
    told = desk.account(order.command)
    desk.take(replace(told, meter=MeterId("another")))
    assert desk.state(order) is OrderState.PERMITTED
    assert desk.alarms() == ["unknown_command"]
    desk.receipt(order.command)
    assert desk.state(order) is OrderState.COMPLETED


def test_I7_an_account_that_comes_twice_is_kept_once_and_changes_nothing_more(desk: Desk) -> None:
    order = desk.permitted()
    told = desk.account(order.command)
    raw, digest = codec.seal(told, KEY)
    for _ in range(2):
        with desk.engine.begin() as db:
            evidence.take_receipt(db, desk.context, codec.Opened(told, digest, "k"), raw)
    assert desk.state(order) is OrderState.COMPLETED
    assert desk.alarms() == []
