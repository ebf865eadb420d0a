# SPDX-License-Identifier: MIT
"""The folder where compiled kernels are kept, and what is used where that folder cannot be.

Numba loads pickles and machine code from its cache, so whoever can write there can run code as the user who simulates.
A folder is used only if neither it, nor what is in it, nor a folder above it can be changed by another user (root
excepted).  Where it may not be used, or cannot be written (no home, a read-only disk, no room), kernels go to a
temporary folder of mode 0700: the processes that this one starts find it in NUMBA_CACHE_DIR, the workers of a Ray node
that has none by a common name, and the last of them that ends removes it.

Not modelled: access control lists, which can let others write where the mode does not say so.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import stat
import tempfile
import threading
import warnings
from contextlib import suppress
from pathlib import Path

ROOM_BYTES = 64 << 20  # a compiled kernel takes 5.4 MB (measured), and there are nine strategies
PREFIX = "sweep-kernels-"
VARIABLE = "NUMBA_CACHE_DIR"

_choosing = threading.Lock()
_held: list[int] = []  # descriptors of the temporary folders that this process uses, locked


class KernelCacheWarning(UserWarning):
    """Kernels are kept in a temporary folder, because theirs cannot be used."""


def usable(current: str) -> Path:
    """A folder that may be read and written: the user's, or a temporary one, of which a KernelCacheWarning tells.

    A folder that others cannot change and this process cannot write is copied, as far as file names contain `current`:
    the digest of sources that a kernel's name has.  Raises OSError if there is no place for a temporary folder.
    """
    with _choosing:
        wanted = _wanted()
        if wanted and wanted.name.startswith(PREFIX) and _is_private(wanted):  # of the process that started this one
            return wanted
        what = f'the kernel cache "{wanted}"' if wanted else "the kernel cache ~/.cache/sweep/numba"
        danger = _changeable_by_others(wanted) if wanted else ""
        trouble = danger or (_unwritable(wanted) if wanted else "this user has no home")
        if wanted and not trouble:
            return wanted
        made = _temporary()
        if wanted and not danger:
            _copy(wanted, made, current)
        os.environ[VARIABLE] = str(made)
        warnings.warn(
            f"{what} is not used: {trouble}; kernels are compiled for this run alone, in {made}\n"
            f"  next: set {VARIABLE} to a folder of your own, to compile them only once",
            KernelCacheWarning,
            stacklevel=3,
        )
        return made


def make(folder: str) -> None:
    """Make `folder`, and those above it that are not there, for this user alone, whatever the umask is."""
    path = Path(folder)
    for each in reversed([path, *path.parents]):
        if not each.exists():
            with suppress(FileExistsError):
                each.mkdir(mode=0o700)


def _wanted() -> Path | None:
    """The folder that is asked for, or this user's; None for a user without a home."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    if caches := os.environ.get("XDG_CACHE_HOME"):
        return Path(caches, "sweep", "numba")
    with suppress(RuntimeError, KeyError):  # an arbitrary user id is in no list of users
        return Path.home() / ".cache" / "sweep" / "numba"
    return None


def _changeable_by_others(folder: Path) -> str:
    """Who else could change what would be loaded from `folder`, which need not exist; "" if nobody."""
    try:
        there = folder.resolve()
        while not there.exists():
            there = there.parent
        is_cache = there == folder.resolve()
        if reason := _shared(there, there.stat(), sticky_protects=not is_cache):
            return reason
        for path in _entries(there) if is_cache and there.stat().st_mode & 0o077 else ():
            with suppress(FileNotFoundError):  # another process has just given the file its name
                if reason := _shared(path, path.lstat(), sticky_protects=False):
                    return reason
        for path in there.parents:
            if reason := _shared(path, path.stat(), sticky_protects=True):
                return reason
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of symbolic links
        return getattr(error, "strerror", None) or str(error)
    return ""


