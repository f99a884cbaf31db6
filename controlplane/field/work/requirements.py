"""What crews' accounts need, told as data to the devices and workforce systems that prepare them."""

from typing import Any

from controlplane.field.evidence.shots import REQUIRED, View
from controlplane.field.work.outcomes import OUTCOMES, VISITS, step
from controlplane.field.work.required import House, Piece
from controlplane.field.work.tightness import LEAK_CHECK, TIGHT
from controlplane.policy.facts import Act

MEDIA = ("water", "gas")


def told(house: House) -> dict[str, Any]:
    """The acts that a crew carries out, and the outcomes of those that it can't."""
    acts = [_act(house, act, medium) for act in REQUIRED if act is not Act.DELIVER_NOTICE for medium in MEDIA]
    outcomes = [
        {
            "code": code,
            "it": outcome.it,
            "en": outcome.en,
            "photographs": list(outcome.shots),
            "next_step": outcome.next_step,
            "after_two_visits": step(code, VISITS, Act.SUSPEND),
        }
        for code, outcome in OUTCOMES.items()
    ]
    return {"acts": [act for act in acts if act is not None], "outcomes": outcomes}


def _act(house: House, act: Act, medium: str) -> dict[str, Any] | None:
    """One act at one medium; None where there is no such act: only gas is interrupted."""
    if act is Act.INTERRUPT and medium != "gas":
        return None
    pieces = house.needs(act, "done")
    tested = act is Act.REACTIVATE and medium == "gas"
    extra = ([View.SEAL] if Piece.SEAL in pieces else []) + ([View.TEST] if tested else [])
    return {
        "act": act,
        "medium": medium,
        "photographs": [*REQUIRED[act], *extra],
        "pieces": list(pieces),
        "checks": {LEAK_CHECK: TIGHT} if tested else {},
    }
