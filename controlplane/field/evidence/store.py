"""Files of evidence, each under its own digest, unaltered. What was acknowledged survives a power loss (I7).

A file is written beside the others, synced, and only then given its name: what has a name is whole. What a killed
process has left half written is swept away at the next start. Nothing else ever deletes a file here.
"""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path

from controlplane.field.evidence.kinds import HEAD, Kind, kind_of
from controlplane.problems import TooLargeError, UnavailableError, UnprocessableError
from seams.folder import sync_folder

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
INCOMING = "incoming"
THUMBNAIL = ".thumbnail.jpg"
PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is taken, in bytes. `keep_free_bytes` of the disk are the house's own: evidence never fills it."""

    photograph_bytes: int = 20_000_000
    document_bytes: int = 25_000_000
    keep_free_bytes: int = 500_000_000

    def most(self, kind: Kind) -> int:
        """Bytes that a file of this kind may have."""
        return self.photograph_bytes if kind.is_photograph else self.document_bytes

    @property
    def largest(self) -> int:
        """Bytes that any file may have."""
        return max(self.photograph_bytes, self.document_bytes)


class Incoming:
    """A file that is just being written; its kind is known once enough of it came."""

    def __init__(self, path: Path, bounds: Bounds) -> None:
        self.path, self.size = path, 0
        self._bounds, self._digest, self._head = bounds, sha256(), b""
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb", buffering=0)

    def write(self, piece: bytes) -> None:
        """Take a piece; refused as soon as it is of no kind that is taken, or too large."""
        self.size += len(piece)
        self._digest.update(piece)
        if len(self._head) < HEAD:
            self._head += piece[:HEAD]
        if len(self._head) >= HEAD:
            check_size(self.size, self._bounds.most(kind_of(self._head)))
        rest = memoryview(piece)
        while rest:
            rest = rest[self._file.write(rest) :]

    def finish(self, digest: str) -> Kind:
        """Make it durable; UnprocessableError where it is not what was announced. Its kind."""
        kind = kind_of(self._head)
        if self._digest.hexdigest() != digest:
            detail = "what came is not what the digest in the path names: it was cut off or altered; send it again"
            raise UnprocessableError(detail, code="evidence_digest")
        os.fsync(self._file.fileno())
        self._file.close()
        return kind

    def discard(self) -> None:
        """Leave nothing of it; after it was given its name, this does nothing."""
        with suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)


def check_size(size: int, most: int) -> None:
    """TooLargeError where it is more than is taken."""
    if size > most:
        raise TooLargeError(f"it has more than the {most} bytes that are taken", code="evidence_too_large")


class Store:
    """A folder of evidence; several processes may have it, each with a place of its own for what is coming in."""

    def __init__(self, folder: Path, bounds: Bounds | None = None, replica: str = "") -> None:
        self.folder, self.bounds = folder, bounds or Bounds()
        self._incoming = folder / (f"{INCOMING}-{replica}" if replica else INCOMING)
        self._numbers = count(1)

    def prepare(self) -> None:
        """Make the folders, and sweep away what was left half written; OSError where the disk refuses."""
        incoming = self._incoming
        self.folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        incoming.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        for left in incoming.iterdir():
            left.unlink()
        sync_folder(self.folder.parent)
        sync_folder(self.folder)

    def begin(self) -> Incoming:
        """Begin to take a file; UnavailableError where the disk has no room for it."""
        if shutil.disk_usage(self.folder).free < self.bounds.keep_free_bytes + self.bounds.largest:
            raise UnavailableError("there is no room for more evidence; tell the operators", code="storage_full")
        return Incoming(self._incoming / f"{next(self._numbers):08d}", self.bounds)

    def keep(self, incoming: Incoming, digest: str, thumbnail: bytes | None) -> None:
        """Give it its name for good. Whatever stood there has the same bytes, or was spoilt."""
        place = self.path(digest)
        if not place.parent.exists():
            place.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            sync_folder(self.folder)
        if thumbnail is not None:
            small = incoming.path.with_suffix(THUMBNAIL)
            try:
                _write(small, thumbnail)
                small.replace(self.thumbnail(digest))
            finally:
                small.unlink(missing_ok=True)
        incoming.path.replace(place)
        sync_folder(place.parent)

    def path(self, digest: str) -> Path:
        """Where the original is."""
        return self.folder / digest[:2] / digest

    def thumbnail(self, digest: str) -> Path:
        """Where its small picture is."""
        return self.folder / digest[:2] / f"{digest}{THUMBNAIL}"

    def is_whole(self, digest: str) -> bool:
        """Whether the original is there, and still is what it was."""
        found = sha256()
        try:
            with self.path(digest).open("rb") as file:
                while piece := file.read(PIECE):
                    found.update(piece)
        except OSError:
            return False
        return found.hexdigest() == digest


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
