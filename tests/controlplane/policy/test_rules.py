"""The rules, each as a table of facts and answers; every answer is kept, the heaviest counts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from controlplane.policy import packs
from controlplane.policy.facts import Act, Answer, Effect, Facts, Protected
from controlplane.policy.rules import RULES, ask, decisive

PACK = packs.installed("italy-water")
TUESDAY = datetime(2026, 3, 3, 11, tzinfo=UTC)
GOOD = Facts(
    act=Act.SUSPEND,
    now=TUESDAY,
    until=TUESDAY + timedelta(seconds=10),
    grounds="default",
    notice_received_on=date(2026, 1, 2),
    not_before=None,
    protections=(),
    other_taking_alive=False,
)


def verdict(**changed: object) -> Answer:
    return decisive(ask(replace(GOOD, **changed), PACK))  # type: ignore[arg-type]


def test_every_rule_answers_with_its_name_and_citation() -> None:
    answers = ask(GOOD, PACK)
    assert len(answers) == len(RULES)
    assert {a.effect for a in answers} == {Effect.ALLOW}
    assert all(a.rule and a.citation for a in answers)


def test_what_is_refused_says_why_in_both_languages() -> None:
    for answer in (verdict(notice_received_on=None), verdict(not_before=TUESDAY + timedelta(days=1))):
        assert answer.reason is not None
        assert answer.reason.en != answer.reason.it


def test_no_proven_notice_is_denied() -> None:
    answer = verdict(notice_received_on=None)
    assert (answer.rule, answer.effect) == ("notice_served", Effect.DENY)


@pytest.mark.parametrize("grounds", ["request", "theft", "safety"])
def test_other_grounds_need_no_notice(grounds: str) -> None:
    assert verdict(notice_received_on=None, grounds=grounds).effect is Effect.ALLOW


def test_the_term_is_forty_whole_days_after_receipt() -> None:
    received = date(2026, 1, 22)
    early = verdict(notice_received_on=received, now=datetime(2026, 3, 3, 22, 59, 59, tzinfo=UTC))
    assert (early.effect, early.until) == (Effect.DEFER, datetime(2026, 3, 3, 23, tzinfo=UTC))
    assert verdict(notice_received_on=received, now=datetime(2026, 3, 3, 23, tzinfo=UTC)).effect is Effect.ALLOW


def test_I6_protection_is_per_act() -> None:
    bonus = (Protected("suspend", "water bonus", None), Protected("remove", "water bonus", None))
    assert verdict(protections=bonus).effect is Effect.DENY
    assert verdict(protections=bonus, act=Act.REMOVE).effect is Effect.DENY
    assert verdict(protections=bonus, act=Act.LIMIT).effect is Effect.ALLOW


def test_a_protection_with_an_end_defers_to_it_and_is_over_then() -> None:
    end = TUESDAY + timedelta(days=6)
    lasting = (Protected("suspend", "moratorium", end),)
    assert verdict(protections=lasting).until == end
    assert verdict(protections=lasting, now=end, until=end + timedelta(seconds=10)).effect is Effect.ALLOW


def test_P3_the_whole_interval_must_be_lawful_not_its_first_instant() -> None:
    before_midnight = datetime(2026, 3, 5, 22, 59, 55, tzinfo=UTC)
    answer = verdict(now=before_midnight, until=before_midnight + timedelta(seconds=10))
    assert (answer.rule, answer.effect) == ("forbidden_days", Effect.DEFER)
    assert answer.until == datetime(2026, 3, 8, 23, tzinfo=UTC), "Monday's first moment in Rome"
    assert verdict(now=before_midnight, until=before_midnight + timedelta(seconds=4)).effect is Effect.ALLOW


def test_a_forbidden_day_between_two_open_ones_is_seen() -> None:
    thursday = datetime(2026, 3, 5, 11, tzinfo=UTC)
    assert verdict(now=thursday, until=thursday + timedelta(days=4)).effect is Effect.DEFER


def test_limiting_is_not_named_by_the_forbidden_days() -> None:
    friday = datetime(2026, 3, 6, 11, tzinfo=UTC)
    assert verdict(act=Act.SUSPEND, now=friday, until=friday).effect is Effect.DEFER
    assert verdict(act=Act.LIMIT, now=friday, until=friday).effect is Effect.ALLOW


def test_nothing_forbids_giving_back() -> None:
    friday = datetime(2026, 12, 25, 11, tzinfo=UTC)
    worst = {"protections": (Protected("reactivate", "x", None),), "other_taking_alive": True}
    assert (
        verdict(act=Act.REACTIVATE, now=friday, until=friday, notice_received_on=None, **worst).effect is Effect.ALLOW
    )


def test_one_order_that_takes_at_a_time() -> None:
    assert verdict(other_taking_alive=True).reason.code == "second_taking_order"  # type: ignore[union-attr]


def test_denied_weighs_more_than_deferred_and_the_longest_deferral_counts() -> None:
    later = TUESDAY + timedelta(days=30)
    assert verdict(notice_received_on=None, not_before=later).effect is Effect.DENY
    friday = datetime(2026, 3, 6, 11, tzinfo=UTC)
    assert verdict(now=friday, until=friday, not_before=later).until == later
