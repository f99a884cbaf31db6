"""Checkpoints: the known answer byte for byte, the second implementation, and whatever is written otherwise."""

from base64 import b64decode

import pytest
from aics_tlog.checkpoint import Checkpoint as TheirCheckpoint
from aics_tlog.checkpoint import sign_checkpoint, verify_checkpoint
from aics_tlog.note import format_vkey, parse_note, parse_vkey, vkey_from_ed25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import MalformedError, UntrustedError
from protocols.proof import checkpoint
from protocols.proof.checkpoint import Checkpoint, NoteKey
from protocols.uplink.keys import SigningKey

ORIGIN = "log.example/curbstop"
SEED = bytes(range(32))
KEY = SigningKey(SEED)
LOG = NoteKey(ORIGIN, KEY.public)
WITNESS = SigningKey(b"\x07" * 32)
SEEN_BY = NoteKey("witness.example", WITNESS.public)
ABC = Checkpoint(ORIGIN, 3, b64decode("NmQuc8JUCrEh46a/lUWwokmCzYMOsT080Z3jzmwCHsE="))
KNOWN = """log.example/curbstop
3
NmQuc8JUCrEh46a/lUWwokmCzYMOsT080Z3jzmwCHsE=

— log.example/curbstop F1p93JuaKS34SrfmJNifSCFJnj6fFpADyzqipb7t9AMvagwCaTOid9lCCeQCxQLjgVKNvRM/RnIJKVziscEwSZq9tgk=
""".encode()
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
CHECKPOINTS = st.builds(
    Checkpoint,
    st.just(ORIGIN),
    st.integers(0, 1 << 63),
    st.binary(min_size=32, max_size=32),
    st.lists(LINES, max_size=3).map(tuple),
)


def test_the_known_answer_holds_byte_for_byte() -> None:
    assert checkpoint.sign(ABC, (ORIGIN, KEY, KEY.public)) == KNOWN
    note = checkpoint.read(KNOWN)
    assert note.checkpoint == ABC
    assert checkpoint.signers(note, [LOG]) == (ORIGIN,)


@given(CHECKPOINTS)
def test_both_implementations_write_and_believe_the_same(made: Checkpoint) -> None:
    ours = checkpoint.sign(made, (ORIGIN, KEY, KEY.public))
    private = Ed25519PrivateKey.from_private_bytes(SEED)
    theirs = sign_checkpoint(TheirCheckpoint(made.origin, made.size, made.root, made.extensions), private, ORIGIN)
    assert theirs.to_bytes() == ours
    assert verify_checkpoint(parse_note(ours), vkey_from_ed25519(ORIGIN, KEY.public), expected_origin=ORIGIN).ok
    assert checkpoint.read(ours).checkpoint == made


def test_both_write_a_key_in_the_same_way() -> None:
    assert str(LOG) == format_vkey(vkey_from_ed25519(ORIGIN, KEY.public))
    assert checkpoint.key(str(LOG)) == LOG
    assert parse_vkey(str(LOG)).public_key == KEY.public


def test_several_keys_may_sign_and_each_is_named() -> None:
    note = checkpoint.read(checkpoint.sign(ABC, (ORIGIN, KEY, KEY.public), (SEEN_BY.name, WITNESS, WITNESS.public)))
    assert checkpoint.signers(note, [LOG, SEEN_BY]) == (ORIGIN, SEEN_BY.name)
    assert checkpoint.signers(note, [SEEN_BY]) == (SEEN_BY.name,)


def test_a_key_that_is_not_known_is_passed_over_and_never_counted() -> None:
    note = checkpoint.read(KNOWN)
    assert checkpoint.signers(note, []) == ()
    assert checkpoint.signers(note, [SEEN_BY, NoteKey("log.example/other", KEY.public)]) == ()
    assert checkpoint.signers(note, [NoteKey(ORIGIN, WITNESS.public)]) == ()


def test_a_wrong_signature_in_the_name_of_a_known_key_spoils_the_note() -> None:
    forged = checkpoint.read(KNOWN.replace(b"\n3\n", b"\n4\n"))
    with pytest.raises(UntrustedError, match="is wrong"):
        checkpoint.signers(forged, [LOG])
    short = checkpoint.Signature(ORIGIN, LOG.id, b"\x01" * 5)
    with pytest.raises(UntrustedError, match="is wrong"):
        checkpoint.signers(checkpoint.Note(forged.text, ABC, (short,)), [LOG])


