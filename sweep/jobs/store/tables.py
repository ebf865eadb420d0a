# SPDX-License-Identifier: MIT
"""Write rows to Arrow and Parquet files as they come, so that no more than a batch of them is in memory.

Both files have the rows in the same order; a batch is a record batch of one and a row group of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sweep.storage.table_layout import parquet_layout


@dataclass
class RowCounts:
    """Counts of the rows that were passed to `counted`, and their first batch."""

    rows: int = 0
    invalid: int = 0  # rows that break a law
    head: pa.Table | None = None  # the first batch: all of them, if they are few

    def counted(self, batch: pa.Table) -> pa.Table:
        """Count `batch`, and return it unchanged."""
        self.head = batch if self.head is None else self.head
        self.rows += len(batch)
        self.invalid += pc.sum(pc.invert(batch.column("valid"))).as_py() or 0
        return batch


@contextmanager
def writing(schema: pa.Schema, arrow: IO[bytes], parquet: IO[bytes]) -> Iterator[Callable[[pa.Table], None]]:
    """Inside the block, write tables of `schema` to both files with the function it gives.

    Arrow is compressed with lz4, Parquet as `parquet_layout` says.  Each is written by a thread of its own, while the
    next batch is made.
    """
    with (
        pa.ipc.new_file(arrow, schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as ipc,
        pq.ParquetWriter(parquet, schema, **parquet_layout(schema)) as columns,
        ThreadPoolExecutor(2) as threads,  # ends before the files are closed
    ):
        pending: list[Future[None]] = []

        def add(batch: pa.Table) -> None:
            with_metadata = batch.replace_schema_metadata(schema.metadata)
            while pending:
                pending.pop().result()
            pending.extend(threads.submit(writer.write_table, with_metadata) for writer in (ipc, columns))

        yield add
        while pending:
            pending.pop().result()


def write(batches: Iterable[pa.Table], schema: pa.Schema, arrow: IO[bytes], parquet: IO[bytes]) -> None:
    """Write all of these tables, as `writing` does."""
    with writing(schema, arrow, parquet) as add:
        for batch in batches:
            add(batch)
