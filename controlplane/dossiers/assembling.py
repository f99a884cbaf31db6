"""An order's dossier from what is kept of it: its entries with their proofs, what was signed, and whose keys those are.

It covers what the log has of the order; a moment ago may be missing, and then the log is asked to catch up first.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from sqlalchemy import Connection, bindparam, select

from controlplane.dossiers import claims
from controlplane.orders import documents
from controlplane.problems import UnprocessableError
from controlplane.proof import reading, sequencer
from controlplane.proof.models import log_checkpoints
from controlplane.proof.reading import Placed
from controlplane.proof.sequencer import Notary
from controlplane.proof.trees import Leaves
from protocols.proof import tree
from protocols.proof.contents import Claim
from protocols.proof.documents import Signed, read
from protocols.proof.dossier import Logged, Material
from protocols.proof.known import Role
from protocols.uplink.crew import CrewAbort, CrewReport
from protocols.uplink.keys import SigningKey

Photographs = Callable[[str], bytes | None]
"""The file of a digest; None where it is not kept any more."""
LARGEST = 200_000_000
"""Bytes of all photographs together."""
COVERING = (
    select(log_checkpoints.c.size, log_checkpoints.c.note)
    .where(log_checkpoints.c.origin == bindparam("origin"), log_checkpoints.c.size > bindparam("number"))
    .order_by(log_checkpoints.c.size)
    .limit(1)
)


def without_photographs(_digest: str) -> None:
    """Name the photographs alone."""


def material(
    db: Connection,
    order: str,
    notary: Notary,
    house: SigningKey,
    *,
    photographs: Photographs = without_photographs,
    also: Iterable[int] = (),
) -> Material:
    """All that the order's dossier is made of; NotFoundError where the log has nothing of it yet.

    `also` are sizes of checkpoints to be in it beside those that its entries need, for whoever has kept them to
    compare; UnprocessableError where none was signed at that size.
    """
    origin = sequencer.stands(db, notary)
    newest = reading.newest(db, origin)
    _, head = reading.head(db, order)
    placed = reading.history(db, order)
    notes = _notes(db, origin, placed, newest, also)
    leaves = Leaves(db)
    papers = [one.envelope for one in documents.of_order(db, order, house)]
    signed = [read(paper) for paper in papers]
    leaves.expect(lambda nodes: _proofs(nodes, placed, notes))
    included, growth = _proofs(leaves.read, placed, notes)
    return Material(
        entries=[Logged(one.leaf, one.number, proof) for one, proof in zip(placed, included, strict=True)],
        head=head,
        checkpoints=[note.note for note in notes],
        growth=growth,
        documents=papers,
        claims=_claims(db, origin, notary, house, signed),
        photographs=_photographs(signed, photographs),
    )


def _proofs(
    nodes: tree.Read, placed: Sequence[Placed], notes: Sequence[reading.Signed]
) -> tuple[list[list[bytes]], list[list[bytes]]]:
    """That each entry is in the newest checkpoint, and that each checkpoint grew into the next."""
    included = [tree.inclusion(nodes, one.number, notes[-1].size) for one in placed]
    return included, [tree.consistency(nodes, old.size, new.size) for old, new in pairwise(notes)]


def _notes(
    db: Connection, origin: str, placed: Sequence[Placed], newest: reading.Signed, also: Iterable[int]
) -> list[reading.Signed]:
    """For each entry the first checkpoint that covers it, the newest one, and those that were asked for."""
    found = {newest.size: newest, **{size: reading.at_size(db, origin, size) for size in also}}
    for one in placed:
        row = db.execute(COVERING, {"origin": origin, "number": one.number}).one()
        found[row.size] = reading.Signed(row.size, row.note)
    return [found[size] for size in sorted(found)]


def _claims(db: Connection, origin: str, notary: Notary, house: SigningKey, signed: Sequence[Signed]) -> list[Claim]:
    def who(role: Role) -> set[str]:
        return {one.name for one in signed if one.role is role and one.name is not None}

    return [
        claims.log(origin, notary.public),
        *claims.former_houses(db, {one.keyid for one in signed if one.role is Role.HOUSE} - {house.keyid}),
        claims.house(house.public),
        *claims.of_gateways(db, who(Role.GATEWAY)),
        *claims.of_devices(db, who(Role.DEVICE)),
    ]


def _photographs(signed: Iterable[Signed], kept: Photographs) -> list[bytes]:
    named = {
        shot.digest
        for one in signed
        if isinstance(one.message, CrewReport | CrewAbort)
        for shot in one.message.photographs
    }
    found = [photograph for digest in sorted(named) if (photograph := kept(digest)) is not None]
    if sum(map(len, found)) > LARGEST:
        detail = "its photographs are too much for one file; ask for it without them, and for each of them alone"
        raise UnprocessableError(detail, code="dossier_too_large")
    return found
