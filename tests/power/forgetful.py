"""A file system in memory that forgets what was not synced, mounted for real, in a process of its own.

`python -m tests.power.forgetful MOUNTPOINT [FOLDER]` begins with the files of FOLDER, all of them safe, and serves
until its standard input ends. Asked there, a line each: `left LOSS SEED FOLDER` puts what a power loss would leave now
into FOLDER; `note` begins to note what is done; `operations FILE` pickles that. Each is answered by a line.
"""

import ctypes
import errno
import os
import pickle
import select
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from simulators.chance import stream
from tests.power import wire
from tests.power.disk import ROOT, Cut, Disk, Loss, Make, Operation, Remove, Rename, Sync, Write
from tests.power.wire import Ask

LARGEST = wire.MOST_WRITE + 4096
NO_DEVICES_NO_SETUID, DETACH = 6, 2
FILE_MODE, FOLDER_MODE = stat.S_IFREG | 0o600, stat.S_IFDIR | 0o755
READY = "mounted"
Answer = Callable[[int, bytes], bytes]
"""Given what it is about, and the rest of the request."""
MODE_AT = 7
"""Where the mode stands after the size among what a file is set to."""


class Mount:
    """The kernel's end: a descriptor to read requests from and write replies to. OSError where it can't be had."""

    def __init__(self, place: Path) -> None:
        self._libc, self._place = ctypes.CDLL(None, use_errno=True), os.fsencode(place)
        self.descriptor = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self.descriptor},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
        if self._libc.mount(b"curbstop", self._place, b"fuse", NO_DEVICES_NO_SETUID, options):
            os.close(self.descriptor)
            raise OSError(ctypes.get_errno(), f"{place} can't be mounted")

    def close(self) -> None:
        """Whoever still uses it gets errors."""
        self._libc.umount2(self._place, DETACH)
        os.close(self.descriptor)


