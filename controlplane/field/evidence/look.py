"""Looks at one photograph, as a process of its own: `python -m controlplane.field.evidence.look < photograph`.

Decoders of images are large, written in C, and fed by strangers. Here one may hang, fill its memory or fall, and takes
nobody with it: a thread could be neither bounded nor ended. It is given an open file and no name, and answers on
standard output: a line of JSON, then the thumbnail.
"""

import resource
import struct
import sys
import warnings
from collections.abc import Mapping
from io import BytesIO
from typing import Any, BinaryIO

import msgspec
from PIL import Image, ImageFilter, ImageStat

from controlplane.field.evidence import exif
from controlplane.field.evidence.facts import Facts, Told

FORMATS = ("JPEG", "PNG", "WEBP")
PIXELS = 64_000_000
MEMORY_BYTES = 1_500_000_000
CPU_S = 20
THUMBNAIL, LOOKED_AT = 480, 1024
"""Pixels of the longer side."""
QUALITY = 80
FLAT = 10
"""Less between the darkest and the brightest of a photograph that is reduced, of 255, and nothing is on it."""
LAPLACIAN_SCALE = 4
LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=LAPLACIAN_SCALE, offset=128)
ORIENTATION, EXIF_PART, GPS_PART = 0x0112, 0x8769, 0x8825
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = frozenset({5, 6, 7, 8})
BAD_EXIF = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error, OverflowError)
BAD_IMAGE = (*BAD_EXIF, EOFError, AttributeError, AssertionError, ZeroDivisionError, RuntimeError, MemoryError)


class CantLookError(Exception):
    """Why a photograph is not taken; the text is a code."""


def look(file: BinaryIO) -> tuple[Facts, bytes]:
    """Read a photograph; its facts and its thumbnail. CantLookError where it is damaged, moves, or is too large."""
    Image.MAX_IMAGE_PIXELS = PIXELS
    try:
        with warnings.catch_warnings(), _opened(file) as image:
            if image.width * image.height > PIXELS:
                raise CantLookError("evidence_pixels")
            if image.format != "MPO" and getattr(image, "is_animated", False):
                raise CantLookError("evidence_moves")
            image.load()
            return _seen(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise CantLookError("evidence_pixels") from None
    except BAD_IMAGE:
        raise CantLookError("evidence_damaged") from None


def _opened(file: BinaryIO) -> Image.Image:
    """Open it; spoilt labels are nothing to warn of, too many pixels are a refusal."""
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    return Image.open(file, formats=FORMATS)


def _seen(image: Image.Image) -> tuple[Facts, bytes]:
    tags, gps, turned = _written(image)
    size = image.size
    small = image.convert("RGB")
    small.thumbnail((LOOKED_AT, LOOKED_AT))
    sharp = sharpness(small)
    if turned in TURNS:
        small = small.transpose(TURNS[turned])
    here, at = exif.taken(tags, gps)
    facts = Facts(
        width=size[1] if turned in SIDEWAYS else size[0],
        height=size[0] if turned in SIDEWAYS else size[1],
        sharpness=sharp,
        likeness=likeness(small),
        taken_local=here,
        taken_at=at,
        place=exif.place(gps),
        camera=exif.camera(tags),
    )
    return facts, _thumbnail(small)


def _written(image: Image.Image) -> tuple[Mapping[int, Any], Mapping[int, Any], int]:
    """What the camera has written; nothing where that is spoilt: a photograph is worth more than its labels."""
    try:
        exif_tags = image.getexif()
        tags = {**dict(exif_tags), **exif_tags.get_ifd(EXIF_PART)}
        gps, turned = dict(exif_tags.get_ifd(GPS_PART)), tags.get(ORIENTATION)
    except BAD_EXIF:
        return {}, {}, 1
    return tags, gps, turned if isinstance(turned, int) else 1


def sharpness(image: Image.Image) -> float:
    """The variance of the Laplacian of its brightness, its border left out."""
    grey = image.convert("L")
    if min(grey.size) < 3:  # noqa: PLR2004 - the kernel's own size
        return 0.0
    edges = grey.filter(LAPLACIAN).crop((1, 1, grey.width - 1, grey.height - 1))
    return round(ImageStat.Stat(edges).var[0] * LAPLACIAN_SCALE**2, 1)


def likeness(image: Image.Image) -> str | None:
    """64 bits that stay nearly the same when it is scaled, brightened or compressed (a difference hash), in hex."""
    grey = image.convert("L").resize((9, 8), Image.Resampling.LANCZOS)
    levels = grey.tobytes()
    if max(levels) - min(levels) < FLAT:
        return None
    rows = [levels[n : n + 9] for n in range(0, 72, 9)]
    bits = "".join("1" if row[n] < row[n + 1] else "0" for row in rows for n in range(8))
    return f"{int(bits, 2):016x}"


def _thumbnail(image: Image.Image) -> bytes:
    """A small JPEG that holds its pixels and nothing else: no place, no camera, no comment."""
    small = image.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    bare, out = Image.frombytes("RGB", small.size, small.tobytes()), BytesIO()
    bare.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def confine() -> None:
    """Bound what this process may take, before it reads anything."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def main() -> None:
    """Read standard input, answer on standard output."""
    confine()
    thumbnail = b""
    try:
        facts, thumbnail = look(sys.stdin.buffer)
        told = Told(facts=facts)
    except CantLookError as refusal:
        told = Told(refusal=str(refusal))
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n" + thumbnail)


if __name__ == "__main__":
    main()
