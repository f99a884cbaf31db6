"""I12: while junk floods every port and topic, what is valid is done, and nobody's memory grows without bound.

How fast it is done then is measured by `make bench ONLY=floods`, as a ratio within one run.
"""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.e2e.floods.opens import FLOODS, METERS, scene
from tests.e2e.kills import judge
from tests.e2e.kills.case import Case
from tests.e2e.kills.ear import Ear

MOST_MORE_MIB = 64
"""What a process may have in memory beyond what it had before: the bounds of what may wait, and its garbage."""


@pytest.mark.needs("mosquitto")
async def test_I12_supply_is_given_back_through_all_floods_at_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        before = it.memory_mib()
        async with AsyncExitStack() as floods:
            for kind in FLOODS:
                await floods.enter_async_context(it.flooded(kind))
            assert len((await it.opens(1)).took_s) == len(METERS)
            grown = {name: mib - before[name] for name, mib in it.memory_mib().items()}
        assert max(grown.values()) < MOST_MORE_MIB, grown
        await it.town.end()
        assert not it.town.fallen
        assert not judge.broken(Case(it.town.place, it.office, Ear(it.town.place, it.town.moments)))
