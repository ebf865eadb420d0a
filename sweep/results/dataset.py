# SPDX-License-Identifier: MIT
"""The published table as a cube: mix × load × ring × column × pair, NaN where a simulation is missing.

A *column* is a strategy, or a variant of one ("page_pool (pool=2x)"); the baseline comes first.  A *mix* is a traffic
mix, split further by any other parameter that the sweep varied (host, NIC, kernel, ...).  A *pair* is a replicate
under a seed: all columns met the same packets in it.  Rows that broke a conservation law are set aside here, once,
so that nothing after this file can use them.

The rows of a sample are at points, not on a grid: the number of the point stands in place of the load, and there is
one ring.  `words` says where a cell is in both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sweep import evidence, records, stats
from sweep.errors import RunError, SweepError
from sweep.fields.traffic import ARRIVALS, STALL_EVERY
from sweep.reached_precision import ReachedPrecision
from sweep.records import COUNT, INTEGER, LIST, MAPPING, TEXT, TEXTS, either

from . import sample, soundness
from .coordinates import HEAD, REQUIRED, Codes, encode, place
from .sample import Sample

Array = NDArray[np.float64]
MOST_CELLS = 1 << 27  # of a cube: a gigabyte of indices, a hundred times what the largest sweeps have
METADATA_TYPES = {  # types of the metadata in the schema of a published table
    **dict.fromkeys(("name", "created", "git_commit", "platform", "node"), TEXT),
    **dict.fromkeys(("simulations", "rows"), COUNT),
    **{"seed": INTEGER, "format": INTEGER, "command": either(TEXT, LIST), "claims": LIST},
    **{"baseline": MAPPING, "document": MAPPING, "versions": TEXTS, "strategy_digests": TEXTS},
}


@dataclass(frozen=True)
class Invalid:
    """A row that broke a conservation law, which no number of the report uses."""

    id: str
    where: str  # strategy, mix, load, ring, replicate in words
    violation: str


@dataclass(frozen=True)
class Dataset:
    """Valid rows of one sweep, addressed by (mix, load, ring, column, pair)."""

    table: pa.Table  # valid rows only
    metadata: dict[str, Any]  # the schema's own, see `published`
    rows: int  # before invalid ones were set aside
    invalid: tuple[Invalid, ...]
    mixes: tuple[str, ...]
    splits: tuple[str, ...]  # parameters that make several mixes of one traffic mix
    loads: tuple[float, ...]
    rings: tuple[int, ...]
    columns: tuple[str, ...]
    strategies: tuple[str, ...]  # of each column
    labels: tuple[str, ...]  # of each column, "" without one
    index: Codes  # (mixes, loads, rings, columns, pairs): row of `table`, -1 if missing
    duplicates: int  # rows at coordinates already taken; not used
    baseline_found: bool  # False: the baseline asked for has no rows and the first column stands in
    sample: Sample | None = None  # None: the rows are on a grid
    _cubes: dict[str, Array] = field(default_factory=dict, repr=False)

    @property
    def pairs(self) -> int:
        return int(self.index.shape[-1])

    @cached_property
    def reached(self) -> ReachedPrecision | None:
        """The precision that the run reached, by the table's metadata; None if it was run without one."""
        return ReachedPrecision.of(self.metadata)

    @cached_property
    def confidence(self) -> float:
        """Confidence of each interval and test, so that each holds at 95 % after all looks: `stats.confidence_of`."""
        return stats.confidence_of(self.metadata)

    def has(self, *names: str) -> bool:
        """Whether all these columns exist and hold a number somewhere."""
        present = set(self.table.column_names)
        return all(name in present and self.table.column(name).null_count < len(self.table) for name in names)

    def values(self, name: str) -> Array:
        """A metric or counter, (mixes, loads, rings, columns, pairs); NaN where missing or null."""
        if name not in self._cubes:
            kind = self.table.schema.field(name).type
            if not soundness.KINDS[soundness.NUMBER](kind):
                raise SweepError(
                    f'the column "{name}" of the table is {kind}, and numbers are needed; '
                    "was it published by `sweep run`?"
                )
            flat = self.table.column(name).cast(pa.float64()).to_numpy()
            self._cubes[name] = np.append(flat, np.nan)[self.index]
        return self._cubes[name]

    def histogram(self, name: str, where: tuple[Any, ...]) -> NDArray[np.int64]:
        """Counts of histogram `name`, merged over the rows at index `where` of the cube; shape (buckets,)."""
        rows = self.index[where].ravel()
        return np.asarray(self.row_evidence.histogram(name)[rows[rows >= 0]].sum(axis=0, dtype=np.int64))

    @cached_property
    def row_evidence(self) -> evidence.TableRows:
        """The rows of the table, as evidence."""
        return evidence.TableRows(self.table)

    @cached_property
    def cells(self) -> evidence.Cells:
        """All cells, (mixes, loads, rings, columns), as evidence."""
        return replace(self.row_evidence.cells(self.index), read=self.values)

    def words(self, mix: int, load: int, ring: int) -> str:
        """Where a cell of a mix is, in words: "load 0.5, ring 512", or the coordinates of its point."""
        if self.sample is None:
            return f"load {self.loads[load]:g}, ring {self.rings[ring]}"
        return self.sample.words(self.table, int(self.index[mix, load, ring].max()))

    def episode(self, mix: int) -> str:
        """The word for an episode of a mix: "stall", "burst" or "busy period"."""
        rows = self.index[mix].ravel()
        row = int(rows[rows >= 0][0])
        stall, arrivals = (
            self.table.column(name)[row].as_py() if name in self.table.column_names else None
            for name in (STALL_EVERY.name, ARRIVALS.name)
        )
        return evidence.episode_word(stall, arrivals or "")

    def estimate(self, metric: str) -> stats.Estimate:
        """Mean of a metric, (mixes, loads, rings, columns), with the interval that its kind needs."""
        if metric not in self._estimates:
            self._estimates[metric] = evidence.estimate(metric, self.cells, self.confidence)
        return self._estimates[metric]

    @cached_property
    def losses(self) -> evidence.Losses | None:
        """What all cells, (mixes, loads, rings, columns), have lost and to which causes; None if that is not known."""
        return evidence.losses(self.cells, self.confidence)

    @cached_property
    def _estimates(self) -> dict[str, stats.Estimate]:
        """Cache: metric -> its estimate."""
        return {}

    def against(self, metric: str, columns: Any) -> stats.Estimate:
        """Paired differences of every column from `columns`, an index of the cube's columns."""
        return evidence.difference(metric, self.cells, self.cells.at((*[slice(None)] * 3, columns)), self.confidence)

    def of(self, *strategies: str) -> list[int]:
        """Columns of these strategies, all variants."""
        return [i for i, name in enumerate(self.strategies) if name in strategies]


