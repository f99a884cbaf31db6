"""A backlog of readings, drained: what each end takes for it beside the same rows written plainly; what orders weigh.

The gateway's journal is a file that is synced; the control plane's database is in memory and the broker between them is
left out. Time is the processor's, and beside it the clock's, which tells how long the disk and others were waited for.
The floor is the same bytes in a table of one column, in as many commits.
"""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from controlplane.telemetry.service import take_readings
from gateway.journal.file import open_file
from gateway.journal.journal import Journal
from gateway.journal.readings import ReadingStore
from gateway.journal.records import Taking, Task
from gateway.pace import FEW, MANY
from protocols.types import MeterId, Outcome
from protocols.uplink import codec
from protocols.uplink.examples import EXAMPLES
from protocols.uplink.messages import Chain, Number, Reading, Readings, Receipt
from tests.controlplane.desk import METER, Desk, G

COUNT, ORDERS = 40_000, 500
AT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
TEN_YEARS = 3650


def backlog() -> list[Reading]:
    every = timedelta(seconds=300)
    return [Reading(meter=METER, at=AT + n * every, quantity="volume", value=str(n), unit="m3") for n in range(COUNT)]


def drained(folder: Path, most: int) -> tuple[float, float]:
    """Seconds of the processor at the gateway and at the control plane."""
    journal = Journal(open_file(str(folder / f"{most}.sqlite")), "a" * 32)
    store, desk = ReadingStore(journal, bound=10 * COUNT), Desk()
    store.add(backlog())
    edge_s = plane_s = 0.0
    while True:
        begun = time.process_time()
        batch = store.batch(most)
        if batch is None:
            return edge_s, plane_s
        boot, first, few = batch
        raw = codec.encode_plain(Readings(gateway=G, journal=journal.id, boot=boot, first=first, readings=few))
        sent = time.process_time()
        with desk.engine.begin() as db:
            mark = take_readings(db, codec.decode_plain(raw, Readings))
        held = time.process_time()
        assert mark is not None
        store.acknowledge(mark)
        edge_s, plane_s = edge_s + sent - begun + time.process_time() - held, plane_s + held - sent


def told(seconds: float) -> str:
    return f"{COUNT / seconds:,.0f}/s"


def floor(folder: Path, most: int) -> float:
    db = open_file(str(folder / f"floor-{most}.sqlite"))
    db.execute("CREATE TABLE floor (row BLOB)")
    bodies = [(msgspec.json.encode(each),) for each in backlog()]
    begun = time.process_time()
    for at in range(0, COUNT, most):
        db.execute("BEGIN")
        db.executemany("INSERT INTO floor VALUES (?)", bodies[at : at + most])
        db.execute("COMMIT")
    return time.process_time() - begun


def weight(folder: Path) -> tuple[float, float]:
    """Bytes of an order's two commands in the journal, and seconds to open one of ten years at one order a day."""
    path = folder / "orders.sqlite"
    journal = Journal(open_file(str(path)), "a" * 32)
    receipt = max((codec.encode(each) for each in EXAMPLES if isinstance(each, Receipt)), key=len)

    def sealed(chain: Chain) -> tuple[bytes, str]:
        return receipt * 3, f"{chain.number:064x}"

    for n in range(1, 2 * ORDERS + 1):
        digest = f"{n:064x}"
        task = Task(digest, "command", MeterId("m"), Number(1, n), bytes(500), "received", None, False, None, AT, 0.0)
        journal.receive(task)
        journal.start(digest, "0" * 64, Taking(MeterId("m"), AT, 1, float(n)))
        journal.finish(digest, Outcome.DONE, "receipt", sealed)
        journal.acknowledge((digest,))
    journal.close()
    size = path.stat().st_size
    again = open_file(str(path))
    begun = time.process_time()
    Journal(again, "")
    return size / ORDERS, (time.process_time() - begun) / ORDERS * TEN_YEARS


def main() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for most in (FEW, MANY):
            begun = time.perf_counter()
            edge_s, plane_s = drained(folder, most)
            whole_s = time.perf_counter() - begun
            plain_s = floor(folder, most)
            print(f"{most:5} a message: gateway {told(edge_s)}, control plane {told(plane_s)}, ", end="")
            print(f"both in turn {told(edge_s + plane_s)}; plain rows {told(plain_s)}: ", end="")
            print(
                f"{(edge_s + plane_s) / plain_s:.1f} times that; by the clock, storing them included, {told(whole_s)}"
            )
        size, open_s = weight(folder)
        print(f"an order (close and open, with receipts): {size:,.0f} bytes; ten years of one a day:", end=" ")
        print(f"{size * TEN_YEARS / 1e6:,.0f} MB, {open_s:.1f} s to check at a start")


if __name__ == "__main__":
    main()
