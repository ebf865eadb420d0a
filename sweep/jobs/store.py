# SPDX-License-Identifier: MIT
"""The run directory: one writer, parts that are whole or not there.

    parts/<chunk>-<content>.arrow   what one chunk simulated; <content> is the digest of the file's bytes
    plans/<digest>.npz              what was handed out
    logs/                           tracebacks of failed chunks, what Ray said
    lock                            who writes here now

A part is written aside, synced, renamed, and its directory synced; a crash at any moment leaves whole parts and a
*.tmp that the next run removes.  A part that does not match its name, or cannot be read, is set aside as *.bad and
its simulations run again.  What is done is what is in valid parts; there is no other ledger.

Not modelled: object stores, snapshots of several files swapped as one.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep.errors import IncompleteError, RunError
from sweep.plan import digest

from .failure import Failure
from .task import METADATA

CONTENT_BYTES = 8  # of the digest of a part's bytes in its name


@dataclass(frozen=True)
class Part:
    """A valid part: its description (see `task.run_chunk`) and the ids of its rows, in order."""

    path: Path
    about: dict[str, Any] = field(repr=False)
    ids: NDArray[np.bytes_] = field(repr=False)

    def table(self) -> pa.Table:
        """All its rows."""
        with pa.memory_map(str(self.path)) as source:
            return pa.ipc.open_file(source).read_all()


class Store:
    """A run directory; open it with `reading` or `writing`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.parts = directory / "parts"
        self.plans = directory / "plans"
        self.logs = directory / "logs"
        self.failed = directory / "failed"

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the single writer: make the directories, take the lock, remove what a crash left half written.

        Raises IncompleteError if another process writes here, RunError if the directory cannot be written.
        """
        with ExitStack() as undo:
            try:
                for directory in (self.parts, self.plans, self.logs, self.failed):
                    directory.mkdir(parents=True, exist_ok=True)
                undo.enter_context(self._lock())
                for folder in (self.directory, self.parts, self.plans):
                    for left in folder.glob("*.tmp"):
                        left.unlink()
            except OSError as error:
                raise RunError(f'run directory "{self.directory}" cannot be written: {error.strerror}') from error
            yield

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Hold the lock file; the kernel lets go of it however this process ends."""
        with open(self.directory / "lock", "a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise IncompleteError(
                    f'run directory "{self.directory}" is being written by another process: {file.read().strip()}\n'
                    "  next: wait for it to end, or give --out another directory"
                ) from None
            file.truncate(0)
            file.write(f"pid {os.getpid()} on {platform.node()}: {' '.join(sys.argv)}\n")
            file.flush()
            try:
                yield
            finally:
                file.truncate(0)

    def scan(self, set_aside: bool) -> list[Part]:
        """All valid parts, by name.  A part that is not valid is passed over; with `set_aside` it is renamed *.bad."""
        found = []
        for path in sorted(self.parts.glob("*.arrow")) if self.parts.is_dir() else []:
            part = _read(path)
            if part:
                found.append(part)
            elif set_aside:
                path.rename(path.with_suffix(".bad"))
        return found

    def commit(self, chunk: str, data: bytes) -> Part:
        """Keep the part of `chunk` for good.  Raises RunError if it does not verify or cannot be written."""
        path = self.parts / f"{chunk}-{digest(data, CONTENT_BYTES)}.arrow"
        self.write(path, data)
        part = _read(path)
        if part is None:
            raise RunError(f'part "{path}" cannot be read back: is the disk sound?')
        return part

    def fail(self, failure: Failure) -> None:
        """Keep what is known of simulations that failed."""
        self.write(self.failed / f"{failure.name}.json", json.dumps(failure.record()).encode())

    def failures(self) -> list[Failure]:
        """What has failed; records that cannot be read are passed over: their simulations run again."""
        found = []
        for path in sorted(self.failed.glob("*.json")):
            try:
                record = json.loads(path.read_bytes())
            except ValueError:
                continue
            if isinstance(record, dict) and (failure := Failure.of(record)):
                found.append(failure)
        return found

    def damaged(self) -> int:
        """Parts that were set aside."""
        return len(list(self.parts.glob("*.bad")))

    def holder(self) -> str | None:
        """Who writes here now."""
        try:
            with open(self.directory / "lock") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return (self.directory / "lock").read_text().strip()
        except FileNotFoundError:
            return None
        return None

    def keep_plan(self, name: str, data: bytes) -> None:
        self.write(self.plans / f"{name}.npz", data)

    def log(self, name: str, data: bytes) -> None:
        self.write(self.logs / name, data)

    def note(self, name: str, record: dict[str, Any]) -> None:
        self.write(self.directory / f"{name}.json", json.dumps(record).encode())

    def noted(self, name: str) -> dict[str, Any] | None:
        path = self.directory / f"{name}.json"
        return json.loads(path.read_bytes()) if path.exists() else None

    def write(self, path: Path, data: bytes) -> None:
        """Write a file aside, sync it, rename it, sync its directory.  Raises RunError."""
        aside = path.with_name(f"{path.name}.tmp")
        try:
            with open(aside, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            self.swap(aside, path)
        except OSError as error:
            raise RunError(
                f'"{path}" cannot be written: {error.strerror}; everything before it is kept\n'
                "  next: make room, then run the same command again: it runs only what is missing"
            ) from error

    def swap(self, aside: Path, path: Path) -> None:
        """Give a synced file its name, for good."""
        os.replace(aside, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _read(path: Path) -> Part | None:
    """The part in `path`, None unless it is whole: bytes as its name says, readable, as many rows as it says."""
    try:
        data = path.read_bytes()
        if digest(data, CONTENT_BYTES) != path.stem.rpartition("-")[2]:
            return None
        reader = pa.ipc.open_file(pa.BufferReader(data), options=pa.ipc.IpcReadOptions(included_fields=[0]))
        about = json.loads(reader.schema.metadata[METADATA])
        ids = reader.read_all().column("id").to_numpy().astype("S32")
    except (OSError, pa.ArrowInvalid, ValueError, KeyError, TypeError):
        return None
    return Part(path, about, ids) if len(ids) == about["rows"] else None
