"""I4, G3, G4: what a gas meter was told from afar, by the valve's own history and what was written to the meter."""

from protocols.types import ValvePosition
from simulators.valve import By
from tests.simulation.bodies import GAS
from tests.simulation.checkers.case import Case


def nothing_opens_gas_from_afar(case: Case) -> list[str]:
    """I4: no wire ever opened it; a technician's hand did, or the customer's, and that only where it was armed."""
    return [
        f"I4: gas at {GAS} was opened by {act.by} at {act.at_s:.1f} s, where it stood {act.before}"
        for act in case.world.valves[GAS].history
        if act.wanted is ValvePosition.OPEN
        and act.by is not By.HAND
        and (act.by is not By.BUTTON or act.before is not ValvePosition.ARMED)
    ]


def an_arm_comes_to_a_calm_closed_meter(case: Case) -> list[str]:
    """I4, G3: an arm is written only where closed and no alarm were read in the same hold of the line."""
    return [
        f"I4: an arm came to {GAS} at {at_s:.1f} s, which stood {position} with error flags {alarms:02x}"
        for at_s, position, alarms in case.world.gas_meter.armed_upon
        if position is not ValvePosition.CLOSED or alarms
    ]


def nothing_is_armed_after_a_leak(case: Case) -> list[str]:
    """G4: once the leak check has closed it, nobody arms it from afar; no technician comes in these stories."""
    history = case.world.valves[GAS].history
    leaked_s = min((act.at_s for act in history if act.by is By.LEAK_CHECK), default=None)
    return [
        f"G4: {GAS} was armed at {act.at_s:.1f} s, after a leak at {leaked_s:.1f} s"
        for act in history
        if leaked_s is not None and act.at_s > leaked_s and act.after is ValvePosition.ARMED and act.by is By.WIRE
    ]
