# SPDX-License-Identifier: MIT
"""A run directory on a file system: written aside, synced, renamed, its directory synced; one writer by `flock`.

The top of a published directory is symbolic links, so that plain tools open `results.parquet`, through one link:

    current -> snapshots/20261123T090000Z-1f2e3d4c      swapped with one rename: this is the publication
    manifest.json -> current/manifest.json              these never change
    results.arrow -> current/results.arrow  ...

A directory of an earlier version has plain files in their place: the first publication replaces each by its link.

Not modelled: a file system without symbolic links or without flock; a lock between machines where the network file
system does not carry flock to the server (NFS does since version 4, Linux 2.6.12).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from sweep.errors import IncompleteError, RunError

from . import holder, troubles
from .files import ASIDE, bad, checked

if TYPE_CHECKING:
    import pyarrow

LOCK = "lock"
CURRENT = "current"
PATIENCE_S = 0.5  # `holder` takes the lock for a moment; a writer does not take that for another writer


class Local:
    """The files under a directory; see `Files`."""

    def __init__(self, root: Path, shown: str) -> None:
        self.path: Path | None = root
        self._root = root
        self._shown = shown
        self._lock: IO[bytes] | None = None  # held while writing

    def __str__(self) -> str:
        return self._shown

    def at(self, name: str) -> str:
        return str(Path(self._shown) / name) if "://" not in self._shown else f"{self._shown.rstrip('/')}/{name}"

    def put(self, name: str, data: bytes) -> None:
        with self.put_stream(name) as sink:
            sink.write(data)

    @contextmanager
    def put_stream(self, name: str) -> Iterator[BinaryIO]:
        path = self._path(name)
        aside = path.with_name(f"{path.name}.{os.getpid()}{ASIDE}")
        try:
            self._still_here()
            with self._telling(f'"{self.at(name)}"', "written"):
                self._make_folder(path.parent)
                try:
                    with open(aside, "wb") as sink:
                        yield sink
                        sink.flush()
                        os.fsync(sink.fileno())
                    os.replace(aside, path)
                    _sync(path.parent)
                finally:
                    with suppress(OSError):
                        aside.unlink(missing_ok=True)
        except FileNotFoundError as error:
            raise troubles.vanished(self._shown) from error

    def get(self, name: str) -> bytes:
        with self._telling(f'"{self.at(name)}"', "read"):
            return self._path(name).read_bytes()

    def view(self, name: str) -> pyarrow.Buffer:
        import pyarrow

        with self._telling(f'"{self.at(name)}"', "read"):
            path = self._path(name)
            if path.stat().st_size == 0:  # which cannot be mapped
                return pyarrow.py_buffer(b"")
            with pyarrow.memory_map(str(path)) as source:
                return source.read_buffer()

    def names(self, folder: str) -> list[str]:
        return sorted(entry.name for entry in self._entries(folder) if entry.is_file())

    def folders(self, folder: str) -> list[str]:
        return sorted(entry.name for entry in self._entries(folder) if entry.is_dir(follow_symlinks=False))

    def exists(self, name: str) -> bool:
        with self._telling(f'"{self.at(name)}"', "read"):
            return self._path(name).is_file()

    def delete(self, name: str) -> None:
        with self._telling(f'"{self.at(name)}"', "removed"), suppress(FileNotFoundError):
            path = self._path(name)
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def set_aside(self, name: str) -> None:
        with self._telling(f'"{self.at(name)}"', "set aside"), suppress(FileNotFoundError):
            os.replace(self._path(name), self._path(bad(name)))

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self._telling(f'run directory "{self}"', "written"):
            self._make_root()
            lock = open(self._root / LOCK, "ab+", buffering=0)  # noqa: SIM115 closed below, with nothing left to write
        with lock:
            self._take(lock)
            self._lock = lock
            try:
                with self._telling(f'run directory "{self}"', "written"):
                    self._clean()
                    lock.truncate(0)
                    lock.write(f"{holder.myself()}\n".encode(errors="backslashreplace"))
                yield
            finally:
                self._lock = None
                with suppress(OSError):  # of a full or vanished disk: the kernel lets go whatever happens
                    lock.truncate(0)

    def check(self) -> None:
        if self._lock is None:
            raise IncompleteError(f'run directory "{self}" is not being written by this process')
        self._still_here()

    def holder(self) -> str | None:
        try:
            with open(self._root / LOCK, "rb") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return holder.told(lock.read(4096)) or "a process that is just starting"
        except OSError:  # nobody ever wrote here
            pass
        return None

    def swap(self, folder: str) -> None:
        self.check()
        names = self.names(folder)
        with self._telling(f'run directory "{self}"', "published"):
            self._link(CURRENT, folder)
            for name in names:
                self._link(name, f"{CURRENT}/{name}")
            for entry in self._entries(""):  # links to what this snapshot does not have
                ours = entry.is_symlink() and os.readlink(entry.path) == f"{CURRENT}/{entry.name}"
                if ours and not os.path.exists(entry.path):
                    os.unlink(entry.path)
            _sync(self._root)

    def _still_here(self) -> None:
        """Raises RunError if this is the writer and the directory is not the one that it locked."""
        if self._lock is not None:
            try:
                here = os.stat(self._root / LOCK)
            except OSError as error:
                raise troubles.vanished(self._shown) from error
            if not os.path.samestat(here, os.fstat(self._lock.fileno())):
                raise troubles.vanished(self._shown)

    def _link(self, name: str, target: str) -> None:
        """Make `name` a symbolic link to `target`, in one step, whatever it was."""
        path = self._root / name
        if path.is_symlink() and os.readlink(path) == target:
            return
        aside = self._root / f"{name}{ASIDE}"
        aside.unlink(missing_ok=True)
        os.symlink(target, aside)
        os.replace(aside, path)

    def _take(self, lock: IO[bytes]) -> None:
        """Take the lock, or say who has it; the kernel lets go of it however this process ends."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() < deadline:
                    time.sleep(0.02)
                    continue
            except OSError as error:
                raise troubles.disk(error, f'run directory "{self}"', "locked") from error
            lock.seek(0)
            raise IncompleteError(
                f'run directory "{self._shown}" is being written by another process: {holder.told(lock.read(4096))}\n'
                "  next: wait for it to end, or give --out another directory"
            )

    def _clean(self) -> None:
        """Remove what a crash left half written, but for a report that another process may be writing now."""
        for left in self._root.rglob(f"*{ASIDE}"):
            if not left.name.startswith("report."):
                left.unlink(missing_ok=True)

    def _make_folder(self, folder: Path) -> None:
        """Make a folder in the directory, for good; never the directory itself, which may be gone for a reason."""
        if folder != self._root and not folder.is_dir():
            self._make_folder(folder.parent)
            with suppress(FileExistsError):
                os.mkdir(folder)
            _sync(folder.parent)
        elif self._lock is None:
            self._make_root()

    def _make_root(self) -> None:
        made = [path for path in (self._root, *self._root.parents) if not path.exists()]
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except FileNotFoundError as error:  # /proc, or a parent that was removed meanwhile: there, nothing can be made
            raise troubles.disk(error, f'run directory "{self}"', "made") from error
        for path in made:
            _sync(path.parent)

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        path = self._path(folder) if folder else self._root
        with self._telling(f'"{self.at(folder)}"', "read"):
            try:
                return [entry for entry in os.scandir(path) if not entry.name.endswith(ASIDE)]
            except (FileNotFoundError, NotADirectoryError):
                return []

    def _path(self, name: str) -> Path:
        return self._root / checked(name)

    @contextmanager
    def _telling(self, what: str, verb: str) -> Iterator[None]:
        """Turn what the file system says into a RunError, but for a file that is not there."""
        try:
            yield
        except FileNotFoundError:
            raise
        except RunError:
            raise
        except OSError as error:
            raise troubles.disk(error, what, verb) from error


def _sync(folder: Path) -> None:
    """Make the names in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
