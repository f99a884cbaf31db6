"""What the demo says before and after its timeline, for people and for programs."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from curbstop.demo import law
from curbstop.demo.meters import METERS, UNREAD, UNREAD_WORDS
from curbstop.demo.plane import AUDITOR_FILE
from curbstop.demo.proving import FOLDER, KEYS
from curbstop.demo.rest import Document
from curbstop.demo.scene import Promises
from curbstop.demo.setting import Setting
from curbstop.demo.uses import Uses


def introduce(console: Console) -> None:
    """Say what is real and what is simulated, and by which rules today is lawful."""
    console.print("[bold]Curbstop demo[/bold]: line, meters and crew are simulated, all else is real.")
    for meter in METERS:
        console.print(f"  {meter.name}  {meter.words}")
    console.print(f"  {law.POINT}  {law.WORDS}")
    console.print(f"  {UNREAD}  {UNREAD_WORDS}")
    every_day = f"The others' points use the rule pack {law.LAWFUL_EVERY_DAY}, which forbids no day: today is lawful."
    console.print(f"{every_day}\n")


def conclude(console: Console, promises: Promises) -> None:
    """Every promise, kept or broken."""
    console.print()
    for text in promises.kept:
        console.print(f"  [green]kept[/green]    {text}")
    for text in promises.broken:
        console.print(f"  [red]broken[/red]  {text}")


def invite(console: Console, place: Setting, page: str) -> None:
    """How to look around while it runs; `page` is the path of a link that counts once."""
    console.print("\nStill running; Ctrl-C ends it. To look around meanwhile:")
    proofs = place.folder / FOLDER
    console.print(f"  {ourselves()} verify {proofs}/A-suspend-*.zip --keys {proofs}/{KEYS}", soft_wrap=True)
    console.print(f"  {place.base}{page}  in a browser, once", soft_wrap=True)
    console.print(f"  curl -H @{place.folder}/{AUDITOR_FILE} {place.base}/api/v1/orders", soft_wrap=True)


def ourselves() -> str:
    """The command by which this was begun."""
    return sys.argv[0] if Path(sys.argv[0]).name == "curbstop" else "curbstop"


async def report(
    uses: Uses, promises: Promises, feed: Sequence[Document], dossiers: Mapping[str, Document]
) -> Document:
    """What happened, for a program; `feed` are the entries that the crew has read, `dossiers` verdicts by order."""
    points = [*(str(meter.name) for meter in METERS), UNREAD, law.POINT]
    orders = [_order(order, dossiers.get(order["id"])) for point in points for order in await uses.orders_at(point)]
    told = {"kept": promises.kept, "broken": promises.broken}
    return {"orders": orders, "feed": [_entry(entry) for entry in feed], "promises": told}


def _entry(entry: Document) -> Document:
    """An entry of the feed, without what its order tells already."""
    work = entry["work_order"]
    kept = {key: work[key] for key in ("order", "kind", "state", "tried", "reason")}
    return _with_why({"at": entry["at"], "type": entry["type"], "work_order": entry["subject"], **kept})


def _order(order: Document, dossier: Document | None) -> Document:
    kept = ("id", "kind", "medium", "channel", "state", "grade", "reason")
    step = ("at", "state", "grade", "actor", "reason")
    timeline = [_with_why({key: event[key] for key in step}) for event in order["timeline"]]
    return {**_with_why({key: order[key] for key in kept}), "timeline": timeline, "dossier": dossier}


def _with_why(told: Document) -> Document:
    """Its reason in the words that programs were promised: code, English, Italian."""
    reason = told["reason"]
    return {**told, "reason": {key: reason[key] for key in ("code", "en", "it")} if reason is not None else None}
