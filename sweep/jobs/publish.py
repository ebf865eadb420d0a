# SPDX-License-Identifier: MIT
"""Publish: the parts of a sweep as one table, `results.arrow` and `results.parquet`, with a data dictionary.

Rows are the simulations of this sweep, in its order; rows of earlier variants stay in their parts.  Each file is
written aside and renamed; `results.arrow` comes last and is the one that others wait for.  The data columns depend
on the sweep and the model alone; what varies between runs is in the schema's metadata under `sweep`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sweep import schema
from sweep.plan import Survey
from sweep.schema import parameters

from .origin import Origin
from .provenance import provenance
from .store import Part, Store
from .task import encode

RESULTS = "results.arrow"  # the file that makes a directory a published one


def publish(store: Store, survey: Survey, parts: Sequence[Part], wanted: NDArray[np.bool_], origin: Origin) -> pa.Table:
    """Write the published files; the table that is in them.  `wanted` (N,) says which simulations belong to it."""
    table = collect(survey, parts, wanted, origin)
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
    table = table.replace_schema_metadata({b"sweep": json.dumps(about).encode()})
    dictionary = schema.dictionary(schema.columns())
    store.write(store.directory / "dictionary.arrow", encode(dictionary))
    _parquet(store, dictionary, store.directory / "dictionary.parquet")
    _parquet(store, table, store.directory / "results.parquet")
    store.write(store.directory / RESULTS, encode(table))
    return table


def collect(survey: Survey, parts: Iterable[Part], wanted: NDArray[np.bool_], origin: Origin) -> pa.Table:
    """The rows of the wanted simulations that are in `parts`, each once, in the order of the sweep."""
    order = np.argsort(survey.ids)
    ranked = survey.ids[order]
    taken = ~wanted
    tables, places = [pa.schema(schema.results_schema()).empty_table().select(["id", "violation"])], []
    for part in parts:
        rank = np.minimum(np.searchsorted(ranked, part.ids), len(ranked) - 1)
        place = order[rank]
        use = (survey.ids[place] == part.ids) & ~taken[place]
        if use.any():
            taken[place[use]] = True
            tables.append(part.table().replace_schema_metadata(None).filter(pa.array(use)))
            places.append(place[use])
    simulations = np.concatenate([np.zeros(0, np.int64), *places])
    rows = pa.concat_tables(tables, promote_options="permissive").take(pa.array(np.argsort(simulations)))
    return schema.results(_explain(rows, origin), _parameters(survey, np.sort(simulations)))


def _parameters(survey: Survey, simulations: NDArray[np.int64]) -> dict[str, pa.Array]:
    points, replicates = np.divmod(simulations, survey.sweep.replicates)
    distinct, where = np.unique(points, return_inverse=True)
    scenarios = [survey.scenarios[point] for point in distinct]
    labels = [survey.sweep.labels(int(point)).get("label") for point in distinct]
    columns = parameters.arrays(scenarios, [None if label is None else str(label) for label in labels])
    spread = {name: column.take(pa.array(where)) for name, column in columns.items()}
    return spread | {"replicate": pa.array(replicates)}


def _explain(rows: pa.Table, origin: Origin) -> pa.Table:
    """Add to each violation the command that shows it again."""
    broken = pc.not_equal(rows.column("violation"), "")
    if not pc.any(broken).as_py():
        return rows
    pairs = zip(rows.column("id").to_pylist(), rows.column("violation").to_pylist(), strict=True)
    texts = [f"{text}; see it again: {origin.reproduce(name)}" if text else "" for name, text in pairs]
    return rows.set_column(rows.column_names.index("violation"), "violation", pa.array(texts, pa.string()))


def _parquet(store: Store, table: pa.Table, path: Path) -> None:
    """Zstandard; floats split by byte, names by dictionary: a fifth smaller than zstd alone."""
    floats: list[str] = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    texts: Any = [field.name for field in table.schema if pa.types.is_string(field.type)]
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", use_dictionary=texts, use_byte_stream_split=floats)
    store.write(path, bytes(sink.getvalue()))
