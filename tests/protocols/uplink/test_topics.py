"""Topics: what is built is parsed back; all else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import MalformedError
from protocols.types import GatewayId
from protocols.uplink import topics
from protocols.uplink.messages import DOWN, UP

NAMES = st.from_regex(topics.GATEWAY_ID, fullmatch=True)


@given(NAMES, st.sampled_from(sorted(UP)))
def test_up(name: str, kind: str) -> None:
    assert topics.parse(topics.up(GatewayId(name), kind)) == topics.Topic(GatewayId(name), "up", kind)


@given(NAMES, st.sampled_from(sorted(DOWN)))
def test_down(name: str, kind: str) -> None:
    assert topics.parse(topics.down(GatewayId(name), kind)) == topics.Topic(GatewayId(name), "down", kind)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "curbstop/v1/g/up",
        "curbstop/v2/g/up/birth",
        "curbstop/v1/g/up/command",
        "curbstop/v1/g/down/birth",
        "curbstop/v1/+/up/birth",
        "curbstop/v1/#/up/birth",
        "curbstop/v1/G/up/birth",
        "curbstop/v1//up/birth",
        "curbstop/v1/g/up/birth/x",
        "curbstop/v1/g\n/up/birth",
    ],
)
def test_what_is_no_topic_of_ours(text: str) -> None:
    with pytest.raises(MalformedError):
        topics.parse(text)


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    try:
        topic = topics.parse(text)
    except MalformedError:
        return
    assert str(topic) == text
