"""What a file is, told from its first bytes: a name or a header is whatever the sender says."""

from enum import StrEnum

from controlplane.problems import UnsupportedError

HEAD = 16
"""Bytes that tell."""
TAKEN = "JPEG, PNG and WebP photographs and PDF documents"
APPLES = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
"""Brands of ISO/IEC 23008-12 that phones write."""


class Kind(StrEnum):
    """A kind that is taken, by its media type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    PDF = "application/pdf"

    @property
    def is_photograph(self) -> bool:
        """Whether it is looked at, and a document where not."""
        return self is not Kind.PDF

    @property
    def suffix(self) -> str:
        """The ending of a file that is saved."""
        return {Kind.JPEG: "jpg", Kind.PNG: "png", Kind.WEBP: "webp", Kind.PDF: "pdf"}[self]


def kind_of(head: bytes) -> Kind:
    """Name the kind of a file by its first HEAD bytes; UnsupportedError for all that is not taken."""
    if head.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind.WEBP
    if head.startswith(b"%PDF-"):
        return Kind.PDF
    if head[4:8] == b"ftyp" and head[8:12] in APPLES:
        detail = "HEIC is not taken: have the phone's camera save JPEG (on an iPhone: Formats, Most Compatible)"
        raise UnsupportedError(detail, code="heic_not_taken")
    raise UnsupportedError(f"this is of no kind that is taken; send {TAKEN}", code="evidence_type")
