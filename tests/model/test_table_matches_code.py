"""The table the model obeys and the table the code obeys were written by different hands, and are the same."""

from importlib import import_module
from typing import get_args

from tests.model.table import TERMINAL, Edge, Event, OrderState, edges


def test_the_table_uses_every_state_and_event_and_no_other() -> None:
    states = {edge.source for edge in edges()} | {edge.target for edge in edges()}
    assert states == set(get_args(OrderState))
    assert {edge.event for edge in edges()} == set(get_args(Event))


def test_nothing_leaves_a_terminal_state() -> None:
    assert [edge for edge in edges() if edge.source in TERMINAL and edge.target != edge.source] == []


def test_the_codes_table_is_this_table() -> None:
    table = import_module("controlplane.orders.states").TABLE
    code = {Edge(str(row.kind), str(row.from_), str(row.on), str(row.to)) for row in table}
    law = edges()
    assert {"only the code has": sorted(code - law), "only the law has": sorted(law - code)} == {
        "only the code has": [],
        "only the law has": [],
    }