def published(schema: pa.Schema) -> dict[str, Any]:
    """The metadata that the sweep wrote into the table when it published it; {} in a table without."""
    raw = (schema.metadata or {}).get(b"sweep")
    try:
        return records.read(raw, METADATA_TYPES) if raw else {}
    except records.RecordError as error:
        raise RunError(
            f"the table's own description is damaged: {error}\n"
            "  next: run `sweep run` again with the same file and directory: it publishes the table anew"
        ) from error


def read(table: pa.Table) -> Dataset:
    """Lay out a published table.  Raises SweepError if there are no rows or a coordinate is missing."""
    missing = [name for name in REQUIRED if name not in table.column_names]
    if missing:
        raise SweepError(
            f'the table has no column "{missing[0]}": a report needs {", ".join(REQUIRED)}; '
            "was it published by `sweep run`?"
        )
    if len(table) == 0:
        raise SweepError("the table holds no simulations yet; run `sweep run` again: it runs what is missing")
    metadata = published(table.schema)
    rows, invalid = len(table), _invalid(table)
    if invalid:
        table = table.filter(pc.equal(table.column("valid"), True))

    sampled = sample.of_metadata(metadata)
    if sampled is None:
        placed = place(table, metadata)
        (load, loads), (ring, rings) = encode(table, "load"), encode(table, "ring")
    else:
        load, points = sampled.numbers(table)
        placed = place(table, metadata, load)
        loads, ring, rings = list(range(len(points))), np.zeros_like(load), [0]
    pairs, pair = np.unique(
        np.stack([encode(table, "seed")[0], encode(table, "replicate")[0]], axis=1), axis=0, return_inverse=True
    )

    shape = (len(placed.mixes), len(loads), len(rings), len(placed.order), len(pairs))
    if math.prod(shape) > MOST_CELLS:
        raise SweepError(
            f"the table has {len(table):,} rows in {math.prod(shape):,} cells, more than a report can lay out: its "
            "mixes, loads, rings, strategies and replicates hardly ever occur together\n"
            "  next: ask it with `sweep query`, or run a sweep for each of its parts"
        )
    index = np.full(shape, -1, dtype=np.int64)
    index[placed.mix, load, ring, placed.column, pair.ravel()] = np.arange(len(table))
    return Dataset(
        table=table,
        metadata=metadata,
        rows=rows,
        invalid=tuple(invalid),
        mixes=placed.mixes,
        splits=placed.splits,
        loads=tuple(float(value) for value in loads),
        rings=tuple(int(value) for value in rings),
        columns=placed.columns,
        strategies=tuple(strategy for strategy, _ in placed.order),
        labels=tuple(variant for _, variant in placed.order),
        index=index,
        duplicates=len(table) - int((index >= 0).sum()),
        baseline_found=not placed.order
        or placed.order[0][0] == (metadata.get("baseline") or {}).get("strategy", placed.order[0][0]),
        sample=sampled,
    )


def _invalid(table: pa.Table) -> list[Invalid]:
    if "valid" not in table.column_names:
        return []
    broken = table.filter(pc.invert(pc.equal(table.column("valid"), True).fill_null(False)))
    invalid_rows = []
    for row in broken.select([name for name in broken.column_names if name in HEAD]).to_pylist():
        label = f" ({row['label']})" if row.get("label") else ""
        where = (
            f"{row['strategy']}{label}, {row['traffic']}, load {row['load']:g}, ring {row['ring']},"
            f" replicate {row['replicate']}"
        )
        invalid_rows.append(
            Invalid(str(row.get("id", "")), where, str(row.get("violation") or "no reason was written"))
        )
    return invalid_rows
