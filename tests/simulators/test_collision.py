from random import Random

import pytest

from simulators.chance import stream
from simulators.collision import Answer, Cluster

CHARACTER_S = 0.01


@pytest.fixture
def chance() -> Random:
    return stream(0, "line")


def test_equal_answers_in_step_look_like_one(chance: Random) -> None:
    cluster = Cluster([Answer(1.0, 1.01, b"\xe5"), Answer(1.0, 1.01, b"\xe5")])
    assert cluster.heard(CHARACTER_S, chance) == b"\xe5"


def test_a_zero_bit_wins(chance: Random) -> None:
    cluster = Cluster([Answer(1.0, 1.02, b"\xf0\xff"), Answer(1.0, 1.03, b"\x3c\x0f\x55")])
    assert cluster.heard(CHARACTER_S, chance) == b"\x30\x0f\x55"


def test_answers_apart_by_whole_characters_overlap_where_they_do(chance: Random) -> None:
    cluster = Cluster([Answer(1.0, 1.02, b"\x11\xf0"), Answer(1.01, 1.03, b"\x0f\x33")])
    assert cluster.heard(CHARACTER_S, chance) == b"\x11\x00\x33"


def test_out_of_step_characters_are_garbled(chance: Random) -> None:
    cluster = Cluster([Answer(1.0, 1.2, b"\xff" * 20), Answer(1.004, 1.204, b"\xff" * 20)])
    assert cluster.heard(CHARACTER_S, chance) != b"\xff" * 20


def test_what_touches_does_not_overlap() -> None:
    cluster = Cluster([Answer(1.0, 1.5, b"")])
    assert cluster.overlaps(Answer(1.4, 1.6, b""))
    assert cluster.overlaps(Answer(0.9, 1.1, b""))
    assert not cluster.overlaps(Answer(1.5, 1.6, b""))
    assert not cluster.overlaps(Answer(0.5, 1.0, b""))