class Forgetful:
    """Answers the kernel out of a disk, and notes what is done."""

    def __init__(self) -> None:
        self.disk, self.done, self.notes = Disk(), list[Operation](), False
        self.modes: dict[int, int] = {ROOT: FOLDER_MODE}
        self._next = ROOT
        self._answers: dict[int, Answer] = {
            Ask.INIT: lambda _, data: wire.init_reply(data),
            Ask.LOOKUP: lambda number, data: self._entry(self._named(number, wire.names(data)[0])),
            Ask.GETATTR: lambda number, _: self._about(number),
            Ask.SETATTR: self._set,
            Ask.MKDIR: lambda number, data: self._entry(
                self._make(number, wire.names(data[8:])[0], FOLDER_MODE, folder=True)
            ),
            Ask.CREATE: self._create,
            Ask.UNLINK: lambda number, data: self._do(Remove(number, wire.names(data)[0])),
            Ask.RMDIR: self._rmdir,
            Ask.RENAME: lambda number, data: self._rename(number, data, wire.TO.size),
            Ask.RENAME2: lambda number, data: self._rename(number, data, wire.TO_WITH_FLAGS.size),
            Ask.OPEN: self._open,
            Ask.OPENDIR: lambda *_: wire.OPENED.pack(0, 0, 0),
            Ask.READ: self._read,
            Ask.WRITE: self._write,
            Ask.READDIR: self._list,
            Ask.FSYNC: lambda number, _: self._do(Sync(number)),
            Ask.FSYNCDIR: lambda number, _: self._do(Sync(number)),
            Ask.STATFS: lambda *_: wire.STATISTICS.pack(
                1 << 30, 1 << 30, 1 << 30, 1 << 20, 1 << 20, 4096, 255, 4096, *[0] * 7
            ),
            **{ask: lambda *_: b"" for ask in (Ask.RELEASE, Ask.RELEASEDIR, Ask.FLUSH, Ask.ACCESS, Ask.DESTROY)},
        }

    def answer(self, request: bytes) -> bytes | None:
        """The reply to one request of the kernel's; None where it wants none."""
        _, ask, unique, number, *_ = wire.HEADER.unpack_from(request)
        if ask in wire.SILENT:
            return None
        code, body = 0, b""
        try:
            body = self._answers[ask](number, request[wire.HEADER.size :]) if ask in self._answers else _missing()
        except OSError as error:
            code, body = -(error.errno or errno.EIO), b""
        return wire.REPLY.pack(wire.REPLY.size + len(body), code, unique) + body

    def load(self, folder: Path) -> None:
        """Begin with these files, all safe."""
        numbers = {folder: ROOT}
        for path in sorted(folder.rglob("*")):
            mode = path.stat().st_mode
            number = numbers[path] = self._make(numbers[path.parent], path.name, mode, folder=path.is_dir())
            if path.is_file():
                self._do(Write(number, 0, path.read_bytes()))
        self.disk.sync_all()

    def _do(self, operation: Operation) -> bytes:
        self.disk.apply(operation)
        if self.notes:
            self.done.append(operation)
        return b""

    def _make(self, parent: int, name: str, mode: int, *, folder: bool = False) -> int:
        self._next += 1
        self.modes[self._next] = mode
        self._do(Make(self._next, parent, name, folder))
        return self._next

    def _named(self, folder: int, name: str) -> int:
        try:
            return self.disk.folders[folder].now[name]
        except KeyError:
            raise OSError(errno.ENOENT, name) from None

    def _attributes(self, number: int) -> bytes:
        size = len(self.disk.files[number].now) if number in self.disk.files else 0
        return wire.attributes(number, size, self.modes[number])

    def _entry(self, number: int) -> bytes:
        return wire.entry(number, self._attributes(number))

    def _about(self, number: int) -> bytes:
        return wire.VALID.pack(wire.VALID_S, 0, 0) + self._attributes(number)

    def _set(self, number: int, data: bytes) -> bytes:
        valid, _, _, size, *rest = wire.SET.unpack_from(data)
        if valid & wire.SET_MODE:
            self.modes[number] = stat.S_IFMT(self.modes[number]) | stat.S_IMODE(rest[MODE_AT])
        if valid & wire.SET_SIZE:
            self._do(Cut(number, size))
        return self._about(number)

    def _create(self, parent: int, data: bytes) -> bytes:
        _, mode = wire.NUMBERS.unpack_from(data)
        number = self._make(parent, wire.names(data[16:])[0], mode)
        return self._entry(number) + wire.OPENED.pack(0, 0, 0)

    def _open(self, number: int, data: bytes) -> bytes:
        flags, _ = wire.NUMBERS.unpack_from(data)
        if flags & os.O_TRUNC:
            self._do(Cut(number, 0))
        return wire.OPENED.pack(0, 0, 0)

    def _rmdir(self, parent: int, data: bytes) -> bytes:
        name = wire.names(data)[0]
        if self.disk.folders[self._named(parent, name)].now:
            raise OSError(errno.ENOTEMPTY, name)
        return self._do(Remove(parent, name))

    def _rename(self, folder: int, data: bytes, names_at: int) -> bytes:
        (to,) = wire.TO.unpack_from(data)
        old, new = wire.names(data[names_at:])
        self._named(folder, old)
        return self._do(Rename(folder, old, to, new))

    def _read(self, number: int, data: bytes) -> bytes:
        _, offset, size, *_ = wire.READ.unpack_from(data)
        return bytes(self.disk.files[number].now[offset : offset + size])

    def _write(self, number: int, data: bytes) -> bytes:
        _, offset, size, _, _, flags, _ = wire.WRITE.unpack_from(data)
        self._do(Write(number, offset, data[wire.WRITE.size : wire.WRITE.size + size]))
        if flags & os.O_DSYNC:
            self._do(Sync(number))
        return wire.NUMBERS.pack(size, 0)

    def _list(self, number: int, data: bytes) -> bytes:
        _, offset, size, *_ = wire.READ.unpack_from(data)
        listed = b""
        for at, (name, child) in enumerate(self.disk.folders[number].now.items(), 1):
            packed = wire.entry_of_folder(child, at, name, stat.S_IFMT(self.modes[child]) >> 12)
            if at > offset and len(listed) + len(packed) <= size:
                listed += packed
        return listed

    def leave(self, loss: Loss, seed: int, folder: Path) -> None:
        """Put what a power loss would leave now into a folder."""
        for name, content in self.disk.left(loss, stream(seed, "power")).items():
            put(folder, name, content)


def put(folder: Path, name: str, content: bytes) -> None:
    """Write one of the files that are left, as ours are: nobody else's to read."""
    path = folder / name
    if name.endswith("/"):
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content)


def _missing() -> bytes:
    raise OSError(errno.ENOSYS, "not offered")


def _ask(served: Forgetful, words: list[str]) -> None:
    match words:
        case ["left", loss, seed, folder]:
            served.leave(Loss[loss], int(seed), Path(folder))
        case ["note"]:
            served.notes = True
        case ["operations", file]:
            Path(file).write_bytes(pickle.dumps(served.done))
    print("done", flush=True)


def serve(mount: Mount, served: Forgetful) -> None:
    """Serve until nobody asks any more."""
    while True:
        ready, _, _ = select.select([mount.descriptor, sys.stdin], [], [])
        if mount.descriptor in ready:
            reply = served.answer(os.read(mount.descriptor, LARGEST))
            if reply is not None:
                os.write(mount.descriptor, reply)
        elif (line := sys.stdin.readline()) == "":
            return
        else:
            _ask(served, line.split())


def main(place: str, *begin: str) -> None:
    served = Forgetful()
    for folder in begin:
        served.load(Path(folder))
    mount = Mount(Path(place))
    print(READY, flush=True)
    try:
        serve(mount, served)
    finally:
        mount.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
