"""A breadth-first explorer of small explicit-state models. It knows nothing of valves.

A model gives its first state, the steps out of a state, a judgement of each step, and goals. A goal holds when from
every state in its scope some path leads to a state that has reached it (AG EF). The trace told for a violation is a
shortest one. A state behind a violation is not explored further.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Generic, NamedTuple, TypeVar

S = TypeVar("S")


class Step(NamedTuple, Generic[S]):
    """What may happen next; `deed` names it for the judge, with the gateway and the command it concerns."""

    label: str
    after: S
    deed: str = ""
    gateway: int = 0
    seq: int = 0


class Goal(NamedTuple, Generic[S]):
    """Something that must stay possible wherever it is in scope."""

    text: str
    in_scope: Callable[[S], bool]
    reached: Callable[[S], bool]


@dataclass
class Result:
    """What was seen: violations are told with the labels that lead to them."""

    states: int = 0
    steps: int = 0
    seconds: float = 0.0
    complete: bool = True
    violations: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class _Search(Generic[S]):
    number: dict[S, int]
    parents: list[tuple[int, str]]
    before: list[list[int]]

    def trace(self, state: int, last: str = "") -> list[str]:
        path = [last] if last else []
        while state:
            state, label = self.parents[state]
            path.append(label)
        return path[::-1]

    def stuck(self, goal: Goal[S]) -> int | None:
        """The first state in scope from which the goal can't be reached."""
        states = list(self.number)
        good = bytearray(map(goal.reached, states))
        todo = [i for i, yes in enumerate(good) if yes]
        while todo:
            for i in self.before[todo.pop()]:
                if not good[i]:
                    good[i] = 1
                    todo.append(i)
        return next((i for i, state in enumerate(states) if not good[i] and goal.in_scope(state)), None)


def explore(
    first: S,
    steps: Callable[[S], Iterable[Step[S]]],
    judge: Callable[[S, Step[S]], str | None],
    goals: Iterable[Goal[S]] = (),
    *,
    until_broken: bool = False,
    most_states: int = 3_000_000,
) -> Result:
    """Every state that can be reached from the first; `until_broken` ends at the first violation."""
    began, result = perf_counter(), Result()
    search = _Search({first: 0}, [(0, "")], [[]])
    number, parents, before = search.number, search.parents, search.before
    queue, done = [first], 0
    while done < len(queue) and not (until_broken and result.violations):
        state, here = queue[done], done
        done += 1
        for step in steps(state):
            result.steps += 1
            broken = judge(state, step)
            if broken:
                if broken not in result.violations:
                    result.violations[broken] = search.trace(here, step.label)
                continue
            there = number.get(step.after)
            if there is None:
                if len(queue) >= most_states:
                    result.complete = False
                    continue
                there = number[step.after] = len(queue)
                parents.append((here, step.label))
                before.append([])
                queue.append(step.after)
            if there != here:
                before[there].append(here)
    if result.complete and not (until_broken and result.violations):
        for goal in goals:
            at = search.stuck(goal)
            if at is not None:
                result.violations[goal.text] = search.trace(at)
    result.states, result.seconds = len(queue), perf_counter() - began
    return result
