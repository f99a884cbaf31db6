"""`curbstop demo`: the main job on this machine, told as a timeline."""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from datetime import datetime

from rich.console import Console

from curbstop.demo.child import DemoError, FellError
from curbstop.demo.crew import crew_of
from curbstop.demo.fieldwork import FieldWork
from curbstop.demo.meters import METERS
from curbstop.demo.news import News, follow
from curbstop.demo.proving import Proving
from curbstop.demo.scene import Promises
from curbstop.demo.setting import BROKERS, setting
from curbstop.demo.stories import Teller
from curbstop.demo.timeline import Timeline
from curbstop.demo.uses import Uses
from curbstop.demo.words import conclude, introduce, invite, report
from seams import logs
from seams.clock import SystemClock

FAILED, SIGNALLED = 1, 128
UNREAD_EVERY_S, LAST_NEWS_S = 0.5, 0.5
PLAIN_WIDTH = 200
"""How wide lines are in a file: nothing is folded there."""
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Screen(Console):
    """Where people read. Should they stop reading, the demo stops too, and in order."""

    def on_broken_pipe(self) -> None:
        """Say so in our own way: rich would end the process, and leave ours behind."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise DemoError("nobody reads its output any more; all is stopped")


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = commands.add_parser("demo", help="close and open simulated valves over a real line, broker and gateway")
    parser.add_argument("--once", action="store_true", help="end when every story is told; 0 only if all promises held")
    parser.add_argument("--json", action="store_true", help="print what happened as JSON, and nothing else")
    words = "the MQTT broker: the embedded one (default), or mosquitto if that is installed (Debian's package)"
    parser.add_argument("--broker", choices=sorted(BROKERS), default="embedded", help=words)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Play the demo; Ctrl-C ends it."""
    logs.set_up()
    return asyncio.run(_until_stopped(arguments.broker, once=arguments.once, as_json=arguments.json))


async def _until_stopped(broker: str, *, once: bool, as_json: bool) -> int:
    """Play until it ends or is told to; processes are stopped either way, and a second signal does not hurry that."""
    promises = Promises()
    task = asyncio.create_task(_play_or_say_why(broker, promises, once=once, as_json=as_json), name="demo")
    got: list[int] = []

    def stop(number: int) -> None:
        if not got:
            task.cancel()
        got.append(number)

    loop = asyncio.get_running_loop()
    for number in STOPS:
        loop.add_signal_handler(number, stop, number)
    await asyncio.wait([task])
    if not task.cancelled():
        return task.result()
    return SIGNALLED + got[0] if once and got else int(bool(promises.broken))


async def _play_or_say_why(broker: str, promises: Promises, *, once: bool, as_json: bool) -> int:
    whys: list[Exception] = []
    try:
        await play(broker, promises, once=once, as_json=as_json)
    except* (DemoError, OSError) as errors:
        whys = sorted(_leaves(errors), key=lambda error: not isinstance(error, FellError))
    if not whys:
        return int(bool(promises.broken))
    print(f"curbstop demo: {whys[0]}", file=sys.stderr)
    return FAILED


def _leaves(errors: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in errors.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


async def play(broker: str, promises: Promises, *, once: bool, as_json: bool) -> None:
    """Set everything up, tell the stories, and say what was kept; without `once` stay until cancelled."""
    clock = SystemClock()
    console = Screen(quiet=as_json, highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    introduce(console)
    timeline = Timeline(console, clock.now())
    async with setting(broker, lambda who, what: timeline.say(clock.now(), who, what)) as place:
        uses, news, crew = Uses(place.people, clock), News(), crew_of(place, clock)
        timeline.meters = {point: meter for meter, point in place.people.points.items()}
        link = f"{place.base}{await place.people.page()}"
        timeline.say(clock.now(), "page", f"watch it in a browser; this link counts once: {link}")
        async with asyncio.TaskGroup() as group:
            all_read = asyncio.Event()
            beside = [
                group.create_task(follow(place.people.operator, news), name="events"),
                group.create_task(tell(uses, news, timeline), name="timeline"),
                group.create_task(tell_first_readouts(uses, timeline, all_read), name="readouts"),
            ]
            on_stage = (uses, news, place, promises, timeline)
            await Teller(*on_stage, all_read, FieldWork(*on_stage, crew)).play()
            proving = Proving(*on_stage, crew)
            await proving.proven()
            await asyncio.sleep(LAST_NEWS_S)
            conclude(console, promises)
            if as_json:
                print(
                    json.dumps(await report(uses, promises, await crew.feed.to_its_end(), proving.dossiers), indent=2)
                )
            if not once:
                invite(console, place, await place.people.page())
                await asyncio.Event().wait()
            for task in beside:
                task.cancel()


async def tell(uses: Uses, news: News, timeline: Timeline) -> None:
    """Put the news on the timeline as they come."""
    number = 0
    while True:
        told = await news.next(number)
        number += 1
        if told.kind == "order" and (order := told.data["order"]) not in timeline.kinds:
            timeline.kinds[order] = await uses.kind(order)
        timeline.tell(told)


async def tell_first_readouts(uses: Uses, timeline: Timeline, all_read: asyncio.Event) -> None:
    """Put each meter's first readout on the timeline."""
    unread = [str(meter.name) for meter in METERS]
    while unread:
        for meter in tuple(unread):
            newest: dict[str, str] = {}
            readings = await uses.readings(meter)
            for reading in readings:
                newest.setdefault(reading["quantity"], f"{reading['value']} {reading['unit']}".strip())
            if "volume" in newest:
                unread.remove(meter)
                timeline.read(meter, newest, datetime.fromisoformat(readings[0]["at"]))
        await asyncio.sleep(UNREAD_EVERY_S)
    all_read.set()
