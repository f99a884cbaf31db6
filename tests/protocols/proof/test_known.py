"""Files of keys that are believed: whatever is no key is told by its line."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import MalformedError
from protocols.proof import known
from protocols.proof.checkpoint import NoteKey
from protocols.proof.known import Key, Keys, Role
from protocols.uplink.keys import SigningKey
from tests.protocols.proof.house import KNOWN

ONE, OTHER = SigningKey(b"\x01" * 32), SigningKey(b"\x02" * 32)
FILE = f"""# read out by telephone
log log.example/curbstop {ONE.public.hex()}

gateway gw-1 {OTHER.public.hex()}   # the cellar
house house {ONE.public.hex().upper()}
{NoteKey("log.example/other", OTHER.public)}
""".encode()


def test_keys_are_found_by_fingerprint_and_role() -> None:
    keys = known.read(FILE)
    assert keys.of(ONE.keyid, Role.LOG) == [Key(Role.LOG, "log.example/curbstop", ONE.public)]
    assert keys.of(ONE.keyid, Role.HOUSE) == [Key(Role.HOUSE, "house", ONE.public)]
    assert keys.of(ONE.keyid, Role.GATEWAY) == []
    assert [key.public for key in keys.named(Role.GATEWAY, "gw-1")] == [OTHER.public]
    assert {key.name for key in keys.notes()} == {"log.example/curbstop", "log.example/other"}
    assert keys
    assert not Keys()


def test_a_key_is_written_as_it_is_read() -> None:
    key = Key(Role.DEVICE, "dev_1", ONE.public)
    assert known.read(f"\ufeff{key}\r\n".encode()).of(ONE.keyid, Role.DEVICE) == [key]


@pytest.mark.parametrize(
    "line",
    [
        "log",
        "log x",
        "king gw-1 " + "00" * 32,
        "gateway gw-1 00",
        "gateway gw-1 " + "zz" * 32,
        "gateway gw+1 " + "00" * 32,
        "gateway gw-1 " + "00" * 32 + " more",
        "a b c d e",
        "log.example+00000000+AAAA",
    ],
)
def test_a_line_that_is_no_key_is_told_by_its_number(line: str) -> None:
    with pytest.raises(MalformedError, match="line 2"):
        known.read(f"# keys\n{line}\n".encode())


def test_the_keys_that_the_page_shows_are_read() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "proof.md").read_text()
    (block,) = re.findall(r"```keys\n(.*?)```", page, re.DOTALL)
    shown = known.read(block.encode())
    assert all(shown.of(key.keyid, key.role) == [key] for key in KNOWN)


def test_what_is_no_text_or_too_long_is_refused() -> None:
    for raw in (b"\xff\xfe", b"#" * (known.MOST_BYTES + 1)):
        with pytest.raises(MalformedError):
            known.read(raw)


@given(st.one_of(st.binary(max_size=100), st.text(max_size=100).map(str.encode)))
def test_any_bytes_at_all_are_read_or_refused(raw: bytes) -> None:
    try:
        known.read(raw)
    except MalformedError:
        return
