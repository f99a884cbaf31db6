"""What the demo says of today's law, and when B's promise counts as broken."""

from datetime import UTC, datetime

import pytest

from curbstop.demo import law
from curbstop.demo.stories import overtaken_between_dispatch_and_permit

SUNDAY_NIGHT = datetime(2026, 3, 8, 23, tzinfo=UTC)
"""In Rome Monday begins."""
HELD = {"code": "forbidden_day", "en": "Not on this day.", "rule": {"citation": "REMSI"}}


@pytest.mark.parametrize(
    ("at", "stands"),
    [
        ("2026-03-03T10:00", ("planned", "no_remote_valve", None)),
        ("2026-03-06T10:00", ("held", "forbidden_day", SUNDAY_NIGHT)),
        ("2026-03-05T22:59:59", ("planned", "no_remote_valve", None)),
        ("2026-03-05T23:00", ("held", "forbidden_day", SUNDAY_NIGHT)),
    ],
)
def test_how_an_order_must_stand_on_a_day(at: str, stands: law.Standing) -> None:
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    answer = law.verdict_at(now)
    assert answer.rule == "forbidden_days"
    assert "REMSI" in answer.citation
    assert law.stands_by(now) == stands


def test_how_an_order_stands_is_told_in_one_sentence() -> None:
    held = {"state": "held", "reason": HELD, "until": "2026-03-08T23:00:00Z"}
    assert law.stands(held) == law.stands_by(datetime(2026, 3, 6, 10, tzinfo=UTC))
    assert law.in_words(held) == "italy-water: held until 2026-03-08 23:00 UTC. Not on this day. (REMSI)"
    planned = {"state": "planned", "reason": {"code": "no_remote_valve"}, "until": "2026-03-10T10:00:00Z"}
    assert law.stands(planned) == law.stands_by(datetime(2026, 3, 3, 10, tzinfo=UTC))
    assert "allows it today" in law.in_words(planned)


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
