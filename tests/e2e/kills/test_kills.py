"""I1-I3, I7, I15 on real processes, in a storm of orders and payments: sixty times SIGKILL, and power that is lost."""

import secrets
from pathlib import Path

import pytest

from tests.e2e.kills.run import Report, run

KILLS, CUTS, FEW, OFTEN = 60, 20, 5, 0.8
pytestmark = pytest.mark.needs("mosquitto")


def holds(report: Report, kills: int) -> None:
    print(report)
    assert not report.broken, report
    assert report.kills.total() == kills
    assert min(report.seen["orders answered"], report.seen["valves told closed"], report.seen["valves told open"]) > FEW


async def test_I1_I2_I3_I7_I15_killed_for_real_at_random_moments(tmp_path: Path) -> None:
    holds(await run(tmp_path, KILLS, seed=secrets.randbelow(1_000_000)), KILLS)


@pytest.mark.needs("fuse")
async def test_I1_I2_I3_I7_I15_power_is_lost_at_random_moments(tmp_path: Path) -> None:
    report = await run(tmp_path, CUTS, seed=secrets.randbelow(1_000_000), power=OFTEN)
    holds(report, CUTS)
    assert sum(n for what, n in report.kills.items() if what.endswith("power lost")) > FEW
