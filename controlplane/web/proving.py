"""What proves an order so far: its dossier put together, and checked, by the same code that strangers check it with.

A page that its own server delivers proves little (U13): it says so, and names the ways that do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import NoResultFound

from controlplane.dossiers.assembling import material
from controlplane.problems import NotFoundError
from controlplane.proof.reading import END
from controlplane.web.reader import Signing
from protocols.errors import TheirsError
from protocols.ports import Clock
from protocols.proof import dossier
from protocols.proof.contents import Claim
from protocols.proof.known import Key, Keys
from protocols.proof.verdict import Check, Outcome, Verdict
from protocols.proof.verify import verify

NOT_YET, DAMAGED = "not_yet", "damaged"
SOFTWARE = "curbstop"
log: structlog.stdlib.BoundLogger = structlog.get_logger("proof")


@dataclass(frozen=True, slots=True)
class Proof:
    """`state` is the verdict's word, `not_yet` where the log has nothing of it, `damaged` where none can be made."""

    state: str
    entries: int = 0
    verdict: Verdict | None = None

    @property
    def passed(self) -> list[Check]:
        """The checks that hold."""
        return [each for each in self.verdict.checks if each.outcome is Outcome.HOLDS] if self.verdict else []

    @property
    def failed(self) -> list[Check]:
        """All others, the worst first."""
        found = [each for each in self.verdict.checks if each.outcome is not Outcome.HOLDS] if self.verdict else []
        return sorted(found, key=lambda each: -each.outcome)

    @property
    def holds_not(self) -> bool:
        """Whether something was changed: whoever reads it must not believe the sentence."""
        return self.state in ("broken", "unreadable", DAMAGED)


def prove(db: Connection, order: str, signing: Signing, clock: Clock) -> Proof:
    """Make the dossier as it would be handed out now, without photographs, and check it under the keys known here.

    A page is checked whenever it is opened; its stream checks anew when the order's own history has grown.
    """
    end = db.execute(END, {"order": order}).one_or_none()
    grown = tuple(end) if end is not None else None
    known: tuple[Any, Proof] | None = signing.checked.get(order)
    if known is not None and known[0] == grown:
        return known[1]
    proof = _prove(db, order, signing, clock)
    signing.checked[order] = (grown, proof)
    return proof


def _prove(db: Connection, order: str, signing: Signing, clock: Clock) -> Proof:
    notary = signing.notary
    try:
        parts = material(db, order, notary, signing.house)
        made = dossier.build(parts, notary.signer, clock.now(), SOFTWARE)
    except NotFoundError:
        return Proof(NOT_YET)
    except (TheirsError, ValueError, NoResultFound) as error:
        log.critical("the log is damaged", order=order, error=str(error))
        return Proof(DAMAGED)
    verdict = verify(made, _known(list(parts.claims)))
    return Proof(verdict.outcome.word, len(parts.entries), verdict)


def _known(claims: Sequence[Claim]) -> Keys:
    """The keys that were enrolled here: read from the registry, and from nothing that is to be checked."""
    return Keys(Key(claim.role, claim.name, bytes.fromhex(claim.public)) for claim in claims)
