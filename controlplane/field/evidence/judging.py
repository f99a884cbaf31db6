"""Judges the photographs of a report. Pure: all that it needs is handed in. Findings are told; few of them refuse."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from controlplane.field.evidence.facts import Facts
from controlplane.field.evidence.findings import Finding
from controlplane.field.evidence.likeness import Twin
from controlplane.field.evidence.shots import Shot, View
from controlplane.policy.facts import Act


@dataclass(frozen=True, slots=True)
class Standards:
    """Where a photograph is no longer good enough.

    `sharpness` below which it is blurred, pixels of its shorter side, and by how much a camera's clock may be off.
    """

    sharpness: float = 40.0
    pixels: int = 480
    clock_off_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says of its photographs, and when it came.

    `sealed`: a seal was put on or taken off. `zone` is the time that a camera without an offset shows.
    """

    act: Act
    shots: tuple[Shot, ...]
    assigned_at: datetime
    now: datetime
    zone: tzinfo
    sealed: bool = False


def judge(
    report: Report,
    facts: Mapping[str, Facts | None],
    twins: Mapping[str, Iterable[Twin]],
    needed: Iterable[View],
    standards: Standards | None = None,
) -> tuple[Finding, ...]:
    """Say what was found; `facts` are of every digest (None of a document), `needed` the shots that are missing."""
    standards = standards or Standards()
    found = [Finding("shot_missing", None, {"shot": view}) for view in needed]
    for digest in dict.fromkeys(shot.digest for shot in report.shots):
        about = facts[digest]
        found += [_twin(digest, twin) for twin in twins.get(digest, ())]
        if about is not None:
            found += [Finding(code, digest) for code in _flaws(about, report, standards)]
    found += [
        Finding("not_a_photograph", shot.digest, {"shot": shot.what})
        for shot in report.shots
        if facts[shot.digest] is None and shot.what is not View.DOCUMENT
    ]
    return tuple(found)


def _twin(digest: str, twin: Twin) -> Finding:
    return Finding("used_before" if twin.digest == digest else "alike", digest, {}, twin.order)


def _flaws(facts: Facts, report: Report, standards: Standards) -> Iterator[str]:
    """The codes of what is wrong with one photograph."""
    off, at = timedelta(seconds=standards.clock_off_s), facts.when(report.zone)
    if at is None:
        yield "time_unknown"
    elif at < report.assigned_at - off:
        yield "taken_early"
    elif at > report.now + off:
        yield "taken_late"
    if facts.sharpness < standards.sharpness:
        yield "blurred"
    if min(facts.width, facts.height) < standards.pixels:
        yield "small"
