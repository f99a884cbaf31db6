"""I9 on the file's bytes: any bit, any cut, any bytes at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import MalformedError
from protocols.proof import archive, dossier
from protocols.proof.contents import MANIFEST
from protocols.proof.present import to_json, to_lines
from protocols.proof.verdict import Outcome
from protocols.proof.verify import verify
from protocols.uplink import envelope
from tests.protocols.proof import house as h
from tests.protocols.proof.house import KEYS, House, suspended


def small() -> bytes:
    house = House()
    house.tell("ord_1", "entered", "entered")
    house.tell("ord_1", "denied_by_rule", "rejected", because=h.PAID)
    house.sign()
    return house.dossier("ord_1")


SMALL = small()
FILES = archive.read(SMALL)


def test_I9_every_bit_of_the_file_counts() -> None:
    assert verify(SMALL, KEYS).outcome is Outcome.HOLDS
    for place in range(len(SMALL) * 8):
        broken = bytearray(SMALL)
        broken[place // 8] ^= 1 << place % 8
        assert verify(bytes(broken), KEYS).outcome is Outcome.BROKEN


def test_I9_cut_off_or_lengthened_anywhere_it_does_not_hold() -> None:
    for length in range(len(SMALL)):
        assert verify(SMALL[:length], KEYS).outcome is Outcome.BROKEN
    for more in (b"\0", SMALL, b"PK\x05\x06" + bytes(18)):
        assert verify(SMALL + more, KEYS).outcome is Outcome.BROKEN
        assert verify(more + SMALL, KEYS).outcome is Outcome.BROKEN


@pytest.mark.parametrize("name", list(FILES))
def test_I9_no_changed_byte_of_a_file_holds_where_the_archive_is_made_anew(name: str) -> None:
    for at in range(len(FILES[name])):
        broken = bytearray(FILES[name])
        broken[at] ^= 1
        raw = archive.write({**FILES, name: bytes(broken)})
        assert verify(raw, KEYS).outcome not in (Outcome.HOLDS, Outcome.INCOMPLETE)


def test_a_file_too_many_too_few_or_under_another_name_does_not_hold() -> None:
    for name in FILES:
        fewer = {n: f for n, f in FILES.items() if n != name}
        assert verify(archive.write(fewer), KEYS).outcome is Outcome.BROKEN
        assert verify(archive.write({**fewer, name + "x": FILES[name]}), KEYS).outcome is Outcome.BROKEN
        assert verify(archive.write({**FILES, name + "x": FILES[name]}), KEYS).outcome is Outcome.BROKEN


@given(st.binary(max_size=300))
def test_any_bytes_at_all_get_a_verdict_and_never_a_good_one(raw: bytes) -> None:
    for tried in (raw, archive.write({MANIFEST: raw}), SMALL[: len(raw)] + raw):
        verdict = verify(tried, KEYS)
        assert verdict.outcome is Outcome.BROKEN
        assert list(to_lines(verdict, "it"))
        assert to_json(verdict)


DEEP = b'{"x":' + b"[" * 100_000


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("report")])
@pytest.mark.parametrize("content", [b"", b"null", b"{}", b"[]", b'"\\ud800"', DEEP, b"\xff", b"1e999", b"\n\n"])
def test_a_part_that_is_none_does_not_hold_even_where_the_logs_key_signs_for_it(name: str, content: bytes) -> None:
    opened = dossier.open_(SMALL)
    files = {n: f for n, f in FILES.items() if n != MANIFEST} | {name: content}
    raw = h.manifested(opened.manifest, files, h.LOG_KEY) if name != MANIFEST else archive.write(files)
    assert verify(raw, KEYS).outcome is Outcome.BROKEN


def test_a_file_of_a_later_version_cant_be_checked_and_is_not_called_broken() -> None:
    opened = dossier.open_(SMALL)
    later = envelope.seal("application/vnd.curbstop.dossier.v2+json", b"{}", h.LOG_KEY)
    assert verify(archive.write({**FILES, MANIFEST: later}), KEYS).outcome is Outcome.UNREADABLE
    manifest = dossier.Manifest(
        **{f: getattr(opened.manifest, f) for f in opened.manifest.__struct_fields__ if f != "report"}, report=2
    )
    raw = h.manifested(manifest, {n: f for n, f in FILES.items() if n != MANIFEST}, h.LOG_KEY)
    assert verify(raw, KEYS).outcome is Outcome.UNREADABLE


def test_what_can_be_no_dossier_is_refused_when_it_is_made() -> None:
    house = suspended()
    with pytest.raises(ValueError, match="needs an entry"):
        house.dossier("ord_1", entries=[])
    with pytest.raises(ValueError, match="needs an entry"):
        house.dossier("ord_1", checkpoints=[], growth=[])
    with pytest.raises(MalformedError):
        house.dossier("ord_1", documents=[b"{}"])
    with pytest.raises(MalformedError):
        house.dossier("ord_1", checkpoints=[b"x"])
