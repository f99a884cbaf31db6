"""How gas is given back: it is armed from afar, and only where nothing forbids that (CONTROL, The valve; I4).

`why_not` says why a gateway may not do an order's work now; the order is then a crew's.
"""

from sqlalchemy import Connection

from controlplane.orders import leaks
from controlplane.orders.context import Context
from controlplane.orders.jurisdiction import pack_at
from controlplane.orders.life import Order
from controlplane.policy.facts import Act
from controlplane.policy.packs import Person
from controlplane.registry.binding import Bound
from protocols.types import Capability, Verb
from protocols.uplink.messages import Reason

NO_VALVE = Reason(
    "no_remote_valve",
    "No valve here can be moved remotely for this; a crew has to go.",
    "Qui nessuna valvola può essere comandata a distanza per questo: serve una squadra.",
)
LEAK = Reason(
    "leak_alarm",
    "The meter's leak check has found a flow after opening: a technician has to find out why before it is armed again.",
    "Il contatore ha rilevato un flusso dopo l'apertura: prima di riabilitarlo serve la verifica di un tecnico.",
)


def means(order: Order, meter: Bound) -> Verb | None:
    """What its valve is told for an order: gas is never told to open."""
    if order.verb is Verb.OPEN and meter.is_gas:
        return Verb.ARM
    return order.verb


def why_not(db: Connection, context: Context, order: Order, meter: Bound | None) -> Reason | None:
    """Why it is not for a gateway now; None where one can do it."""
    verb = means(order, meter) if meter is not None else None
    if meter is None or verb is None or Capability(verb.value) not in meter.capabilities:
        return NO_VALVE
    if verb is not Verb.ARM:
        return None
    if leaks.stands(db, order.point):
        return LEAK
    reopening = pack_at(db, context, order.point).reopening
    if order.kind is Act.REACTIVATE and reopening.by is Person.TECHNICIAN:
        return _technicians(reopening.source.citation)
    return None


def _technicians(citation: str) -> Reason:
    en = f"A technician opens gas again after the tightness test on site ({citation})."
    it = f"Il gas viene riaperto da un tecnico dopo la prova di tenuta sul posto ({citation})."
    return Reason("technician_reopens", en, it)
