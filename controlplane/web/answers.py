"""A why-block in words: the same for the page and for programs (U10)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from controlplane.web.why import SEEN_BY_STATE, Why
from controlplane.web.words import Words

Day = Callable[[datetime], str]


@dataclass(frozen=True, slots=True)
class Answers:
    """One sentence, and the five answers in their order. `aside` is the reason, where the state says more than it."""

    title: str
    sentence: str
    aside: str
    since: str
    until: str
    ends: str
    who: str
    rule: str


def answers(why: Why, words: Words, day: Day) -> Answers:
    """The block in one language; `day` writes a time as one plans by it."""
    said = why.said[words.language] if why.said is not None else ""
    own = words.texts.get(f"why.{why.way}.sentence", words("why.review.sentence"))
    overruled = why.way in SEEN_BY_STATE
    sentence = said if said and not overruled else own
    if why.dated and why.until is not None:
        sentence = f"{sentence} {words('why.not_before', at=day(why.until))}"
    return Answers(
        title=words("why.title_ended") if why.way == "ended" else words("why.title"),
        sentence=sentence,
        aside=said if overruled else "",
        since=day(why.since) if why.since is not None else words("why.not_known"),
        until=_until(why, words, day),
        ends=words(f"why.{why.way}.ends"),
        who=words(f"why.{why.way}.who"),
        rule=_rule(why, words),
    )


def _until(why: Why, words: Words, day: Day) -> str:
    if why.until is not None and why.bounded:
        return f"{day(why.until)}, {words(f'why.{why.way}.then')}"
    if why.until is not None:
        return f"{words(f'why.{why.way}.open')} ({words('why.again', at=day(why.until))})"
    return words(f"why.{why.way}.open")


def _rule(why: Why, words: Words) -> str:
    if why.rule is not None:
        return f"{why.rule['id']} · {why.rule['citation']} · {words('why.pack', name=why.rule['pack'])}"
    return f"{why.said['code']} · {words('why.house')}" if why.said is not None else words("why.house")
