import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.types import ValvePosition
from simulators.physics import FOREVER_US, QUARTER_US, Constant, Daily, Scripted, Supply
from simulators.valve import US_PER_S, Valve
from tests.simulators.talk import HandClock

OPEN, CLOSED, ARMED, LIMITED = ValvePosition.OPEN, ValvePosition.CLOSED, ValvePosition.ARMED, ValvePosition.LIMITED


def supply_of(clock: HandClock, l_h: int = 600, position: ValvePosition = OPEN, *, passes: int = 0) -> Supply:
    return Supply(clock, Constant(l_h), valve=Valve(clock, position, passes_l_h=passes, limit_l_h=60), index_dl=100)


def test_600_litres_an_hour_are_ten_steps_in_six_seconds() -> None:
    clock = HandClock()
    supply = supply_of(clock)
    seen = []
    for tenths in range(61):
        clock.seconds = tenths / 10
        seen.append(supply.index_dl())
    assert seen[-1] == 110
    assert seen[59] == 109
    assert sorted(set(seen)) == list(range(100, 111))


def test_water_runs_until_the_valve_has_arrived_and_not_after() -> None:
    clock = HandClock()
    supply = supply_of(clock, 3600)
    supply.actuate(CLOSED)
    clock.seconds = 1000
    assert supply.index_dl() == 100 + 4 * 10
    assert supply.flow_l_h() == 0


def test_no_water_runs_before_an_opening_valve_has_arrived() -> None:
    clock = HandClock()
    supply = supply_of(clock, 3600, CLOSED)
    supply.actuate(OPEN)
    clock.seconds = 4
    assert supply.index_dl() == 100
    clock.seconds = 5
    assert supply.index_dl() == 110


def test_a_limited_valve_lets_its_limit_through() -> None:
    clock = HandClock()
    supply = supply_of(clock, 3600, LIMITED)
    clock.seconds = 3600
    assert supply.index_dl() == 100 + 600
    assert supply.flow_l_h() == 60


def test_a_passing_valve_is_closed_and_its_index_moves_on() -> None:
    clock = HandClock()
    supply = supply_of(clock, 3600, CLOSED, passes=30)
    clock.seconds = 3600
    assert supply.valve is not None
    assert supply.valve.position is CLOSED
    assert supply.index_dl() == 100 + 300


def test_the_button_completes_an_armed_valve_only() -> None:
    clock = HandClock()
    supply = supply_of(clock, 600, CLOSED)
    supply.press()
    assert supply.valve is not None
    assert supply.valve.history == []
    supply.actuate(ARMED)
    supply.press()
    clock.seconds = 4
    assert supply.valve.position is OPEN


def test_a_point_without_a_valve_can_t_be_moved() -> None:
    clock = HandClock()
    supply = Supply(clock, Constant(600))
    with pytest.raises(ValueError, match="no valve"):
        supply.actuate(CLOSED)
    clock.seconds = 6
    assert supply.index_dl() == 10


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.floats(0.01, 50), st.sampled_from([OPEN, CLOSED, ARMED, LIMITED])), max_size=8),
    st.lists(st.floats(0.01, 30), max_size=8),
)
def test_the_index_never_runs_while_closed(orders: list[tuple[float, ValvePosition]], looks: list[float]) -> None:
    clock = HandClock()
    supply = Supply(clock, Daily(5, since_midnight_s=25_000), valve=(valve := Valve(clock)), index_dl=0)
    for wait_s, wanted in orders:
        clock.seconds += wait_s
        supply.actuate(wanted)
        before = valve.position, supply.index_dl()
        for look_s in looks:
            clock.seconds += look_s
            now = valve.position, supply.index_dl()
            assert now[1] >= before[1]
            if before[0] in (CLOSED, ARMED):
                assert now[1] == before[1]
            before = now


@settings(max_examples=50)
@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=6))
def test_looking_often_or_seldom_gives_one_index(waits_us: list[int]) -> None:
    def read(*, often: bool) -> int:
        clock = HandClock()
        supply = Supply(clock, Daily(11), index_dl=0)
        total = 0
        for wait_us in waits_us:
            total += wait_us
            clock.seconds = total / US_PER_S
            if often:
                supply.index_dl()
        return supply.index_dl()

    assert read(often=True) == read(often=False)


def test_days_differ_and_replay() -> None:
    def day(seed: int, number: int) -> list[int]:
        daily = Daily(seed)
        return [daily.piece((number * 96 + quarter) * QUARTER_US)[0] for quarter in range(96)]

    assert day(1, 0) == day(1, 0)
    assert day(1, 0) != day(1, 1)
    assert day(1, 0) != day(2, 0)
    assert sum(day(1, 0)) > 0


def test_a_quarter_ends_where_the_next_begins() -> None:
    daily = Daily(1, since_midnight_s=100)
    _, until = daily.piece(0)
    assert until == QUARTER_US - 100 * US_PER_S
    assert daily.piece(until)[1] == until + QUARTER_US


def test_flow_can_be_scripted() -> None:
    flow = Scripted([(10, 600), (20, 0)])
    assert flow.piece(0) == (0, 10 * US_PER_S)
    assert flow.piece(10 * US_PER_S) == (600_000, 20 * US_PER_S)
    assert flow.piece(20 * US_PER_S) == (0, FOREVER_US)
