"""A gateway's status as a calm page of 100 columns: what needs somebody first in each part. Pure."""

from collections.abc import Sequence
from typing import Any

from gateway.status import shape

WIDTH = 100
METERS_SHOWN = 40
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


def span(seconds: float | None) -> str:
    """A span in the largest unit that says enough; `never` where there is none."""
    if seconds is None:
        return "never"
    for unit_s, unit in ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "min")):
        if seconds >= 2 * unit_s:
            return f"{seconds / unit_s:.0f} {unit}"
    return f"{seconds:.0f} s"


def size(count: int) -> str:
    """Bytes as people read them."""
    for unit_bytes, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= unit_bytes:
            return f"{count / unit_bytes:.1f} {unit}"
    return f"{count} B"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as they must be; the last one is cut at the page's edge."""
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    return [f"  {_cut(line.rstrip(), WIDTH - 2)}" for line in lines]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def page(status: shape.Status, meters: Sequence[shape.Meter]) -> str:
    """All of it."""
    parts = [_head(status), _lines(status), _meters(meters), _closing(status), _receipts(status), _rest(status)]
    return "\n".join("\n".join(part) + "\n" for part in parts if part)


def _head(status: shape.Status) -> list[str]:
    wrong = [
        *(f"stuck: {part}" for part in status.stuck),
        *([] if status.disk.works else ["the disk refuses: nothing is acknowledged, nothing is closed"]),
        *([f"safe mode: {status.caps.safe}"] if status.caps.safe else []),
        *([status.caps.frozen] if status.caps.frozen else []),
        *([] if status.clock.trusted else [f"the clock is not trusted, nothing is closed: {status.clock.why}"]),
        *([] if status.uplink.connected else [f"no broker: {status.uplink.error or 'not reached yet'}"]),
        *(f"line {line.name} is away: {line.error or 'not reached yet'}" for line in status.lines if not line.up),
    ]
    told = f"{status.gateway}   {status.software}   up {span(status.up_s)}   {status.at}"
    return [told, *(_cut(f"  ! {what}", WIDTH) for what in wrong)] if wrong else [told, "  all well"]


def _lines(status: shape.Status) -> list[str]:
    rows = [
        (
            line.name,
            "up" if line.up else "away",
            span(line.since_s),
            f"{100 * line.use:.0f} %",
            str(line.meters),
            str(line.exchanges),
            str(line.exchanges - line.answers),
            ", ".join(f"{n} {urgency}" for urgency, n in line.waiting.items()) or "-",
            line.error,
        )
        for line in sorted(status.lines, key=_away_first)
    ]
    return [
        "Lines",
        *table(("line", "", "since", "in use", "meters", "asked", "no answer", "plans", "last error"), rows),
    ]


def _away_first(line: shape.Line) -> tuple[bool, str]:
    return line.up, line.name


def _meters(meters: Sequence[shape.Meter]) -> list[str]:
    shown = sorted(meters, key=_silent_first)[:METERS_SHOWN]
    rows = [
        (
            m.name,
            m.line,
            span(m.read_s),
            m.position if m.position != "unknown" or m.error else "-",
            span(m.position_s) if m.position != "unknown" else "-",
            m.error or "well",
        )
        for m in shown
    ]
    left = len(meters) - len(shown)
    more = [f"  and {left} more that read well or were not read yet"] if left else []
    silent = sum(bool(m.error) for m in meters)
    head = f"Meters ({silent} of {len(meters)} were not read at their last turn)" if silent else "Meters"
    return [head, *table(("meter", "line", "last read", "valve", "seen", "last turn"), rows), *more]


def _silent_first(meter: shape.Meter) -> tuple[bool, str]:
    return not meter.error, meter.name


def _closing(status: shape.Status) -> list[str]:
    caps = status.caps
    counted = f"; nothing for {span(caps.waits_s)}: time was not counted" if caps.waits_s else ""
    used = f"{caps.hour_used} of {caps.hour} in the last hour, {caps.day_used} of {caps.day} in the last day"
    waiting = ", ".join(f"{n} {state}" for state, n in status.commands.items()) or "none"
    return [
        "Closing",
        f"  caps       {used}, {caps.closed} of {caps.closed_at_once} at once{counted}",
        f"  commands   {waiting}; looks: {status.looks}",
    ]


def _receipts(status: shape.Status) -> list[str]:
    rows = [
        (
            str(t.number),
            f"{span(t.age_s)} ago",
            t.meter,
            t.verb,
            " ".join(filter(None, (t.outcome, t.why))),
            "held above" if t.held else "not yet held above",
        )
        for t in status.receipts
    ]
    return ["Last receipts", *table(("no.", "", "meter", "verb", "outcome", ""), rows)] if rows else []


def _rest(status: shape.Status) -> list[str]:
    disk, uplink, clock = status.disk, status.uplink, status.clock
    session = "connected" if uplink.connected else "no session"
    born = "acknowledged" if uplink.born else "not acknowledged since this start"
    kept = f"{disk.readings_kept} readings kept, {disk.readings_lost} lost"
    late = f"loop late by {clock.loop_p99_s * 1000:g} ms (p99), {clock.loop_worst_s * 1000:.0f} ms at most"
    trusted = f"trusted, confirmed {span(clock.confirmed_s)} ago" if clock.trusted else "not trusted"
    return [
        f"Uplink       {session}, {born}; last heard {span(uplink.heard_s)}; {uplink.accounts} accounts to send",
        f"Disk         {size(disk.bytes)} of journal, {size(disk.free_bytes)} free; {kept}",
        f"Clock        {trusted}; {late}",
        f"Keys         own {status.key}; house {', '.join(status.house_keys)}",
        f"Journal      {status.journal}, start {status.boot}",
    ]


def journal_page(told: dict[str, Any]) -> str:
    """What is said where no gateway runs."""
    counts = [f"  {n:>8}  {words}" for words, n in told["counts"].items()]
    found = counts or [f"  it can't be read: {told.get('unreadable', '')}"]
    return "\n".join(("No gateway runs here.", f"Its journal, {told['journal']}, holds:", *found)) + "\n"
