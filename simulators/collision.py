"""What a master hears when answers overlap: a zero bit wins (slaves signal by drawing current).

Answers in step by whole characters are ANDed character by character: equal answers look like one, as on a real bus.
Out of step, characters are garbled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

IN_STEP = 0.02
"""Largest part of a character by which two senders may be apart and still be in step."""
IDLE = 0xFF


@dataclass(frozen=True, slots=True)
class Answer:
    """What one station sends, from begin to end on the loop's clock."""

    begin_s: float
    end_s: float
    data: bytes


class Cluster:
    """Answers that overlap in time."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = list(answers)

    @property
    def end_s(self) -> float:
        """When the line falls silent."""
        return max(answer.end_s for answer in self._answers)

    def overlaps(self, answer: Answer) -> bool:
        """Whether `answer` begins before all of ours end, and ends after one began."""
        begin_s = min(ours.begin_s for ours in self._answers)
        return answer.begin_s < self.end_s and begin_s < answer.end_s

    def add(self, answer: Answer) -> None:
        """Let one more station send."""
        self._answers.append(answer)

    def heard(self, character_s: float, chance: Random) -> bytes:
        """Return the characters the master's converter makes of it."""
        if len(self._answers) == 1:
            return self._answers[0].data
        begin_s = min(answer.begin_s for answer in self._answers)
        shifts = [(answer.begin_s - begin_s) / character_s for answer in self._answers]
        size = max(round(shift) + len(answer.data) for shift, answer in zip(shifts, self._answers, strict=True))
        line = bytearray([IDLE]) * size
        senders = bytearray(size)
        for shift, answer in zip(shifts, self._answers, strict=True):
            in_step = abs(shift - round(shift)) <= IN_STEP
            for at, character in enumerate(answer.data, round(shift)):
                garbled = senders[at] and not in_step
                line[at] &= character & (chance.randrange(256) if garbled else IDLE)
                senders[at] = 1
        return bytes(line)
