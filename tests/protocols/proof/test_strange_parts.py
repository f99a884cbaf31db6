"""Parts of strange shape that the log's key has signed for: a verdict, never an exception, never a good one."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from protocols.proof import archive, dossier
from protocols.proof.contents import MANIFEST
from protocols.proof.present import to_json, to_lines
from protocols.proof.verdict import Outcome
from protocols.proof.verify import verify
from protocols.types import ValvePosition
from protocols.uplink import envelope
from protocols.uplink.messages import Seen
from tests.protocols.proof import house as h
from tests.protocols.proof.house import KEYS, by_hand, by_wire, suspended

WHOLE = suspended().dossier("ord_1")
OPENED = dossier.open_(WHOLE)
FILES = {name: file for name, file in OPENED.files.items() if name != MANIFEST}
STRANGE: list[Any] = [None, True, -1, 1 << 62, 1 << 70, 0.5, "", "x", "0" * 64, "\x1b", "à" * 2000]
STRANGE += [[], [[]], {}, {"a": 1}]


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where anything stands in a JSON value."""
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from places(one, (*at, key))


def put(value: Any, at: tuple[Any, ...], one: Any) -> Any:
    if not at:
        return one
    copy = value.copy()
    copy[at[0]] = put(value[at[0]], at[1:], one)
    return copy


def written(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".json")])
def test_no_strange_value_in_a_part_raises_or_makes_it_hold(name: str) -> None:
    value = json.loads(FILES[name])
    for at in places(value):
        for one in STRANGE:
            changed = written(put(value, at, one))
            verdict = verify(h.manifested(OPENED.manifest, {**FILES, name: changed}, h.LOG_KEY), KEYS)
            assert verdict.outcome is not Outcome.HOLDS or changed == FILES[name]
            assert list(to_lines(verdict, "it"))


def test_no_strange_value_in_the_manifest_raises() -> None:
    value = json.loads(OPENED.payload)
    for at in places(value):
        for one in STRANGE:
            payload = written(put(value, at, one))
            sealed = envelope.seal(OPENED.sealed.payloadType, payload, h.LOG_KEY)
            verdict = verify(archive.write({**FILES, MANIFEST: sealed}), KEYS)
            assert verdict.outcome is not Outcome.HOLDS or at[0] == "software"


EDGES = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))]))


@settings(max_examples=60, deadline=None)
@given(EDGES, st.text(max_size=20), st.sampled_from(ValvePosition))
def test_whatever_a_gateway_has_signed_is_judged(at: datetime, text: str, position: ValvePosition) -> None:
    seen = Seen(position, at, 0.0)
    receipt = replace(h.CLOSED, after=seen, detail=text, software=text, finished_at=at, received_at=at)
    house = by_wire((h.CLOSE, h.HOUSE_KEY), (h.GRANT, h.HOUSE_KEY), (receipt, h.GATEWAY_KEY), grade="read_back")
    verdict = verify(house.dossier("ord_1"), KEYS)
    assert (verdict.outcome is Outcome.HOLDS) is (position is ValvePosition.CLOSED)
    assert to_json(verdict)


@settings(max_examples=40, deadline=None)
@given(EDGES, st.text(max_size=20))
def test_whatever_a_crews_device_has_signed_is_judged(at: datetime, text: str) -> None:
    report = h.report(began_at=at, ended_at=at, note=text, software=text)
    verdict = verify(by_hand((h.CREW_GRANT, h.HOUSE_KEY), (report, h.DEVICE_KEY)).dossier("ord_1"), KEYS)
    assert verdict.outcome is Outcome.HOLDS


@pytest.mark.parametrize("year", [1, 9999])
def test_the_ends_of_the_calendar_are_told_as_they_were_signed(year: int) -> None:
    at = datetime(year, 1 if year == 1 else 12, 1 if year == 1 else 31, 0 if year == 1 else 23, tzinfo=UTC)
    shift = timezone(timedelta(hours=14 if year == 1 else -12))
    report = h.report(ended_at=at.replace(tzinfo=shift))
    verdict = verify(by_hand((h.CREW_GRANT, h.HOUSE_KEY), (report, h.DEVICE_KEY)).dossier("ord_1"), KEYS)
    assert verdict.outcome is Outcome.HOLDS
    assert f"{year:04}-" in verdict.story[0].en
