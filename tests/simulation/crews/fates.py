"""What becomes of visits: drawn by chance, each often enough to be met many times in the seeds of every build."""

from enum import StrEnum
from random import Random


class Fate(StrEnum):
    """What a crew does, or what is done to it."""

    DONE = "does it"
    LATE_ASKING = "asks late"
    LATE_ACTING = "acts late"
    OVER_TIME = "acts after its permit"
    WITHOUT_PERMIT = "acts without a permit"
    WRONG_METER = "stands at a neighbour's meter"
    MISREADS = "misreads the plate"
    WRONG_INDEX = "misreads the index"
    WRONG_DIGEST = "names a photograph that nobody took"
    MISSING_SHOT = "forgets a photograph"
    LIES = "reports what it did not do"
    NO_ACCESS = "is not let in"
    NOT_REACHED = "finds no way to the meter"
    STUCK = "can't turn it"
    NEVER_COMES = "accepts and never comes"
    SILENT = "is never heard of with a permit"
    SILENT_AFTERWARDS = "acts and is never heard of"
    ANOTHERS_REPORT = "has another device report"
    NO_NETWORK = "has no network for long"
    LOST_BEFORE = "loses its device on the way"
    LOST_PERMITTED = "loses its device with a permit"
    LOST_AFTERWARDS = "acts and loses its device"


NO_ACCESS = {
    Fate.NO_ACCESS: ("access_denied", "nobody_home", "dog", "aggressive_customer"),
    Fate.NOT_REACHED: ("meter_inaccessible", "meter_not_found", "unsafe"),
}
COMMON = {Fate.DONE: 5, Fate.LATE_ASKING: 2, Fate.LATE_ACTING: 2, Fate.NO_NETWORK: 2, Fate.NEVER_COMES: 0.7}


def drawn(chance: Random, *, takes: bool) -> Fate:
    """A visit's fate. Giving back needs no permit, so what is about permits is for taking alone."""
    fates = [f for f in Fate if takes or f not in NEEDS_A_PERMIT]
    return chance.choices(fates, [COMMON.get(f, 1.0) for f in fates])[0]


NEEDS_A_PERMIT = frozenset(
    {
        Fate.LATE_ASKING,
        Fate.LATE_ACTING,
        Fate.OVER_TIME,
        Fate.WITHOUT_PERMIT,
        Fate.WRONG_METER,
        Fate.MISREADS,
        Fate.STUCK,
        Fate.SILENT_AFTERWARDS,
        Fate.ANOTHERS_REPORT,
        Fate.LOST_PERMITTED,
        Fate.LOST_AFTERWARDS,
    }
)
