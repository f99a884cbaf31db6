"""Dossiers that were handed out once: every later release must find that they hold, to the last byte of their report.

A change that breaks one of these breaks every file that anybody keeps: it is a new version, beside the old one.
`python -m tests.contract.test_dossier_golden` writes what the code makes today.
"""

from pathlib import Path

import pytest

from protocols.proof.verdict import Outcome
from protocols.proof.verify import verify
from tests.protocols.proof.house import KEYS, PHOTOGRAPH, House, by_hand, suspended

GOLDEN = Path(__file__).parent / "golden"
FILES = {
    "dossier-suspended.zip": "Gateway gw-1 moved the valve",
    "dossier-by-hand.zip": "the crew with device dev_1 left",
}


@pytest.mark.parametrize("name", FILES)
def test_a_dossier_that_was_handed_out_holds_for_ever(name: str) -> None:
    verdict = verify((GOLDEN / name).read_bytes(), KEYS)
    assert verdict.outcome is Outcome.HOLDS
    assert FILES[name] in verdict.story[0].en


def today(name: str) -> bytes:
    house: House = by_hand() if "hand" in name else suspended()
    return house.dossier("ord_1", photographs=[PHOTOGRAPH] if "hand" in name else [])


if __name__ == "__main__":
    for each in FILES:
        (GOLDEN / each).write_bytes(today(each))