def test_a_key_that_signs_twice_spoils_the_note() -> None:
    line = KNOWN.split(b"\n\n")[1]
    with pytest.raises(UntrustedError, match="two signatures"):
        checkpoint.signers(checkpoint.read(KNOWN + line), [LOG])


def test_any_bit_that_is_changed_is_refused_or_not_believed() -> None:
    for place in range(len(KNOWN) * 8):
        broken = bytearray(KNOWN)
        broken[place // 8] ^= 1 << place % 8
        try:
            assert checkpoint.signers(checkpoint.read(bytes(broken)), [LOG]) == ()
        except (MalformedError, UntrustedError):
            continue


def test_a_note_cut_off_anywhere_is_refused() -> None:
    for length in range(len(KNOWN)):
        with pytest.raises(MalformedError):
            checkpoint.read(KNOWN[:length])


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"\n3\n", b"\n03\n"),
        (b"\n3\n", b"\n+3\n"),
        (b"\n3\n", b"\n-3\n"),
        (b"\n3\n", "\n٣\n".encode()),
        (b"\n3\n", b"\n 3\n"),
        (b"\n3\n", b"\n3\r\n"),
        (b"\n3\n", b"\n9223372036854775809\n"),
        (b"HsE=\n", b"HsE\n"),
        (b"HsE=\n", b"HsF=\n"),
        (b"HsE=\n", b"HsE=\n\n"),
        (b"HsE=\n", b"HsE= \n"),
        (b"NmQuc8JU", b"NmQu\tc8JU"),
        (b"NmQuc8JU", b""),
        (b"log.example/curbstop\n3", b"log.example+curbstop\n3"),
        (b"log.example/curbstop\n3", b"log example\n3"),
        (b"log.example/curbstop\n3", b"\n3"),
        ("— log".encode(), b"- log"),
        ("— log".encode(), "—  log".encode()),
        (b"tgk=\n", b"tgk=\nsomething else\n"),
        (b"tgk=\n", b"tgk=\n\n"),
        (b"tgk=\n", b"tgl=\n"),
        (b"tgk=\n", b"tgk="),
    ],
)
def test_whatever_is_written_in_another_way_is_refused(was: bytes, becomes: bytes) -> None:
    assert was in KNOWN
    with pytest.raises(MalformedError):
        checkpoint.read(KNOWN.replace(was, becomes))


@pytest.mark.parametrize(
    "made",
    [
        Checkpoint("a b", 1, bytes(32)),
        Checkpoint("", 1, bytes(32)),
        Checkpoint(ORIGIN, -1, bytes(32)),
        Checkpoint(ORIGIN, 1, bytes(31)),
        Checkpoint(ORIGIN, 1, bytes(32), ("",)),
        Checkpoint(ORIGIN, 1, bytes(32), ("one\ntwo",)),
        Checkpoint(ORIGIN, 1, bytes(32), ("one\x00",)),
    ],
)
def test_nothing_is_signed_that_could_not_be_read_back(made: Checkpoint) -> None:
    with pytest.raises(ValueError):
        checkpoint.sign(made, (ORIGIN, KEY, KEY.public))


@given(st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)))
def test_any_bytes_at_all_are_read_or_refused(raw: bytes) -> None:
    try:
        checkpoint.read(raw)
    except MalformedError:
        return


@pytest.mark.parametrize("note", [b"x" * (checkpoint.MOST_BYTES + 1), KNOWN + KNOWN.split(b"\n\n")[1] * 64])
def test_a_note_too_long_is_refused(note: bytes) -> None:
    with pytest.raises(MalformedError):
        checkpoint.read(note)


@pytest.mark.parametrize(
    "written",
    ["", "log", "log+175a7ddc", f"{ORIGIN}+00000000+{str(LOG).rpartition('+')[2]}", str(LOG) + "=", str(LOG).upper()],
)
def test_a_key_written_in_another_way_is_refused(written: str) -> None:
    with pytest.raises(MalformedError):
        checkpoint.key(written)
