"""How a gateway stands, in one sentence for a service manager's line."""

from collections.abc import Sequence

from gateway.line_state import LineState

NAMED = 5


def sentence(lines: Sequence[LineState], meters: int, *, connected: bool, trusted: bool, storage_works: bool) -> str:
    """What is not well comes first; a gateway that may not close says why."""
    away = [line.name for line in lines if not line.up]
    wrong = [
        *([] if storage_works else ["the disk refuses, nothing is closed"]),
        *([] if connected else ["no broker"]),
        *([] if trusted else ["clock not confirmed, nothing is closed"]),
        *([f"lines away: {', '.join(away[:NAMED])}{' ...' if len(away) > NAMED else ''}"] if away else []),
    ]
    return f"{'; '.join(wrong) or 'all well'}: {meters} meters, {len(lines) - len(away)} of {len(lines)} lines up"
