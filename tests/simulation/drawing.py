"""Which plots a seed lives: one to three of its own; crews are always out; sometimes the house has two replicas."""

from simulators.chance import stream
from tests.simulation.crews.plot import crews_are_out
from tests.simulation.plots import PLOTS
from tests.simulation.replicas import two_replicas
from tests.simulation.stolen import the_house_signs_anything

TWO_REPLICAS = 0.25
"""In so many seeds the house has two replicas."""
WITH_CREWS = PLOTS | {plot.__name__: plot for plot in (crews_are_out, two_replicas, the_house_signs_anything)}


def drawn(seed: int) -> tuple[str, ...]:
    """The seed's own plots, by chance of their own: with others the same people do the same."""
    chance = stream(seed, "plots")
    drawn = (*chance.sample(sorted(PLOTS), chance.choice((1, 2, 2, 3))), crews_are_out.__name__)
    two = stream(seed, "replicas").random() < TWO_REPLICAS
    return (*drawn, two_replicas.__name__) if two else drawn
