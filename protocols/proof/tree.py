"""The Merkle tree of RFC 6962 (section 2.1): hashes, proofs and their checks; facts/PROOF.md has its known answers.

Who keeps a log keeps one hash for each whole subtree, by (level, index): level 0 are the leaves, and the node of
`level` at `index` covers the 2^level leaves from index * 2^level on. Everything here reads such hashes through a
callable, O(log n) of them, so that a table can hold the tree.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

HASH_SIZE = 32
MOST_LEAVES = 1 << 63
EMPTY_ROOT = sha256(b"").digest()

Read = Callable[[int, int], bytes]
"""The kept hash of a whole subtree, by level and index."""
Node = tuple[int, int, bytes]
"""A hash to be kept: level, index, hash."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over its two halves."""
    return sha256(b"\x01" + left + right).digest()


def append(read: Read, size: int, leaf: bytes) -> list[Node]:
    """Return what is to be kept when a leaf's hash comes to a log of `size` leaves: it, and each node it completes."""
    made = [(0, size, leaf)]
    level, index, value = made[0]
    while index % 2 == 1:
        value = node_hash(read(level, index - 1), value)
        level, index = level + 1, index // 2
        made.append((level, index, value))
    return made


def root(read: Read, size: int) -> bytes:
    """Return the root over the first `size` leaves."""
    return _over(read, 0, size) if size else EMPTY_ROOT


def inclusion(read: Read, index: int, size: int) -> list[bytes]:
    """Return the proof that leaf `index` is among the first `size`; ValueError where it can't be."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not among the first {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_over(read, middle, end))
            end = middle
        else:
            path.append(_over(read, start, middle))
            start = middle
    return path[::-1]


def consistency(read: Read, old: int, new: int) -> list[bytes]:
    """Return the proof that the first `old` leaves begin the first `new`; ValueError where they can't."""
    if not 0 <= old <= new:
        raise ValueError(f"{old} leaves do not begin {new}")
    if old in (0, new):
        return []
    path: list[bytes] = []
    start, end = 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_over(read, middle, end))
            end = middle
        else:
            path.append(_over(read, start, middle))
            start = middle
    if start:
        path.append(_over(read, start, end))
    return path[::-1]


def root_of_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that this proof leads to from a leaf's hash; None where it has another shape than it must."""
    if not 0 <= index < size <= MOST_LEAVES or not _are_hashes(path):
        return None
    value, at, last = leaf, index, size - 1
    for step in path:
        if last == 0:
            return None
        if at % 2 == 1 or at == last:
            value = node_hash(step, value)
            while at % 2 == 0:
                at, last = at >> 1, last >> 1
        else:
            value = node_hash(value, step)
        at, last = at >> 1, last >> 1
    return value if last == 0 else None


def includes(top: bytes, size: int, index: int, leaf: bytes, path: Sequence[bytes]) -> bool:
    """Whether the log of this root and size holds this leaf's hash at `index`."""
    return root_of_inclusion(leaf, index, size, path) == top


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the log of `new` leaves begins with that of `old`; nothing was taken out or changed between."""
    if not 0 <= old <= new <= MOST_LEAVES or not _are_hashes(path):
        return False
    if old == 0:
        return not path and old_root == EMPTY_ROOT and (new > 0 or new_root == EMPTY_ROOT)
    if old == new:
        return not path and old_root == new_root
    return _grown(old, old_root, new, path) == (old_root, new_root)


def _grown(old: int, old_root: bytes, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """The two roots that a proof leads to (RFC 9162, 2.1.4.2)."""
    steps = list(path) if old & (old - 1) else [old_root, *path]
    if not steps:
        return None
    at, last = old - 1, new - 1
    while at % 2 == 1:
        at, last = at >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if at % 2 == 1 or at == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, step)
        at, last = at >> 1, last >> 1
    return (before, after) if last == 0 else None


def _are_hashes(path: Sequence[bytes]) -> bool:
    return all(len(step) == HASH_SIZE for step in path)


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << (width - 1).bit_length() - 1


def _over(read: Read, start: int, end: int) -> bytes:
    """The hash over leaves from `start` up to `end`; `start` is where a subtree of that width may begin."""
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return read(level, start >> level)
    middle = start + _split(width)
    return node_hash(_over(read, start, middle), _over(read, middle, end))
