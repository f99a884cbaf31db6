"""Who signed: every document and the file itself, by keys that were given, or by keys that are only claimed."""

from collections.abc import Iterator
from dataclasses import dataclass

from protocols.errors import TheirsError
from protocols.proof.contents import Claim, Contents
from protocols.proof.documents import Signed
from protocols.proof.known import Keys, Role
from protocols.proof.verdict import Check, Line, Outcome, Said, Signer
from protocols.uplink import envelope
from protocols.uplink.envelope import Envelope
from protocols.uplink.keys import KeyRing, fingerprint


@dataclass(frozen=True, slots=True)
class Bearer:
    """What is asked about one signed thing: what it is called, in which role it is signed, and in whose name."""

    what: str
    role: Role
    name: str | None
    sealed: Envelope
    payload: bytes

    @property
    def keyid(self) -> str:
        """The fingerprint that it was signed with, by its own word."""
        return self.sealed.signatures[0].keyid if self.sealed.signatures else ""


def bearer(signed: Signed) -> Bearer:
    """Ask about a document."""
    return Bearer(signed.kind, signed.role, signed.name, signed.envelope, signed.payload)


def check(asked: list[Bearer], claims: Keys, known: Keys) -> Iterator[Check]:
    """Check every signature; each key that is not known is told once."""
    told: set[str] = set()
    good = 0
    for one in asked:
        found = _judge(one, claims, known)
        if found is None:
            good += 1
        elif found.outcome is Outcome.BROKEN or one.keyid not in told:
            told.add(one.keyid)
            yield found
    if good == len(asked):
        yield Check(
            Line.SIGNED,
            Outcome.HOLDS,
            "signed",
            Said(
                f"All {good} signatures are by keys that you gave, each in its own name.",
                f"Tutte le {good} firme sono di chiavi che hai fornito, ciascuna a proprio nome.",
            ),
        )


def _judge(one: Bearer, claims: Keys, known: Keys) -> Check | None:
    """Nothing to say where a key that was given signed in its own role and name."""
    ring = known if known.has(one.keyid) else claims
    if not ring.has(one.keyid):
        return _unknown(one, known, one.name or "")
    fit = ring.of(one.keyid, one.role)
    mine = [key for key in fit if one.name in (None, key.name)]
    if not mine and fit and one.role is Role.LOG:
        return _other_log(one, fit[0].name)
    if not mine:
        return _broken("signer", one, "is signed by a key that may not sign it", "è firmato con una chiave non sua")
    try:
        envelope.check(one.sealed, one.payload, KeyRing([mine[0].public]))
    except TheirsError:
        return _broken("signature", one, "has a wrong signature", "ha una firma errata")
    return _unknown(one, known, mine[0].name) if ring is claims else None


def _unknown(one: Bearer, known: Keys, name: str) -> Check:
    other = bool(name) and bool(known.named(one.role, name))
    en, it = (
        f"signed by a key that you did not give: {one.role} {name}",
        f"firma di una chiave che non hai fornito: {one.role} {name}",
    )
    if other:
        en, it = f"{en} (you gave another key of that name)", f"{it} (per questo nome hai fornito un'altra chiave)"
    said = Said(f"{en}, fingerprint {one.keyid}.", f"{it}, impronta {one.keyid}.")
    return Check(Line.SIGNED, Outcome.KEY_UNKNOWN, "key_unknown", said)


def _other_log(one: Bearer, name: str) -> Check:
    said = Said(
        f"signed as the log {one.name}; you gave this key as that of {name}: ask whether that log goes on as this one.",
        f"firmato come registro {one.name}; hai fornito questa chiave come di {name}: chiedi se continua in questo.",
    )
    return Check(Line.SIGNED, Outcome.KEY_UNKNOWN, "key_unknown", said)


def _broken(code: str, one: Bearer, en: str, it: str) -> Check:
    said = Said(f"The {one.what} {en}.", f"Il documento {one.what} {it}.")
    return Check(Line.SIGNED, Outcome.BROKEN, f"{code}_wrong", said)


def signers(contents: Contents, known: Keys) -> tuple[Signer, ...]:
    """Everybody whose key the dossier tells, and what is signed with it."""
    return tuple(_signer(claim, contents, known) for claim in contents.claims.keys)


def _signer(claim: Claim, contents: Contents, known: Keys) -> Signer:
    keyid = fingerprint(bytes.fromhex(claim.public))
    kinds = sorted({d.kind for d in contents.documents.values() if d.keyid == keyid})
    return Signer(
        role=claim.role,
        name=claim.name,
        public=claim.public,
        keyid=keyid,
        signed=("checkpoint", "dossier", *kinds) if claim.role is Role.LOG else tuple(kinds),
        how=claim.how,
        known=any(key.name == claim.name for key in known.of(keyid, claim.role)),
    )
