"""P4, reason by reason: what lets a moving write out, and what each missing condition says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.guard import Facts, refusal
from protocols.types import Medium, Verb
from protocols.uplink.reasons import Why

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CLOSE = Facts(
    verb=Verb.CLOSE,
    medium=Medium.WATER,
    expires_at=NOW + timedelta(seconds=60),
    now=NOW,
    boot_s=100.0,
    clock_trusted=True,
    expiry_confirmed=False,
    permit_until_s=105.0,
    superseded=False,
    frozen=False,
    cap_free=True,
    storage_works=True,
)
OPEN = replace(CLOSE, verb=Verb.OPEN, permit_until_s=None)


def test_P4_all_in_order_goes_out() -> None:
    assert refusal(CLOSE) is None
    assert refusal(replace(CLOSE, verb=Verb.LIMIT)) is None
    assert refusal(OPEN) is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"permit_until_s": None}, Why.PERMIT_LAPSED),
        ({"permit_until_s": 100.0}, Why.PERMIT_LAPSED),
        ({"superseded": True}, Why.SUPERSEDED),
        ({"frozen": True}, Why.FROZEN),
        ({"clock_trusted": False}, Why.CLOCK_UNTRUSTED),
        ({"clock_trusted": False, "expiry_confirmed": True}, Why.CLOCK_UNTRUSTED),
        ({"expires_at": NOW}, Why.EXPIRED),
        ({"cap_free": False}, Why.CAP),
        ({"storage_works": False}, Why.STORAGE),
    ],
)
@pytest.mark.parametrize("verb", [Verb.CLOSE, Verb.LIMIT])
def test_P4_each_missing_condition_stops_a_taking_write(verb: Verb, change: dict[str, object], why: Why) -> None:
    assert refusal(replace(CLOSE, verb=verb, **change)) is why  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"frozen": True}, {"cap_free": False}, {"storage_works": False}])
def test_I5_giving_back_is_never_frozen_nor_capped(change: dict[str, bool]) -> None:
    assert refusal(replace(OPEN, **change)) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"superseded": True}, Why.SUPERSEDED),
        ({"expires_at": NOW}, Why.EXPIRED),
        ({"clock_trusted": False}, Why.CLOCK_UNTRUSTED),
        ({"clock_trusted": False, "expiry_confirmed": True}, None),
    ],
)
def test_P4_what_a_giving_write_asks(change: dict[str, object], why: Why | None) -> None:
    assert refusal(replace(OPEN, **change)) is why  # type: ignore[arg-type]


@given(st.builds(replace, st.just(OPEN), medium=st.just(Medium.GAS), clock_trusted=st.booleans(), frozen=st.booleans()))
def test_I4_gas_is_never_opened_whatever_else_is_true(facts: Facts) -> None:
    assert refusal(facts) is Why.GAS_NEVER_OPENED
    assert refusal(replace(facts, verb=Verb.ARM, clock_trusted=True)) is None
