"""The two trees in their tables: read as they stand, with what a transaction has added so far, and written once."""

from collections.abc import Callable

from sqlalchemy import Connection, bindparam, delete, insert, select, tuple_

from controlplane.proof.models import log_heads, log_nodes
from protocols.proof import heads, tree

NODE = select(log_nodes.c.hash).where(log_nodes.c.level == bindparam("level"), log_nodes.c.position == bindparam("at"))
NODES = select(log_nodes.c.level, log_nodes.c.position, log_nodes.c.hash).where(
    tuple_(log_nodes.c.level, log_nodes.c.position).in_(bindparam("places", expanding=True))
)
MOST_NODES = 300
UNREAD = bytes(tree.HASH_SIZE)
KEEP_NODES = insert(log_nodes)
HEAD = select(log_heads.c.hash, log_heads.c.key).where(log_heads.c.path == bindparam("path"))
DROP_HEADS = delete(log_heads).where(log_heads.c.path == bindparam("this"))
KEEP_HEADS = insert(log_heads)


class Leaves:
    """The tree of entries."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._kept: dict[tuple[int, int], bytes] = {}
        self._made: list[tree.Node] = []

    def read(self, level: int, position: int) -> bytes:
        """The hash of a whole subtree."""
        found = self._kept.get((level, position))
        if found is None:
            found = self._db.execute(NODE, {"level": level, "at": position}).scalar_one()
            self._kept[level, position] = found
        return found

    def expect(self, proofs: Callable[[tree.Read], object]) -> None:
        """Fetch what these proofs will read in few questions, instead of one for each node."""
        wanted: set[tuple[int, int]] = set()

        def asked(level: int, position: int) -> bytes:
            wanted.add((level, position))
            return UNREAD

        proofs(asked)
        missing = sorted(wanted - self._kept.keys())
        for at in range(0, len(missing), MOST_NODES):
            for row in self._db.execute(NODES, {"places": missing[at : at + MOST_NODES]}):
                self._kept[row.level, row.position] = row.hash

    def append(self, size: int, leaf: bytes) -> None:
        """Take one more leaf to the `size` that are here."""
        made = tree.append(self.read, size, leaf)
        self._made += made
        self._kept |= {(level, position): value for level, position, value in made}

    def write(self) -> None:
        """Keep what was added."""
        if self._made:
            rows = [{"level": level, "position": position, "hash": value} for level, position, value in self._made]
            self._db.execute(KEEP_NODES, rows)
            self._made = []


class Heads:
    """The tree of orders' heads."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._kept: dict[str, heads.Node | None] = {}
        self._put: set[str] = set()

    def read(self, path: str) -> heads.Node | None:
        """The node at a path."""
        if path not in self._kept:
            row = self._db.execute(HEAD, {"path": path}).one_or_none()
            self._kept[path] = heads.Node(row.hash, row.key) if row is not None else None
        return self._kept[path]

    def put(self, head: heads.Head) -> None:
        """Have this be its order's head."""
        written = heads.put(self.read, head)
        self._kept |= written
        self._put |= written.keys()

    def write(self) -> None:
        """Keep what was put."""
        rows = [(path, node) for path in sorted(self._put) if (node := self._kept[path]) is not None]
        if rows:
            self._db.execute(DROP_HEADS, [{"this": path} for path, _ in rows])
            self._db.execute(KEEP_HEADS, [{"path": path, "hash": node.hash, "key": node.key} for path, node in rows])
            self._put = set()
