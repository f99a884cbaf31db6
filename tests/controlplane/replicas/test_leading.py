"""Who leads: by a lease that is watched with one's own clock, and behind a fence that no pause gets around."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, insert, select

from controlplane.orders.models import commands
from controlplane.orders.settling import count_anew
from controlplane.registry.models import house
from controlplane.replicas import lease
from controlplane.replicas.leading import LEASE_S, REST_S, UNREACHED_S, Fenced, Leading
from controlplane.replicas.lease import DeposedError
from controlplane.writer import InlineWriter
from simulators.loop import Virtual, VirtualClock, run
from simulators.process import Process
from tests.controlplane.desk import Desk
from tests.databases import fresh


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = fresh(tmp_path / "plane.sqlite")
    yield made
    made.dispose()


@dataclass
class Replica:
    """One that notes when it works."""

    virtual: Virtual
    engine: Engine
    name: str
    rate: float = 1.0
    there: bool = True
    works: bool = False
    process: Process = field(init=False)

    def __post_init__(self) -> None:
        self.process = Process(self.name)
        self.fenced = Fenced(InlineWriter(self.engine, []))
        clock = VirtualClock(self.virtual.loop, rate=self.rate)
        self.leading = Leading(self.name, self.fenced, clock, self._work, lambda: self.there)
        self.process.start(self.leading.run())

    async def _work(self) -> None:
        self.works = True
        try:
            await asyncio.sleep(1e6)
        finally:
            self.works = False


def write(db: Connection) -> None:
    db.execute(insert(house).values(key="written"))


def test_one_leads_and_the_other_takes_over_when_it_is_silent(engine: Engine) -> None:
    async def story(virtual: Virtual) -> None:
        a = Replica(virtual, engine, "a")
        await asyncio.sleep(2)
        b = Replica(virtual, engine, "b", rate=1.01)
        await asyncio.sleep(60)
        assert (a.works, b.works) == (True, False)
        a.process.kill()
        await asyncio.sleep(LEASE_S - 1)
        assert not b.works
        await asyncio.sleep(3)
        assert b.works

    run(story)


def test_who_is_started_again_under_its_name_waits_for_nobody(engine: Engine) -> None:
    async def story(virtual: Virtual) -> None:
        a = Replica(virtual, engine, "a")
        await asyncio.sleep(2)
        a.process.kill()
        again = Replica(virtual, engine, "a")
        await asyncio.sleep(0.1)
        assert again.works

    run(story)


def test_a_leader_without_its_broker_lets_the_other_try_and_takes_it_back_where_nobody_does(engine: Engine) -> None:
    async def story(virtual: Virtual) -> None:
        a = Replica(virtual, engine, "a")
        await asyncio.sleep(2)
        a.there = False
        await asyncio.sleep(UNREACHED_S + 1)
        assert (a.works,) == (False,)
        await asyncio.sleep(REST_S + 1)
        assert (a.works,) == (True,)
        b = Replica(virtual, engine, "b")
        await asyncio.sleep(UNREACHED_S + 2)
        assert (a.works, b.works) == (False, True)
        await asyncio.sleep(60)
        assert (a.works, b.works) == (False, True)

    run(story)


def test_a_leader_that_was_deposed_writes_nothing_and_stops(engine: Engine) -> None:
    async def story(virtual: Virtual) -> None:
        a = Replica(virtual, engine, "a")
        await asyncio.sleep(2)
        with engine.begin() as db:
            assert lease.take(db, lease.look(db), "b") == 2
        with pytest.raises(DeposedError):
            await a.fenced.run(write)
        with engine.begin() as db:
            assert db.execute(select(house).where(house.c.key == "written")).all() == []
        await asyncio.sleep(0.1)
        assert not a.works

    run(story)


def test_a_lease_that_was_renewed_since_it_was_seen_is_not_taken(engine: Engine) -> None:
    with engine.begin() as db:
        assert lease.take(db, lease.NOBODYS, "a") == 1
        assert lease.take(db, lease.NOBODYS, "b") is None
        seen = lease.look(db)
        lease.renew(db, 1)
        assert lease.take(db, seen, "b") is None
        assert lease.take(db, lease.look(db), "b") == 2
        with pytest.raises(DeposedError):
            lease.renew(db, 1)
        lease.let_go(db, 1)
        assert not lease.look(db).free


def test_P6_what_another_machine_has_granted_counts_anew_by_the_clock_of_who_takes_over() -> None:
    """Its wall clock may stand hours ahead: it would find settled what may still act."""
    desk = Desk()
    desk.permitted()
    ahead = desk.clock.now() + timedelta(hours=3)
    with desk.engine.begin() as db:
        count_anew(db, ahead, 12.5)
        rows = db.execute(select(commands.c.granted_at, commands.c.granted_boot_s)).all()
    assert [(row.granted_at, row.granted_boot_s) for row in rows] == [(ahead, 12.5)]
