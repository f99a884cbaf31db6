"""Fuzzing guided by coverage, where atheris is installed: `python -m tests.protocols.mbus.guided [its options]`.

The bytes are the user data of a frame, the CI field first; judged as the mutated telegrams are.
"""

import sys

import atheris

with atheris.instrument_imports(include=["protocols.mbus"]):
    from protocols.mbus.frame import MAX_DATA, Long, encode
    from tests.protocols.mbus.fuzzing import judge

MASTERS, SLAVES = 0x53, 0x08


def one(data: bytes) -> None:
    """Judge one input three times: walked, noted, read by plan."""
    if len(data) > 1:
        wire = encode(Long(SLAVES if data[0] >= 0x60 else MASTERS, 1, data[0], data[1 : MAX_DATA + 1]))
        for _ in range(3):
            judge(wire, shown=True)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
