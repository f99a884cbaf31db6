"""Photographs: tiny files that say when they were taken, and the seam at which the house takes them.

Taking a file needs threads and looking at it a process of its own, and there are none in virtual time: what stands in
for both checks the digest and reads the facts from the file. Everything behind that seam is the real code.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from controlplane.field.evidence.examine import Examined
from controlplane.field.evidence.facts import Facts
from controlplane.field.evidence.intake import Taken
from controlplane.field.evidence.kinds import Kind, kind_of
from controlplane.field.evidence.senders import Quota
from controlplane.field.evidence.store import Bounds
from controlplane.problems import UnprocessableError

JPEG = b"\xff\xd8\xff"


def photograph(where: str, shot: str, at: datetime) -> bytes:
    """A photograph's bytes: no two are the same, and none looks like another."""
    return JPEG + f"{at.isoformat()} {shot} {where}".encode()


def digest_of(photo: bytes) -> str:
    return sha256(photo).hexdigest()


def _facts(photo: bytes) -> Facts:
    at = datetime.fromisoformat(photo.removeprefix(JPEG).split()[0].decode())
    return Facts(width=800, height=600, sharpness=90.0, likeness=digest_of(photo)[:16], taken_at=at)


@dataclass
class Film:
    """Stands in for the intake of evidence; `kept` is what it has taken."""

    kept: dict[str, bytes] = field(default_factory=dict)
    store: Any = field(default_factory=lambda: SimpleNamespace(thumbnail=lambda _: Path("/nowhere"), bounds=Bounds()))
    quota: Quota = field(default_factory=Quota)

    async def take(
        self, _sender: str, digest: str, pieces: AsyncIterator[bytes], *, announced: int = 0, known: bool = False
    ) -> Taken:
        assert not announced
        photo = b"".join([piece async for piece in pieces])
        if digest_of(photo) != digest:
            raise UnprocessableError("these bytes have another digest; send it again", code="evidence_digest")
        self.kept[digest] = photo
        kind = kind_of(photo)
        assert kind is Kind.JPEG
        return Taken(kind, len(photo), None if known else Examined(_facts(photo), b""))
