"""One message of each kind of a crew's device, fixed to the last bit: what both ends must write and read."""

from typing import Any

from protocols.types import ValvePosition
from protocols.uplink import crew as c
from protocols.uplink.examples import AT, CHAIN, DIGEST, LATER, NONCE
from protocols.uplink.parts import Reason

ABOUT: dict[str, Any] = {
    "device": c.DeviceId("dev_0k3f9x2mz7q1w8e4r"),
    "work_order": "wo_0k3f9x2mz7q1w8e4r",
    "order": "ord_0k3f9x2mz7q1w8e4r",
    "at": LATER,
}
HERE = c.Place(latitude=43.7695604, longitude=11.2558136, accuracy_m=4.5)
PAID = Reason(code="stopped_payment", en="The customer has paid.", it="Il cliente ha pagato: è già a posto.")

SAMPLES: list[c.ByHand] = [
    c.CrewPermitRequest(**ABOUT, nonce=NONCE, serial="26110001", found=ValvePosition.OPEN),
    c.CrewPermit(**ABOUT, request=DIGEST, nonce=NONCE, granted=True, validity_s=300.0, reason=None),
    c.CrewPermit(**ABOUT, request=DIGEST, nonce=NONCE, granted=False, validity_s=0.0, reason=PAID),
    c.CrewReport(
        **ABOUT,
        permit=DIGEST,
        outcome="done",
        found=ValvePosition.OPEN,
        left=ValvePosition.CLOSED,
        serial="26110001",
        register=c.Register(value="123.456", unit="m3"),
        seals_applied=("IT-000123",),
        seals_removed=("IT-000099",),
        photographs=(c.Photograph(shot="meter_plate", digest=DIGEST),),
        checks={"leak_check": "tight"},
        place=HERE,
        began_at=AT,
        ended_at=LATER,
        note="cantina, secondo cancello",
        software="curbstop 0.1.0",
        chain=CHAIN,
    ),
    c.CrewAbort(
        **ABOUT,
        permit=None,
        code="nobody_home",
        left=ValvePosition.UNKNOWN,
        photographs=(),
        place=None,
        note="",
        software="curbstop 0.1.0",
        chain=CHAIN,
    ),
    c.CrewRelease(
        **ABOUT, permit=DIGEST, crew_is="away", persons=("anna", "bruno"), statements=("in the yard", "spoken to Mario")
    ),
]
