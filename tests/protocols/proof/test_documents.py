"""Which signed messages a dossier may carry: what its reader takes each for is said of each, or it is refused."""

import pytest

from protocols.errors import MalformedError
from protocols.proof.documents import KINDS, OF_A_GATEWAY, SIGNED_BY, read
from protocols.proof.known import Role
from protocols.uplink import codec
from protocols.uplink.crew import CREW, CrewRelease
from protocols.uplink.examples import EXAMPLES
from protocols.uplink.keys import SigningKey
from protocols.uplink.messages import DOWN, SIGNED
from protocols.uplink.parts import Message


@pytest.mark.parametrize("kind", sorted(OF_A_GATEWAY, key=str))
def test_I9_what_a_gateway_says_of_its_own_state_is_in_no_dossier(kind: type[Message]) -> None:
    """It would be taken for the house's word."""
    message = next(one for one in EXAMPLES if isinstance(one, kind))
    raw, _ = codec.seal(message, SigningKey(b"G" * 32))
    with pytest.raises(MalformedError, match="a document of another kind"):
        read(raw)


def test_I9_the_house_signs_what_goes_down_acknowledgements_and_two_persons_word() -> None:
    house = {kind for kind, role in SIGNED_BY.items() if role is Role.HOUSE}
    assert house <= set(DOWN) | {"ack"} | {kind.kind for kind in CREW}
    assert CrewRelease.kind in house


def test_every_signed_message_is_of_an_order_or_of_a_gateway() -> None:
    assert {*SIGNED, *CREW} == {*KINDS.values()} | OF_A_GATEWAY
