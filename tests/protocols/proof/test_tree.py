"""The tree against RFC 6962's known answers, a naive recursion, a second implementation, and every small mutation."""

from base64 import b64decode
from collections.abc import Iterator
from functools import cache
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from protocols.proof import tree
from tests.protocols.proof.memory import MemoryLog

ABC = b64decode("NmQuc8JUCrEh46a/lUWwokmCzYMOsT080Z3jzmwCHsE=")
EIGHT = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
MOST = 130
ENTRIES = [bytes([n]) * (n % 5) for n in range(MOST)]
LOG = MemoryLog(ENTRIES)
LEAVES = [tree.leaf_hash(entry) for entry in ENTRIES]


@cache
def naive(start: int, end: int) -> bytes:
    """RFC 6962, section 2.1, as it is written there."""
    if end - start == 1:
        return tree.leaf_hash(ENTRIES[start])
    k = 1
    while k * 2 < end - start:
        k *= 2
    return tree.node_hash(naive(start, start + k), naive(start + k, end))


ROOTS = [tree.EMPTY_ROOT, *(naive(0, size) for size in range(1, MOST + 1))]


def mutations(path: list[bytes]) -> Iterator[list[bytes]]:
    """Each hash with a bit changed, left out, doubled; two swapped; one more; one cut short."""
    for n, value in enumerate(path):
        yield [*path[:n], bytes([value[0] ^ 1]) + value[1:], *path[n + 1 :]]
        yield [*path[:n], *path[n + 1 :]]
        yield [*path[:n], value, *path[n:]]
        yield [*path[:n], value[:-1], *path[n + 1 :]]
        yield [*path[:n], value + b"\0", *path[n + 1 :]]
    for n in range(len(path) - 1):
        yield [*path[:n], path[n + 1], path[n], *path[n + 2 :]]
    yield [*path, tree.EMPTY_ROOT]
    yield [tree.EMPTY_ROOT, *path]


def test_the_known_answers_of_the_formats_hold() -> None:
    assert MemoryLog([]).root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert MemoryLog([b"a", b"b", b"c"]).root() == ABC
    eight = MemoryLog([bytes.fromhex(entry) for entry in EIGHT])
    assert eight.root().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_the_roots_of_all_sizes_are_those_of_the_definition() -> None:
    assert [LOG.root(size) for size in range(MOST + 1)] == ROOTS


def test_every_inclusion_proof_of_every_size_holds_and_no_other_index_or_size_does() -> None:
    for size in range(1, MOST + 1):
        for index in range(size):
            path = tree.inclusion(LOG.read, index, size)
            assert tree.includes(ROOTS[size], size, index, LEAVES[index], path)
            assert not tree.includes(ROOTS[size - 1], size, index, LEAVES[index], path)
            other = (index + 1) % size
            assert size == 1 or not tree.includes(ROOTS[size], size, other, LEAVES[index], path)


def test_every_consistency_proof_of_every_pair_holds_and_between_other_roots_does_not() -> None:
    for new in range(MOST + 1):
        for old in range(new + 1):
            path = tree.consistency(LOG.read, old, new)
            assert tree.consistent(old, ROOTS[old], new, ROOTS[new], path)
            other = ROOTS[old - 1] if old else ROOTS[1]
            assert not tree.consistent(old, other, new, ROOTS[new], path)
            assert old == 0 or not tree.consistent(old, ROOTS[old], new, ROOTS[new - 1], path)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 11, 16, 21, 33])
def test_no_mutation_of_an_inclusion_proof_holds(size: int) -> None:
    for index in range(size):
        path = tree.inclusion(LOG.read, index, size)
        for broken in mutations(path):
            assert not tree.includes(ROOTS[size], size, index, LEAVES[index], broken)
        for wrong in set(range(size + 3)) - {index}:
            assert not tree.includes(ROOTS[size], size, wrong, LEAVES[index], path)
        assert not tree.includes(ROOTS[size], size, -1, LEAVES[index], path)
        assert not tree.includes(ROOTS[size], size, index, tree.leaf_hash(b"x"), path)


@pytest.mark.parametrize(("old", "new"), [pair for pair in product(range(18), range(18)) if pair[0] < pair[1]])
def test_no_mutation_of_a_consistency_proof_holds(old: int, new: int) -> None:
    path = tree.consistency(LOG.read, old, new)
    for broken in mutations(path):
        assert not tree.consistent(old, ROOTS[old], new, ROOTS[new], broken)
    if old:
        assert not tree.consistent(new, ROOTS[new], old, ROOTS[old], path)


def test_a_proof_claims_one_size_where_the_size_matters() -> None:
    """The right edge of a tree: another size with the same shape of path leads to another root, or to none."""
    for size in range(2, 40):
        path = tree.inclusion(LOG.read, size - 1, size)
        for other in set(range(size, 60)) - {size}:
            assert not tree.includes(ROOTS[other], other, size - 1, LEAVES[size - 1], path)


def test_a_proof_of_a_small_log_says_nothing_of_a_far_larger_one_with_the_same_root() -> None:
    for new in range(2, 40):
        assert not tree.includes(ROOTS[new], new * 4 + 3, 0, LEAVES[0], tree.inclusion(LOG.read, 0, new))
        for old in range(1, new):
            path = tree.consistency(LOG.read, old, new)
            assert not tree.consistent(old, ROOTS[old], new * 4 + 3, ROOTS[new], path)


def test_the_second_implementation_agrees_on_every_root_and_proof() -> None:
    other = InmemoryTree(algorithm="sha256")
    for size, entry in enumerate(ENTRIES[:70], 1):
        other.append_entry(entry)
        assert other.get_root() == LOG.root(size)
        for index in range(size):
            theirs = other.prove_inclusion(index + 1, size)
            assert theirs.path == [LEAVES[index], *tree.inclusion(LOG.read, index, size)]
        for old in range(1, size + 1):
            theirs = other.prove_consistency(old, size)
            theirs.verify(LOG.root(old), LOG.root(size))
            assert tree.consistent(
                old, other.get_root(old), size, other.get_root(), tree.consistency(LOG.read, old, size)
            )


def test_proofs_of_a_large_log_read_few_hashes() -> None:
    log = MemoryLog([n.to_bytes(4) for n in range(5000)])
    log.reads = 0
    for index in (0, 1, 2499, 4095, 4096, 4998, 4999):
        assert tree.includes(
            log.root(), 5000, index, tree.leaf_hash(index.to_bytes(4)), tree.inclusion(log.read, index, 5000)
        )
    assert log.reads < 7 * 40


@given(st.lists(st.binary(max_size=3), max_size=40), st.data())
def test_any_log_proves_what_it_holds(entries: list[bytes], data: st.DataObject) -> None:
    log = MemoryLog(entries)
    old = data.draw(st.integers(0, len(entries)))
    assert tree.consistent(old, log.root(old), len(entries), log.root(), tree.consistency(log.read, old, len(entries)))
    forked = MemoryLog([*entries[:old], b"another"])
    assert entries[old : old + 1] == [b"another"] or not any(
        tree.consistent(old + 1, forked.root(), size, log.root(size), tree.consistency(log.read, old + 1, size))
        for size in range(old + 1, len(entries) + 1)
    )


def test_impossible_proofs_are_refused() -> None:
    for index, size in ((0, 0), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match="not among"):
            tree.inclusion(LOG.read, index, size)
    for old, new in ((3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="do not begin"):
            tree.consistency(LOG.read, old, new)
