"""`curbstop broker`: mosquitto's configuration, its rights, and the certificates of everybody who connects."""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from curbstop.broker import authority, mosquitto
from curbstop.broker.authority import PUBLIC, Authority, AuthorityError, Holder, Kind, write
from curbstop.broker.mosquitto import CONTROL_PLANE, Told
from protocols.errors import MalformedError
from protocols.uplink.topics import gateway_id
from seams import keyfile
from seams.clock import SystemClock

CANT = 2
AUTHORITY, BROKER, CLIENTS = "authority", "broker", "clients"
"""The folder's three parts: the first stays where nobody reaches it, the second is the broker's, the third is handed
out, a folder for each."""
LARGEST_PORT, MOST_DAYS = 65535, 7305
HANDED = """{folder}: three files for {name}. In its configuration, with the broker's host and port:
[broker]
ca_file = "authority.pem"
certificate_file = "client.pem"
key_file = "client.key\""""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command group."""
    group = commands.add_parser("broker", help="write mosquitto's configuration, and certificates for all who connect")
    verbs = group.add_subparsers(dest="verb", required=True, metavar="VERB")
    configuring = _verb(verbs, "configure", "a new authority, the broker's files, the control planes' own")
    configuring.add_argument("--host", action="append", required=True, help="where clients reach it; may be repeated")
    configuring.add_argument("--listen", default=mosquitto.LOOPBACK, help="the address it listens on: loopback")
    configuring.add_argument("--port", type=_port, default=mosquitto.TLS_PORT)
    configuring.add_argument("--connections", type=int, default=mosquitto.MOST_CONNECTIONS, help="at most so many")
    configuring.add_argument("--user", default="mosquitto", help="whom mosquitto runs as, where root starts it")
    configuring.add_argument("--at", type=PurePosixPath, help="where the part `broker` will stand, if not where it is")
    configuring.add_argument("--control-plane", action="append", help=f"user names: {CONTROL_PLANE}; may be repeated")
    issuing = _verb(verbs, "issue", "a key and certificate for one gateway")
    issuing.add_argument("name", help="the gateway's id")
    issuing.add_argument("--days", type=_days, default=authority.CLIENT_DAYS, help="how long it is valid: ten years")
    issuing.add_argument("--control-plane", action="store_true", help="it is for a control plane of this house")
    revoking = _verb(verbs, "revoke", "end every certificate of one name")
    revoking.add_argument("name")
    for parser, verb in ((configuring, _configure), (issuing, _issue), (revoking, _revoke)):
        parser.set_defaults(run=run, does=verb)


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, does: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=does)
    parser.add_argument("folder", type=Path, help="the folder of all that is made here")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Do it; 2 where it can't be done."""
    try:
        arguments.does(arguments, SystemClock().now())
    except (AuthorityError, keyfile.KeyFileError) as error:
        print(f"curbstop broker: {error}", file=sys.stderr)
        return CANT
    except OSError as error:
        print(f"curbstop broker: {error.filename}: {error.strerror}", file=sys.stderr)
        return CANT
    return 0


def configure(folder: Path, hosts: Sequence[str], told: Told, now: datetime) -> Authority:
    """Make the folder's authority, the broker's part, and the control planes' own; AuthorityError or OSError if not.

    `told.folder` is where the broker's part will stand.
    """
    for name in told.control_planes:
        _named(name)
    made = authority.make(folder / AUTHORITY, now)
    part = folder / BROKER
    part.mkdir(mode=0o755)
    key, certificate = made.issue(Holder("broker", Kind.BROKER, tuple(hosts)), now)
    write(part / "broker.key", key, keyfile.PRIVATE)
    write(part / "rights.acl", f"{mosquitto.rights(told.control_planes)}\n".encode(), keyfile.PRIVATE)
    for name, data in (("broker.pem", certificate), ("authority.pem", made.root), ("revoked.pem", made.revoked)):
        write(part / name, data, PUBLIC)
    write(part / "mosquitto.conf", mosquitto.configuration(told).encode(), PUBLIC)
    for name in told.control_planes:
        issue(folder, made, Holder(name, Kind.CONTROL_PLANE), now)
    return made


def issue(folder: Path, made: Authority, holder: Holder, now: datetime, days: int = authority.CLIENT_DAYS) -> Path:
    """Make one client's folder of three files; AuthorityError where it exists or the name can't be."""
    place = folder / CLIENTS / _named(holder.name)
    made.check(holder)
    if place.exists():
        detail = f"{place}: exists already; once its files are where they belong, remove it here and issue another"
        raise AuthorityError(detail)
    key, certificate = made.issue(holder, now, days)
    place.mkdir(parents=True, mode=0o700)
    write(place / "client.key", key, keyfile.PRIVATE)
    write(place / "client.pem", certificate, PUBLIC)
    write(place / "authority.pem", made.root, PUBLIC)
    return place


def _configure(arguments: argparse.Namespace, now: datetime) -> None:
    folder: Path = arguments.folder
    part, is_root = folder / BROKER, os.geteuid() == 0
    at = arguments.at or PurePosixPath(part.resolve())
    planes = tuple(arguments.control_plane or (CONTROL_PLANE,))
    told = Told(at, arguments.listen, arguments.port, arguments.connections, control_planes=planes)
    told = replace(told, user=arguments.user if is_root else None)
    configure(folder, arguments.host, told, now)
    print(f"{folder / AUTHORITY}: the authority. Keep it where neither the broker nor a control plane reaches it.")
    print(f"{part}: the broker's part: mosquitto -c {at / 'mosquitto.conf'}")
    owned = is_root and _own(part, arguments.user)
    print(f"  {'owned by' if owned else 'it must be owned by'} whom mosquitto runs as, {arguments.user}")
    for name in planes:
        print(HANDED.format(folder=folder / CLIENTS / name, name=name))


def _own(part: Path, user: str) -> bool:
    """Give the broker's part to whom mosquitto runs as; False where there is no such user here."""
    try:
        for path in (part, *part.iterdir()):
            shutil.chown(path, user)
    except LookupError:
        return False
    return True


def _issue(arguments: argparse.Namespace, now: datetime) -> None:
    made = authority.load(arguments.folder / AUTHORITY)
    kind = Kind.CONTROL_PLANE if arguments.control_plane else Kind.GATEWAY
    if arguments.control_plane and made.kind_of(arguments.name) is not Kind.CONTROL_PLANE:
        detail = f"{arguments.name!r} has no rights of a control plane at the broker: name it when configuring"
        raise AuthorityError(detail)
    place = issue(arguments.folder, made, Holder(arguments.name, kind), now, arguments.days)
    print(HANDED.format(folder=place, name=arguments.name))


def _revoke(arguments: argparse.Namespace, now: datetime) -> None:
    folder: Path = arguments.folder
    made = authority.load(folder / AUTHORITY)
    listed, ended = made.revoke(arguments.name, now)
    path = folder / BROKER / "revoked.pem"
    path.write_bytes(listed)
    print(
        f"{path}: {ended} more revoked. Put it in its place at the broker and restart mosquitto: until then it counts."
    )


def _named(name: str) -> str:
    try:
        return gateway_id(name)
    except MalformedError as error:
        raise AuthorityError(str(error)) from None


def _port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= LARGEST_PORT:
        raise argparse.ArgumentTypeError(f"{text}: a port is 1 to {LARGEST_PORT}")
    return number


def _days(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text}: 1 to {MOST_DAYS} days")
    return number
