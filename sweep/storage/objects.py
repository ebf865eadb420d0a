# SPDX-License-Identifier: MIT
"""A run directory in an object store, through `pyarrow.fs`: one put per file, a lease for one writer, no renames.

A put is atomic: what fits into memory goes up as one object or, past some megabytes, as parts that become an object
when all are there.  A large file is made on the local disk first, so that a writer that fails leaves nothing in the
store.  (A pyarrow stream that is closed after an exception publishes what it has; no stream here sees one.  Nor is
there an object if a part does not go up, as long as the file system writes in the background: see `location`.)

Not modelled: rights that let a process write but not list or delete; versions of objects, which the store may keep.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
from pyarrow import fs

from sweep.errors import IncompleteError, RunError

from . import errors
from .beneath import FILE, FOLDER, DirectoryEntry
from .files import LOCK, MANIFEST, FileStamp, bad, checked
from .lease import TTL_S, Lease, is_held, read

READS = 4  # tries to read a file that is replaced or removed meanwhile


class Objects:
    """The objects under `root` ("bucket/folder") of a file system; see `Files`."""

    path: Path | None = None

    def __init__(self, filesystem: fs.FileSystem, root: str, shown: str, ttl_s: float = TTL_S) -> None:
        self._fs, self._root, self._shown, self._ttl_s = filesystem, root, shown, ttl_s
        self._lease: Lease | None = None

    def __str__(self) -> str:
        return self._shown

    def at(self, name: str) -> str:
        address, mark, options = self._shown.partition("?")
        return f"{address.rstrip('/')}/{name}{mark}{options}"

    def put(self, name: str, data: bytes) -> None:
        self._not_lost()
        self._put(name, data)

    @contextmanager
    def put_stream(self, name: str) -> Iterator[BinaryIO]:
        checked(name)
        try:
            with tempfile.NamedTemporaryFile(prefix="sweep-") as aside:
                yield aside  # type: ignore[misc]
                aside.flush()
                self._not_lost()
                if aside.tell():
                    with pa.memory_map(aside.name) as source:
                        self._put(name, source.read_buffer())
                else:
                    self._put(name, b"")
        except OSError as error:
            described = f'"{self.at(name)}", first made in "{tempfile.gettempdir()}" (TMPDIR),'
            raise errors.disk_error(error, described, "written") from error

    def get(self, name: str) -> bytes:
        for _ in range(READS):
            data = self.view(name)
            if self._info(name).size == data.size:  # else it was replaced, and this may be the beginning of the new one
                return bytes(data)
        raise RunError(f'"{self.at(name)}" changes all the time: it cannot be read\n  next: try again')

    def view(self, name: str) -> pa.Buffer:
        for _ in range(READS):
            try:
                return self._read(name)
            except RunError:  # also if it was removed on the way: "no such object" is longer than it was
                if not self.exists(name):
                    raise FileNotFoundError(name) from None
        return self._read(name)

    def entries(self, folder: str) -> dict[str, DirectoryEntry]:
        kinds = {fs.FileType.File: FILE, fs.FileType.Directory: FOLDER}
        return {info.base_name: DirectoryEntry(kinds[info.type]) for info in self._list(folder) if info.type in kinds}

    def stamps(self, folder: str) -> dict[str, FileStamp]:
        return {
            info.base_name: FileStamp(info.size, info.mtime_ns, 0)
            for info in self._list(folder)
            if info.type == fs.FileType.File and info.mtime_ns is not None
        }

    def names(self, folder: str) -> list[str]:
        return sorted(info.base_name for info in self._list(folder) if info.type == fs.FileType.File)

    def folders(self, folder: str) -> list[str]:
        return sorted(info.base_name for info in self._list(folder) if info.type == fs.FileType.Directory)

    def exists(self, name: str) -> bool:
        return bool(self._info(name).type == fs.FileType.File)

    def make_folder(self, name: str) -> None:
        checked(name)  # objects have names with "/" in them, and no folders

    def delete(self, name: str) -> None:
        path = self._path(name)
        with self._telling(f'"{self.at(name)}"', "removed"):
            try:
                self._fs.delete_file(path)
            except FileNotFoundError:
                if self._fs.get_file_info(path).type == fs.FileType.Directory:
                    self._fs.delete_dir(path)

    def set_aside(self, name: str) -> None:
        with suppress(FileNotFoundError), self._telling(f'"{self.at(name)}"', "set aside"):
            self._fs.copy_file(self._path(name), self._path(bad(name)))
        self.delete(name)

    @contextmanager
    def writing(self) -> Iterator[None]:
        lease = Lease(self, self._shown, self._ttl_s)
        with lease.held():
            self._lease = lease
            try:
                yield
            finally:
                self._lease = None

    def check(self) -> None:
        if self._lease is None:
            raise IncompleteError(f'"{self}" is not being written by this process')
        self._lease.check()

    def holder(self) -> str | None:
        """The processes whose claim is fresh by this machine's clock: good enough to show, not to decide by."""
        fresh = [name for name, stamp in self.claims().items() if abs(time.time() - stamp) < self._ttl_s]
        held = [claim["who"] for claim in (read(self, name) for name in fresh) if is_held(claim)]
        return "; ".join(held) or None

    def swap(self, folder: str) -> None:
        try:
            data = self.get(f"{folder}/{MANIFEST}")
        finally:
            self.check()  # last; and if a successor has removed the folder, this says so
        self._put(MANIFEST, data)

    def put_claim(self, name: str, data: bytes) -> None:
        self._put(f"{LOCK}/{name}", data)

    def get_claim(self, name: str) -> bytes:
        return self.get(f"{LOCK}/{name}")

    def delete_claim(self, name: str) -> None:
        self.delete(f"{LOCK}/{name}")

    def claims(self) -> dict[str, float]:
        files = (info for info in self._list(LOCK) if info.type == fs.FileType.File)
        return {info.base_name: info.mtime_ns / 1e9 for info in files}

    def _put(self, name: str, data: bytes | pa.Buffer) -> None:
        """Write all data in one go, so that nothing can happen between opening and closing the stream."""
        with self._telling(f'"{self.at(name)}"', "written"):
            sink = self._fs.open_output_stream(self._path(name), compression=None)
            try:
                sink.write(data)
            finally:
                sink.close()

    def _read(self, name: str) -> pa.Buffer:
        """Read the whole object.  Not atomic: pyarrow asks for the length first, then for so many bytes."""
        with self._telling(f'"{self.at(name)}"', "read"), self._fs.open_input_file(self._path(name)) as source:
            return source.read_buffer()

    def _info(self, name: str) -> fs.FileInfo:
        with self._telling(f'"{self.at(name)}"', "read"):
            return self._fs.get_file_info(self._path(name))

    def _list(self, folder: str) -> list[fs.FileInfo]:
        path = self._path(folder) if folder else self._root
        with suppress(FileNotFoundError), self._telling(f'"{self.at(folder)}"', "read"):
            return list(self._fs.get_file_info(fs.FileSelector(path)))  # which finds a bucket that is not there
        return []

    def _path(self, name: str) -> str:
        return f"{self._root}/{checked(name)}"

    def _not_lost(self) -> None:
        if self._lease is not None and self._lease.lost is not None:
            raise self._lease.lost

    @contextmanager
    def _telling(self, what: str, verb: str) -> Iterator[None]:
        """Turn a store's error in the block into a RunError that says what to do; FileNotFoundError is kept."""
        try:
            yield
        except (FileNotFoundError, RunError):
            raise
        except (OSError, pa.ArrowException) as error:
            if re.search("NO_SUCH_KEY|NoSuchKey|RESOURCE_NOT_FOUND", str(error)):  # most calls say it in Python's way
                raise FileNotFoundError(str(error)) from error
            raise errors.store_error(error, what, verb) from error
