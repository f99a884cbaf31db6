"""`curbstop gateway CONFIG`: the edge, as a process of its own. `freeze CONFIG` and `release CONFIG` are its brake."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import structlog

from curbstop import __version__, freezing, status
from curbstop.attending import attendants
from drivers.catalogue import installed
from drivers.toml_lines import TomlError
from gateway.app import Gateway
from gateway.config import BrokerConfig, Config, LineConfig, load
from gateway.journal.errors import CorruptError, JournalError, StorageError
from gateway.journal.place import open_at
from gateway.lines import tcp
from gateway.reload import ReloadError
from gateway.supervise import supervised
from protocols.ports import Dial
from protocols.types import GatewayId
from protocols.uplink.keys import KeyRing, SigningKey, spoken
from seams import keyfile, logs
from seams.clock import SystemClock, SystemEntropy, machine_start
from seams.mqtt import Address, connector

CANT_START = 2
log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")


class StartError(Exception):
    """Why the gateway can't start; the text says what to do."""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = commands.add_parser(
        "gateway", help="run, freeze, release or show the edge gateway of one configuration file"
    )
    parser.add_argument("act", nargs="?", choices=tuple(ACTS), default="run", help="what to do; run, if left out")
    parser.add_argument("config", type=Path)
    parser.add_argument("--reason", default="", help="why it is frozen: told to the control plane")
    parser.add_argument("--json", action="store_true", help="status: as JSON, for programs")
    parser.add_argument("--watch", action="store_true", help="status: again and again, until it is interrupted")
    parser.add_argument("--check", action="store_true", help="read the configuration, say what is wrong, and stop")
    parser.add_argument("--verbose", action="store_true", help="log what usually goes unsaid")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do one of the acts; its exit code."""
    return ACTS[arguments.act](arguments)


def _run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; 2 where it can't start."""
    logs.set_up(verbose=arguments.verbose)
    try:
        config = read(arguments.config)
        if arguments.check:
            print(f"{arguments.config}: {len(config.meters)} meters on {len(config.lines)} lines, in order")
            print("\n".join(f"  believes a control plane whose key is {spoken(k)}" for k in config.control_plane_keys))
            return 0
        gateway = build(config)
        while asyncio.run(serve(gateway, config, lambda: read(arguments.config))):
            gateway.edge.journal.close()
            config = gateway.config
            gateway = build(config)
    except (StartError, StorageError) as error:
        print(f"curbstop gateway: {error}", file=sys.stderr)
        return CANT_START
    return 0


ACTS: dict[str, Callable[[argparse.Namespace], int]] = {
    "run": _run,
    "freeze": freezing.freeze,
    "release": freezing.release,
    "status": status.run,
}


def read(path: Path) -> Config:
    """Read the configuration; StartError with file, line and key."""
    try:
        return load(path, installed())
    except TomlError as error:
        raise StartError(str(error)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{path}: can't be read ({error})") from None


def build(config: Config) -> Gateway:
    """Open what the configuration names; StartError where something can't be used."""
    try:
        signer = _key(config.key_file)
        journal = open_at(Path(config.journal), SystemEntropy()).journal
        address = _address(config.id, config.broker)
    except (keyfile.KeyFileError, JournalError) as error:
        raise StartError(str(error)) from None
    except (OSError, StorageError) as error:
        raise StartError(f"{config.journal}: can't be used ({error})") from None
    return Gateway(
        config,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        dial=_dial,
        connect=connector(address),
        journal=journal,
        signer=signer,
        verifier=KeyRing(config.control_plane_keys),
        software=f"curbstop {__version__}",
        machine=machine_start(),
        connect_to=lambda at: connector(replace(address, host=at.host, port=at.port)),
    )


def _key(path: Path) -> SigningKey:
    """The gateway's key; one that was only now made is said, for an operator has to approve it."""
    made = not path.exists()
    key = keyfile.load_or_make(path, SystemEntropy())
    if made:
        print(f"curbstop gateway: has made its key, {path}, fingerprint {spoken(key.public)}", file=sys.stderr)
        print("It is believed when an operator has approved it: `curbstop keys show` says how.", file=sys.stderr)
    return key


def _dial(line: LineConfig) -> Dial:
    return tcp(line.host, line.port)


def _address(gateway: GatewayId, broker: BrokerConfig) -> Address:
    return Address(
        host=broker.host,
        port=broker.port,
        username=gateway,
        client_id=gateway,
        password=keyfile.secret(broker.password_file) if broker.password_file is not None else "",
        ca_file=broker.ca_file,
        certificate_file=broker.certificate_file,
        key_file=broker.key_file,
    ).check()


async def serve(gateway: Gateway, config: Config, reread: Callable[[], Config] | None = None) -> bool:
    """Run until told to stop; a stop cancels the parts, and what was durable stays durable.

    SIGHUP goes over to what `reread` returns; what it raises is said, and changes nothing.

    True where it ended because its journal is damaged: opened anew, that is set aside.
    """
    task = asyncio.create_task(gateway.run(), name="gateway")
    attend = attendants(gateway, config)
    beside = [asyncio.create_task(supervised(name, part), name=name) for name, part in attend.parts().items()]

    def stop() -> None:
        attend.watchdog.stopping()
        task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if reread is not None:
        asked = asyncio.Event()
        loop.add_signal_handler(signal.SIGHUP, asked.set)
        reloading = partial(_reload, gateway, reread, asked)
        beside.append(asyncio.create_task(supervised("reloading", reloading), name="reloading"))
    await asyncio.wait([task])
    for other in beside:
        other.cancel()
    await asyncio.wait(beside)
    return not task.cancelled() and _spoilt(task)


async def _reload(gateway: Gateway, reread: Callable[[], Config], asked: asyncio.Event) -> None:
    """For ever: each time that it is asked for, go over to the file as it is now, or say why not."""
    while True:
        await asked.wait()
        asked.clear()
        try:
            await gateway.reload(reread())
        except (StartError, ReloadError) as error:
            log.error("the configuration is not taken: the running one stays", error=str(error))  # noqa: TRY400 - it is said


def _spoilt(ended: "asyncio.Task[None]") -> bool:
    """Whether the journal was found damaged; whatever else ended it is raised."""
    try:
        ended.result()
    except* CorruptError as damage:
        print(f"curbstop gateway: the journal is damaged ({damage.exceptions[0]})", file=sys.stderr)
    return True
