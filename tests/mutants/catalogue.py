"""All mutants by name, and the draw: which of them a commit is tried with."""

from hashlib import sha256

from tests.mutants.seeded import MUTANTS
from tests.simulation.sabotage import SABOTAGES

SIMULATED = {f"simulated: {name}": name for name in SABOTAGES}
"""Guards taken away in the simulated world (`tests/simulation/sabotage.py`), by their names here."""
NAMES = (*MUTANTS, *SIMULATED)
RULES = {name: mutant.keeps for name, mutant in MUTANTS.items()} | {
    name: ", ".join(SABOTAGES[sabotage].seen_by) for name, sabotage in SIMULATED.items()
}
"""The rule that each one's guard keeps."""


def drawn(commit: str, count: int) -> list[str]:
    """So many of them, by the commit's id: the same for the same commit, others for the next."""
    return sorted(NAMES, key=lambda name: sha256(f"{commit} {name}".encode()).digest())[:count]
