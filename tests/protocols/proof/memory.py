"""A log kept in dicts, as a control plane keeps one in tables."""

from protocols.proof import tree


class MemoryLog:
    """Leaves and the hashes of whole subtrees; `reads` counts how many were looked at."""

    def __init__(self, entries: list[bytes] | None = None) -> None:
        self.entries: list[bytes] = []
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.reads = 0
        for entry in entries or []:
            self.append(entry)

    def read(self, level: int, index: int) -> bytes:
        self.reads += 1
        return self.nodes[level, index]

    def append(self, entry: bytes) -> int:
        index = len(self.entries)
        for level, at, value in tree.append(self.read, index, tree.leaf_hash(entry)):
            assert (level, at) not in self.nodes
            self.nodes[level, at] = value
        self.entries.append(entry)
        return index

    def root(self, size: int | None = None) -> bytes:
        return tree.root(self.read, len(self.entries) if size is None else size)
