"""`curbstop serve CONFIG`: the control plane, as a process of its own."""

import argparse
import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from controlplane import postgres
from controlplane.access.service import first_token
from controlplane.app import create
from controlplane.db import make_engine
from controlplane.dispatch.doors import Doors
from controlplane.dispatch.loop import Dispatch
from controlplane.edge import Edge
from controlplane.field.evidence.intake import Intake
from controlplane.field.work.needs import Kept
from controlplane.field.work.offering import heard
from controlplane.migrations.upgrade import SchemaError, upgrade
from controlplane.orders import jurisdiction, told
from controlplane.orders.context import Context, OrderSettings
from controlplane.policy import packs
from controlplane.proof import sequencer
from controlplane.proof.sequencer import Notary
from controlplane.proof.task import Sequencing
from controlplane.replicas.joining import JoinError, same_keys
from controlplane.replicas.leading import Fenced, Leading
from controlplane.replicas.listening import listen
from controlplane.runs import Run, begin, keep, stay_alone
from controlplane.settings import Settings, SettingsError, load
from controlplane.telemetry.passing import watch
from controlplane.telemetry.service import index_steps, take_readings
from controlplane.writer import ThreadWriter
from curbstop import __version__, evidence, identity
from protocols.proof.checkpoint import NoteKey
from protocols.uplink.keys import SigningKey, spoken
from seams import keyfile, logs, runfile
from seams.clock import SystemClock, SystemEntropy
from seams.mqtt import Address, connector

CANT_START, FELL = 2, 1
GRACE_S = 5
MOST_CONNECTIONS = 500
WHAT_NOW = """Nothing is closed; stops are taken and supply is given back. Have the crews' reports, and the payments,
withdrawals, holds and protections since the backup, sent again; then: POST /api/v1/halt/resume"""


class StartError(Exception):
    """Why the control plane can't start; the text says what to do."""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = commands.add_parser("serve", help="run the control plane of one configuration file")
    parser.add_argument("config", type=Path)
    parser.add_argument("--check", action="store_true", help="read the configuration, say what is wrong, and stop")
    parser.add_argument("--verbose", action="store_true", help="log what usually goes unsaid")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; 2 where it can't start, 1 where it fell."""
    logs.set_up(verbose=arguments.verbose)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        settings = read(arguments.config)
        if arguments.check:
            print(f"{arguments.config}: in order; serves {settings.listen.host}:{settings.listen.port}")
            return 0
        with listening(settings, arguments.config) as taken:
            plane = build(settings)
            print(f"serving      {settings.listen.host}:{taken.getsockname()[1]}", file=sys.stderr)
            return asyncio.run(serve(plane, taken))
    except StartError as error:
        print(f"curbstop serve: {error}", file=sys.stderr)
        return CANT_START


def read(path: Path) -> Settings:
    """Read the configuration; StartError with file and key."""
    try:
        settings = load(path)
        postgres.parsed(settings.database_url)
    except SettingsError as error:
        raise StartError(str(error)) from None
    except postgres.DatabaseError as error:
        raise StartError(f"{path}: database: {error}") from None
    if settings.replica and settings.database_file is not None:
        raise StartError(f"{path}: replica: a SQLite file is one process's; several need PostgreSQL")
    return settings


@contextmanager
def listening(settings: Settings, path: Path) -> Iterator[socket.socket]:
    """Take the port first: whoever can't have it changes nothing.

    The protocol is named because asyncio lets answers leave at once (TCP_NODELAY) only where it is.
    """
    host, port = settings.listen.host, settings.listen.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((host, port))
            taken.listen()
        except OSError as error:
            why = error.strerror or str(error)
            detail = f"{host}:{port} can't be listened on ({why}); choose another with listen.host or listen.port in"
            raise StartError(f"{detail} {path}") from None
        yield taken


@dataclass(frozen=True, slots=True)
class Plane:
    """A control plane that is ready to be served."""

    engine: Engine
    writer: ThreadWriter
    edge: Edge
    context: Context
    intake: Intake
    signer: SigningKey
    notary: Notary
    address: Address
    run: Run
    served: postgres.Held | None
    held: ExitStack
    """What is let go when it ends: the locks, and the database."""
    needs: Kept

    async def dispatch(self) -> None:
        """Carry bytes to the broker and back, and keep outside the database what tells a restored one, for ever."""
        fenced = Fenced(self.writer) if self.served is not None else None
        writer = fenced or self.writer
        log = Sequencing(writer, told.source(self.signer), self.notary, self.context.clock)
        dispatch = Dispatch(self.context, writer, Doors(self.context, take_readings, watch), self.signer)

        async def work() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(log.run(), name="log")
                group.create_task(dispatch.run(connector(self.address)), name="dispatch")

        async with asyncio.TaskGroup() as group:
            group.create_task(keep(self.writer, self.run), name="run file")
            if fenced is None or self.served is None:
                group.create_task(work(), name="work")
                return
            group.create_task(stay_alone(self.served), name="database session")
            group.create_task(listen(self.engine, self.writer.wake), name="other replicas")
            leading = Leading(self.served.name, fenced, self.context.clock, work, dispatch.reached)
            group.create_task(leading.run(), name="leading")

    def app(self, fallen: Callable[[], None]) -> FastAPI:
        """Make the application."""
        return create(
            self.edge,
            self.context,
            self.dispatch,
            fallen=fallen,
            intake=self.intake,
            needs=self.needs,
            version=__version__,
        )


