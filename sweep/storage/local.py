# SPDX-License-Identifier: MIT
"""A run directory on a file system: written aside, synced, renamed, its directory synced; one writer by `flock`.

The top of a published directory is symbolic links, so that plain tools open `results.parquet`, through one link:

    current -> snapshots/20261123T090000Z-1f2e3d4c      swapped with one rename: this is the publication
    manifest.json -> current/manifest.json              these never change
    results.arrow -> current/results.arrow  ...

A directory of an earlier version, or a copy that followed the links, has plain files in their place, and in that of
`current` a directory: the first publication replaces each by its link.  No other link is ever followed to write, and
none that leads out of the directory to read: see `beneath`.  The lock is never written to, who has it stands beside it.

Not modelled: a file system without symbolic links or without flock; a lock between machines where the network file
system does not carry flock to the server (NFS does since version 4, Linux 2.6.12).
"""

from __future__ import annotations

import mmap
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from sweep.errors import IncompleteError, RunError

from . import atomic, beneath, errors, lock
from .beneath import DirectoryEntry
from .files import CURRENT, FOLDERS, LOCK, MANIFEST, UNFINISHED_SUFFIX, FileStamp, bad, checked

if TYPE_CHECKING:
    import pyarrow


class Local:
    """The files under a directory; see `Files`."""

    def __init__(self, root: Path, shown: str) -> None:
        self.path: Path | None = root
        self._root = root
        self._shown = shown
        self._held: int | None = None  # the directory, while writing
        self._lock: int | None = None  # the lock, while writing

    def __str__(self) -> str:
        return self._shown

    def at(self, name: str) -> str:
        return str(Path(self._shown) / name) if "://" not in self._shown else f"{self._shown.rstrip('/')}/{name}"

    def put(self, name: str, data: bytes) -> None:
        with self.put_stream(name) as sink:
            sink.write(data)

    @contextmanager
    def put_stream(self, name: str) -> Iterator[BinaryIO]:
        checked(name)
        try:
            self._still_here()
            with self._telling(f'"{self.at(name)}"', "written"):
                if self._held is None:  # a writer never makes the directory anew: it may be gone for a reason
                    self._make_root()
                with self._top() as top, beneath.place(top, name, make=True) as (folder, last):
                    with atomic.file(folder, last) as sink:
                        yield sink
                        sink.flush()
                        os.fsync(sink.fileno())
                    os.fsync(folder)
        except FileNotFoundError as error:
            raise errors.vanished_error(self._shown) from error

    def get(self, name: str) -> bytes:
        checked(name)
        with (
            self._telling(f'"{self.at(name)}"', "read"),
            self._top() as top,
            os.fdopen(beneath.reading(top, name), "rb") as source,
        ):
            return source.read()

    def view(self, name: str) -> pyarrow.Buffer:
        checked(name)
        with self._telling(f'"{self.at(name)}"', "read"), self._top() as top:
            source = beneath.reading(top, name)
            try:
                return _mapped(source)
            finally:
                os.close(source)

    def entries(self, folder: str) -> dict[str, DirectoryEntry]:
        with self._telling(f'"{self.at(folder)}"', "read"):
            try:
                with self._top() as top, beneath.folder(top, checked(folder) if folder else "") as descriptor:
                    return {
                        name: entry
                        for name, entry in beneath.entries(descriptor).items()
                        if not name.endswith(UNFINISHED_SUFFIX)
                    }
            except (FileNotFoundError, NotADirectoryError):
                return {}

    def stamps(self, folder: str) -> dict[str, FileStamp]:
        with self._telling(f'"{self.at(folder)}"', "read"):
            try:
                with self._top() as top, beneath.folder(top, checked(folder) if folder else "") as descriptor:
                    return {
                        name: FileStamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns)
                        for name, found in beneath.stats_of_files(descriptor).items()
                        if not name.endswith(UNFINISHED_SUFFIX)
                    }
            except (FileNotFoundError, NotADirectoryError):
                return {}

    def names(self, folder: str) -> list[str]:
        entries = self.entries(folder)
        return sorted(name for name, entry in entries.items() if entry.kind != beneath.FOLDER)

    def folders(self, folder: str) -> list[str]:
        entries = self.entries(folder)
        return sorted(name for name, entry in entries.items() if entry.kind == beneath.FOLDER)

    def exists(self, name: str) -> bool:
        checked(name)
        with self._telling(f'"{self.at(name)}"', "read"):
            try:
                with self._top() as top:
                    return beneath.is_file(top, name)
            except (FileNotFoundError, NotADirectoryError):
                return False

    def make_folder(self, name: str) -> None:
        checked(name)
        inside = f"{name}/."
        with self._telling(f'"{self.at(name)}"', "made"), self._top() as top, beneath.place(top, inside, make=True):
            pass

    def delete(self, name: str) -> None:
        with suppress(FileNotFoundError), self._changing(name, "removed") as (folder, last):
            if stat.S_ISDIR(os.stat(last, dir_fd=folder, follow_symlinks=False).st_mode):
                shutil.rmtree(last, dir_fd=folder)
            else:
                os.unlink(last, dir_fd=folder)

    def set_aside(self, name: str) -> None:
        with suppress(FileNotFoundError), self._changing(name, "set aside") as (folder, last):
            os.replace(last, bad(last), src_dir_fd=folder, dst_dir_fd=folder)

    @contextmanager
    def writing(self) -> Iterator[None]:
        subject = f'run directory "{self}"'
        with self._telling(subject, "written"):
            self._make_root()
            top = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with self._telling(subject, "written"):
                lock_descriptor = lock.take(top, self._shown)
            try:
                self._held, self._lock = top, lock_descriptor
                with self._telling(subject, "written"):
                    self._clean(top)
                    lock.write_holder(top)
                yield
            finally:
                self._held = self._lock = None
                lock.remove_holder(top)
                os.close(lock_descriptor)
        finally:
            os.close(top)

    def check(self) -> None:
        if self._lock is None:
            raise IncompleteError(f'run directory "{self}" is not being written by this process')
        self._still_here()

    def holder(self) -> str | None:
        with suppress(OSError), self._top() as top:  # nobody ever wrote here, or it cannot be known
            return lock.holder_of(top)
        return None

    def swap(self, folder: str) -> None:
        self.check()
        names = self.names(folder)
        with self._telling(f'run directory "{self}"', "published"), self._top() as top:
            self._link(top, CURRENT, folder)
            for name in names:
                self._link(top, name, f"{CURRENT}/{name}")
            for name, entry in self.entries("").items():  # links to what this snapshot does not have
                if entry.target == f"{CURRENT}/{name}" and name not in names:
                    os.unlink(name, dir_fd=top)
            with beneath.folder(top, "") as listed:
                os.fsync(listed)

    @contextmanager
    def _changing(self, name: str, verb: str) -> Iterator[tuple[int, str]]:
        """Descriptor of the folder of a file and the file's name in it, for changing it.  Raises FileNotFoundError."""
        checked(name)
        with self._telling(f'"{self.at(name)}"', verb), self._top() as top, beneath.place(top, name) as folder_and_name:
            yield folder_and_name

    @contextmanager
    def _top(self) -> Iterator[int]:
        """A descriptor of the run directory: while writing, of the one that was locked."""
        if self._held is not None:
            yield self._held
        else:
            with beneath.directory(self._root) as top:
                yield top

    def _still_here(self) -> None:
        """Raises RunError if this process writes and the directory at the path is no longer the one that it locked."""
        if self._lock is not None:
            try:
                lock_at_path = os.stat(self._root / LOCK, follow_symlinks=False)
            except OSError as error:
                raise errors.vanished_error(self._shown) from error
            if not os.path.samestat(lock_at_path, os.fstat(self._lock)):
                raise errors.vanished_error(self._shown)

    def _link(self, top: int, name: str, target: str) -> None:
        """Make `name` a symbolic link to `target` in one step, replacing what was there."""
        with suppress(FileNotFoundError):
            entry = beneath.entry(top, name)
            if entry.target == target:
                return
            if entry.kind == beneath.FOLDER and name == CURRENT:  # in a copy that followed the links
                self._put_away(top, name)
        temporary = f"{name}{UNFINISHED_SUFFIX}"
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=top)
        os.symlink(target, temporary, dir_fd=top)
        os.replace(temporary, name, src_dir_fd=top, dst_dir_fd=top)

    def _put_away(self, top: int, name: str) -> None:
        """Remove a folder if it is a copy of a snapshot; any other folder stays, and makes the publication fail."""
        with beneath.folder(top, name) as copy:
            names = os.listdir(copy)
            if not names or (
                MANIFEST in names and all(beneath.entry(copy, file_name).kind == beneath.FILE for file_name in names)
            ):
                temporary = f"{name}.{os.urandom(4).hex()}{UNFINISHED_SUFFIX}"
                os.replace(name, temporary, src_dir_fd=top, dst_dir_fd=top)
                shutil.rmtree(temporary, dir_fd=top)

    def _clean(self, top: int) -> None:
        """Remove what a crash left half written, but for a report that another process may be writing now."""
        atomic.clean(top, 0)
        for name in FOLDERS:
            inside = f"{name}/."
            with suppress(FileNotFoundError, NotADirectoryError), beneath.place(top, inside) as (folder, _):
                atomic.clean(folder)

    def _make_root(self) -> None:
        new_folders = [path for path in (self._root, *self._root.parents) if not path.exists()]
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except FileNotFoundError as error:  # /proc, or a parent that was removed meanwhile: there, nothing can be made
            raise errors.disk_error(error, f'run directory "{self}"', "made") from error
        for path in new_folders:
            with beneath.directory(path.parent) as parent, beneath.folder(parent, "") as folder:
                os.fsync(folder)

    @contextmanager
    def _telling(self, what: str, verb: str) -> Iterator[None]:
        """Turn an OSError in the block into a RunError that says what to do; FileNotFoundError is left as it is."""
        try:
            yield
        except FileNotFoundError:
            raise
        except RunError:
            raise
        except OSError as error:
            raise errors.disk_error(error, what, verb) from error


def _mapped(file: int) -> pyarrow.Buffer:
    """The bytes of an open file, mapped into memory; no descriptor is kept for them."""
    import pyarrow

    if os.fstat(file).st_size == 0:  # which cannot be mapped
        return pyarrow.py_buffer(b"")
    try:
        with pyarrow.memory_map(f"/proc/self/fd/{file}") as source:
            return source.read_buffer()
    except FileNotFoundError:  # no /proc here
        return pyarrow.py_buffer(mmap.mmap(file, 0, access=mmap.ACCESS_READ))
