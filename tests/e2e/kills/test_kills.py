"""I1-I3, I7, I15 on real processes: sixty kills with SIGKILL in a storm of orders and payments."""

import secrets
from pathlib import Path

import pytest

from tests.e2e.kills.run import run

KILLS, FEW = 60, 5


@pytest.mark.needs("mosquitto")
async def test_I1_I2_I3_I7_I15_killed_for_real_at_random_moments(tmp_path: Path) -> None:
    report = await run(tmp_path, KILLS, seed=secrets.randbelow(1_000_000))
    print(report)
    assert not report.broken, report
    assert report.kills.total() == KILLS
    assert min(report.seen["orders answered"], report.seen["valves told closed"], report.seen["valves told open"]) > FEW
