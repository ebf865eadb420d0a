# SPDX-License-Identifier: MIT
"""Publish the table of a sweep, its time series, its failures and a data dictionary, each as Arrow and Parquet.

They become visible together, as one snapshot.

Rows are the simulations of this sweep, in its order; rows of earlier variants stay in their parts.  The data columns
depend on the sweep and the model alone; what varies between runs is in the schema's metadata under `sweep`, and in
the snapshot's manifest.  Rows are written as they are collected: there is no more than a batch of them in memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep import schema
from sweep.jobs.origin import Origin
from sweep.plan import Survey
from sweep.storage import snapshot

from .collect import Collection
from .decisions import Decisions
from .parts import Store
from .provenance import provenance
from .tables import RowCounts, writing


def publish(
    store: Store,
    survey: Survey,
    rows: Collection,
    wanted: NDArray[np.bool_],
    origin: Origin,
    *,
    failures: pa.Table | None = None,
    outcome: Mapping[str, Any] | None = None,
    decisions: Decisions | None = None,
) -> RowCounts:
    """Publish `rows`, those of the simulations that were asked for (`wanted`, (N,)); returns the counts of these rows.

    failures: table with a row for each simulation that failed; `outcome`: fields for the manifest, which override the
    exit code that the rows alone would give; `decisions`: of a sweep with a precision.  Raises IncompleteError if
    another process has become the writer, RunError if the disk is full.
    """
    metadata = {
        "name": survey.sweep.name,
        "baseline": dict(survey.sweep.baseline),
        "claims": survey.sweep.document.get("claims", []),
        "seed": survey.sweep.seed,
        "simulations": int(wanted.sum()),
        "rows": len(rows),
        "format": schema.FORMAT,
        "strategy_digests": survey.code,
        "document": survey.sweep.document,
        "command": origin.again,
        **({"precision": decisions.reached._asdict()} if decisions else {}),
        **provenance(),
    }
    description = {b"sweep": json.dumps(metadata).encode()}
    results = schema.results_schema().with_metadata(description)
    dictionary, tally = schema.dictionary(schema.columns()), RowCounts()
    draft = snapshot.Draft(store.files)
    series = schema.series.schema().with_metadata(description)
    with _writing(draft, "results", results) as add_results, _writing(draft, "series", series) as add_series:
        for batch, bins in rows.batches():
            add_results(tally.counted(batch))
            add_series(bins)
    _write(draft, "dictionary", dictionary)
    if failures is not None:
        failures = failures.replace_schema_metadata(description)
        _write(draft, "failures", failures)
    manifest_fields = {key: metadata[key] for key in ("name", "simulations", "rows", "command", "created", "versions")}
    result_fields = {"failed": 0 if failures is None else len(failures), "exit_code": 1 if tally.invalid else 0}
    draft.publish({**manifest_fields, **result_fields, **(outcome or {})})
    return tally


def _write(draft: snapshot.Draft, name: str, table: pa.Table) -> None:
    with _writing(draft, name, table.schema) as add:
        add(table)


@contextmanager
def _writing(draft: snapshot.Draft, name: str, known: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    with (
        draft.file(f"{name}.arrow") as arrow,
        draft.file(f"{name}.parquet") as parquet,
        writing(known, arrow, parquet) as add,
    ):
        yield add
