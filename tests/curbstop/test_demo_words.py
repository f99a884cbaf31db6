"""What the demo says of today's law, and when B's promise counts as broken."""

from datetime import UTC, datetime

import pytest

from curbstop.demo.stories import overtaken_between_dispatch_and_permit
from curbstop.demo.words import verdict_at, verdict_in_words


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-03-03", "allowed."),
        ("2026-03-06", "deferred until 2026-03-08 23:00 UTC. Not on this day: Fridays, Saturdays, holidays"),
        ("2026-12-24", "deferred until"),
    ],
)
def test_the_verdict_of_a_day(day: str, words: str) -> None:
    answer = verdict_at(datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=UTC))
    assert answer.rule == "forbidden_days"
    assert "REMSI" in answer.citation
    assert verdict_in_words(answer).startswith(words)


@pytest.mark.parametrize(
    ("states", "before"),
    [
        (["entered", "planned", "dispatched", "withdrawn"], True),
        (["entered", "planned", "dispatched", "permitted", "permitted"], False),
        (["entered", "planned", "dispatched", "permitted", "withdrawn"], False),
        (["entered", "planned", "dispatched", "held", "withdrawn"], False),
        (["entered", "planned", "withdrawn"], False),
        (["entered", "planned", "dispatched"], False),
    ],
)
def test_the_payment_must_fall_between_dispatch_and_permit(states: list[str], before: bool) -> None:
    assert overtaken_between_dispatch_and_permit(states) is before
