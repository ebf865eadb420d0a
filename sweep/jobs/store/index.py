# SPDX-License-Identifier: MIT
"""The index of parts: which rows each part has, so that a run directory is known without reading all of its parts.

It is a file of its own, `parts.index`, and only a shortcut: whatever it does not vouch for is read as if it were not
there.  A part is taken from it only if its file has the size and times that it had when the index was written, as Git
does with its index.  The times that a copy or an edit leaves differ, and a part that was changed shortly before the
index was written is read, since its times may not tell.  The bytes of a part are compared with its name when its rows
are used (`Part.table`).

    16 bytes     blake2b of the rest
    Arrow file   a row per part: name, size, modified_ns, changed_ns, chunks (JSON, as in the part), ids (32 bytes each)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress

import numpy as np
import pyarrow as pa

from sweep import records, storage
from sweep.errors import RunError, SweepError
from sweep.storage.files import INDEX, FileStamp

from .part import ABOUT, NEEDED, UNREADABLE, Part

FORMAT = b"1"
LEAST = 64  # parts that are not in the index, for it to be written: fewer are read in a tenth of a second
GROWTH = 8  # in the middle of a run it is written again when it lacks this part of all: each part some eight times
ID_BYTES = 32
DIGEST_BYTES = 16
SETTLED_NS = 2_000_000_000  # the coarsest clock of a file system: FAT's; object stores tell whole seconds
SCHEMA = pa.schema(
    {
        "name": pa.string(),
        "size": pa.int64(),
        "modified_ns": pa.int64(),
        "changed_ns": pa.int64(),
        "chunks": pa.string(),
        "ids": pa.large_binary(),
    },
    {b"format": FORMAT},
)


class Writer:
    """Keeps the index of a run directory up to date.  What hinders it from being written is no reason to fail."""

    def __init__(self, files: storage.Files) -> None:
        self._files = files
        self._parts: dict[str, Part] = {}
        self._written = 0  # how many of them are in the index

    def start(self, parts: Iterable[Part], written: int) -> None:
        """Begin with these parts, of which about `written` are in the index."""
        self._parts, self._written = {part.name: part for part in parts}, written
        self.finish()

    def add(self, part: Part) -> None:
        """A part that has been committed."""
        self._parts[part.name] = part
        self._write(max(LEAST, len(self._parts) // GROWTH))

    def remove(self, part: Part) -> None:
        """A part that has turned out to be damaged."""
        self._parts.pop(part.name, None)

    def finish(self) -> None:
        """Write the index if it is worth it, as after a run: nothing more is to come."""
        self._write(LEAST)

    def _write(self, least: int) -> None:
        """Write the index, unless it lacks fewer parts than `least`."""
        if len(self._parts) - self._written >= least:
            with suppress(OSError, SweepError):
                self._files.put(INDEX, encoded(self._parts.values(), self._files.stamps("parts")))
                self._written = len(self._parts)


def encoded(parts: Iterable[Part], stamps: Mapping[str, FileStamp]) -> bytes:
    """The index of those parts that have a stamp, which is given by a part's name without its folder."""
    found = [(part, stamps.get(part.name.removeprefix("parts/"))) for part in parts]
    rows = [
        {"name": part.name, **stamp._asdict(), "chunks": json.dumps(list(part.chunks)), "ids": part.ids.tobytes()}
        for part, stamp in found
        if stamp is not None and part.ids.dtype.itemsize == ID_BYTES
    ]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, SCHEMA) as writer:
        writer.write_table(pa.Table.from_pylist(rows, schema=SCHEMA))
    body = memoryview(sink.getvalue())
    return b"".join([hashlib.blake2b(body, digest_size=DIGEST_BYTES).digest(), body])


def indexed(files: storage.Files) -> dict[str, Part]:
    """The parts that the index of a run directory vouches for, by name; none if it has no index, or a damaged one."""
    written = files.stamps("").get(INDEX)
    if written is None:
        return {}
    try:
        data = files.view(INDEX)
        body = data.slice(DIGEST_BYTES)
        if hashlib.blake2b(body, digest_size=DIGEST_BYTES).digest() != data.slice(0, DIGEST_BYTES).to_pybytes():
            return {}
        table = pa.ipc.open_file(pa.BufferReader(body)).read_all()
        if table.schema != SCHEMA or table.schema.metadata != SCHEMA.metadata:
            return {}
        table.validate(full=True)
        return _trusted(files, table, written.modified_ns - SETTLED_NS)
    except (FileNotFoundError, RunError, records.RecordError, *UNREADABLE):
        return {}


def _trusted(files: storage.Files, table: pa.Table, before_ns: int) -> dict[str, Part]:
    """The parts in this table whose files are what they were, and were last touched before this time."""
    stamps, parts = files.stamps("parts"), {}
    names, times = (table.select(columns).to_pylist() for columns in (["name"], ["size", "modified_ns", "changed_ns"]))
    for row, (name, stamp) in enumerate(zip(names, times, strict=True)):
        there = stamps.get(name["name"].removeprefix("parts/"))
        if there is None or there != FileStamp(**stamp) or max(there.modified_ns, there.changed_ns) > before_ns:
            continue
        chunks = tuple(
            records.validated(about, ABOUT, NEEDED) for about in records.parsed(table.column("chunks")[row].as_py())
        )
        ids = np.frombuffer(table.column("ids")[row].as_buffer(), f"S{ID_BYTES}")
        if chunks and len(ids) == sum(about["rows"] for about in chunks):
            parts[name["name"]] = Part(files, name["name"], chunks, ids, verified=False)
    return parts
