"""The orders' heads: each provable, one an order, and the root the same in whatever order they came."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.proof import heads
from protocols.proof.heads import EMPTY, Head, Node

ORDERS = [f"ord_{n}" for n in range(300)]


def kept(*told: Head) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    for head in told:
        nodes |= heads.put(nodes.get, head)
    return nodes


def head(order: str, entries: int = 1) -> Head:
    return Head(order, entries, sha256(f"{order} {entries}".encode()).digest())


def naive(told: list[Head], depth: int = 0) -> bytes:
    """The root as the module's docstring says it, by recursion over all heads."""
    if not told:
        return EMPTY
    if len(told) == 1:
        return heads.leaf_hash(told[0])
    halves = [[h for h in told if heads.path(heads.key(h.order))[depth] == bit] for bit in "01"]
    return heads.node_hash(naive(halves[0], depth + 1), naive(halves[1], depth + 1))


@given(st.lists(st.sampled_from(ORDERS), unique=True, max_size=60))
def test_the_root_is_that_of_the_definition_whatever_came_first(orders: list[str]) -> None:
    told = [head(order) for order in orders]
    assert heads.root(kept(*told).get) == naive(told) == heads.root(kept(*reversed(told)).get)


def test_every_head_is_proven_and_no_other_is() -> None:
    told = [head(order, 1 + n % 3) for n, order in enumerate(ORDERS)]
    nodes = kept(*(head(order) for order in ORDERS), *told)
    top = heads.root(nodes.get)
    assert top == naive(told)
    for one in told:
        beside = heads.prove(nodes.get, one.order)
        assert len(beside) < 25
        assert heads.proven(top, one, beside)
        assert not heads.proven(top, Head(one.order, one.entries + 1, one.last), beside)
        assert not heads.proven(top, head(one.order, one.entries + 1), beside)
        assert not heads.proven(top, Head("another", one.entries, one.last), beside)
        assert not heads.proven(EMPTY, one, beside)


def test_after_an_order_has_gone_on_its_older_head_is_not_proven() -> None:
    nodes = kept(*map(head, ORDERS[:9]))
    old = heads.prove(nodes.get, "ord_4")
    assert heads.proven(heads.root(nodes.get), head("ord_4"), old)
    nodes |= heads.put(nodes.get, head("ord_4", 2))
    assert not heads.proven(heads.root(nodes.get), head("ord_4"), heads.prove(nodes.get, "ord_4"))
    assert not heads.proven(heads.root(nodes.get), head("ord_4"), old)


def test_no_mutation_of_a_proof_holds() -> None:
    nodes = kept(*map(head, ORDERS[:40]))
    top, one = heads.root(nodes.get), head("ord_7")
    beside = heads.prove(nodes.get, "ord_7")
    for n, value in enumerate(beside):
        changed = bytes([value[0] ^ 1]) + value[1:]
        for broken in (changed, value[:-1], value + b"\0"):
            assert not heads.proven(top, one, [*beside[:n], broken, *beside[n + 1 :]])
        assert not heads.proven(top, one, [*beside[:n], *beside[n + 1 :]])
        assert not heads.proven(top, one, [*beside[:n], value, *beside[n:]])
    for longer in ([*beside, EMPTY], [EMPTY, *beside], [EMPTY] * 257):
        assert not heads.proven(top, one, longer)
    for count in (0, -1, 1 << 63, 1 << 64):
        assert not heads.proven(top, Head("ord_7", count, one.last), beside)


def test_an_order_without_a_head_has_no_proof() -> None:
    for nodes in (kept(), kept(head("ord_1")), kept(*map(head, ORDERS[:20]))):
        with pytest.raises(ValueError, match="no head"):
            heads.prove(nodes.get, "another")
    assert heads.root(kept().get) == EMPTY


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(ORDERS), st.integers(1, 5)), max_size=40))
def test_only_the_newest_of_each_order_counts(told: list[tuple[str, int]]) -> None:
    nodes = kept(*(head(order, entries) for order, entries in told))
    newest = dict(told)
    assert heads.root(nodes.get) == naive([head(order, entries) for order, entries in newest.items()])


def test_few_nodes_are_written_for_one_head() -> None:
    nodes = kept(*map(head, ORDERS))
    assert max(len(heads.put(nodes.get, head(order, 2))) for order in ORDERS) < 25
