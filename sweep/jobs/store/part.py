# SPDX-License-Identifier: MIT
"""A part: the file of the rows of one chunk, or of several that were committed together, with a description of each.

What one chunk simulated is kept byte for byte as its worker returned it.  Several become one table with the columns of
all of them, null where a strategy has no such counter, and a list of their descriptions; rows are in the order of the
list.  The name of a part ends with the digest of its bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep import records, schema, storage
from sweep.errors import RunError
from sweep.jobs.executors.task import METADATA, encode
from sweep.model import strategies
from sweep.plan import digest
from sweep.plan.identity import code
from sweep.records import COUNT, INTEGER, SECONDS, TEXT, TEXTS

SEVERAL = b"parts"  # key of the descriptions of several chunks in a part's schema metadata
CONTENT_BYTES = 8  # of the digest of a part's bytes in its name
ABOUT = {  # the description of a chunk: see `task.run_chunk`
    **dict.fromkeys(("chunk", "document", "strategy", "node"), TEXT),
    **dict.fromkeys(("model_s", "simulate_s", "compile_s", "ended"), SECONDS),
    **dict.fromkeys(("rows", "packets", "pid"), COUNT),
    **{"format": INTEGER, "code": TEXTS},
}
NEEDED = ("format", "code", "document", "strategy", "rows", "model_s", "simulate_s")
UNREADABLE = (pa.ArrowException, OSError, ValueError, KeyError, TypeError, MemoryError)
# Threads cost more than they give for the buffers of some hundred rows: 560 against 140 us a part, measured.
ONE_THREAD = pa.ipc.IpcReadOptions(use_threads=False)

About = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """A valid part: a description of each of its chunks, and the ids of their rows, in order."""

    files: storage.Files = field(repr=False)
    name: str  # "parts/....arrow"
    chunks: tuple[About, ...] = field(repr=False)
    ids: NDArray[np.bytes_] = field(repr=False)
    verified: bool = True  # whether its bytes have been compared with its name; else they are when they are read

    def table(self) -> pa.Table:
        """All its rows, mapped into memory where they are on a disk.  Raises DamagedPartError."""
        try:
            data = self.files.view(self.name)
            if self.verified:
                return pa.ipc.open_file(pa.BufferReader(data), options=ONE_THREAD).read_all()
            rows = decoded(data) if has_content(self.name, data) else None
        except (pa.ArrowException, OSError) as error:
            raise DamagedPartError(self) from error
        if rows is None or not is_sound(rows) or not np.array_equal(rows.ids, self.ids):
            raise DamagedPartError(self)
        return rows.table

    def ids_of(self, document: str) -> NDArray[np.bytes_]:
        """Ids of the rows that were simulated for the sweep whose document has this digest."""
        here = np.array([about["document"] == document for about in self.chunks])
        ids: NDArray[np.bytes_] = self.ids[np.repeat(here, [about["rows"] for about in self.chunks])]
        return ids


class DamagedPartError(RunError):
    """A part turned out not to be what it was taken for."""

    def __init__(self, part: Part) -> None:
        super().__init__(
            f'"{part.files.at(part.name)}" is damaged\n  next: run the same command again: it sets the part aside and '
            "runs what it had"
        )
        self.part = part


class Rows(NamedTuple):
    """The descriptions of chunks, and their rows."""

    chunks: tuple[About, ...]
    table: pa.Table

    @property
    def ids(self) -> NDArray[np.bytes_]:
        """Ids of the rows, (rows,) S32."""
        ids: NDArray[np.bytes_] = self.table.column("id").to_numpy().astype("S32")
        return ids


def name_of(chunks: Sequence[str], data: bytes) -> str:
    """Name of the part in which `data` has the rows of chunks of these names."""
    chunk = chunks[0] if len(chunks) == 1 else digest("".join(chunks))
    return f"parts/{chunk}-{digest(data, CONTENT_BYTES)}.arrow"


def part_of(files: storage.Files, name: str, data: bytes) -> Part | None:
    """The part in these bytes; None unless they are what its name says, and readable, with the rows they speak of."""
    if not has_content(name, data):
        return None
    try:
        rows = decoded(data)
        return Part(files, name, rows.chunks, rows.ids) if rows and is_sound(rows) else None
    except UNREADABLE:
        return None


def has_content(name: str, data: bytes | pa.Buffer) -> bool:
    """Whether these are the bytes that a part of this name has."""
    return digest(memoryview(data), CONTENT_BYTES) == name.removesuffix(".arrow").rpartition("-")[2]


def decoded(data: bytes | pa.Buffer) -> Rows | None:
    """The rows in these bytes and what they say of themselves; None if that cannot be read, or does not fit."""
    try:
        reader = pa.ipc.open_file(pa.BufferReader(data), options=ONE_THREAD)
        metadata = reader.schema.metadata
        if SEVERAL in metadata:
            listed = [records.validated(about, ABOUT, NEEDED) for about in records.parsed(metadata[SEVERAL])]
        else:
            listed = [records.read(metadata[METADATA], ABOUT, NEEDED)]
        table = reader.read_all()
        table.validate(full=True)  # a body that another program wrote may say what it likes
        ids = table.column("id")
        whole = len(ids) == sum(about["rows"] for about in listed) and not ids.null_count
        return Rows(tuple(listed), table) if whole and listed else None
    except UNREADABLE:
        return None


def is_sound(rows: Rows) -> bool:
    """Whether the rows of each strategy have the columns that its parts have."""
    return all(_has_columns(group, len(rows.chunks) == 1) for group in _by_strategy(rows))


def sound(several: Iterable[bytes]) -> list[Rows | None]:
    """The rows of each of these parts of one chunk; None in place of those that are none.

    The columns of a strategy are compared with those that it has for the first of its parts, and with that for others.
    """
    known: dict[tuple[object, ...], pa.Schema] = {}
    verified: list[Rows | None] = []
    for rows in map(decoded, several):
        verified.append(None)
        if rows is None or len(rows.chunks) != 1:
            continue
        about = rows.chunks[0]
        key = (about["strategy"], about["format"], *sorted(about["code"].items()))
        if not (key in known and rows.table.schema.equals(known[key])):
            with suppress(*UNREADABLE):
                if not is_sound(rows):
                    continue
                known[key] = rows.table.schema
        if key in known:
            verified[-1] = rows
    return verified


def merged(several: Sequence[Rows]) -> bytes:
    """The bytes of one part with these rows, each of them sound; least work if equal strategies are neighbours."""
    chunks = [dict(about) for rows in several for about in rows.chunks]
    tables = [rows.table.replace_schema_metadata(None) for rows in several]
    alike = [pa.concat_tables(list(group)) for _, group in groupby(tables, key=lambda table: table.schema)]
    fields = {field.name: field for table in alike for field in table.schema}
    common = set.intersection(*(set(table.column_names) for table in alike))
    united = pa.schema([field if field.name in common else field.with_nullable(True) for field in fields.values()])
    table = pa.concat_tables([_with_columns(table, united) for table in alike]).combine_chunks()
    return encode(table.replace_schema_metadata({SEVERAL: json.dumps(chunks)}))


def _with_columns(table: pa.Table, wanted: pa.Schema) -> pa.Table:
    """`table` with these columns, null where it has none."""
    here = set(table.column_names)
    columns = [table.column(field.name) if field.name in here else pa.nulls(len(table), field.type) for field in wanted]
    return pa.Table.from_arrays(columns, schema=wanted)


def _by_strategy(rows: Rows) -> Iterable[Rows]:
    """The rows, cut where the strategy changes."""
    start = 0
    for _, group in groupby(rows.chunks, key=lambda about: about["strategy"]):
        chunks = tuple(group)
        count = sum(about["rows"] for about in chunks)
        yield Rows(chunks, rows.table.slice(start, count))
        start += count


def _has_columns(rows: Rows, alone: bool) -> bool:
    """Whether rows of one strategy have its columns; those of a part with others may have null columns beside them."""
    strategy, ours = rows.chunks[0]["strategy"], all(map(_is_ours, rows.chunks))
    if alone:
        return schema.is_part(rows.table.schema, strategy, of_these_sources=ours)
    nulls = {name: rows.table.column(name).null_count for name in rows.table.column_names}
    present = [rows.table.schema.field(name).with_nullable(False) for name, count in nulls.items() if not count]
    if any(0 < count < len(rows.table) for count in nulls.values()):
        return False
    if ours:
        order = {name: place for place, name in enumerate(schema.part_schema(strategy).names)}
        present.sort(key=lambda field: order.get(field.name, len(order)))
    return schema.is_part(pa.schema(present), strategy, of_these_sources=ours)


def _is_ours(about: About) -> bool:
    """Whether the sources that made a chunk's rows are those that are here."""
    return (
        about["format"] == schema.FORMAT
        and about["strategy"] in strategies.names()
        and about["code"] == code([about["strategy"]])
    )
