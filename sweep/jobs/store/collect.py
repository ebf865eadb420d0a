# SPDX-License-Identifier: MIT
"""Collect: the rows of a sweep from its parts, in the order of the sweep, some thousand at a time.

A million rows are several gigabytes, most of them histograms.  So rows are gathered in batches: a part is read when
the first batch needs rows of it and kept until the last one that does, within a bound.  A batch is what `schema`
makes of the counters in the parts, with the parameters of the survey; the order of parts does not matter.

Not modelled: a cheap way for parts that are scattered over the whole sweep, as those of an earlier sweep file with its
axes in another order.  Memory stays bounded, but such parts are read again for each batch that they have rows in.
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

from .parts import Part

BATCH_ROWS = 4096  # of some 10 KB each, and as much again twice while they are made
KEPT_BYTES = 128 << 20  # of parts that a later batch needs again

Integers = NDArray[np.int64]


class Collection:
    """The rows of some simulations of a survey, in its order; iterating makes them, one table a batch."""

    def __init__(
        self,
        survey: Survey,
        parts: Sequence[Part],
        wanted: NDArray[np.bool_],
        origin: Origin,
        read: Callable[[Iterable[Part]], Iterator[pa.Table]] = lambda parts: map(Part.table, parts),
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        """`wanted` (N,) says which simulations belong to it; those that are in no part are left out.

        `read` gives the tables of parts, in order; it may fetch them ahead.
        """
        self._parts, self._origin, self._read, self._batch_rows = parts, origin, read, batch_rows
        places = survey.rows(np.concatenate([np.zeros(0, "S32"), *(part.ids for part in parts)]))
        self.simulations: Integers = np.flatnonzero(wanted & (places >= 0)).astype(np.int64)
        starts = np.cumsum([0, *(len(part.ids) for part in parts)])
        places = places[self.simulations]  # among the rows of all parts, one after the other
        self._part = np.searchsorted(starts, places, side="right") - 1
        self._row = places - starts[self._part]  # of its part
        self._last = np.full(len(parts), -1)  # the last of `simulations` that needs a part
        np.maximum.at(self._last, self._part, np.arange(len(places)))
        self._parameters = Parameters(survey)

    def __len__(self) -> int:
        return len(self.simulations)

    def __iter__(self) -> Iterator[pa.Table]:
        """The results.  At least one table, if only an empty one."""
        for results, _ in self.batches(series=False):
            yield results

    def batches(self, series: bool = True) -> Iterator[tuple[pa.Table, pa.Table]]:
        """The results and the time series of the same simulations; those without rows unless `series`."""
        if not len(self):
            yield schema.results_schema().empty_table(), schema.series.schema().empty_table()
        kept: dict[int, pa.Table] = {}
        for start in range(0, len(self), self._batch_rows):
            stop = start + self._batch_rows
            kept = {number: table for number, table in kept.items() if self._last[number] >= start}
            rows = _explain(self._gather(start, stop, kept, series), self._origin)
            yield schema.results(rows, self._parameters.of(self.simulations[start:stop])), schema.series.of(rows)

    def table(self) -> pa.Table:
        """All of it at once."""
        return pa.concat_tables(self)

    def _gather(self, start: int, stop: int, kept: dict[int, pa.Table], series: bool) -> pa.Table:
        """What the parts say of the simulations from `start` to `stop`; adds to `kept` what is needed again."""
        parts, rows = self._part[start:stop], self._row[start:stop]
        order = np.argsort(parts, kind="stable")
        members = np.split(order, np.flatnonzero(np.diff(parts[order])) + 1)
        numbers = [int(parts[some[0]]) for some in members]
        tables = self._read([self._parts[number] for number in numbers if number not in kept])
        found = []
        for number, some in zip(numbers, members, strict=True):
            table = kept.get(number)
            if table is None:
                table = next(tables).replace_schema_metadata(None)
                table = table if series else schema.series.without(table)
                if self._last[number] >= stop and sum(each.nbytes for each in kept.values()) < KEPT_BYTES:
                    kept[number] = table
            found.append(_take(table, rows[some]))
        return _take(pa.concat_tables(found, promote_options="permissive"), np.argsort(order))


class Parameters:
    """The parameter columns of the simulations of a survey."""

    def __init__(self, survey: Survey) -> None:
        scenarios = survey.sweep.scenarios
        self._rows = parameters.Rows(scenarios.columns, scenarios.said)
        self._replicates = survey.sweep.replicates

    def of(self, simulations: Integers) -> dict[str, pa.Array]:
        """A row for each of these simulations."""
        return self._rows.of(*np.divmod(simulations, self._replicates))


def _take(table: pa.Table, rows: Integers) -> pa.Table:
    """These rows; without a copy where they follow each other, as they mostly do."""
    if (np.diff(rows) == 1).all():
        return table.slice(int(rows[0]), len(rows))
    return table.take(pa.array(rows))


def _explain(rows: pa.Table, origin: Origin) -> pa.Table:
    """Add to each violation the command that shows it again."""
    broken = pc.not_equal(rows.column("violation"), "")
    if not pc.any(broken).as_py():
        return rows
    pairs = zip(rows.column("id").to_pylist(), rows.column("violation").to_pylist(), strict=True)
    texts = [f"{text}; see it again: {origin.reproduce(name)}" if text else "" for name, text in pairs]
    return rows.set_column(rows.column_names.index("violation"), "violation", pa.array(texts, pa.string()))
