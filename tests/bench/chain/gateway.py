"""`curbstop gateway` whose reference valve travels quickly, as the simulated ones do."""

import sys
from dataclasses import replace
from unittest.mock import patch

from curbstop import gateway
from curbstop.cli import main
from drivers.catalogue import Catalogue, installed
from tests.bench.chain.line import TRAVEL_S


def quick() -> Catalogue:
    """The installed specs, the reference valve with a short travel."""
    specs = [installed().by_name(name) for name in installed().names()]
    return Catalogue(
        [
            replace(s, timing=replace(s.timing, travel_s=TRAVEL_S, readback_every_s=TRAVEL_S))
            if s.timing.travel_s
            else s
            for s in specs
        ]
    )


if __name__ == "__main__":
    with patch.object(gateway, "installed", quick):
        sys.exit(main(["gateway", sys.argv[1]]))
