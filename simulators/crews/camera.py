"""A simulated camera: JPEG photographs of a meter's place, drawn, with what a camera writes into them (Exif 2.32).

Pure: the same place, subject and moment give the same bytes. It draws and decodes nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFont
from PIL.TiffImagePlugin import IFDRational

from protocols.types import ValvePosition
from protocols.uplink.crew import Photograph, Place
from simulators.chance import stream

SIZE = (800, 600)
GRAIN, QUALITY, STAINS = 0.08, 80, 14
LETTERS = 56
PLATE, PIPE, LEVER = (150, 210, 650, 400), (0, 270, 800, 330), 170
WALL, METAL, PAINT, INK, PAPER = (150, 146, 138), (120, 124, 130), (196, 48, 38), (24, 26, 30), (236, 233, 222)
EXIF_PART, GPS_PART = 0x8769, 0x8825
MAKE, MODEL, TAKEN, OFFSET = 0x010F, 0x0110, 0x9003, 0x9011
SECONDS_OF_ARC = 10_000
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Shot:
    """One photograph, and which shot it is."""

    shot: str
    jpeg: bytes

    @property
    def named(self) -> Photograph:
        """As a report names it: by the digest of its bytes."""
        return Photograph(shot=self.shot, digest=sha256(self.jpeg).hexdigest())


@dataclass(frozen=True, slots=True)
class Camera:
    """The camera of a device at one place; `site` names the place, so that each looks different."""

    site: str
    place: Place

    def plate(self, serial: str, at: datetime) -> Shot:
        """The meter's plate, with its serial."""
        return self._label("plate", f"S/N {serial}", at)

    def register(self, index: str, at: datetime) -> Shot:
        """The dial, with what it shows."""
        return self._label("register", index, at)

    def seal(self, number: str, at: datetime) -> Shot:
        """The seal's tag, with its number."""
        return self._label("seal", number, at)

    def valve(self, shot: str, position: ValvePosition, at: datetime) -> Shot:
        """The valve, `before` or `after`: its lever lies along the pipe where it is open, across where closed."""
        image, chance = self._scene(shot)
        draw = ImageDraw.Draw(image)
        draw.rectangle(PIPE, fill=METAL)
        x, y = SIZE[0] // 2, SIZE[1] // 2
        across = position is ValvePosition.CLOSED
        half = (22, LEVER) if across else (LEVER, 22)
        draw.rectangle((x - half[0], y - half[1], x + half[0], y + half[1]), fill=PAINT)
        draw.ellipse((x - 40, y - 40, x + 40, y + 40), fill=INK)
        return self._shot(shot, image, chance, at)

    def surroundings(self, at: datetime) -> Shot:
        """Where the meter is, or should be."""
        image, chance = self._scene("place")
        return self._shot("place", image, chance, at)

    def _label(self, shot: str, text: str, at: datetime) -> Shot:
        image, chance = self._scene(shot)
        draw = ImageDraw.Draw(image)
        draw.rectangle(PLATE, fill=PAPER, outline=INK, width=6)
        middle = ((PLATE[0] + PLATE[2]) // 2, (PLATE[1] + PLATE[3]) // 2)
        draw.text(middle, text, fill=INK, anchor="mm", font=ImageFont.load_default(LETTERS))
        return self._shot(shot, image, chance, at)

    def _scene(self, shot: str) -> tuple[Image.Image, Random]:
        """A wall with stains, as no other place has them."""
        chance = stream(0, f"{self.site}/{shot}")
        image = Image.new("RGB", SIZE, WALL)
        draw = ImageDraw.Draw(image)
        for _ in range(STAINS):
            draw.ellipse(_stain(chance), fill=tuple(chance.randrange(40, 230) for _ in range(3)))
        return image, chance

    def _shot(self, shot: str, image: Image.Image, chance: Random, at: datetime) -> Shot:
        grain = Image.frombytes("L", SIZE, chance.randbytes(SIZE[0] * SIZE[1])).convert("RGB")
        out = BytesIO()
        Image.blend(image, grain, GRAIN).save(out, "JPEG", quality=QUALITY, exif=written(at, self.place))
        return Shot(shot, out.getvalue())


def _stain(chance: Random) -> Box:
    x, y = chance.randrange(SIZE[0]), chance.randrange(SIZE[1])
    width, height = chance.randrange(80, 320), chance.randrange(80, 320)
    return x - width // 2, y - height // 2, x + width // 2, y + height // 2


def written(at: datetime, place: Place) -> Image.Exif:
    """What the camera writes: who it is, when and where."""
    exif, when = Image.Exif(), at.astimezone(UTC)
    exif[MAKE], exif[MODEL] = "Curbstop", "simulated camera"
    part = exif.get_ifd(EXIF_PART)
    part[TAKEN], part[OFFSET] = f"{when:%Y:%m:%d %H:%M:%S}", "+00:00"
    gps = exif.get_ifd(GPS_PART)
    gps[1], gps[2] = "N" if place.latitude >= 0 else "S", _angle(place.latitude)
    gps[3], gps[4] = "E" if place.longitude >= 0 else "W", _angle(place.longitude)
    gps[18], gps[31] = "WGS-84", IFDRational(round(place.accuracy_m * 100), 100)
    return exif


def _angle(degrees: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    """Degrees, minutes and seconds, to a ten-thousandth of a second."""
    minutes, seconds = divmod(round(abs(degrees) * 3600 * SECONDS_OF_ARC), 60 * SECONDS_OF_ARC)
    return IFDRational(minutes // 60), IFDRational(minutes % 60), IFDRational(seconds, SECONDS_OF_ARC)
