"""What is found about photographs, an index, a serial: pure rules, each with the case that it is for."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.field.evidence.facts import Facts
from controlplane.field.evidence.findings import MEANINGS, Finding, Weight
from controlplane.field.evidence.judging import Report, judge
from controlplane.field.evidence.likeness import Twin
from controlplane.field.evidence.readings import Known, cut, judge_index, judge_serial, per_day
from controlplane.field.evidence.seals import numbers
from controlplane.field.evidence.shots import REQUIRED, Shot, View, missing
from controlplane.policy.facts import Act
from protocols.types import Identity

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
ASSIGNED = NOW - timedelta(hours=5)
ROME = ZoneInfo("Europe/Rome")
GOOD = Facts(width=1600, height=1200, sharpness=300.0, taken_at=NOW - timedelta(minutes=5))
FULL = tuple(Shot(view, view.value) for view in (View.PLATE, View.REGISTER, View.BEFORE, View.AFTER))


def codes(facts: Facts | None, what: View = View.PLATE, twins: tuple[Twin, ...] = ()) -> list[str]:
    report = Report(Act.SUSPEND, (Shot(what, "d"),), ASSIGNED, NOW, ROME)
    return [finding.code for finding in judge(report, {"d": facts}, {"d": twins}, ())]


def changed(**other: object) -> Facts:
    known = {name: getattr(GOOD, name) for name in GOOD.__struct_fields__}
    return Facts(**{**known, **other})


def test_F29_every_act_has_its_shots_and_none_may_be_missing() -> None:
    assert set(REQUIRED) == set(Act)
    assert missing(Act.SUSPEND, FULL) == ()
    for n, shot in enumerate(FULL):
        assert missing(Act.SUSPEND, (*FULL[:n], *FULL[n + 1 :])) == (shot.what,)
    assert missing(Act.REMOVE, FULL, sealed=True) == (View.SEAL,)
    assert missing(Act.DELIVER_NOTICE, FULL) == (View.PLACE, View.DOCUMENT)


def test_F29_one_photograph_shows_plate_and_register_but_not_before_and_after() -> None:
    shots = [Shot(View.PLATE, "a"), Shot(View.REGISTER, "a"), Shot(View.BEFORE, "b"), Shot(View.AFTER, "b")]
    assert missing(Act.LIMIT, shots) == (View.AFTER,)
    assert missing(Act.LIMIT, [*shots, Shot(View.AFTER, "c")]) == ()


def test_LG12_gas_given_back_shows_the_result_of_its_leak_check() -> None:
    assert missing(Act.REACTIVATE, FULL) == ()
    assert missing(Act.REACTIVATE, FULL, tested=True) == (View.TEST,)


def test_a_shot_of_no_known_view_is_no_shot() -> None:
    with pytest.raises(ValueError, match="selfie"):
        Shot("selfie", "a")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        (GOOD, []),
        (changed(taken_at=ASSIGNED - timedelta(minutes=6)), ["taken_early"]),
        (changed(taken_at=ASSIGNED - timedelta(minutes=4)), []),
        (changed(taken_at=NOW + timedelta(minutes=6)), ["taken_late"]),
        (changed(taken_at=NOW + timedelta(minutes=4)), []),
        (changed(taken_at=None), ["time_unknown"]),
        (changed(taken_at=None, taken_local=datetime(2026, 3, 3, 12, 55)), []),  # noqa: DTZ001 - a camera's
        (changed(taken_at=None, taken_local=datetime(2026, 3, 3, 7, 30)), ["taken_early"]),  # noqa: DTZ001
        (changed(sharpness=39.9), ["blurred"]),
        (changed(width=479), ["small"]),
    ],
)
def test_F29_old_future_blurred_and_small_photographs_are_told(facts: Facts, found: list[str]) -> None:
    assert codes(facts) == found


def test_a_document_is_no_photograph() -> None:
    assert codes(None) == ["not_a_photograph"]
    assert codes(None, View.DOCUMENT) == []


def test_F29_a_photograph_that_serves_another_order_is_told_and_refuses_nothing() -> None:
    twins = (Twin("d", "ord_1", "cli_2", 0), Twin("e", "ord_2", "cli_2", 3))
    assert codes(GOOD, twins=twins) == ["used_before", "alike"]
    assert {MEANINGS[code].weight for code in ("used_before", "alike", "blurred", "taken_early")} == {Weight.TOLD}


def test_I10_another_order_is_named_to_the_house_alone() -> None:
    finding = Finding("alike", "d", {}, "ord_1")
    assert finding.document(house=True)["other"] == "ord_1"
    assert "ord_1" not in str(finding.document(house=False))


def test_every_finding_has_words_in_both_languages() -> None:
    values = {"shot": "plate", "told": "1", "known": "2", "most": "3"}
    for code in MEANINGS:
        finding = Finding(code, None, values)
        assert finding.words("it") != finding.words("en")
        assert "{" not in finding.words("it") + finding.words("en")
    assert Finding("serial_mismatch", None, {"told": "{known}", "known": "2"}).words("en").count("{known}") == 1
    with pytest.raises(ValueError, match="no such finding"):
        Finding("fine")


# -- the index


def index(told: str, days: float = 30, last: str = "100.750", daily: str | None = "0.5", digits: int | None = 5) -> str:
    known = Known(Decimal(last), NOW - timedelta(days=days), Decimal(daily) if daily is not None else None)
    finding = judge_index(Decimal(told), NOW, known, digits)
    return finding.code if finding is not None else ""


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("100.750", ""),
        ("115", ""),
        ("100", ""),
        ("100.7", ""),
        ("100.74", "index_below"),
        ("99", "index_below"),
        ("0", "index_below"),
        ("165", ""),
        ("166", "index_above"),
        ("1000", "index_above"),
    ],
)
def test_an_index_is_held_against_the_last_reading(told: str, code: str) -> None:
    assert index(told) == code


def test_F30_an_index_out_of_tolerance_takes_two_persons_even_if_the_register_has_begun_anew() -> None:
    assert index("3", last="99990") == "index_rolled_over"
    assert index("3", last="99990", digits=None) == "index_below"
    assert index("3", last="50000") == "index_below"
    weights = {code: MEANINGS[code].weight for code in ("index_below", "index_rolled_over", "index_above")}
    assert weights == {
        "index_below": Weight.TWO_KEYS,
        "index_rolled_over": Weight.TWO_KEYS,
        "index_above": Weight.TWO_KEYS,
    }


def test_without_an_earlier_reading_nothing_can_be_compared_and_that_is_told() -> None:
    finding = judge_index(Decimal(5), NOW, None)
    assert finding is not None
    assert finding.code == "index_unknown"
    assert index("400", daily=None) == ""
    assert index("410", daily=None) == "index_above"
    assert index("101", days=-1) == ""


@pytest.mark.parametrize("told", ["NaN", "Infinity", "-1", "1E+30"])
def test_what_no_dial_shows_is_no_index(told: str) -> None:
    with pytest.raises(ValueError, match="no index"):
        index(told)


@given(st.decimals(0, 10**6, places=3), st.integers(0, 3), st.integers(0, 400))
def test_the_last_reading_itself_always_fits_with_as_many_decimals_as_are_read(
    last: Decimal, places: int, days: int
) -> None:
    told = cut(last, Decimal(1).scaleb(-places))
    assert judge_index(told, NOW, Known(last, NOW - timedelta(days=days))) is None


def test_what_a_day_takes_is_known_from_readings_a_day_apart() -> None:
    steps = [(NOW - timedelta(days=10), Decimal(5)), (NOW, Decimal(25))]
    assert per_day(steps) == 2
    assert per_day(steps[:1]) is None
    assert per_day([]) is None
    assert per_day([(NOW - timedelta(hours=23), Decimal(5)), (NOW, Decimal(25))]) is None


# -- the serial

METER = Identity("00012345", "CBS", 1, 7, "26-AB 0001")


@pytest.mark.parametrize(
    "told", ["26AB0001", "26-ab 0001", "00012345", "12345", " 012 345 ", "26\N{FULLWIDTH LATIN CAPITAL LETTER A}B0001"]
)
def test_a_serial_is_the_same_however_the_plate_writes_it(told: str) -> None:
    assert judge_serial(told, METER) is None


@pytest.mark.parametrize("told", ["", "0000", "2345", "26AB0002", "26AB", "26AB00011", "---", "26A80001"])
def test_F33_another_serial_takes_two_persons(told: str) -> None:
    finding = judge_serial(told, METER)
    assert finding is not None
    assert (finding.code, finding.weight) == ("serial_mismatch", Weight.TWO_KEYS)
    assert judge_serial(told, Identity("00012345", "CBS", 1, 7, "")) is not None


@given(st.from_regex(numbers.NUMBER, fullmatch=True))
def test_a_seals_number_is_written_in_one_way(number: str) -> None:
    assert numbers.written(f" {number.lower()} ") == number
