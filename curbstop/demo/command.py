"""`curbstop demo`: the main job on embedded defaults, told as a timeline."""

import argparse
import asyncio
import json
import sys
from datetime import datetime

from rich.console import Console

from controlplane.orders.life import Order
from curbstop.demo.plane import Plane, plane
from curbstop.demo.setting import METERS, Setting, gateway_process, setting
from curbstop.demo.stories import Promises, Teller
from curbstop.demo.timeline import Timeline
from seams import logs
from seams.clock import SystemClock

NEWS_EVERY_S = 0.2


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = commands.add_parser("demo", help="close and open simulated valves over a real line, broker and gateway")
    parser.add_argument("--once", action="store_true", help="end when every story is told; 0 only if all promises held")
    parser.add_argument("--json", action="store_true", help="print what happened as JSON, and nothing else")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Play the demo; Ctrl-C ends it."""
    logs.set_up()
    try:
        return asyncio.run(play(once=arguments.once, as_json=arguments.json))
    except KeyboardInterrupt:
        return 0


async def play(*, once: bool, as_json: bool) -> int:
    """Set everything up, tell the stories, and say whether every promise held."""
    console = Console(file=sys.stdout, quiet=as_json, highlight=False)
    timeline, promises = Timeline(console, SystemClock().now()), Promises()
    async with setting() as place, plane(place) as house, gateway_process(place):
        introduce(console, house, place)
        watch = asyncio.create_task(follow(house, timeline), name="timeline")
        try:
            await Teller(house, timeline, promises).play()
            await asyncio.sleep(2 * NEWS_EVERY_S)
            conclude(console, promises)
            if as_json:
                console.quiet = False
                console.print_json(json.dumps(await report(house, promises), default=_plain))
            if not once:
                console.print("\nStill running; Ctrl-C ends it.")
                await asyncio.Event().wait()
        finally:
            watch.cancel()
    return 1 if promises.broken else 0


def introduce(console: Console, house: Plane, place: Setting) -> None:
    """Say what is real and what is simulated, and what the law says today."""
    console.print(
        "[bold]Curbstop demo[/bold]: four simulated water meters on a line of 2400 baud; all else is real.",
        soft_wrap=True,
    )
    console.print(
        f"[dim]broker 127.0.0.1:{place.broker_port}   line 127.0.0.1:{place.line_port}   files {place.folder}[/dim]"
    )
    for meter in METERS:
        console.print(f"  {meter.name}  {meter.words}")
    answer = house.verdict_today()
    console.print(
        "The demo's points use the pack [bold]demo[/bold], which forbids no day, so that today is lawful.",
        soft_wrap=True,
    )
    said = answer.reason.en if answer.reason else "allowed now"
    console.print(f"Under the pack [bold]italy-water[/bold] a suspension today: {said}", soft_wrap=True)
    console.print(f"[dim]  {answer.rule}: {answer.citation}[/dim]\n", soft_wrap=True)


async def follow(house: Plane, timeline: Timeline) -> None:
    """Print the news as they come."""
    last, unread = 0, {meter.name for meter in METERS}
    while True:
        for meter in sorted(unread):
            registers = await house.registers(meter)
            if "volume" in registers:
                unread.discard(meter)
                timeline.read(meter, registers)
        for row in await house.news_after(last):
            last = int(str(row["id"]))
            timeline.tell(row)
        await asyncio.sleep(NEWS_EVERY_S)


def conclude(console: Console, promises: Promises) -> None:
    """Every promise, kept or broken."""
    console.print()
    for text in promises.kept:
        console.print(f"  [green]kept[/green]    {text}")
    for text in promises.broken:
        console.print(f"  [red]broken[/red]  {text}")


async def report(house: Plane, promises: Promises) -> dict[str, object]:
    """What happened, for a program."""
    orders = [order for meter in METERS for order in await house.at(meter.name)]
    return {
        "orders": [await _order(house, order) for order in orders],
        "promises": {"kept": promises.kept, "broken": promises.broken},
    }


async def _order(house: Plane, order: Order) -> dict[str, object]:
    events = await house.timeline(order.id)
    keys = ("at", "state", "grade", "actor", "reason")
    return {
        "id": order.id,
        "kind": order.kind,
        "medium": "water",
        "channel": order.channel,
        "state": order.state,
        "grade": order.grade,
        "reason": order.reason,
        "timeline": [{key: event[key] for key in keys} for event in events],
        "dossier": None,
    }


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
