"""The demo's forgers fail at a sound dossier; and what they try is seen to succeed where a check is missing."""

import pytest

from curbstop.demo import forgers
from protocols.proof.known import Keys
from protocols.proof.verdict import Check, Line, Outcome, Said, Verdict
from protocols.proof.verify import verify
from tests.protocols.proof.house import BEGAN, KEYS, LOG_KEY, suspended

HOUSE = suspended()
RAW = HOUSE.dossier("ord_1")
FINE = Verdict((Check(Line.FILE, Outcome.HOLDS, "unchanged", Said("fine", "bene")),))


def test_no_forgery_of_a_sound_dossier_holds() -> None:
    assert verify(RAW, KEYS).outcome is Outcome.HOLDS
    bits = list(forgers.with_a_bit_changed(RAW, KEYS))
    removed = list(forgers.with_an_entry_removed(RAW, KEYS, LOG_KEY, BEGAN))
    assert len(bits) >= forgers.BITS
    assert {verdict.outcome for verdict in (*bits, *removed)} == {Outcome.BROKEN}
    assert "rewritten" in forgers.with_a_past_rewritten(RAW, KEYS, LOG_KEY, BEGAN).failed
    assert "fork" in forgers.beside_a_fork(RAW, KEYS, HOUSE.notes[-1], LOG_KEY).failed


def test_a_forgery_that_nobody_looks_for_is_told_as_holding(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(*_: object) -> Verdict:
        return FINE

    monkeypatch.setattr(forgers, "verify", blind)
    assert all(v.outcome is Outcome.HOLDS for v in forgers.with_a_bit_changed(RAW, Keys()))
    assert forgers.beside_a_fork(RAW, KEYS, HOUSE.notes[-1], LOG_KEY).failed == ()
