"""Secondary addresses: whole ones for reading and writing, patterns for the search."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import OursError
from protocols.mbus.frame import encode
from protocols.mbus.secondary import Answer, Pattern, search, select, select_pattern
from protocols.types import Identity

IDENTITIES = st.builds(
    Identity,
    st.text("0123456789abcde", min_size=8, max_size=8),
    st.text("ABCXYZ", min_size=3, max_size=3),
    st.integers(0, 254),
    st.integers(0, 254),
)


def matches(pattern: Pattern, who: Identity) -> bool:
    digits = all(p in ("F", d) for p, d in zip(pattern.id.upper(), who.id.upper(), strict=True))
    return digits and pattern.version in (None, who.version) and pattern.medium in (None, who.medium)


def find_all(meters: list[Identity]) -> tuple[list[Identity], int]:
    plan, tries = search(), 0
    try:
        pattern = next(plan)
        while True:
            tries += 1
            hit = [m for m in meters if matches(pattern, m)]
            answer = Answer.NOBODY if not hit else hit[0] if len(hit) == 1 else Answer.COLLISION
            pattern = plan.send(answer)
    except StopIteration as end:
        return end.value, tries


def test_a_select_is_the_whole_address() -> None:
    frame = encode(select(Identity("12345678", "CBS", 1, 7)))
    assert frame[:-2].hex() == "680b0b6843fd5278563412530c0107"


def test_an_enhanced_select_adds_the_fabrication_number() -> None:
    frame = select(Identity("12345678", "CBS", 1, 7, "87654321"), enhanced=True)
    assert frame.data[-6:].hex() == "0c7821436587"


@pytest.mark.parametrize(
    "who",
    [
        Identity("1234567F", "CBS", 1, 7),
        Identity("12345678", "CBS", 0xFF, 7),
        Identity("12345678", "CBS", 1, 0xFF),
        Identity("1234567", "CBS", 1, 7),
        Identity("12345678", "cbs", 1, 7),
        Identity("12345678", "CBS", 256, 7),
    ],
)
def test_I13_no_wildcard_and_nothing_unfit_selects_a_meter(who: Identity) -> None:
    with pytest.raises(OursError):
        select(who)


def test_I13_nor_does_a_wildcard_in_the_fabrication_number() -> None:
    with pytest.raises(OursError):
        select(Identity("12345678", "CBS", 1, 7, "1234567f"), enhanced=True)


def test_a_pattern_has_wildcards() -> None:
    assert select_pattern(Pattern("12FFFFFF")).data.hex() == "ffffff12ffffffff"


@given(st.lists(IDENTITIES, max_size=6, unique_by=lambda m: (m.id, m.medium, m.version)))
def test_the_search_finds_every_meter_once(meters: list[Identity]) -> None:
    found, _ = find_all(meters)
    assert sorted(found, key=str) == sorted(meters, key=str)


def test_the_search_of_an_empty_line_is_short() -> None:
    assert find_all([]) == ([], 15)


def test_meters_of_one_number_are_told_apart_by_medium_then_version() -> None:
    twins = [Identity("11111111", "CBS", 1, 7), Identity("11111111", "CBS", 2, 7), Identity("11111111", "CBS", 1, 3)]
    assert sorted(find_all(twins)[0], key=str) == sorted(twins, key=str)
