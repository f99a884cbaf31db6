"""How long each order's history is, under one root that every checkpoint names: newest rows can't be cut unseen.

A tree over the SHA-256 of order ids, bit by bit from the highest. A leaf stands as high as it stands alone; an empty
half is 32 zero bytes. An order's path is unique: no tree holds two heads of one order. Who keeps the log keeps the
nodes by their path ("", "0", "01", ...), and only the newest version of each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from protocols.proof.tree import HASH_SIZE

EMPTY = bytes(HASH_SIZE)
DEEPEST = 256


@dataclass(frozen=True, slots=True)
class Head:
    """The end of an order's history: how many entries it has, and the hash of the newest one's leaf."""

    order: str
    entries: int
    last: bytes


@dataclass(frozen=True, slots=True)
class Node:
    """A kept node: its hash; where it is a leaf, also the key (32 bytes), else None."""

    hash: bytes
    key: bytes | None = None


Read = Callable[[str], Node | None]
"""The kept node at a path of "0" and "1"; None where there is none."""


def key(order: str) -> bytes:
    """Return the key of an order: what its path is taken from."""
    return sha256(order.encode()).digest()


def path(of: bytes) -> str:
    """Return all 256 bits of a key."""
    return f"{int.from_bytes(of):0{DEEPEST}b}"


def leaf_hash(head: Head) -> bytes:
    """Return the hash of a head as a leaf."""
    return sha256(b"\x02" + key(head.order) + head.entries.to_bytes(8) + head.last).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over its two halves."""
    return sha256(b"\x03" + left + right).digest()


def root(read: Read) -> bytes:
    """Return the root: all zeros while there is no order."""
    top = read("")
    return top.hash if top is not None else EMPTY


def put(read: Read, head: Head) -> dict[str, Node]:
    """Return the nodes to be written when this is an order's newest head, by path; each replaces the one there."""
    ours, own = path(key(head.order)), key(head.order)
    depth = 0
    while (node := read(ours[:depth])) is not None and node.key is None:
        depth += 1
    written: dict[str, Node] = {}
    if node is not None and node.key not in (None, own):
        depth = _part(written, node, ours)
    written[ours[:depth]] = Node(leaf_hash(head), own)
    for above in range(depth - 1, -1, -1):
        left, right = (_hash(written, read, ours[:above] + half) for half in "01")
        written[ours[:above]] = Node(node_hash(left, right))
    return written


def prove(read: Read, order: str) -> list[bytes]:
    """Return the hashes beside an order's path, from its leaf up; ValueError where it has no head."""
    ours = path(key(order))
    beside: list[bytes] = []
    depth = 0
    while (node := read(ours[:depth])) is not None and node.key is None:
        other = read(ours[:depth] + ("1" if ours[depth] == "0" else "0"))
        beside.append(other.hash if other is not None else EMPTY)
        depth += 1
    if node is None or node.key != key(order):
        raise ValueError(f"{order} has no head")
    return beside[::-1]


def proven(top: bytes, head: Head, beside: Sequence[bytes]) -> bool:
    """Whether the tree of this root holds exactly this head of its order."""
    if len(beside) > DEEPEST or any(len(other) != HASH_SIZE for other in beside) or not 0 < head.entries < 1 << 63:
        return False
    value = leaf_hash(head)
    for other, bit in zip(beside, reversed(path(key(head.order))[: len(beside)]), strict=True):
        value = node_hash(value, other) if bit == "0" else node_hash(other, value)
    return value == top


def _part(written: dict[str, Node], other: Node, ours: str) -> int:
    """Move another order's leaf down to where its path parts from ours; the depth at which both stand then."""
    theirs = path(other.key or b"")
    depth = next(n for n in range(DEEPEST) if ours[n] != theirs[n]) + 1
    written[theirs[:depth]] = other
    return depth


def _hash(written: dict[str, Node], read: Read, at: str) -> bytes:
    node = written.get(at) or read(at)
    return node.hash if node is not None else EMPTY
