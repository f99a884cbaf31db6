"""Signed documents as a dossier carries them: who may sign which kind, and what each one says.

The message is decoded from the signed bytes alone. Whether a signature holds is asked elsewhere, of keys.
"""

from dataclasses import dataclass
from hashlib import sha256

from protocols.errors import MalformedError
from protocols.proof.known import Role
from protocols.uplink import codec, envelope
from protocols.uplink.crew import CREW, CrewAbort, CrewPermitRequest, CrewReport
from protocols.uplink.envelope import Envelope
from protocols.uplink.messages import (
    SIGNED,
    Birth,
    Condition,
    Configuration,
    LookAnswer,
    PermitRequest,
    Receipt,
    Standing,
)
from protocols.uplink.parts import Message

OF_A_GATEWAY = frozenset({Condition, Configuration, Standing})
"""What a gateway is told of itself and says of its own state: no order's history rests on that."""
KINDS: dict[str, type[Message]] = {kind.kind: kind for kind in (*SIGNED, *CREW) if kind not in OF_A_GATEWAY}
"""All else that is signed."""
SIGNED_BY: dict[str, Role] = dict.fromkeys(KINDS, Role.HOUSE)
SIGNED_BY |= {kind.kind: Role.GATEWAY for kind in (Birth, LookAnswer, PermitRequest, Receipt)}
SIGNED_BY |= {kind.kind: Role.DEVICE for kind in (CrewAbort, CrewPermitRequest, CrewReport)}


@dataclass(frozen=True, slots=True)
class Signed:
    """One document. `digest` names its envelope in the log, `payload_digest` names it in other documents."""

    kind: str
    digest: str
    payload_digest: str
    message: Message
    envelope: Envelope
    payload: bytes

    @property
    def role(self) -> Role:
        """In which role its signer signs."""
        return SIGNED_BY[self.kind]

    @property
    def keyid(self) -> str:
        """The fingerprint of the key that it says it was signed with."""
        return self.envelope.signatures[0].keyid

    @property
    def name(self) -> str | None:
        """Whose word it says it is; None for the house's."""
        if self.role is Role.GATEWAY:
            return str(getattr(self.message, "gateway", ""))
        return str(getattr(self.message, "device", "")) if self.role is Role.DEVICE else None


def read(raw: bytes) -> Signed:
    """Return the document *unbelieved*; MalformedError where it is none of a kind that a dossier carries."""
    sealed, payload = envelope.read(raw)
    kind = next((k for k in KINDS.values() if codec.payload_type(k) == sealed.payloadType), None)
    if kind is None:
        raise MalformedError("document", f"a document of another kind: {sealed.payloadType!r}", expected="one of ours")
    if len(sealed.signatures) != 1:
        raise MalformedError("document", f"{len(sealed.signatures)} signatures on one document", expected="one")
    message = codec.decode_payload(payload, kind)
    return Signed(kind.kind, sha256(raw).hexdigest(), codec.digest(payload), message, sealed, payload)
