from simulators.faults import BROKER_FAULTS, LINE_FAULTS, Fault, Faults, Window, plan
from tests.simulators.talk import HandClock


def test_without_windows_nothing_strikes() -> None:
    faults = Faults(3)
    assert not any(faults.strikes(fault) for fault in Fault)
    assert faults.struck.total() == 0


def test_a_fault_strikes_in_its_window_only() -> None:
    clock = HandClock()
    faults = Faults(3, [Window(Fault.NOISE, 1.0, 10, 20)], clock.boot)
    seen = []
    for clock.seconds in (9.9, 10.0, 19.9, 20.0):
        seen.append(faults.strikes(Fault.NOISE))
        assert not faults.strikes(Fault.LOST_ANSWER)
    assert seen == [False, True, True, False]
    assert faults.struck == {Fault.NOISE: 2}


def strikes(seed: int, windows: list[Window]) -> list[bool]:
    faults = Faults(seed, windows, lambda: 0.0)
    seen = []
    for _ in range(50):
        faults.strikes(Fault.LOST_ANSWER)
        seen.append(faults.strikes(Fault.NOISE))
    return seen


def test_one_fault_never_shifts_another() -> None:
    alone = [Window(Fault.NOISE, 0.5)]
    assert strikes(1, alone) == strikes(1, [*alone, Window(Fault.LOST_ANSWER, 0.5)])
    assert strikes(1, alone) != strikes(2, alone)
    assert 10 < sum(strikes(1, alone)) < 40


def test_every_fault_is_the_line_s_or_the_broker_s() -> None:
    assert frozenset(Fault) == LINE_FAULTS | BROKER_FAULTS
    assert not LINE_FAULTS & BROKER_FAULTS


def test_a_plan_replays_and_plans_together_know_all_faults() -> None:
    assert plan(5, 100) == plan(5, 100)
    plans = [plan(seed, 100) for seed in range(40)]
    assert {window.fault for windows in plans for window in windows} == set(Fault)
    assert len({len(windows) for windows in plans}) > 3
    assert all(0 <= w.since_s < w.until_s <= 100 for windows in plans for w in windows)


def test_a_plan_can_be_of_some_faults_only() -> None:
    assert {window.fault for seed in range(40) for window in plan(seed, 100, LINE_FAULTS)} == LINE_FAULTS


def test_a_window_reads_well_in_a_story() -> None:
    assert str(Window(Fault.LINE_DOWN, 0.1, 5, 12.25)) == "line_down p=0.1 5.0..12.2 s"
