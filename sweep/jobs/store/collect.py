# SPDX-License-Identifier: MIT
"""Collect the rows of a sweep from its parts, in the order of the sweep, a few thousand at a time.

A million rows are several gigabytes, most of it histograms.  So rows are gathered in batches: a part is read when the
first batch needs rows of it and kept until the last one that does, within a memory bound.  `schema` makes a batch from
the counters in the parts and the parameters of the survey; the order of parts does not matter.

Not modelled: a cheap way for parts whose rows are scattered over the whole sweep, as after the axes of a sweep file
were put in another order.  Memory stays bounded, but such parts are read again for each batch that has rows of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sweep import schema
from sweep.jobs.origin import Origin
from sweep.plan import Survey
from sweep.schema import parameters

from .part import Part

BATCH_ROWS = 4096  # of about 10 KB each, and twice as much again while they are made
KEPT_BYTES = 128 << 20  # most memory for parts that are kept because a later batch needs them

Integers = NDArray[np.int64]


class Collection:
    """The rows of some simulations of a survey, in its order; iterating gives them as tables, one per batch."""

    def __init__(
        self,
        survey: Survey,
        parts: Sequence[Part],
        wanted: NDArray[np.bool_],
        origin: Origin,
        read: Callable[[Iterable[Part]], Iterator[pa.Table]] = lambda parts: map(Part.table, parts),
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        """wanted: mask (N,) of the simulations to collect; those that are in no part are left out.

        read: gives the tables of parts, in order; it may fetch them ahead.
        """
        self._parts, self._origin, self._read, self._batch_rows = parts, origin, read, batch_rows
        position = survey.rows(np.concatenate([np.zeros(0, "S32"), *(part.ids for part in parts)]))
        self.simulations: Integers = np.flatnonzero(wanted & (position >= 0)).astype(np.int64)
        starts = np.cumsum([0, *(len(part.ids) for part in parts)])
        position = position[self.simulations]  # among the rows of all parts, one after the other
        self._part = np.searchsorted(starts, position, side="right") - 1
        self._row = position - starts[self._part]  # of its part
        self._last = np.full(len(parts), -1)  # the last of `simulations` that needs a part
        np.maximum.at(self._last, self._part, np.arange(len(position)))
        self._parameters = Parameters(survey)

    def __len__(self) -> int:
        return len(self.simulations)

    def __iter__(self) -> Iterator[pa.Table]:
        """The results, one table per batch; one empty table if there are no rows."""
        for results, _ in self.batches(series=False):
            yield results

    def batches(self, series: bool = True) -> Iterator[tuple[pa.Table, pa.Table]]:
        """The results and the time series of the same simulations; those without rows unless `series`."""
        if not len(self):
            yield schema.results_schema().empty_table(), schema.series.schema().empty_table()
        cache: dict[int, pa.Table] = {}
        for start in range(0, len(self), self._batch_rows):
            stop = start + self._batch_rows
            cache = {number: table for number, table in cache.items() if self._last[number] >= start}
            rows = _explain(self._gather(start, stop, cache, series), self._origin)
            yield schema.results(rows, self._parameters.of(self.simulations[start:stop])), schema.series.of_parts(rows)

    def table(self) -> pa.Table:
        """All rows as one table."""
        return pa.concat_tables(self)

    def _gather(self, start: int, stop: int, kept: dict[int, pa.Table], series: bool) -> pa.Table:
        """The rows of `simulations[start:stop]` from the parts; adds the tables that are needed again to `cache`."""
        parts, rows = self._part[start:stop], self._row[start:stop]
        order = np.argsort(parts, kind="stable")
        members = np.split(order, np.flatnonzero(np.diff(parts[order])) + 1)
        members.sort(key=lambda rows_of_part: int(rows_of_part[0]))  # mostly parts follow each other: no row is moved
        numbers = [int(parts[rows_of_part[0]]) for rows_of_part in members]
        tables = self._read([self._parts[number] for number in numbers if number not in kept])
        pieces = []
        for number, rows_of_part in zip(numbers, members, strict=True):
            table = kept.get(number)
            if table is None:
                table = next(tables).replace_schema_metadata(None)
                table = table if series else schema.series.without_series(table)
                if self._last[number] >= stop and sum(table_kept.nbytes for table_kept in kept.values()) < KEPT_BYTES:
                    kept[number] = table
            pieces.append(_take(table, rows[rows_of_part]))
        order = np.concatenate(members)
        return _take(pa.concat_tables(pieces, promote_options="permissive"), np.argsort(order)).combine_chunks()


class Parameters:
    """The parameter columns of the simulations of a survey."""

    def __init__(self, survey: Survey) -> None:
        scenarios = survey.sweep.scenarios
        self._rows = parameters.ParameterRows(scenarios.columns, scenarios.said)
        self._replicates = survey.sweep.replicates

    def of(self, simulations: Integers) -> dict[str, pa.Array]:
        """Parameter columns with a row for each of these simulations."""
        return self._rows.of(*np.divmod(simulations, self._replicates))


def _take(table: pa.Table, rows: Integers) -> pa.Table:
    """The given rows of `table`; without a copy where they are consecutive, as they mostly are."""
    if (np.diff(rows) == 1).all():
        return table.slice(int(rows[0]), len(rows))
    return table.take(pa.array(rows))


def _explain(rows: pa.Table, origin: Origin) -> pa.Table:
    """Append to each violation the command that reproduces it."""
    broken = pc.not_equal(rows.column("violation"), "")
    if not pc.any(broken).as_py():
        return rows
    pairs = zip(rows.column("id").to_pylist(), rows.column("violation").to_pylist(), strict=True)
    texts = [
        f"{text}; see it again: {origin.reproduce(simulation_id)}" if text else "" for simulation_id, text in pairs
    ]
    return rows.set_column(rows.column_names.index("violation"), "violation", pa.array(texts, pa.string()))
