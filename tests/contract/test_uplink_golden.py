"""Golden vectors of the uplink: what one end writes, the other end of any later release must still read.

The file is written once per message version: a change here is a change of the protocol. `python -m
tests.contract.test_uplink_golden` prints what the code writes today.
"""

import json
from pathlib import Path

import pytest
from securesystemslib import dsse
from securesystemslib.signer._key import SSlibKey

from protocols.uplink import codec, envelope
from protocols.uplink.examples import EXAMPLES
from protocols.uplink.keys import KeyRing, SigningKey
from protocols.uplink.messages import DOWN, PLAIN, SIGNED, UP, Body

GOLDEN = Path(__file__).parent / "golden" / "uplink.jsonl"
KEY = SigningKey(bytes(range(32)))
RING = KeyRing([KEY.public])


def write(message: Body) -> str:
    if isinstance(message, PLAIN):
        return codec.encode_plain(message).decode()
    return codec.seal(message, KEY)[0].decode()


def read(raw: str, kind: type[Body]) -> Body:
    return (
        codec.decode_plain(raw.encode(), kind) if kind in PLAIN else codec.open_signed(raw.encode(), kind, RING).message
    )


LINES = [json.loads(line) for line in GOLDEN.read_text().splitlines()]
PAIRS = list(zip(EXAMPLES, LINES, strict=True))


def test_every_kind_has_a_sample() -> None:
    assert {type(s) for s in EXAMPLES} == {*SIGNED, *PLAIN}
    assert {c.kind for c in (*SIGNED, *PLAIN)} == UP | DOWN
    assert len(LINES) == len(EXAMPLES)


@pytest.mark.parametrize(("message", "line"), PAIRS, ids=lambda x: getattr(x, "kind", ""))
def test_written_byte_for_byte(message: Body, line: dict[str, str]) -> None:
    assert write(message) == line["wire"]


@pytest.mark.parametrize(("message", "line"), PAIRS, ids=lambda x: getattr(x, "kind", ""))
def test_read_as_meant(message: Body, line: dict[str, str]) -> None:
    assert read(line["wire"], type(message)) == message


@pytest.mark.parametrize("line", [line for line in LINES if line["kind"] not in {c.kind for c in PLAIN}])
def test_an_independent_implementation_believes_our_envelopes(line: dict[str, str]) -> None:
    key = SSlibKey(KEY.keyid, "ed25519", "ed25519", {"public": KEY.public.hex()})
    sealed = dsse.Envelope.from_dict(json.loads(line["wire"]))
    assert list(sealed.verify([key], 1)) == [KEY.keyid]


def test_the_signed_bytes_are_those_of_the_specification() -> None:
    assert envelope.pre_authentication_encoding("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


if __name__ == "__main__":
    for sample in EXAMPLES:
        print(json.dumps({"kind": sample.kind, "wire": write(sample)}))
