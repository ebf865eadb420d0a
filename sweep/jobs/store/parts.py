# SPDX-License-Identifier: MIT
"""The run directory: one writer, parts that are whole or not there, wherever it is.

    parts/<chunk>-<content>.arrow   what one chunk simulated; <content> is the digest of the file's bytes
    failed/<name>.json              what could not be simulated, and why
    plans/<digest>.npz              what was handed out
    logs/                           tracebacks of failed chunks, what Ray said
    snapshots/, manifest.json       what is published: see `storage.snapshot`
    run.json, looks.json            what was asked for last, and what came of it; what looks have decided

A part that does not match its name, or cannot be read, is set aside as *.bad and its simulations run again.  What is
done is what is in valid parts; there is no other ledger.  Nothing that is read from here is ever unpickled.

Not modelled: logs of a run in an object store whose driver is killed; they go up when it ends.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep import records, schema, storage
from sweep.config.sweep import FORMAT as DOCUMENT_FORMAT
from sweep.errors import RunError, SweepError
from sweep.jobs.executors.task import METADATA
from sweep.model.strategies import NAMES
from sweep.plan import digest
from sweep.plan.identity import code
from sweep.records import COUNT, INTEGER, SECONDS, TEXT, TEXTS
from sweep.storage import ownership, snapshot
from sweep.storage.beneath import FILE

CONTENT_BYTES = 8  # of the digest of a part's bytes in its name
PART = re.compile(rf"[0-9a-f]+-[0-9a-f]{{{2 * CONTENT_BYTES}}}\.(arrow|bad)")  # what else is there is no part of ours
FAILURE = re.compile(r"[0-9a-f]+\.json")
Given = TypeVar("Given")
Got = TypeVar("Got")

ABOUT = {  # what a part says of itself
    **dict.fromkeys(("chunk", "document", "strategy", "node"), TEXT),
    **dict.fromkeys(("model_s", "simulate_s", "compile_s", "ended"), SECONDS),
    **dict.fromkeys(("rows", "packets", "pid"), COUNT),
    **{"format": INTEGER, "code": TEXTS},
}
NEEDED = ("format", "code", "document", "strategy", "rows", "model_s", "simulate_s")
READERS = 16  # of an object store, at a time: reading is waiting there


@dataclass(frozen=True)
class Part:
    """A valid part: its description (see `task.run_chunk`) and the ids of its rows, in order."""

    files: storage.Files = field(repr=False)
    name: str  # "parts/....arrow"
    about: dict[str, Any] = field(repr=False)
    ids: NDArray[np.bytes_] = field(repr=False)

    def table(self) -> pa.Table:
        """All its rows, mapped into memory where they are on a disk."""
        try:
            return pa.ipc.open_file(pa.BufferReader(self.files.view(self.name))).read_all()
        except (pa.ArrowException, OSError) as error:
            raise RunError(
                f'"{self.files.at(self.name)}" is damaged\n  next: run the same command again: it sets the part aside '
                "and runs what it had"
            ) from error


class Store:
    """A run directory, by path or URI; write to it only inside `writing`."""

    def __init__(self, location: str | Path | storage.Files) -> None:
        self.files = storage.open(location)
        self._scratch: Path | None = None

    def __str__(self) -> str:
        return str(self.files)

    @property
    def logs(self) -> Path:
        """A directory on this machine for logs, while writing; its files are in logs/ when writing ends."""
        if self.files.path is not None:
            return self.files.path / "logs"
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="sweep-logs-"))
        return self._scratch

    def log(self, name: str) -> Path:
        """Where a log of this name is to be.  Raises RunError if something else lies there."""
        entry = self.files.entries("logs").get(name)
        if entry is not None and entry.kind != FILE:
            raise RunError(
                f'"{self.files.at(f"logs/{name}")}" is {entry.kind}, and a file is needed\n'
                "  next: move it away, then run the same command again"
            )
        return self.logs / name

    @contextmanager
    def writing(self, sweep: str | None = None, *, replace: bool = False) -> Iterator[None]:
        """Be the single writer, for the sweep of this name.

        Raises SweepError where something else lies than a run of that sweep, or with `replace` than a run;
        IncompleteError, which says who writes; RunError if it cannot be written.
        """
        self.see_whose(sweep, replace=replace)
        with self.files.writing():
            try:
                self.files.make_folder("logs")
                yield
            finally:
                self._keep_logs()

    def see_whose(self, sweep: str | None = None, *, replace: bool = False) -> None:
        """Raises SweepError as `writing` does.  Changes nothing."""
        ownership.check(
            self.files,
            sweep,
            replace=replace,
            document_format=DOCUMENT_FORMAT,
            has_parts=lambda: any(_read(self.files, f"parts/{name}") for name in self._parts(".arrow")),
        )

    def check(self) -> None:
        """Raises IncompleteError unless this process is still the single writer."""
        self.files.check()

    def scan(self, set_aside: bool, known: Iterable[Part] = ()) -> list[Part]:
        """All valid parts, by name.  A part that is not valid is passed over; with `set_aside` it is renamed *.bad.

        Those of `known` that are still there are not read again: a part never changes.
        """
        names = [f"parts/{name}" for name in self._parts(".arrow")]
        before = {part.name: part for part in known}
        new = [name for name in names if name not in before]
        for name, part in zip(new, self._ahead(lambda name: _read(self.files, name), new), strict=True):
            if part:
                before[name] = part
            elif set_aside:
                self.files.set_aside(name)
        return [before[name] for name in names if name in before]

    def tables(self, parts: Iterable[Part]) -> Iterator[pa.Table]:
        """The tables of these parts, in order; those of an object store are fetched ahead, a few at a time."""
        return self._ahead(Part.table, parts)

    def commit(self, chunk: str, data: bytes) -> Part:
        """Keep the part of `chunk` for good.  Raises RunError if it does not verify or cannot be written."""
        name = f"parts/{chunk}-{digest(data, CONTENT_BYTES)}.arrow"
        part = _part(self.files, name, data)
        if part is None:
            raise RunError(
                f'part "{self.files.at(name)}" is not one: the worker that made it runs another version of sweep, or '
                "its memory is damaged\n  next: run the same command again: it runs only what is missing"
            )
        self.files.put(name, data)
        return part

    def fail(self, name: str, record: Mapping[str, Any]) -> None:
        """Keep what could not be simulated as failed/<name>.json, in place of an earlier record of that name."""
        self._put_json(f"failed/{name}.json", record)

    def failures(self, set_aside: bool = False) -> list[dict[str, Any]]:
        """All records of failures, by name.  Damaged ones are passed over; with `set_aside` renamed *.bad."""
        names = [f"failed/{name}" for name in sorted(self.files.entries("failed")) if FAILURE.fullmatch(name)]
        records = []
        for name, record in zip(names, self._ahead(self._get_record, names), strict=True):
            if record is not None:
                records.append(record)
            elif set_aside:
                self.files.set_aside(name)
        return records

    def parts(self) -> int:
        """Parts, damaged ones included, but for those that were set aside."""
        return len(self._parts(".arrow"))

    def damaged(self) -> int:
        """Parts that were set aside."""
        return len(self._parts(".bad"))

    def forgive(self, name: str) -> None:
        """Remove a record of failure."""
        self.files.delete(f"failed/{name}.json")

    def note(self, name: str, document: Mapping[str, Any]) -> None:
        """Keep a document as <name>.json."""
        self._put_json(f"{name}.json", document)

    def noted(self, name: str) -> dict[str, Any] | None:
        """The document that was kept; None if there is none or it is damaged."""
        return self._get_json(f"{name}.json")

    def keep_plan(self, data: bytes) -> None:
        """Keep a plan file."""
        self.files.put(f"plans/{digest(data, 8)}.npz", data)

    def published(self) -> bool:
        """Whether a table is published here, by this version of sweep or an earlier one."""
        return snapshot.current_name(self.files) is not None or self.files.exists("results.arrow")

    def holder(self) -> str | None:
        """Who writes here now, for people."""
        return self.files.holder()

    def _parts(self, ending: str) -> list[str]:
        """Names in parts/ that are names of parts, whatever lies there: what is no file is a damaged one."""
        return sorted(name for name in self.files.entries("parts") if name.endswith(ending) and PART.fullmatch(name))

    def _put_json(self, name: str, document: Mapping[str, Any]) -> None:
        self.files.put(name, json.dumps(document, indent=1).encode())

    def _get_json(self, name: str) -> dict[str, Any] | None:
        try:
            return records.read(self.files.get(name))
        except (FileNotFoundError, records.RecordError):
            return None

    def _get_record(self, name: str) -> dict[str, Any] | None:
        """The same of a record that is one of many: on a disk, one that cannot be read is damaged."""
        try:
            return self._get_json(name)
        except RunError:
            if self.files.path is None:
                raise
            return None

    def _ahead(self, get: Callable[[Given], Got], of: Iterable[Given]) -> Iterator[Got]:
        """`get` of each, in order; by several threads, not far ahead, where reading is waiting."""
        if self.files.path is not None:
            yield from map(get, of)
            return
        pool, rest = ThreadPoolExecutor(READERS, "reader"), iter(of)
        try:
            waiting = deque(pool.submit(get, each) for each in islice(rest, 2 * READERS))
            while waiting:
                yield waiting.popleft().result()
                waiting += [pool.submit(get, each) for each in islice(rest, 1)]
        finally:
            pool.shutdown(cancel_futures=True)

    def _keep_logs(self) -> None:
        """Put the logs of a run in an object store beside its parts; a log that cannot go up is no reason to fail."""
        if self._scratch is not None:
            with suppress(OSError, SweepError):
                for log in sorted(self._scratch.iterdir()):
                    self.files.put(f"logs/{log.name}", log.read_bytes())
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None


def _read(files: storage.Files, name: str) -> Part | None:
    """The part in file `name`; None unless it is whole."""
    try:
        return _part(files, name, files.get(name))
    except FileNotFoundError:  # set aside or removed meanwhile
        return None
    except RunError:
        if files.path is None:  # a store that does not answer has not lost it
            raise
        return None


def _is_ours(about: Mapping[str, Any]) -> bool:
    """Whether the sources that made a part are those that are here."""
    return (
        about["format"] == schema.FORMAT and about["strategy"] in NAMES and about["code"] == code([about["strategy"]])
    )


def _part(files: storage.Files, name: str, data: bytes) -> Part | None:
    """The part in these bytes; None unless they are what the name says, and readable, with the rows they speak of."""
    try:
        if digest(data, CONTENT_BYTES) != name.removesuffix(".arrow").rpartition("-")[2]:
            return None
        reader = pa.ipc.open_file(pa.BufferReader(data))
        about = records.read(reader.schema.metadata[METADATA], ABOUT, NEEDED)
        table = reader.read_all()
        table.validate(full=True)  # a body that another program wrote may say what it likes
        if not schema.is_part(reader.schema, about["strategy"], of_these_sources=_is_ours(about)):
            return None
        ids = table.column("id")
        whole = len(ids) == about["rows"] and not ids.null_count
        return Part(files, name, about, ids.to_numpy().astype("S32")) if whole else None
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, MemoryError):
        return None
