"""What a disk holds, and what of it is left when power is lost. Pure: operations in, files out.

As POSIX promises, and no better: what was written lasts once the file was synced, a name once its folder was. Of what
was not, any part may have reached the platter: nothing, all, or some of it with the last write torn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

ROOT = 1
SECTOR, PAGE = 512, 4096


@dataclass(frozen=True, slots=True)
class Make:
    """A new file or folder, `number`, by this name in a folder."""

    number: int
    folder: int
    name: str
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class Remove:
    """A name goes."""

    folder: int
    name: str


@dataclass(frozen=True, slots=True)
class Rename:
    """A name becomes another, at once, in place of whatever had that."""

    folder: int
    name: str
    to: int
    new: str


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes at an offset."""

    number: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """A file gets this size."""

    number: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """All that was done to this file or folder until now lasts."""

    number: int


Operation = Make | Remove | Rename | Write | Cut | Sync


class Loss(StrEnum):
    """What becomes of what was not synced."""

    ALL = "all of it is lost"
    NONE = "nothing is lost"
    NAMES = "names are kept, content is lost"
    TORN_SECTOR = "the last write of each file is torn after a sector"
    TORN_PAGE = "the last write of each file is torn after a page"
    LAST_FIRST = "of each file only the last write has arrived"
    ANY = "any part of it has arrived"


@dataclass(slots=True)
class File:
    """A file: what it holds, what of that is safe, and what has been done since."""

    now: bytearray = field(default_factory=bytearray)
    safe: bytes = b""
    since: list[Write | Cut] = field(default_factory=list)


@dataclass(slots=True)
class Folder:
    """A folder: its names now, those that are safe, and each change since, as what it sets."""

    now: dict[str, int] = field(default_factory=dict)
    safe: dict[str, int] = field(default_factory=dict)
    since: list[dict[str, int | None]] = field(default_factory=list)


class Disk:
    """Everything by number; `ROOT` is the folder at the top."""

    def __init__(self) -> None:
        self.files: dict[int, File] = {}
        self.folders: dict[int, Folder] = {ROOT: Folder()}

    def apply(self, operation: Operation) -> None:
        """Do it."""
        match operation:
            case Make(number, folder, name, is_folder):
                if is_folder:
                    self.folders[number] = Folder()
                else:
                    self.files[number] = File()
                self._set(folder, {name: number})
            case Remove(folder, name):
                self._set(folder, {name: None})
            case Rename(folder, name, to, new):
                self._rename(folder, name, to, new)
            case Write(number) | Cut(number):
                put(self.files[number].now, operation)
                self.files[number].since.append(operation)
            case Sync(number):
                self._sync(number)

    def _rename(self, folder: int, name: str, to: int, new: str) -> None:
        number = self.folders[folder].now[name]
        if folder == to:
            self._set(folder, {name: None, new: number})
        else:
            self._set(folder, {name: None})
            self._set(to, {new: number})

    def _set(self, folder: int, change: dict[str, int | None]) -> None:
        _rename_in(self.folders[folder].now, change)
        self.folders[folder].since.append(change)

    def _sync(self, number: int) -> None:
        if number in self.folders:
            folder = self.folders[number]
            folder.safe = dict(folder.now)
            folder.since.clear()
        else:
            file = self.files[number]
            file.safe = bytes(file.now)
            file.since.clear()

    def sync_all(self) -> None:
        """What is there now is safe."""
        for number in (*self.files, *self.folders):
            self._sync(number)

    def left(self, loss: Loss, chance: Random | None = None, top: str = "") -> dict[str, bytes]:
        """The files that are found after power was lost now, by path; `ANY` needs chance. Folders end in /.

        `top` names one folder at the top, to be told of alone, without its name.
        """
        found: dict[str, bytes] = {}
        number = self.folders[ROOT].now[top] if top else ROOT
        self._walk(number, "", loss, chance, found)
        return found

    def _walk(self, number: int, path: str, loss: Loss, chance: Random | None, found: dict[str, bytes]) -> None:
        for name, child in _names(self.folders[number], loss, chance).items():
            if child in self.files:
                found[path + name] = _content(self.files[child], loss, chance)
            else:
                found[f"{path}{name}/"] = b""
                self._walk(child, f"{path}{name}/", loss, chance, found)


def put(content: bytearray, change: Write | Cut) -> None:
    """Change a file's content."""
    match change:
        case Write(_, offset, data):
            content.extend(bytes(max(offset - len(content), 0)))
            content[offset : offset + len(data)] = data
        case Cut(_, size):
            content.extend(bytes(max(size - len(content), 0)))
            del content[size:]


def _rename_in(names: dict[str, int], change: Mapping[str, int | None]) -> None:
    for name, number in change.items():
        if number is None:
            names.pop(name, None)
        else:
            names[name] = number


def _names(folder: Folder, loss: Loss, chance: Random | None) -> dict[str, int]:
    """A folder loses its changes from some point on: file systems keep their order."""
    if loss is Loss.ALL:
        return folder.safe
    if loss is not Loss.ANY:
        return folder.now
    assert chance is not None
    names = dict(folder.safe)
    for change in folder.since[: chance.randint(0, len(folder.since))]:
        _rename_in(names, change)
    return names


def _content(file: File, loss: Loss, chance: Random | None) -> bytes:
    match loss:
        case Loss.NONE:
            return bytes(file.now)
        case Loss.ALL | Loss.NAMES:
            return file.safe
        case Loss.TORN_SECTOR:
            return _with(file.safe, [*file.since[:-1], *_torn(file.since[-1:], SECTOR)])
        case Loss.TORN_PAGE:
            return _with(file.safe, [*file.since[:-1], *_torn(file.since[-1:], PAGE)])
        case Loss.LAST_FIRST:
            return _with(file.safe, file.since[-1:])
        case Loss.ANY:
            assert chance is not None
            return _with(file.safe, _some(file.since, chance))


def _with(safe: bytes, changes: list[Write | Cut]) -> bytes:
    content = bytearray(safe)
    for change in changes:
        put(content, change)
    return bytes(content)


def _torn(changes: list[Write | Cut], size: int) -> list[Write | Cut]:
    return [Write(c.number, c.offset, c.data[:size]) if isinstance(c, Write) else c for c in changes]


def _some(changes: list[Write | Cut], chance: Random) -> list[Write | Cut]:
    """Any of them, some torn at the end of a sector."""
    kept = [change for change in changes if chance.randrange(2)]
    return [
        each
        for change in kept
        for each in (_torn([change], SECTOR * chance.randint(1, 8)) if not chance.randrange(4) else [change])
    ]
