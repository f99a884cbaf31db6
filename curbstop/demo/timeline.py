"""The demo's timeline: one calm line for each thing that happened, in the order it happened."""

from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Console
from rich.text import Text

EVENTS = {
    "entered": "entered",
    "allowed": "checked: the rules allow it",
    "dispatch": "command signed and sent",
    "permit_granted": "permit granted: 10 s",
    "proof": "position read back as wanted; signed receipt",
    "found_as_wanted": "found already as wanted; signed receipt",
    "look_wanted": "a look reads the position as wanted",
    "technical": "not done; looking before anything else",
    "relook": "looking again",
    "resend": "sent again, with a new number",
    "deadline": "no answer in time; looking",
    "field": "goes to a crew",
    "look_not_wanted": "not as wanted: field work, with what was tried",
    "corroborated": "a signed look over the window: the index agrees",
    "window_ended": "the window ended",
    "stop": "stopped: the customer has paid",
    "permit_denied": "permit denied",
    "late_proof": "a late receipt shows it done",
}
GOOD = frozenset({"executed", "completed"})
CARE = frozenset({"withdrawn", "held", "looking"})


@dataclass(slots=True)
class Timeline:
    """Prints to one console; silent where the run is for a program."""

    console: Console
    started: datetime
    names: dict[str, str] = field(default_factory=dict)

    def say(self, at: datetime, who: str, what: str, style: str = "") -> None:
        """One line: seconds since the start, who, what."""
        line = Text.assemble((f"{(at - self.started).total_seconds():6.1f} s  ", "dim"), (f"{who:<12}", "bold"))
        self.console.print(line.append(what, style=style), soft_wrap=True)

    def read(self, meter: str, registers: dict[str, tuple[datetime, str]]) -> None:
        """The first readout of a meter."""
        at, volume = registers["volume"]
        _, flow = registers.get("volume_flow", (at, "-"))
        _, clock = registers.get("date_time", (at, "-"))
        self.say(at, f"meter {meter}", f"read: index {volume}, flow {flow}, its clock {clock.replace('T', ' ')}")

    def tell(self, row: dict[str, object]) -> None:
        """One row of the news."""
        at, data = row["at"], row["data"]
        assert isinstance(at, datetime)  # noqa: S101 - the news table's own column
        assert isinstance(data, dict)  # noqa: S101 - likewise
        match row["type"]:
            case "gateway":
                meters = ", ".join(data["meters"])
                self.say(at, "gateway", f"announced itself, signed, start {data['boot']}: meters {meters}")
            case "order":
                self._order(at, data)
            case "position":
                self.say(at, f"meter {row['subject']}", f"valve read: {data['position']}")
            case "receipt":
                self._receipt(at, data)
            case "alarm":
                self.say(at, "alarm", str(data["code"]), "red")

    def _receipt(self, at: datetime, data: dict[str, object]) -> None:
        """Who reads the timeline wants to see a refusal; what was done shows in the order's own line."""
        if data["outcome"] == "done":
            return
        point, why = str(data["point"]).removeprefix("point-"), str(data["why"] or "").replace("_", " ")
        self.say(at, f"point {point}", f"signed receipt: {data['verb']} {data['outcome']}, {why}", "yellow")

    def _order(self, at: datetime, data: dict[str, object]) -> None:
        point = str(data["point"]).removeprefix("point-")
        kind = self.names.get(str(data["order"]), "order")
        state, event = str(data["state"]), str(data["event"])
        style = "green" if state in GOOD else "yellow" if state in CARE else ""
        grade = f", {data['grade']}" if data["grade"] and state in GOOD else ""
        what = f"{kind}: {EVENTS.get(event, event.replace('_', ' '))}"
        self.say(at, f"point {point}", f"{what}  [{state}{grade}]", style)
