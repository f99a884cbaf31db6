"""Golden vectors of crews' messages: what one end writes, the other end of any later release must still read.

`python -m tests.contract.test_crew_golden` prints what the code writes today.
"""

import json
from pathlib import Path

import pytest

from protocols.uplink import codec
from protocols.uplink.crew import CREW, ByHand
from tests.contract.crew_samples import SAMPLES
from tests.contract.test_uplink_golden import KEY, RING

GOLDEN = Path(__file__).parent / "golden" / "crew.jsonl"
LINES = [json.loads(line) for line in GOLDEN.read_text().splitlines()]
PAIRS = list(zip(SAMPLES, LINES, strict=True))


def test_every_kind_has_a_sample() -> None:
    assert {type(sample) for sample in SAMPLES} == set(CREW)


@pytest.mark.parametrize(("message", "line"), PAIRS, ids=lambda x: getattr(x, "kind", ""))
def test_written_byte_for_byte_and_read_as_meant(message: ByHand, line: dict[str, str]) -> None:
    assert codec.seal(message, KEY)[0].decode() == line["wire"]
    assert codec.open_signed(line["wire"].encode(), type(message), RING).message == message


if __name__ == "__main__":
    for sample in SAMPLES:
        print(json.dumps({"kind": sample.kind, "wire": codec.seal(sample, KEY)[0].decode()}))
