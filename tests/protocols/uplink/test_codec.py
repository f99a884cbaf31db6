"""Messages and envelopes: what is not exactly right is refused with a typed error, whatever the bytes."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import MalformedError, TheirsError, UnsupportedError, UntrustedError
from protocols.uplink import codec, envelope
from protocols.uplink.examples import AT, EXAMPLES, G
from protocols.uplink.keys import KeyRing, SigningKey, public_from_hex
from protocols.uplink.messages import PLAIN, SIGNED, Body, Command, Death, Freeze, Look

KEY, OTHER = SigningKey(b"k" * 32), SigningKey(b"o" * 32)
RING = KeyRing([KEY.public])
signed = pytest.mark.parametrize("message", [s for s in EXAMPLES if isinstance(s, SIGNED)], ids=lambda m: m.kind)
plain = pytest.mark.parametrize("message", [s for s in EXAMPLES if isinstance(s, PLAIN)], ids=lambda m: m.kind)
COMMAND = next(s for s in EXAMPLES if isinstance(s, Command))


@signed
def test_what_is_sealed_opens(message: Body) -> None:
    raw, digest = codec.seal(message, KEY)
    opened = codec.open_signed(raw, type(message), RING)
    assert (opened.message, opened.digest, opened.keyid) == (message, digest, KEY.keyid)


@plain
def test_plain_messages_round_trip(message: Body) -> None:
    assert codec.decode_plain(codec.encode_plain(message), type(message)) == message


@signed
def test_I3_another_key_is_not_believed(message: Body) -> None:
    with pytest.raises(UntrustedError):
        codec.open_signed(codec.seal(message, OTHER)[0], type(message), RING)


@signed
def test_I3_an_unsigned_message_is_not_believed(message: Body) -> None:
    sealed = json.loads(codec.seal(message, KEY)[0])
    sealed["signatures"] = []
    with pytest.raises(UntrustedError):
        codec.open_signed(json.dumps(sealed).encode(), type(message), RING)


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    "raw",
    [
        b'{"x":' + DEEP,
        b'{"x":' + DEEP + b"]" * len(DEEP) + b',"payload":"","payloadType":"a","signatures":[]}',
        b'{"payload":"","payloadType":"a","signatures":[{"x":' + DEEP,
    ],
)
def test_I12_nesting_without_end_is_refused_like_any_other_bytes(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        envelope.read(raw)


def test_I12_nesting_without_end_in_a_plain_message_is_refused_too() -> None:
    kind = codec.payload_type(Death).encode()
    for raw in (b'{"x":' + DEEP, b'{"type":"' + kind + b'","message":' + DEEP + b"]" * len(DEEP) + b"}"):
        with pytest.raises(MalformedError):
            codec.decode_plain(raw, Death)


def test_I3_every_changed_byte_of_a_command_is_refused() -> None:
    raw, _ = codec.seal(COMMAND, KEY)
    for position in range(len(raw)):
        changed = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        try:
            opened = codec.open_signed(changed, Command, RING)
        except TheirsError:
            continue
        assert opened.message == COMMAND, f"byte {position} changed the message and was believed"


def test_a_signature_does_not_carry_over_to_another_kind() -> None:
    sealed = json.loads(codec.seal(COMMAND, KEY)[0])
    sealed["payloadType"] = codec.payload_type(Look)
    with pytest.raises(UntrustedError):
        codec.open_signed(json.dumps(sealed).encode(), Look, RING)


def test_an_unknown_version_is_refused_by_name() -> None:
    payload = codec.encode(COMMAND)
    raw = envelope.seal("application/vnd.curbstop.command.v2+json", payload, KEY)
    with pytest.raises(UnsupportedError, match=r"command\.v2") as error:
        codec.open_signed(raw, Command, RING)
    assert error.value.found == "application/vnd.curbstop.command.v2+json"


def test_a_field_from_the_future_is_refused_even_signed() -> None:
    payload = json.dumps({**msgspec.to_builtins(COMMAND), "only_if": "never"}).encode()
    raw = envelope.seal(codec.payload_type(Command), payload, KEY)
    with pytest.raises(MalformedError, match="only_if"):
        codec.open_signed(raw, Command, RING)


def test_a_local_time_is_refused() -> None:
    payload = codec.encode(COMMAND).replace(b"2026-03-02T09:31:00Z", b"2026-03-02T09:31:00")
    raw = envelope.seal(codec.payload_type(Command), payload, KEY)
    with pytest.raises(MalformedError):
        codec.open_signed(raw, Command, RING)


def test_an_oversized_envelope_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(MalformedError, match="bytes"):
        codec.open_signed(b"x" * (envelope.MAX_ENVELOPE + 1), Command, RING)


def test_a_flood_of_signatures_is_not_worked_through() -> None:
    sealed = json.loads(codec.seal(COMMAND, KEY)[0])
    sealed["signatures"] *= envelope.MAX_SIGNATURES + 1
    with pytest.raises(UntrustedError, match="signatures"):
        codec.open_signed(json.dumps(sealed).encode(), Command, RING)


@given(st.binary(max_size=300))
def test_any_bytes_at_all(raw: bytes) -> None:
    for kind in SIGNED:
        with pytest.raises(TheirsError):
            codec.open_signed(raw, kind, RING)
    for kind in PLAIN:
        with pytest.raises(TheirsError):
            codec.decode_plain(raw, kind)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_signed_json_at_all(value: object) -> None:
    raw = envelope.seal(codec.payload_type(Freeze), json.dumps(value).encode(), KEY)
    with pytest.raises(TheirsError):
        codec.open_signed(raw, Freeze, RING)


@given(st.text(max_size=1000), st.integers(min_value=0), st.booleans(), st.datetimes(min_value=datetime(1970, 1, 1)))  # noqa: DTZ001 - the zone is put on below
def test_any_freeze_round_trips(reason: str, number: int, on: bool, at: datetime) -> None:
    message = Freeze(gateway=G, number=number % 2**63, on=on, reason=reason, at=at.replace(tzinfo=UTC))
    assert codec.open_signed(codec.seal(message, KEY)[0], Freeze, RING).message == message


def test_peek_shows_what_is_refused() -> None:
    assert codec.peek(codec.seal(COMMAND, OTHER)[0], Command).message == COMMAND


@pytest.mark.parametrize("text", ["", "00", "zz" * 32, "0" * 63])
def test_a_public_key_that_is_none(text: str) -> None:
    with pytest.raises(MalformedError, match="Ed25519"):
        public_from_hex(text)


def test_a_death_is_a_plain_hint() -> None:
    assert codec.encode_plain(Death(gateway=G, boot=1)).startswith(b'{"type":"application/vnd.curbstop.death.v1+json"')
    assert AT.tzinfo is UTC
