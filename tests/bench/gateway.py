"""Ten thousand meters on forty lines in one process: how late its loop is, what a meter costs in memory.

The meters answer canned telegrams at the pace of 2400 baud, from a process of their own; every reading is committed
with FULL. The same process is measured idle first: that is what the machine itself takes.
"""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from curbstop import gateway as command
from gateway.app import Gateway
from protocols.types import ValvePosition
from protocols.uplink import codec
from seams import logs
from tests.bench.canned_meters import BAUD, identity

LINES, EACH = 40, 250
TICK_S, IDLE_S, WARM_S, MEASURED_S = 0.005, 10.0, 20.0, 60.0
CONFIG = """
id = "bench"
key_file = "g.key"
journal = "journal.sqlite"
control_plane_keys = ["{key}"]
[caps]
per_hour = 10
per_day = 20
share = 0.1
floor = 2
[broker]
host = "127.0.0.1"
port = 1
password_file = "password"
[polling]
every_s = 900
"""
LINE = '[[lines]]\nname = "line-{n}"\nhost = "127.0.0.1"\nport = {port}\nbaud = {baud}\n'
METER = """[[meters]]
name = "m-{id}"
line = "line-{line}"
id = "{id}"
manufacturer = "CBS"
version = 1
medium = "water"
fabrication_number = "{id}"
"""
KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


def resident_kb() -> int:
    """What this process holds in memory."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")))


async def lags(seconds: float) -> list[float]:
    """How late each tick of the loop was, in ms."""
    loop, found = asyncio.get_running_loop(), list[float]()
    end_s = loop.time() + seconds
    while loop.time() < end_s:
        begun_s = loop.time()
        await asyncio.sleep(TICK_S)
        found.append((loop.time() - begun_s - TICK_S) * 1000)
    return found


def told(name: str, found: list[float]) -> float:
    """Print it; the 99th percentile."""
    cut = quantiles(found, n=1000)
    parts = {"p50": cut[499], "p99": cut[989], "p99.9": cut[998], "max": max(found)}
    row(name, "   ".join(f"{part} {value:.2f} ms" for part, value in parts.items()))
    return cut[989]


def row(name: str, words: str) -> None:
    """One line of what was found."""
    print(f"{name:30}{words}")


async def measured(built: Gateway, begun_kb: int) -> None:
    """Idle, then at work."""
    idle = told("the loop, idle", await lags(IDLE_S))
    began_s = time.perf_counter()
    running = asyncio.create_task(built.run())
    await asyncio.sleep(0)
    row("start of all tasks", f"{(time.perf_counter() - began_s) * 1000:.0f} ms")
    await asyncio.sleep(WARM_S)
    kept, cpu_s = built.store.kept, time.process_time()
    working = told("the loop, polling", await lags(MEASURED_S))
    row("p99 beside the idle loop's", f"x {working / max(idle, 1e-6):.1f}; goal: under 20 ms")
    polls = sum(p.read_s is not None for s in built.schedules.values() for p in s.polled.values())
    row("readings", f"{(built.store.kept - kept) / MEASURED_S:.0f} a second; {polls} meters were read")
    row("processor", f"{100 * (time.process_time() - cpu_s) / MEASURED_S:.0f} % of a core")
    each_kb = (resident_kb() - begun_kb) / len(built.edge.meters)
    row("memory", f"{each_kb:.2f} kB a meter, {resident_kb() // 1024} MB in all")
    began_s = time.perf_counter()
    raw, _ = codec.seal(built.uplink.births.make(), built.edge.notary.signer)
    row("a birth of all meters", f"{(time.perf_counter() - began_s) * 1000:.0f} ms at once, {len(raw) // 1024} kB")
    running.cancel()
    await asyncio.wait([running])


def main(lines: int = LINES, each: int = EACH) -> None:
    """Run it."""
    logs.set_up()
    begun_kb = resident_kb()
    with TemporaryDirectory() as place:
        folder = Path(place)
        ports = folder / "ports"
        program = [sys.executable, "-m", "tests.bench.canned_meters", str(lines), str(each), str(ports)]
        with subprocess.Popen(program) as meters:
            try:
                while not ports.exists():
                    assert meters.poll() is None
                    time.sleep(0.1)
                _file(folder, json.loads(ports.read_text()), each)
                began_s = time.perf_counter()
                built = command.build(command.read(folder / "gateway.toml"))
                print(f"{lines * each} meters on {lines} lines; made in {time.perf_counter() - began_s:.1f} s")
                _seen_before(built)
                asyncio.run(measured(built, begun_kb))
            finally:
                meters.terminate()


def _seen_before(built: Gateway) -> None:
    """As after any start but the first: each valve's position is known, and costs a commit only where it changes."""
    with built.edge.journal.transaction():
        for name in built.edge.meters:
            built.edge.journal.set_position(name, ValvePosition.OPEN)


def _file(folder: Path, ports: list[int], each: int) -> None:
    parts = [CONFIG.format(key=KEY)]
    parts += [LINE.format(n=n, port=port, baud=BAUD) for n, port in enumerate(ports)]
    numbers = [(line, line * each + n) for line in range(len(ports)) for n in range(each)]
    parts += [METER.format(id=identity(number), line=line) for line, number in numbers]
    (folder / "gateway.toml").write_text("".join(parts))
    (folder / "password").write_text("secret\n")
    (folder / "password").chmod(0o600)