def _entries(folder: Path) -> list[Path]:
    """What is in a cache: a folder per folder of sources, and their files.  Nothing that cannot be listed."""
    found: list[Path] = []
    with suppress(PermissionError):
        for path in folder.iterdir():
            found.append(path)
            if path.is_dir() and not path.is_symlink():
                with suppress(FileNotFoundError):
                    found += path.iterdir()
    return found


def _shared(path: Path, about: os.stat_result, *, sticky_protects: bool) -> str:
    """Who can change the file or folder `path` besides this user and root; "" if nobody."""
    if about.st_uid not in (0, os.geteuid()):
        return f'"{path}" belongs to another user (id {about.st_uid})'
    if stat.S_ISDIR(about.st_mode) and about.st_mode & stat.S_ISVTX and sticky_protects:
        return ""  # as /tmp: others can add to it, and not replace what is there
    if about.st_mode & stat.S_IWOTH and not stat.S_ISLNK(about.st_mode):
        return f'"{path}" can be written by every user'
    own_group = about.st_gid == os.geteuid()  # many systems give each user a group of the same number
    if about.st_mode & stat.S_IWGRP and not own_group and not stat.S_ISLNK(about.st_mode):
        return f'"{path}" can be written by its group (id {about.st_gid})'
    return ""


def _unwritable(folder: Path) -> str:
    """Why kernels cannot be written to `folder`, which need not exist; "" if they can.  Leaves nothing behind."""
    try:
        there = folder.resolve()
        if there.exists():
            tempfile.TemporaryFile(dir=there).close()
            for path in there.iterdir():
                if path.is_dir() and not os.access(path, os.W_OK | os.X_OK):
                    return f'"{path}" cannot be written'
        else:
            while not there.exists():
                there = there.parent
            os.rmdir(tempfile.mkdtemp(dir=there))
        room = os.statvfs(there)
        if room.f_bavail * room.f_frsize < ROOM_BYTES:
            return f"its disk has less than {ROOM_BYTES >> 20} MiB of room"
    except OSError as error:
        return f"it cannot be written: {error.strerror}"
    return ""


def _temporary() -> Path:
    """A private folder, locked by this process; what killed processes have left is removed."""
    root = Path(tempfile.gettempdir())
    for left in root.glob(f"{PREFIX}*"):
        _clear(left)
    common = None
    if raylet := os.environ.get("RAY_RAYLET_PID"):  # in a worker of Ray: the others on this node look there, too
        common = root / f"{PREFIX}{os.geteuid()}-{raylet}"
    while True:
        made = _common(common) if common else None
        if made is None:
            common, made = None, Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        lock = os.open(made, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        fcntl.flock(lock, fcntl.LOCK_SH)
        if made.is_dir() and made.stat().st_ino == os.fstat(lock).st_ino:  # not taken for one that was left meanwhile
            _held.append(lock)
            atexit.register(_remove, made, lock, os.getpid())
            return made
        os.close(lock)


def _common(folder: Path) -> Path | None:
    """`folder`, made if it is not there; None if it is not this user's alone."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    return folder if _is_private(folder) else None


def _is_private(folder: Path) -> bool:
    """Whether `folder` is a folder that only this user can enter."""
    try:
        about = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid() and not about.st_mode & 0o077


def _remove(folder: Path, lock: int, locker: int) -> None:
    """At the end of the process that has locked it, and not of a copy of that process; unless others use it."""
    if os.getpid() == locker:
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)


def _clear(left: Path) -> None:
    """Remove a temporary folder of this user's whose process has ended without doing so."""
    with suppress(OSError):
        lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if os.fstat(lock).st_uid == os.geteuid():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
        finally:
            os.close(lock)


def _copy(cache: Path, to: Path, current: str) -> None:
    """Copy the kernels of the sources with the digest `current`; what cannot be read is compiled again."""
    with suppress(OSError):
        for path in cache.glob(f"*/*{current}*.nb[ic]"):
            folder = to / path.parent.name
            folder.mkdir(mode=0o700, exist_ok=True)
            with suppress(OSError):
                shutil.copy(path, folder / path.name)