def build(settings: Settings) -> Plane:
    """Open what the settings name, bring the database up to date, and make the first token; StartError if it can't."""
    clock, entropy = SystemClock(), SystemEntropy()
    run_file = settings.path(settings.run_file)
    try:
        signer = keyfile.load_or_make(settings.path(settings.key_file), entropy)
        notary = identity.notary(settings, signer, entropy)
        address = identity.broker(settings)
        context = Context(clock, entropy, packs.served(settings.pack), _numbers(settings), index_steps, heard)
        with ExitStack() as turn, ExitStack() as until_built:
            until_built.callback(runfile.lock(lock_of(run_file), "the control plane's database").release)
            engine, served = _open(settings, turn, until_built)
            alone = served is None or served.is_alone()
            upgrade(engine, alone=alone)
            intake = evidence.intake_of(settings)
            with engine.begin() as db:
                same_keys(db, signer.public, notary.public, alone=alone)
            run = begin(engine, context, run_file, settings.replica, alone=alone)
            with engine.begin() as db:
                jurisdiction.check(db, context.packs)
                token = first_token(db, clock, entropy)
                origin = sequencer.stands(db, notary)
            held = until_built.pop_all()
    except (keyfile.KeyFileError, packs.PackError, SchemaError, runfile.RunFileError) as error:
        raise StartError(str(error)) from None
    except (evidence.FolderError, JoinError) as error:
        raise StartError(str(error)) from None
    except (DBAPIError, postgres.DatabaseError) as error:
        why = " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
        raise StartError(f"the database {postgres.shown(settings.database_url)} can't be used: {why}") from None
    _tell(signer, NoteKey(origin, notary.public), token, run)
    writer = ThreadWriter(engine)
    return Plane(
        engine,
        writer,
        Edge(writer, clock, entropy, signer),
        context,
        intake,
        signer,
        notary,
        address,
        run,
        served,
        held,
        evidence.needs_of(settings),
    )


def _open(settings: Settings, turn: ExitStack, held: ExitStack) -> tuple[Engine, postgres.Held | None]:
    """Open a database that is fit to be served, and that nobody else serves under our name; others wait their turn."""
    engine = make_engine(settings.database_url)
    held.callback(engine.dispose)
    server = engine.dialect.name == "postgresql"
    served = turn.enter_context(postgres.starting(engine, settings.replica)) if server else None
    if served is not None:
        held.callback(served.release)
    with engine.begin() as db:
        postgres.check(db)
    return engine, served


def lock_of(run_file: Path) -> Path:
    """The lock beside the run file: whoever holds it may write the database."""
    return run_file.with_name(f"{run_file.name}.lock")


def _numbers(settings: Settings) -> OrderSettings:
    return OrderSettings(**{name: getattr(settings.orders, name) for name in settings.orders.__struct_fields__})


def _tell(signer: SigningKey, log: NoteKey, token: str | None, run: Run) -> None:
    print(f"public key   {signer.public.hex()}", file=sys.stderr)
    print(f"fingerprint  {spoken(signer.public)}", file=sys.stderr)
    print(f"log key      {log}", file=sys.stderr)
    if token is not None:
        print(f"admin token  {token}\nKeep it: it is shown this once, and nothing else opens the API.", file=sys.stderr)
    if run.halted is not None:
        print(f"HALTED       {run.halted}\n{WHAT_NOW}", file=sys.stderr)


class Server(uvicorn.Server):
    """Uvicorn, told to stop by the loop; open event streams end first, so that it can."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `serve`: a stop that was asked for is a success."""
        yield


async def serve(plane: Plane, taken: socket.socket) -> int:
    """Serve until told to stop; what was committed stays."""
    fell = asyncio.Event()
    config = uvicorn.Config(
        plane.app(fell.set),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_S,
        limit_concurrency=MOST_CONNECTIONS,
    )
    server = Server(config)

    def stop() -> None:
        server.should_exit = True
        plane.edge.bell.close()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    watch = asyncio.create_task(_stop_when(fell, stop), name="watch")
    try:
        await server.serve(sockets=[taken])
    finally:
        watch.cancel()
        plane.writer.close()
        plane.held.close()
    return FELL if fell.is_set() or not server.started else 0


async def _stop_when(fell: asyncio.Event, stop: Callable[[], None]) -> None:
    """Without dispatch no valve is reached: better not to pretend."""
    await fell.wait()
    stop()
