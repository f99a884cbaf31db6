"""The canonical archive: any ZIP program reads it, and there is one file for one content."""

import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import MalformedError
from protocols.proof import archive

FILES = {"b.txt": b"second", "a/x.json": b"{}", "a.txt": b"", "a/y": b"\x00\xff"}
SMALL = archive.write(FILES)
NAMES = st.from_regex(archive.NAME, fullmatch=True)


@given(st.dictionaries(NAMES, st.binary(max_size=50), max_size=6))
def test_what_is_written_is_read_by_us_and_by_the_zip_library(files: dict[str, bytes]) -> None:
    raw = archive.write(files)
    assert archive.read(raw) == files
    with zipfile.ZipFile(BytesIO(raw)) as other:
        assert other.testzip() is None
        assert {info.filename: other.read(info) for info in other.infolist()} == files
        assert other.namelist() == sorted(files)


def test_one_content_has_one_file_whatever_the_order_it_came_in() -> None:
    assert archive.write(dict(reversed(FILES.items()))) == SMALL


def test_every_bit_counts() -> None:
    for place in range(len(SMALL) * 8):
        broken = bytearray(SMALL)
        broken[place // 8] ^= 1 << place % 8
        with pytest.raises(MalformedError):
            archive.read(bytes(broken))


def test_cut_off_or_lengthened_it_is_refused() -> None:
    for length in range(len(SMALL)):
        with pytest.raises(MalformedError):
            archive.read(SMALL[:length])
        with pytest.raises(MalformedError):
            archive.read(SMALL[length:] if length else SMALL + b"\0")


def other_zip(
    *, method: int = zipfile.ZIP_STORED, comment: bytes = b"", extra: bytes = b"", twice: bool = False
) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", method) as other:
        for name in [*sorted(FILES), *(["b.txt"] if twice else [])]:
            info = zipfile.ZipInfo(name)
            info.extra, info.compress_type = extra, method
            other.writestr(info, FILES[name])
        other.comment = comment
    return made.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_sound_zip_in_another_form_is_refused() -> None:
    for raw in (
        other_zip(),
        other_zip(method=zipfile.ZIP_DEFLATED),
        other_zip(comment=b"hello"),
        other_zip(extra=b"\x99\x99\x02\x00ab"),
        other_zip(twice=True),
        b"hidden" + SMALL,
        SMALL + SMALL,
    ):
        with pytest.raises(MalformedError):
            archive.read(raw)


@pytest.mark.parametrize(
    "name", ["", "/a", "../a", "a/../b", "a/b/c", "a\\b", ".a", "a/", "é", "a b", "a" * 101, "C:a"]
)
def test_no_name_leads_an_unpacking_program_astray(name: str) -> None:
    with pytest.raises(ValueError, match="can't name"):
        archive.write({name: b""})


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_read_or_refused(raw: bytes) -> None:
    for tried in (raw, archive.LOCAL_MARK + raw, SMALL + raw):
        try:
            assert archive.write(archive.read(tried)) == tried
        except MalformedError:
            continue


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 100)
    with pytest.raises(ValueError, match="too much"):
        archive.write({"a": bytes(101)})
    with pytest.raises(MalformedError, match="bytes"):
        archive.read(SMALL)
    monkeypatch.setattr(archive, "MOST_BYTES", 10_000)
    monkeypatch.setattr(archive, "MOST_FILES", 2)
    with pytest.raises(ValueError, match="too much"):
        archive.write(FILES)
    with pytest.raises(MalformedError):
        archive.read(SMALL)
