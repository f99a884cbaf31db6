"""Mutated telegrams by the hundred thousand: `python -m tests.protocols.mbus.fuzzing [FRAMES] [SEED]`, or `make soak`.

Each is made of a real one (or of the simulated meters') by a few changes; most get their lengths and checksum made
right again, so that what is inside is met. Read by plan and walked, both must say the same, account for every byte, and
raise nothing but MalformedError with a place within the frame. The tests run a fixed list of seeds.
"""

import sys
import time
from random import Random

from drivers.catalogue import installed
from protocols.errors import MalformedError
from protocols.mbus.application import RECORD_HEAD
from protocols.mbus.field import FILLER, head_end
from protocols.mbus.frame import HEAD_SIZE, checksum
from protocols.mbus.present import json_of_records, to_json, to_lines
from protocols.mbus.telegram import TAIL, Telegram, decode_telegram, walk_telegram
from tests import vectors

SOAK_FRAMES, SHOWN_EVERY, LONGEST = 5_000_000, 40, 255
TELLING = bytes.fromhex("0D 0F 1F 2F 7F 84 C4 6C 6D 7C FC 7B FB FD FF C3 E3 F0 FA")
"""Bytes that mean something: special DIFs, extension bits, tables, length codes."""


def telegrams() -> list[bytes]:
    """What is mutated."""
    real = [bytes.fromhex(path.read_text()) for path in vectors.telegrams()]
    catalogue = installed()
    return real + [v.telegram for name in catalogue.names() for v in catalogue.by_name(name).reads]


def mutated(wire: bytes, chance: Random) -> bytes:
    """Another frame: bytes set, flipped, cut out, put in twice, swapped for telling ones."""
    data = bytearray(wire)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(data))
        match chance.randrange(6):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at] = chance.randrange(256)
            case 2 | 3:
                data[at] = chance.choice(TELLING)
            case 4:
                del data[at : at + chance.randrange(1, 4)]
            case _:
                data[at:at] = data[at : at + chance.randrange(1, 6)]
        if not data:
            return b""
    return bytes(data) if chance.randrange(8) == 0 else closed(data)


def closed(data: bytearray) -> bytes:
    """With head, lengths, checksum and end made right."""
    body = data[HEAD_SIZE:-TAIL][:LONGEST]
    return bytes([0x68, len(body), len(body), 0x68]) + bytes(body) + bytes([checksum(bytes(body)), 0x16])


def outcome(wire: bytes, *, walked: bool) -> Telegram | tuple[str, int, str]:
    try:
        return walk_telegram(wire) if walked else decode_telegram(wire)
    except MalformedError as error:
        return error.code, error.offset, error.expected


def judge(wire: bytes, *, shown: bool) -> bool:
    """Whether the frame was read; AssertionError where the two ways differ or a byte is lost."""
    planned, walked = outcome(wire, walked=False), outcome(wire, walked=True)
    if isinstance(planned, tuple) or isinstance(walked, tuple):
        assert planned == walked, wire.hex()
        assert isinstance(planned, tuple)
        assert 0 <= planned[1] <= len(wire), wire.hex()
        assert planned[2], wire.hex()
        return False
    assert planned.cells == walked.cells, wire.hex()
    assert planned.shape.fields == walked.shape.fields or names(planned) == names(walked), wire.hex()
    assert planned.shape.spans == walked.shape.spans, wire.hex()
    _accounted(planned)
    if shown:
        _headed(planned)
        assert planned == walked, wire.hex()
        assert planned.header == walked.header, wire.hex()
        assert to_json(planned) == to_json(walked) == json_of_records(walked), wire.hex()
        assert to_lines(planned), wire.hex()
        assert all(
            r.value is not None or r.reason or r.quantity == "global_readout_request" for r in planned.records
        ), wire.hex()
    return True


def names(telegram: Telegram) -> list[tuple[str, str, int, int]]:
    return [(f.quantity, f.unit, f.exponent, f.storage) for f in telegram.shape.fields]


def _accounted(telegram: Telegram) -> None:
    """Records stand side by side to the end of the data; only fillers stand between."""
    at, body = 0, telegram.wire[RECORD_HEAD + telegram.shape.base : -TAIL]
    if telegram.shape.fixed or telegram.error is not None or len(telegram.wire) < RECORD_HEAD + TAIL:
        return
    for start, end in (*telegram.shape.spans, (len(body), len(body))):
        assert at <= start <= end <= len(body), telegram.wire.hex()
        assert set(body[at:start]) <= {FILLER}, telegram.wire.hex()
        at = end


def _headed(telegram: Telegram) -> None:
    """Each record's field is that of its own head, however it was found."""
    body = telegram.raw[telegram.shape.base :]
    for field, (start, _) in zip(telegram.shape.fields, telegram.shape.spans, strict=True):
        if field.head > 1:
            assert head_end(body, start) == start + field.head, telegram.wire.hex()


def run(frames: int, seed: int) -> int:
    """Judge so many frames; how many of them were read."""
    chance, seeds = Random(seed), telegrams()  # noqa: S311 - repeatable
    read = 0
    for n in range(frames):
        wire = mutated(chance.choice(seeds), chance)
        read += judge(wire, shown=n % SHOWN_EVERY == 0)
        if n % SHOWN_EVERY == 1:
            for _ in range(3):
                judge(wire, shown=True)
    return read


def main(frames: int = SOAK_FRAMES, seed: int = 0) -> None:
    begun = time.process_time()
    read = run(frames, seed)
    took = time.process_time() - begun
    print(f"{frames} mutated frames of seed {seed}: {read} read, the others refused, in {took:.0f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
