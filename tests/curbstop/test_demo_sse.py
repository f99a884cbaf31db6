"""The demo's reader of server-sent events: however the bytes are cut, the same events come out."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.demo.sse import Reader, Sent

STREAM = (
    b'retry: 2000\n\nid: 7\nevent: order\ndata: {"a": "\xc3\xb9"}\n\n: still here\n\n'
    b"id: 8\r\nevent: alarm\r\ndata: one\r\ndata: two\r\n\r\nid: 9\nevent: order\ndata: half"
)
EVENTS = [Sent("7", "order", '{"a": "ù"}'), Sent("8", "alarm", "one\ntwo")]


@given(st.lists(st.integers(0, len(STREAM))))
def test_cut_anywhere_it_is_the_same(cuts: list[int]) -> None:
    reader = Reader()
    edges = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in pairwise(edges)]
    assert [sent for piece in pieces for sent in reader.feed(piece)] == EVENTS
    assert (reader.last_id, reader.retry_ms) == ("8", 2000)


def test_half_an_event_is_forgotten_when_the_line_breaks_and_the_place_is_kept() -> None:
    reader = Reader()
    assert list(reader.feed(STREAM)) == EVENTS
    reader.begin()
    assert list(reader.feed(b"event: order\ndata: whole\n\n")) == [Sent("8", "order", "whole")]


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_any_bytes_at_all_are_read_without_a_fault(pieces: list[bytes]) -> None:
    reader = Reader()
    for piece in pieces:
        assert all(isinstance(sent, Sent) for sent in reader.feed(piece))


@pytest.mark.parametrize("word", ["soon", "", "-1", "9999999"])
def test_a_wait_that_is_no_number_is_ignored(word: str) -> None:
    reader = Reader()
    assert list(reader.feed(f"retry: {word}\n\n".encode())) == []
    assert reader.retry_ms is None
