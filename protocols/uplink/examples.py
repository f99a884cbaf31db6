"""An example of each kind of message: what documents show, and what both ends must write and read to the last bit."""

from datetime import UTC, datetime

from protocols.types import Capability, GatewayId, Identity, MeterId, Outcome, ValvePosition, Verb
from protocols.uplink import messages as m
from protocols.uplink.reasons import Why
from protocols.uplink.remote import BrokerAt, Settings

G, A = GatewayId("cellar-7"), MeterId("water-a")
AT = datetime(2026, 3, 2, 9, 30, 0, 250_000, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 9, 31, tzinfo=UTC)
WHO = Identity("12345678", "CBS", 1, 7, "12345678")
GAS = Identity("12345679", "CBS", 3, 3, "12345679")
N = m.Number(2, 41)
JOURNAL, NONCE = "00112233445566778899aabbccddeeff", "0123456789abcdef"
DIGEST = "ab" * 32
SENT = m.Traffic("out", 1000.5, "e5")
SEEN = m.Seen(ValvePosition.OPEN, AT, 1000.25, (SENT, m.Traffic("in", 1000.75, "107b")))
CHAIN = m.Chain(JOURNAL, 1, m.GENESIS)

EXAMPLES: list[m.Body] = [
    m.Birth(
        gateway=G,
        journal=JOURNAL,
        boot=3,
        nonce=NONCE,
        at=AT,
        software="curbstop 0.1.0",
        freeze=0,
        meters=(
            m.MeterBirth(
                meter=A,
                identity=WHO,
                spec="curbstop/mbus-water-valve",
                spec_digest=DIGEST,
                capabilities=(Capability.READ, Capability.POSITION, Capability.OPEN, Capability.CLOSE),
                act_max_s=12.0,
                mark=m.Number(2, 40),
            ),
            m.MeterBirth(MeterId("water-d"), WHO, "curbstop/mbus-water", DIGEST, (Capability.READ,), 0.0, None),
        ),
    ),
    m.Death(gateway=G, boot=3),
    m.Command(gateway=G, meter=A, identity=WHO, number=N, verb=Verb.CLOSE, issued_at=AT, expires_at=LATER),
    m.PermitRequest(
        gateway=G, meter=A, command=DIGEST, number=N, nonce=NONCE, asks="permit", found=ValvePosition.OPEN, at=AT
    ),
    m.Permit(gateway=G, meter=A, command=DIGEST, nonce=NONCE, granted=True, validity_s=10.0, reason=None, at=AT),
    m.Permit(
        gateway=G,
        meter=A,
        command=DIGEST,
        nonce=NONCE,
        granted=False,
        validity_s=0.0,
        reason=m.Reason("stopped_payment", "The customer has paid.", "Il cliente ha pagato: è già a posto."),
        at=AT,
    ),
    m.Look(gateway=G, meter=A, identity=WHO, number=m.Number(2, 42), observe_s=10.0, issued_at=AT),
    m.LookAnswer(
        gateway=G,
        meter=A,
        look=DIGEST,
        number=m.Number(2, 42),
        outcome=Outcome.DONE,
        why=None,
        detail="",
        identity_read=WHO,
        seen=SEEN,
        index=(m.IndexSeen("12.3456", "m3", AT, 1001.0), m.IndexSeen("12.3456", "m3", LATER, 1011.0)),
        settled=(m.Settled(number=N, command=DIGEST, started=True, outcome=Outcome.DONE),),
        at=LATER,
        spec_digest=DIGEST,
        software="curbstop 0.1.0",
        chain=CHAIN,
    ),
    m.Receipt(
        gateway=G,
        meter=A,
        command=DIGEST,
        number=N,
        verb=Verb.CLOSE,
        outcome=Outcome.DONE,
        why=None,
        detail="",
        started=True,
        identity_read=WHO,
        before=SEEN,
        after=m.Seen(ValvePosition.CLOSED, LATER, 1006.0),
        sent=(SENT,),
        permit=DIGEST,
        received_at=AT,
        finished_at=LATER,
        received_boot_s=1000.0,
        finished_boot_s=1006.0,
        spec_digest=DIGEST,
        software="curbstop 0.1.0",
        chain=CHAIN,
    ),
    m.Receipt(
        gateway=G,
        meter=A,
        command=DIGEST,
        number=N,
        verb=Verb.CLOSE,
        outcome=Outcome.REFUSED,
        why=Why.PERMIT_DENIED,
        detail="stopped_payment",
        started=False,
        identity_read=WHO,
        before=SEEN,
        after=None,
        sent=(),
        permit=None,
        received_at=AT,
        finished_at=LATER,
        received_boot_s=1000.0,
        finished_boot_s=1000.5,
        spec_digest=DIGEST,
        software="curbstop 0.1.0",
        chain=m.Chain(JOURNAL, 2, DIGEST),
    ),
    m.Birth(
        gateway=G,
        journal=JOURNAL,
        boot=4,
        nonce=NONCE,
        at=AT,
        software="curbstop 0.1.0",
        freeze=0,
        meters=(
            m.MeterBirth(
                meter=MeterId("gas-e"),
                identity=GAS,
                spec="curbstop/mbus-gas-valve",
                spec_digest=DIGEST,
                capabilities=(Capability.READ, Capability.POSITION, Capability.CLOSE, Capability.ARM),
                act_max_s=12.0,
                mark=None,
                arm_expires_s=86_400.0,
            ),
        ),
    ),
    m.Receipt(
        gateway=G,
        meter=MeterId("gas-e"),
        command=DIGEST,
        number=N,
        verb=Verb.ARM,
        outcome=Outcome.REFUSED,
        why=Why.NOT_AS_WANTED,
        detail="not armed: leak",
        started=False,
        identity_read=GAS,
        before=m.Seen(ValvePosition.CLOSED, AT, 1000.25, (SENT,), ("leak", "magnetic")),
        after=None,
        sent=(),
        permit=None,
        received_at=AT,
        finished_at=LATER,
        received_boot_s=1000.0,
        finished_boot_s=1000.5,
        spec_digest=DIGEST,
        software="curbstop 0.1.0",
        chain=m.Chain(JOURNAL, 3, DIGEST),
    ),
    m.Ack(
        gateway=G,
        at=AT,
        digests=(DIGEST,),
        birth=m.BirthTerms(nonce=NONCE, boot=3, journal=JOURNAL, epochs={A: 2}, freeze=4, frozen=False),
        readings=m.ReadingsMark(JOURNAL, 3, 99),
    ),
    m.Freeze(gateway=G, number=4, on=True, reason="Storm over the city", at=AT),
    m.Readings(
        gateway=G,
        journal=JOURNAL,
        boot=3,
        first=98,
        readings=(
            m.Reading(A, AT, "volume", "12.3456", "m3"),
            m.Reading(A, AT, "unknown", None, "", 1, 2, 1, "maximum", "VIF 6F is reserved"),
        ),
    ),
    m.Configuration(
        gateway=G,
        number=7,
        settings=Settings(
            per_hour=2, share=0.25, spared=(A,), every_s=3600.0, broker=BrokerAt("broker-2.acqua.example", 8883)
        ),
        term_s=300.0,
        at=AT,
    ),
    m.Configuration(gateway=G, number=8, settings=Settings(), term_s=300.0, at=LATER),
    m.Standing(
        gateway=G,
        journal=JOURNAL,
        boot=3,
        boot_s=1006.0,
        number=7,
        verdict="refused",
        why="per_hour: 2 is above the 1 of the gateway's own file",
        in_force=0,
        frozen="A burst main in via Roma",
        at=LATER,
    ),
    m.Condition(
        gateway=G,
        journal=JOURNAL,
        boot=1,
        number=2,
        storage="works",
        safe_mode="the journal was damaged and is set aside as journal.sqlite.aside-20260302T070000Z: rows are missing",
        readings_lost=120,
        at=AT,
    ),
]
