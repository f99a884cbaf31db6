"""The demo's timeline: one calm line for each thing that happened, in the order it happened, within 80 columns."""

from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Console
from rich.text import Text

from curbstop.demo.news import Told

WORDS = {
    "allowed": "the rules allow it",
    "deferred": "the rules put it off",
    "denied_by_rule": "the rules deny it",
    "dispatch": "command signed and sent",
    "permit_granted": "for 10 s",
    "proof": "read back, signed receipt",
    "found_as_wanted": "found so already, signed",
    "look_wanted": "a look reads it as wanted",
    "technical": "not done, so look before all else",
    "relook": "looking again",
    "resend": "sent again, with a new number",
    "deadline": "no answer in time",
    "field": "for a crew, on the field channel",
    "look_not_wanted": "a look reads it not as wanted",
    "corroborated": "index agrees, signed",
    "window_ended": "the window ended",
    "stop": "the customer has paid",
    "permit_denied": "permit denied",
    "armed": "ready, for whoever is at the meter",
    "late_proof": "a late receipt shows it done",
    "assign": "a crew takes it, and goes",
    "arrive": "the crew is there, and looks",
    "waits": "goes on with the crew's report",
}
BY_HAND = {
    "permit_granted": "for 5 min, to the crew's device alone",
    "proof": "the crew's signed report",
}
"""What is said otherwise of an order that a crew has taken."""
GOOD = frozenset({"executed", "completed"})
CARE = frozenset({"withdrawn", "held", "looking"})
WITNESSED = "witnessed"
MOMENT_WIDTH, WHO_WIDTH = 10, 9
NARROWEST = 20


@dataclass(slots=True)
class Timeline:
    """Prints to one console; silent where the run is for a program. `kinds` and `meters` name orders and points."""

    console: Console
    started: datetime
    kinds: dict[str, str] = field(default_factory=dict)
    meters: dict[str, str] = field(default_factory=dict)
    _with_a_crew: set[str] = field(default_factory=set)

    def say(self, at: datetime, who: str, what: str, style: str = "") -> None:
        """One entry: seconds since the start, who, what. What is too long goes on below itself."""
        moment = f"{(at - self.started).total_seconds():6.1f} s"
        head = Text.assemble((f"{moment:<{MOMENT_WIDTH}}", "dim"), (f"{who:<{WHO_WIDTH}}", "bold"))
        room = max(self.console.width - len(head), NARROWEST)
        for line in Text(what, style).wrap(self.console, room):
            line.rstrip()
            self.console.print(head + line, soft_wrap=True)
            head = Text(" " * len(head))

    def read(self, meter: str, registers: dict[str, str], at: datetime) -> None:
        """The first readout of a meter."""
        clock = registers.get("date_time", "none").replace("T", " ")
        flow = registers.get("volume_flow", "none")
        self.say(at, meter, f"read: {registers['volume']}, {flow}, its clock {clock}")

    def tell(self, told: Told) -> None:
        """One piece of news."""
        data = told.data
        match told.kind:
            case "gateway":
                self.say(told.at, "gateway", f"announced itself, signed: meters {', '.join(data['meters'])}")
            case "order":
                self._order(told.at, data)
            case "position":
                how = "the crew has seen" if data["grade"] == WITNESSED else "valve read"
                self.say(told.at, told.subject, f"{how}: {data['position']}")
            case "receipt" if data["outcome"] != "done":
                why = str(data["why"] or "").replace("_", " ")
                what = f"the gateway's signed receipt: {data['verb']} {data['outcome']}, {why}"
                self.say(told.at, self._meter(data), what, "yellow")
            case "alarm":
                self.say(told.at, "alarm", str(data["code"]), "red")

    def _order(self, at: datetime, data: dict[str, object]) -> None:
        order, event = str(data["order"]), str(data["event"])
        if event == "assign":
            self._with_a_crew.add(order)
        kind, state = self.kinds.get(order, "order"), str(data["state"])
        style = "green" if state in GOOD else "yellow" if state in CARE else ""
        grade = f"  [{data['grade']}]" if data["grade"] and state in GOOD else ""
        words = f"by {data['actor']}" if event == "entered" else self._words(order, event)
        self.say(at, self._meter(data), f"{kind} {state.replace('_', ' ')}: {words}{grade}", style)

    def _words(self, order: str, event: str) -> str:
        by_hand = BY_HAND if order in self._with_a_crew else {}
        return by_hand.get(event) or WORDS.get(event, event.replace("_", " "))

    def _meter(self, data: dict[str, object]) -> str:
        point = str(data["point"])
        return self.meters.get(point, point)
