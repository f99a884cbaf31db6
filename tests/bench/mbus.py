"""M-Bus telegrams: ours warm (by plan) and cold (walked), beside pyMeterBus and pymbusparser, all in one run.

Text to text is hexadecimal digits in, JSON out; values are every value of the telegram in Python. The frames are
distinct: real meters' shapes where there are any (CURBSTOP_VECTORS), else the shapes of the simulated meters, each with
other data of the same size. Frames that one of the peers can't read at all are left out for all, and counted.
"""

import time
from collections.abc import Callable, Sequence
from random import Random
from statistics import mean, median
from typing import Any

import meterbus
import pymbusparser

from drivers.catalogue import installed
from protocols.mbus.present import to_json
from protocols.mbus.telegram import decode_telegram, walk_telegram
from tests import vectors
from tests.protocols.mbus.distinct import distinct

FRAMES, ROUNDS, SEED = 3000, 5, 1
Contender = Callable[[Any], object]
VALUES: dict[str, Contender] = {
    "ours, warm": lambda wire: decode_telegram(wire).cells,
    "ours, cold": lambda wire: walk_telegram(wire).cells,
    "ours, warm, record objects": lambda wire: decode_telegram(wire).records,
    "pymbusparser": pymbusparser.parse,
    "pyMeterBus": lambda wire: [record.interpreted for record in meterbus.load(wire).body.bodyPayload.records],
}
"""From bytes to columns of values, or to the objects that a peer makes of them."""
TEXT: dict[str, Contender] = {
    "ours, warm": lambda text: to_json(decode_telegram(bytes.fromhex(text))),
    "ours, cold": lambda text: to_json(walk_telegram(bytes.fromhex(text))),
    "pymbusparser": lambda text: pymbusparser.render(text, "json"),
    "pyMeterBus": lambda text: meterbus.load(bytes.fromhex(text)).to_JSON(),
}


def readable(wire: bytes) -> bool:
    """Whether every contender reads it: a frame that somebody refuses would be his fastest."""
    try:
        for contender in VALUES.values():
            contender(wire)
        for contender in TEXT.values():
            contender(wire.hex())
    except Exception:  # noqa: BLE001 - peers raise anything
        return False
    return True


def shapes() -> list[bytes]:
    real = [bytes.fromhex(path.read_text()) for path in vectors.telegrams()]
    catalogue = installed()
    return real or [v.telegram for name in catalogue.names() for v in catalogue.by_name(name).reads]


def frames(seeds: list[bytes]) -> list[str]:
    chance = Random(SEED)  # noqa: S311 - no secret: the same frames each run
    return [distinct(seeds[n % len(seeds)], chance).hex() for n in range(FRAMES)]


def measured(contenders: dict[str, Contender], sources: Sequence[bytes | str]) -> dict[str, float]:
    """Microseconds a frame by contender: the median of rounds in which each takes its turn."""
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, contender in contenders.items():
            begun = time.process_time()
            for source in sources:
                contender(source)
            taken[name].append((time.process_time() - begun) / len(sources) * 1e6)
    return {name: median(rounds) for name, rounds in taken.items()}


def table(title: str, taken: dict[str, float]) -> None:
    print(f"{title:<30}{'us a frame':>12}{'x pymbusparser':>17}{'x pyMeterBus':>15}")
    for name, us in taken.items():
        print(f"  {name:<28}{us:>12.2f}{taken['pymbusparser'] / us:>17.1f}{taken['pyMeterBus'] / us:>15.1f}")


def main() -> None:
    known = shapes()
    seeds = [wire for wire in known if readable(wire)]
    texts = frames(seeds)
    for text in (*texts, *texts):
        decode_telegram(bytes.fromhex(text))
    records = mean(len(decode_telegram(bytes.fromhex(text)).cells) for text in texts)
    print(
        f"{len(set(texts))} distinct frames of {len(seeds)} shapes (of {len(known)}; the others some peer can't read), "
        f"mean {mean(len(t) for t in texts) / 2:.0f} bytes, {records:.1f} records"
    )
    table("values", measured(VALUES, [bytes.fromhex(text) for text in texts]))
    table("text to text (JSON)", measured(TEXT, texts))
