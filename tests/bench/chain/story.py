"""What happened to each order, put together from everybody's notes afterwards."""

from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, select

from controlplane.orders.models import commands, receipts
from protocols.uplink import codec
from protocols.uplink.messages import Receipt

Note = tuple[float, str, str]
Exchange = tuple[float, int, float, float]
STEPS = (
    ("plane", "commit", "Posting.once", "POST to the order's commit"),
    ("plane", "publish", "command", "to the command's publication"),
    ("gateway", "heard", "command", "hop"),
    ("gateway", "journaled", "", "verified, received durably"),
    ("gateway", "publish", "permit-request", "read, permit asked"),
    ("plane", "commit", "take permit-request", "hop, granted durably"),
    ("plane", "publish", "permit", "to the permit's publication"),
    ("gateway", "heard", "permit", "hop"),
    ("gateway", "publish", "receipt", "moved, read back, started and finished durably"),
    ("plane", "commit", "take receipt", "hop, recorded"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """One order: seconds without the line's own, and how often what was noted."""

    took_s: float
    after_answer_s: float
    line_s: float
    line_late_s: float
    counts: dict[str, int]
    steps: dict[str, float]


@dataclass(frozen=True, slots=True)
class Story:
    """Everybody's notes, and when each order's receipt had come (wall clock, before its commit)."""

    notes: dict[str, list[Note]]
    exchanges: list[Exchange]
    recorded_s: dict[str, float]

    @classmethod
    def of(cls, plane: list[Note], gateway: list[Note], line: list[Exchange], folder: Path) -> "Story":
        """Put it together."""
        return cls({"plane": plane, "gateway": gateway}, sorted(line), _recorded(folder / "control-plane.sqlite"))

    def told(self, order: str, sent_s: float, answered_s: float, meter: int, each: int) -> Told:
        """The story of one order."""
        commits = [at for at, what, detail in self.notes["plane"] if what == "commit" and "take receipt" in detail]
        ended_s = commits[bisect_left(commits, self.recorded_s[order])]
        line_s, late_s = self._line(sent_s, ended_s, meter // each)
        took_s = ended_s - sent_s - line_s
        since_s = ended_s - answered_s - line_s
        return Told(took_s, since_s, line_s, late_s, self._counts(sent_s, ended_s), self._steps(sent_s, meter // each))

    def _line(self, began_s: float, ended_s: float, line: int) -> tuple[float, float]:
        """How long the line was at it, and by how much its timers were late."""
        mine = [(ideal, real) for at, n, ideal, real in self.exchanges if n == line and began_s <= at < ended_s]
        return sum(ideal for ideal, _ in mine), sum(real - ideal for ideal, real in mine)

    def _counts(self, began_s: float, ended_s: float) -> dict[str, int]:
        counts: dict[str, int] = {}
        for name, notes in self.notes.items():
            for _, what, detail in notes[bisect_left(notes, (began_s,)) : bisect_left(notes, (ended_s + 1e-6,))]:
                key = f"{name} {what} {detail}" if what != "heard" else ""
                counts[key] = counts.get(key, 0) + 1
        counts.pop("", None)
        return counts

    def _steps(self, sent_s: float, line: int) -> dict[str, float]:
        steps: dict[str, float] = {}
        at_s = sent_s
        for name, what, detail, told in STEPS:
            notes = self.notes[name]
            next_s = next(
                (at for at, w, d in notes[bisect_left(notes, (at_s,)) :] if w == what and detail in d.split("+")), at_s
            )
            steps[f"{len(steps) + 1}. {told}"] = next_s - at_s - self._line(at_s, next_s, line)[0]
            at_s = next_s
        return steps


def _recorded(database: Path) -> dict[str, float]:
    """When the receipt of each order's command was taken."""
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as db:
        orders = {row.digest: row.order for row in db.execute(select(commands.c.digest, commands.c.order))}
        rows = db.execute(select(receipts.c.raw, receipts.c.received_at).where(receipts.c.kind == Receipt.kind)).all()
    engine.dispose()
    found = {codec.peek(row.raw, Receipt).message.command: row.received_at.timestamp() for row in rows}
    return {orders[command]: at for command, at in found.items() if command in orders}
