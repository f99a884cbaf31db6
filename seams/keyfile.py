"""Secrets in files that only their owner may read: Ed25519 seeds, passwords, keys of TLS. Any other file is refused."""

import errno
import os
import stat
from pathlib import Path

from protocols.ports import Entropy
from protocols.uplink.keys import KEY_SIZE, SigningKey
from seams.folder import sync_folder

PRIVATE = 0o600
LARGEST = 65_536


class KeyFileError(Exception):
    """A key file that can't be used; the text says which and what to do."""


def make(path: Path, entropy: Entropy) -> SigningKey:
    """Write a new key to `path`, readable by its owner alone; KeyFileError if something stands there."""
    seed = entropy.token(KEY_SIZE)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    except FileExistsError:
        raise KeyFileError(f"{path}: exists already; a key is never overwritten") from None
    except OSError as error:
        raise KeyFileError(f"{path}: can't be written ({error.strerror})") from None
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, PRIVATE)
        file.write(seed.hex() + "\n")
        file.flush()
        os.fsync(descriptor)
    sync_folder(path.parent)
    return SigningKey(seed)


def private(path: Path) -> bytes:
    """Read a file that is its owner's alone, and whose owner runs this; KeyFileError says why it is refused.

    What is judged is the file that was opened: nobody can put another in its place between the look and the reading.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise KeyFileError(f"{path}: is a symbolic link; name the file itself") from None
        raise KeyFileError(f"{path}: can't be read ({error.strerror})") from None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise KeyFileError(f"{path}: is no file")
        mode = stat.S_IMODE(found.st_mode)
        if mode & 0o077:
            raise KeyFileError(f"{path}: others may read it (mode {mode:04o}); run: chmod 600 {path}")
        if found.st_uid != os.geteuid():
            mine = os.geteuid()
            raise KeyFileError(
                f"{path}: belongs to user {found.st_uid}, not to {mine} who runs this; chown {mine} {path}"
            )
        return file.read(LARGEST)


def _text(path: Path) -> str:
    try:
        return private(path).decode().strip()
    except UnicodeDecodeError:
        raise KeyFileError(f"{path}: holds no text") from None


def load(path: Path) -> SigningKey:
    """Read the key at `path`; KeyFileError if it is missing, not its owner's alone, or no key."""
    text = _text(path)
    try:
        seed = bytes.fromhex(text)
    except ValueError:
        seed = b""
    if len(seed) != KEY_SIZE:
        raise KeyFileError(f"{path}: holds no key; 64 hex digits are expected")
    return SigningKey(seed)


def secret(path: Path) -> str:
    """Read a password's one line; KeyFileError if it is missing, empty, or not its owner's alone."""
    text = _text(path)
    if not text:
        raise KeyFileError(f"{path}: holds no password")
    return text


def load_or_make(path: Path, entropy: Entropy) -> SigningKey:
    """Read the key at `path`, or make it where there is none yet."""
    return load(path) if path.exists() or path.is_symlink() else make(path, entropy)
