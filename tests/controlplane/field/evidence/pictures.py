"""Photographs, made as a camera makes them."""

from io import BytesIO
from random import Random

from PIL import Image, ImageDraw
from PIL.TiffImagePlugin import IFDRational

EXIF_PART, GPS_PART = 0x8769, 0x8825


def scene(seed: int, size: tuple[int, int] = (800, 600)) -> Image.Image:
    """A picture with edges and grain; another one for each seed."""
    chance = Random(seed)  # noqa: S311 - the same picture for the same seed
    image = Image.effect_noise(size, 30).convert("RGB")
    draw = ImageDraw.Draw(image)
    for _ in range(25):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        box = (x, y, x + chance.randrange(8, size[0] // 3), y + chance.randrange(8, size[1] // 3))
        draw.ellipse(box, fill=(chance.randrange(256), chance.randrange(256), chance.randrange(256)))
    return image


def labels(
    taken: str | bytes | None = "2026:03:03 12:00:00",
    offset: str | None = "+01:00",
    *,
    gps: bool = True,
    turned: int = 1,
    make: str = "Phone",
) -> Image.Exif:
    """What a camera writes."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = make, "X1", turned
    part = exif.get_ifd(EXIF_PART)
    if taken is not None:
        part[0x9003] = taken
    if offset is not None:
        part[0x9011] = offset
    if gps:
        here = exif.get_ifd(GPS_PART)
        here[1], here[2] = "N", (IFDRational(43), IFDRational(46), IFDRational(1212, 100))
        here[3], here[4] = "W", (IFDRational(11), IFDRational(15), IFDRational(0))
        here[7], here[29] = (IFDRational(11), IFDRational(0), IFDRational(5)), "2026:03:03"
        here[18], here[31] = "WGS-84", IFDRational(5)
    return exif


def jpeg(image: Image.Image, exif: Image.Exif | None = None, quality: int = 88) -> bytes:
    """The bytes of a JPEG."""
    return saved(image, "JPEG", quality=quality, exif=exif or Image.Exif())


def saved(image: Image.Image, kind: str, **how: object) -> bytes:
    """The bytes of a file of any kind."""
    out = BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()
