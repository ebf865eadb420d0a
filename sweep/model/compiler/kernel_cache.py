# SPDX-License-Identifier: MIT
"""Compiled kernels on disk, a file for each: they are compiled once per machine, not once per process.

Files hold machine code, so whoever can write there can run code as the user who simulates.  They are read only from a
folder that no other user, except root, can change, by itself or through a folder above it; and only whole, which a
digest proves.  A folder that cannot be used, read or written costs the time to compile, and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path

from sweep.permissions import changeable, changeable_by_others

from . import machine

VARIABLE = "SWEEP_CACHE_DIR"
ADVICE = f"set {VARIABLE} to a folder of your own"
DIGEST_BYTES = 32
MOST_BYTES = 64 << 20  # of a kernel, which has 0.1 MB: nothing larger is read
SUFFIX = ".kernel"


class KernelCacheWarning(UserWarning):
    """Compiled kernels are not kept, because their folder must not be used or cannot be written."""


def root() -> Path | None:
    """The folder of what sweep keeps between runs, which need not exist; None for a user without a home."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    if cache_home := os.environ.get("XDG_CACHE_HOME"):
        return Path(cache_home, "sweep")
    with suppress(RuntimeError, KeyError):  # an arbitrary user id is in no list of users
        return Path.home() / ".cache" / "sweep"
    return None


def folder() -> Path | None:
    """The folder of this user's kernels, which need not exist; None for a user without a home."""
    place = root()
    return place / "kernels" if place else None


def usable() -> Path | None:
    """The folder of this user's kernels if no other user can change it; None otherwise."""
    place = folder()
    return place if place is not None and not changeable_by_others(place) else None


def has(name: str, key: str) -> bool:
    """Whether there is a kernel for these sources, of whatever processor; it is not read."""
    place = usable()
    with suppress(OSError):
        return place is not None and any(place.glob(f"{name}-{key}-*{SUFFIX}"))
    return False


def read(name: str, key: str) -> bytes | None:
    """The machine code of a kernel for this processor; None if it is not there, damaged, or not to be trusted."""
    place = usable()
    if place is None:
        return None
    with suppress(OSError):
        descriptor = os.open(place / _file(name, key), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode) or changeable("", about, sticky_protects=False):
                return None
            content = file.read(MOST_BYTES)
        digest, code = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        if digest == _digest(name, key, code):
            return code
    return None


def write(name: str, key: str, code: bytes) -> None:
    """Keep a kernel for other processes, or warn (KernelCacheWarning) that it is not kept."""
    _warn(_keep(_file(name, key), _digest(name, key, code) + code))


def writable() -> bool:
    """Whether kernels can be kept; warns (KernelCacheWarning) if not."""
    _warn(problem := _keep("", b""))
    return not problem


def problem() -> str:
    """Why kernels cannot be kept, naming their folder; "" if they can."""
    return _keep("", b"")


def _keep(name: str, content: bytes) -> str:
    """Write a file of the cache, at once as a whole; only try if `name` is "".  Returns why that failed, or ""."""
    place = folder()
    problem = changeable_by_others(place) if place else "this user has no home"
    made = ""
    if place and not problem:
        try:
            make(place)
            descriptor, made = tempfile.mkstemp(dir=place, prefix=".new-")
            with open(descriptor, "wb") as file:
                file.write(content)
            if name:
                os.replace(made, place / name)
                return ""
        except OSError as error:
            problem = f"it cannot be written: {error.strerror}"
        if made:
            with suppress(OSError):
                os.unlink(made)
    return f'the kernel cache "{place or "~/.cache/sweep/kernels"}" is not used: {problem}' if problem else ""


def make(place: Path) -> None:
    """Make a folder and its missing parents with mode 0700, whatever the umask is."""
    for parent in reversed([place, *place.parents]):
        if not parent.exists():
            with suppress(FileExistsError):
                parent.mkdir(mode=0o700)


def _file(name: str, key: str) -> str:
    return f"{name}-{key}-{_processor()}{SUFFIX}"


@cache
def _processor() -> str:
    return hashlib.blake2b(machine.processor().encode(), digest_size=8).hexdigest()


def _digest(name: str, key: str, code: bytes) -> bytes:
    """Proves that a file is whole, and that nobody gave it another's name."""
    return hashlib.blake2b(f"{_file(name, key)}\0".encode() + code, digest_size=DIGEST_BYTES).digest()


def _warn(problem: str) -> None:
    if problem:
        warnings.warn(
            f"{problem}; kernels are compiled for this run alone\n  next: {ADVICE}, to compile them only once",
            KernelCacheWarning,
            stacklevel=3,
        )
