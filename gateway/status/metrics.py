"""The status as Prometheus metrics. No label names a meter: who is supplied where, and when, is nobody's figure."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from gateway.liveness.pulse import BOUNDS_S
from gateway.status import shape
from gateway.status.gather import Gatherer

STATES = ("received", "started")


def text(gatherer: Gatherer) -> bytes:
    """What a scrape is answered."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(gatherer))
    return generate_latest(registry)


class _Once:
    def __init__(self, gatherer: Gatherer) -> None:
        self._gatherer = gatherer

    def collect(self) -> Iterable[Metric]:
        status = self._gatherer.status()
        yield from _lines(status)
        yield from _closing(status)
        yield from _whole(status)
        yield self._lag()

    def _lag(self) -> Metric:
        pulse, total, buckets = self._gatherer.pulse, 0, []
        for bound in (*BOUNDS_S, float("inf")):
            total += pulse.beats[bound]
            buckets.append((f"{bound:g}" if bound != float("inf") else "+Inf", float(total)))
        lag = HistogramMetricFamily("curbstop_loop_lag_seconds", "How late the loop was at each beat")
        lag.add_metric([], buckets, pulse.sum_s)
        return lag


def _lines(status: shape.Status) -> Iterable[Metric]:
    up = GaugeMetricFamily("curbstop_line_up", "Whether the line is connected", labels=("line",))
    use = GaugeMetricFamily("curbstop_line_use_ratio", "Share of the last minutes that it was in use", labels=("line",))
    asked = CounterMetricFamily("curbstop_line_exchanges", "Frames sent that want an answer", labels=("line",))
    answered = CounterMetricFamily("curbstop_line_answers", "Answers to them", labels=("line",))
    lost = CounterMetricFamily("curbstop_line_lost", "Connections lost", labels=("line",))
    for line in status.lines:
        for family, value in ((up, line.up), (use, line.use), (asked, line.exchanges), (answered, line.answers)):
            family.add_metric([line.name], float(value))
        lost.add_metric([line.name], float(line.lost))
    return up, use, asked, answered, lost


def _closing(status: shape.Status) -> Iterable[Metric]:
    caps = status.caps
    used = GaugeMetricFamily("curbstop_cap_used", "Closures that count against a cap", labels=("cap",))
    bound = GaugeMetricFamily("curbstop_cap", "The cap", labels=("cap",))
    of = (("hour", caps.hour_used, caps.hour), ("day", caps.day_used, caps.day))
    for name, count, most in (*of, ("at_once", caps.closed, caps.closed_at_once)):
        used.add_metric([name], count)
        bound.add_metric([name], most)
    commands = GaugeMetricFamily("curbstop_commands", "Commands that have not ended", labels=("state",))
    for state in STATES:
        commands.add_metric([state], status.commands.get(state, 0))
    frozen = _gauge("curbstop_frozen", "Whether nothing may be closed, by a person's word", bool(caps.frozen))
    return (
        used,
        bound,
        commands,
        frozen,
        _gauge("curbstop_safe_mode", "Whether the journal was damaged", bool(caps.safe)),
    )


def _whole(status: shape.Status) -> Iterable[Metric]:
    disk, uplink, clock = status.disk, status.uplink, status.clock
    yield _gauge("curbstop_meters", "Meters of this gateway", status.meters)
    yield _gauge("curbstop_meters_silent", "Meters that were not read at their last turn", status.meters_silent)
    yield _gauge("curbstop_disk_works", "Whether the last commit succeeded", disk.works)
    yield _gauge("curbstop_journal_bytes", "Size of the journal", disk.bytes)
    yield _gauge("curbstop_disk_free_bytes", "Free on the journal's disk", disk.free_bytes)
    yield _gauge("curbstop_readings_kept", "Readings that the control plane does not hold yet", disk.readings_kept)
    yield CounterMetricFamily("curbstop_readings_lost", "Readings lost at the bound", disk.readings_lost)
    yield _gauge("curbstop_uplink_up", "Whether there is a session at the broker", uplink.connected)
    yield _gauge("curbstop_uplink_accounts", "Accounts that the control plane does not hold yet", uplink.accounts)
    if uplink.heard_s is not None:
        yield _gauge("curbstop_uplink_heard_seconds", "Since the control plane was heard", uplink.heard_s)
    yield _gauge("curbstop_clock_trusted", "Whether the wall clock is believed", clock.trusted)
    yield _gauge("curbstop_stuck_parts", "Parts that do not get on", len(status.stuck))
    yield _gauge("curbstop_up_seconds", "Since the start", status.up_s)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=float(value))
