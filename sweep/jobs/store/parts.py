# SPDX-License-Identifier: MIT
"""The run directory: one writer, parts that are whole or not there, wherever it is.

    parts/<chunk>-<content>.arrow   what a chunk simulated, or several that ended together: see `part`
    failed/<name>.json              what could not be simulated, and why
    plans/<digest>.npz              what was handed out
    logs/                           tracebacks of failed chunks, what the executor said
    snapshots/, manifest.json       what is published: see `storage.snapshot`
    run.json, looks.json            what was asked for last, and what came of it; what looks have decided
    parts.index                     what parts there are, once there are many: see `index`

A part that does not match its name, or cannot be read, is set aside as *.bad and its simulations run again.  What is
done is what is in valid parts; there is no other ledger: the index only saves reading them.  Nothing that is read from
here is ever unpickled.

Not modelled: logs of a run in an object store whose driver is killed; they go up when it ends.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from sweep import records, storage
from sweep.config.sweep import FORMAT as DOCUMENT_FORMAT
from sweep.errors import RunError, SweepError
from sweep.plan import digest
from sweep.storage import ownership, snapshot
from sweep.storage.beneath import FILE

from . import index
from .part import CONTENT_BYTES, DamagedPartError, Part, merged, name_of, part_of, sound

PART = re.compile(rf"[0-9a-f]+-[0-9a-f]{{{2 * CONTENT_BYTES}}}\.(arrow|bad)")  # what else is there is no part of ours
FAILURE = re.compile(r"[0-9a-f]+\.json")
Given = TypeVar("Given")
Got = TypeVar("Got")

READERS = 16  # of an object store, at a time: reading is waiting there


class Store:
    """A run directory, by path or URI; write to it only inside `writing`."""

    def __init__(self, location: str | Path | storage.Files) -> None:
        self.files = storage.open(location)
        self._scratch: Path | None = None
        self._index: index.Writer | None = None  # while writing

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
                self._index = index.Writer(self.files)
                yield
            finally:
                if self._index:
                    self._index.finish()
                self._index = None
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
        vouched_for = index.indexed(self.files) if len(new) >= index.LEAST else {}
        before |= {name: vouched_for[name] for name in new if self._is_usable(vouched_for.get(name), set_aside)}
        new = [name for name in new if name not in before]
        for name, part in zip(new, self._ahead(lambda name: _read(self.files, name), new), strict=True):
            if part:
                before[name] = part
            elif set_aside:
                self.files.set_aside(name)
        found = [before[name] for name in names if name in before]
        if self._index:
            self._index.start(found, len(vouched_for))
        return found

    def tables(self, parts: Iterable[Part]) -> Iterator[pa.Table]:
        """The tables of these parts, in order; those of an object store are fetched ahead, a few at a time.

        Raises DamagedPartError; the writer sets that part aside, so that the next run simulates its rows again.
        """
        try:
            yield from self._ahead(Part.table, parts)
        except DamagedPartError as error:
            if self._index:
                self._index.remove(error.part)
                self.files.set_aside(error.part.name)
            raise

    def commit(self, chunk: str, data: bytes) -> Part:
        """Keep the part of `chunk` for good, as `commit_together` does."""
        return self.commit_together([(chunk, data)])

    def commit_together(self, outcomes: Sequence[tuple[str, bytes]]) -> Part:
        """Keep the rows of chunks, each by name and as its worker returned it, for good: all of them, or none.

        The part has the chunks in this order.  Raises RunError if it cannot be written, or if the rows of one do not
        verify; those of the others are kept.
        """
        verified = list(zip(outcomes, sound([data for _, data in outcomes]), strict=True))
        bad = [name_of([chunk], data) for (chunk, data), rows in verified if not rows]
        kept = None
        several = [rows for _, rows in verified if rows]
        if several:
            chunks = [chunk for (chunk, _), rows in verified if rows]
            data = outcomes[0][1] if len(outcomes) == 1 else merged(several)
            kept = Part(
                self.files,
                name_of(chunks, data),
                tuple(about for rows in several for about in rows.chunks),
                np.concatenate([rows.ids for rows in several]),
            )
            self.files.put(kept.name, data)
            if self._index:
                self._index.add(kept)
        if bad or kept is None:
            raise RunError(
                f'part "{self.files.at(bad[0])}" is not one: the worker that made it runs another version of sweep, '
                "or its memory is damaged\n  next: run the same command again: it runs only what is missing"
            )
        return kept

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

    def _is_usable(self, part: Part | None, for_writing: bool) -> bool:
        """Whether a part that the index vouches for can be used; a writer, which has time, opens it on a disk."""
        if part is None or not for_writing or self.files.path is None:
            return part is not None
        try:
            self.files.view(part.name)
        except (FileNotFoundError, RunError):
            return False
        return True

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
        return part_of(files, name, files.get(name))
    except FileNotFoundError:  # set aside or removed meanwhile
        return None
    except RunError:
        if files.path is None:  # a store that does not answer has not lost it
            raise
        return None
