# SPDX-License-Identifier: MIT
"""Publish: the table of a sweep, what failed, and a data dictionary, each as Arrow and Parquet, as one snapshot.

Rows are the simulations of this sweep, in its order; rows of earlier variants stay in their parts.  The data columns
depend on the sweep and the model alone; what varies between runs is in the schema's metadata under `sweep`, and in
the snapshot's manifest.  Files are streamed batch by batch: beside the table itself there is no second copy in memory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sweep import schema
from sweep.plan import Survey
from sweep.storage import snapshot

from .origin import Origin
from .provenance import provenance
from .store import Store

BATCH_ROWS = 16_384  # about 100 MB of counters and histograms


def publish(
    store: Store,
    survey: Survey,
    table: pa.Table,
    wanted: NDArray[np.bool_],
    origin: Origin,
    *,
    failures: pa.Table | None = None,
    outcome: Mapping[str, Any] | None = None,
) -> pa.Table:
    """Publish `table`, the rows of `wanted` (N,) as `collect` gives them; the same with the sweep's description.

    `failures` has a row for each simulation that could not be made; `outcome` goes into the manifest as it is
    (exit_code, ...).  Raises IncompleteError if another process has become the writer, RunError if the disk is full.
    """
    about = {
        "name": survey.sweep.name,
        "baseline": dict(survey.sweep.baseline),
        "claims": survey.sweep.document.get("claims", []),
        "seed": survey.sweep.seed,
        "simulations": int(wanted.sum()),
        "rows": len(table),
        "format": schema.FORMAT,
        "core_digest": survey.code[""],
        "strategy_digests": {name: value for name, value in survey.code.items() if name},
        "document": survey.sweep.document,
        "command": origin.again,
        **provenance(),
    }
    description = {b"sweep": json.dumps(about).encode()}
    table = table.replace_schema_metadata(description)
    tables = {"results": table, "dictionary": schema.dictionary(schema.columns())}
    if failures is not None:
        tables["failures"] = failures.replace_schema_metadata(description)
    draft = snapshot.Draft(store.files)
    for name, content in tables.items():
        with draft.file(f"{name}.arrow") as sink:
            _arrow(content, sink)
        with draft.file(f"{name}.parquet") as sink:
            _parquet(content, sink)
    said = {key: about[key] for key in ("name", "simulations", "rows", "command", "created", "versions")}
    draft.publish({**said, "failed": 0 if failures is None else len(failures), **(outcome or {})})
    return table


def _arrow(table: pa.Table, sink: BinaryIO) -> None:
    """An Arrow IPC file, lz4, in batches."""
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table, max_chunksize=BATCH_ROWS)


def _parquet(table: pa.Table, sink: BinaryIO) -> None:
    """Zstandard; floats split by byte, names by dictionary: a fifth smaller than zstd alone."""
    floats: list[str] = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    texts: Any = [field.name for field in table.schema if pa.types.is_string(field.type)]
    pq.write_table(
        table, sink, compression="zstd", use_dictionary=texts, use_byte_stream_split=floats, row_group_size=BATCH_ROWS
    )
