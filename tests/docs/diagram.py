"""The life of an order, drawn from the code's own table: `python -m tests.docs.diagram` writes docs/life.md."""

from pathlib import Path

from controlplane.orders.states import TABLE, TERMINAL, Kind, OrderState

PAGE = Path(__file__).resolve().parents[2] / "docs" / "life.md"
HEAD = """# The life of an order

Drawn from the table in `controlplane/orders/states.py`; a test keeps it so. Events under which an order stays where it
is are listed below each diagram. `field` states are a crew's.
"""
WORDS = {
    Kind.TAKING: "Orders that take supply away: limit, suspend, interrupt, remove",
    Kind.GIVING: "Orders that give it back, and notices",
}


def page() -> str:
    return HEAD + "".join(_section(kind) for kind in Kind)


def _section(kind: Kind) -> str:
    steps: dict[tuple[OrderState, OrderState], list[str]] = {}
    stays: dict[OrderState, list[str]] = {}
    for row in sorted(TABLE):
        if row.kind is kind and row.from_ is not row.to:
            steps.setdefault((row.from_, row.to), []).append(row.on)
        elif row.kind is kind:
            stays.setdefault(row.from_, []).append(row.on)
    lines = [f"    {a} --> {b}: {', '.join(sorted(events))}" for (a, b), events in sorted(steps.items())]
    ends = [f"    {state} --> [*]" for state in sorted(TERMINAL) if any(b is state for _, b in steps)]
    kept = [f"- `{state}` stays on {', '.join(sorted(events))}" for state, events in sorted(stays.items())]
    drawing = "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> entered", *lines, *ends, "```"])
    return f"\n## {WORDS[kind]}\n\n{drawing}\n\n" + "\n".join(kept) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
