"""What the demo says before and after its timeline, for people and for programs."""

from datetime import datetime, timedelta

from rich.console import Console

from controlplane.policy import packs
from controlplane.policy.facts import Act, Answer, Effect, Facts
from controlplane.policy.rules import ask, decisive
from curbstop.demo.meters import METERS
from curbstop.demo.plane import AUDITOR_FILE
from curbstop.demo.rest import Document
from curbstop.demo.setting import Setting
from curbstop.demo.stories import Promises
from curbstop.demo.uses import NOTICE_DAYS_AGO, Uses

LAWFUL_EVERY_DAY, LAW = "demo", "italy-water"


def introduce(console: Console, now: datetime) -> None:
    """Say what is real and what is simulated, and what the law says today."""
    console.print("[bold]Curbstop demo[/bold]: the line and its meters are simulated, all else is real.")
    for meter in METERS:
        console.print(f"  {meter.name}  {meter.words}")
    console.print(f"The demo's points use the rule pack {LAWFUL_EVERY_DAY}, which forbids no day: today is lawful.")
    answer = verdict_at(now)
    console.print(f"Under the pack {LAW} a suspension now is {verdict_in_words(answer)}")
    console.print(f"[dim]  {answer.rule}: {answer.citation}[/dim]\n")


def verdict_at(now: datetime) -> Answer:
    """What the Italian rules for water say of a suspension at a moment; where all allow it, the rule of days speaks."""
    served = (now - timedelta(days=NOTICE_DAYS_AGO)).date()
    facts = Facts(Act.SUSPEND, now, now, "default", served, None, (), other_taking_alive=False)
    answers = ask(facts, packs.installed(LAW))
    heaviest = decisive(answers)
    if heaviest.effect is not Effect.ALLOW:
        return heaviest
    return next(answer for answer in answers if answer.rule == "forbidden_days")


def verdict_in_words(answer: Answer) -> str:
    """In a few words."""
    if answer.effect is Effect.ALLOW:
        return "allowed."
    until = f" until {answer.until:%Y-%m-%d %H:%M} UTC" if answer.until else ""
    why = answer.reason.en if answer.reason else ""
    return f"{'denied' if answer.effect is Effect.DENY else 'deferred'}{until}. {why}"


def conclude(console: Console, promises: Promises) -> None:
    """Every promise, kept or broken."""
    console.print()
    for text in promises.kept:
        console.print(f"  [green]kept[/green]    {text}")
    for text in promises.broken:
        console.print(f"  [red]broken[/red]  {text}")


def invite(console: Console, place: Setting) -> None:
    """How to look around while it runs."""
    console.print("\nStill running; Ctrl-C ends it. To look around meanwhile:")
    console.print(f"  curl -H @{place.folder}/{AUDITOR_FILE} {place.base}/api/v1/orders", soft_wrap=True)


async def report(uses: Uses, promises: Promises) -> Document:
    """What happened, for a program."""
    orders = [_order(order) for meter in METERS for order in await uses.orders_at(meter.name)]
    return {"orders": orders, "promises": {"kept": promises.kept, "broken": promises.broken}}


def _order(order: Document) -> Document:
    kept = ("id", "kind", "medium", "channel", "state", "grade", "reason")
    step = ("at", "state", "grade", "actor", "reason")
    timeline = [_with_why({key: event[key] for key in step}) for event in order["timeline"]]
    return {**_with_why({key: order[key] for key in kept}), "timeline": timeline, "dossier": None}


def _with_why(told: Document) -> Document:
    """Its reason in the words that programs were promised: code, English, Italian."""
    reason = told["reason"]
    return {**told, "reason": {key: reason[key] for key in ("code", "en", "it")} if reason is not None else None}
