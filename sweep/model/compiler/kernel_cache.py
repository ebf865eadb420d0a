# SPDX-License-Identifier: MIT
"""The folder of compiled kernels, and a temporary one for when that folder cannot be used.

Numba loads pickles and machine code from its cache, so whoever can write there can run code as the user who simulates.
A folder is used only if no other user, except root, can change it, its contents, or a folder above it.  If it may not
be used, or cannot be written (no home, a read-only disk, no room), kernels go to a temporary folder of mode 0700.
Child processes find it through NUMBA_CACHE_DIR, the workers of a Ray node by a common name; the last process that uses
it removes it.

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
    """Kernels are kept in a temporary folder, because the usual one cannot be used."""


def usable(current: str) -> Path:
    """A folder that may be read and written: the user's, or a temporary one, which is reported as KernelCacheWarning.

    From a folder that this process cannot write but others cannot change either, the kernels whose file names contain
    `current`, the digest of the sources, are copied.  Raises OSError if no temporary folder can be made.
    """
    with _choosing:
        configured = _wanted()
        if (
            configured and configured.name.startswith(PREFIX) and _is_private(configured)
        ):  # of the process that started this one
            return configured
        described = f'the kernel cache "{configured}"' if configured else "the kernel cache ~/.cache/sweep/numba"
        danger = _changeable_by_others(configured) if configured else ""
        problem = danger or (_unwritable(configured) if configured else "this user has no home")
        if configured and not problem:
            return configured
        temporary = _temporary()
        if configured and not danger:
            _copy(configured, temporary, current)
        os.environ[VARIABLE] = str(temporary)
        warnings.warn(
            f"{described} is not used: {problem}; kernels are compiled for this run alone, in {temporary}\n"
            f"  next: set {VARIABLE} to a folder of your own, to compile them only once",
            KernelCacheWarning,
            stacklevel=3,
        )
        return temporary


def make(folder: str) -> None:
    """Make `folder` and its missing parents with mode 0700, whatever the umask is."""
    path = Path(folder)
    for parent in reversed([path, *path.parents]):
        if not parent.exists():
            with suppress(FileExistsError):
                parent.mkdir(mode=0o700)


def _wanted() -> Path | None:
    """The configured folder, or else this user's default; None for a user without a home."""
    if from_environment := os.environ.get(VARIABLE):
        return Path(from_environment)
    if cache_home := os.environ.get("XDG_CACHE_HOME"):
        return Path(cache_home, "sweep", "numba")
    with suppress(RuntimeError, KeyError):  # an arbitrary user id is in no list of users
        return Path.home() / ".cache" / "sweep" / "numba"
    return None


def _changeable_by_others(folder: Path) -> str:
    """How another user could change what is loaded from `folder`, which need not exist; "" if nobody can."""
    try:
        existing = folder.resolve()
        while not existing.exists():
            existing = existing.parent
        is_cache = existing == folder.resolve()
        if reason := _shared(existing, existing.stat(), sticky_protects=not is_cache):
            return reason
        for path in _entries(existing) if is_cache and existing.stat().st_mode & 0o077 else ():
            with suppress(FileNotFoundError):  # another process has just given the file its name
                if reason := _shared(path, path.lstat(), sticky_protects=False):
                    return reason
        for path in existing.parents:
            if reason := _shared(path, path.stat(), sticky_protects=True):
                return reason
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of symbolic links
        return getattr(error, "strerror", None) or str(error)
    return ""


def _entries(folder: Path) -> list[Path]:
    """The entries of a cache: a folder per source folder, and their files; skips what cannot be listed."""
    entries: list[Path] = []
    with suppress(PermissionError):
        for path in folder.iterdir():
            entries.append(path)
            if path.is_dir() and not path.is_symlink():
                with suppress(FileNotFoundError):
                    entries += path.iterdir()
    return entries


def _shared(path: Path, about: os.stat_result, *, sticky_protects: bool) -> str:
    """How a user other than this one and root can change the file or folder `path`; "" if nobody can."""
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
    """Why kernels cannot be written to `folder`, which need not exist; "" if they can.  Changes nothing."""
    try:
        existing = folder.resolve()
        if existing.exists():
            tempfile.TemporaryFile(dir=existing).close()
            for path in existing.iterdir():
                if path.is_dir() and not os.access(path, os.W_OK | os.X_OK):
                    return f'"{path}" cannot be written'
        else:
            while not existing.exists():
                existing = existing.parent
            os.rmdir(tempfile.mkdtemp(dir=existing))
        disk = os.statvfs(existing)
        if disk.f_bavail * disk.f_frsize < ROOM_BYTES:
            return f"its disk has less than {ROOM_BYTES >> 20} MiB of room"
    except OSError as error:
        return f"it cannot be written: {error.strerror}"
    return ""


def _temporary() -> Path:
    """A private folder, locked by this process; removes those that killed processes have left."""
    root = Path(tempfile.gettempdir())
    for left in root.glob(f"{PREFIX}*"):
        _clear(left)
    common_folder = None
    if raylet := os.environ.get("RAY_RAYLET_PID"):  # in a worker of Ray: the others on this node look there, too
        common_folder = root / f"{PREFIX}{os.geteuid()}-{raylet}"
    while True:
        folder = _common(common_folder) if common_folder else None
        if folder is None:
            common_folder, folder = None, Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        fcntl.flock(lock, fcntl.LOCK_SH)
        if (
            folder.is_dir() and folder.stat().st_ino == os.fstat(lock).st_ino
        ):  # not taken for one that was left meanwhile
            _held.append(lock)
            atexit.register(_remove, folder, lock, os.getpid())
            return folder
        os.close(lock)


def _common(folder: Path) -> Path | None:
    """`folder`, made if it is missing; None if it is not private to this user."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    return folder if _is_private(folder) else None


def _is_private(folder: Path) -> bool:
    """Whether `folder` is a folder that only this user can enter."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def _remove(folder: Path, lock: int, locker: int) -> None:
    """Remove the folder when the process that locked it ends (not a fork of it), unless other processes use it."""
    if os.getpid() == locker:
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)


def _clear(left: Path) -> None:
    """Remove a temporary folder of this user that a process has left behind."""
    with suppress(OSError):
        lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if os.fstat(lock).st_uid == os.geteuid():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
        finally:
            os.close(lock)


def _copy(cache: Path, to: Path, current: str) -> None:
    """Copy the kernels whose names contain the digest `current`; unreadable ones are compiled again."""
    with suppress(OSError):
        for path in cache.glob(f"*/*{current}*.nb[ic]"):
            folder = to / path.parent.name
            folder.mkdir(mode=0o700, exist_ok=True)
            with suppress(OSError):
                shutil.copy(path, folder / path.name)
