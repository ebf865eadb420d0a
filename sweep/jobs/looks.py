# SPDX-License-Identifier: MIT
"""Look at the replicates of a sweep with a precision, and hand out more where comparisons are open.

A look reads complete replicates only: every simulation that it asked for has a row or is recorded as failed.  Each
comparison is judged at the confidence 1 - risk / looks (`stats.looks.at_each`), so that what is read of the table later
holds, at whichever look it was that a comparison ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sweep.config import references
from sweep.jobs.driver.policy import Piece
from sweep.jobs.driver.slices import Slices
from sweep.jobs.store.collect import BATCH_ROWS, Collection
from sweep.jobs.store.decisions import NOTE, Decision, Decisions
from sweep.jobs.store.failure import Failure
from sweep.jobs.store.parts import Part, Store
from sweep.plan import Chunk

from .prospect import Prospect, ids_of
from .request import Request

if TYPE_CHECKING:
    from sweep.evidence import Cells
    from sweep.jobs.driver.loop import Driver

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Looks:
    """The rounds of a run; iterating gives the pieces of each, and decides between them."""

    def __init__(
        self,
        store: Store,
        request: Request,
        prospect: Prospect,
        decisions: Decisions,
        chunks: Sequence[Chunk],
        parts: Sequence[Part],
        failures: Sequence[Failure],
    ) -> None:
        """`failures` of earlier runs; `chunks` have every simulation that may be handed out."""
        self.driver: Driver | None = None  # its parts are read too
        self.decisions = decisions
        self._store, self._request, self._prospect, self._parts = store, request, prospect, parts
        self._survey = prospect.survey
        self._slices = Slices(chunks, prospect.survey.simulations)
        self._failures = [] if request.retry_failed else list(failures)
        self._handed_out = np.zeros(prospect.survey.simulations, np.bool_)

    def __iter__(self) -> Iterator[list[Piece]]:
        while True:
            left = self.decisions.asked & ~self.settled() & ~self._handed_out
            if left.any():
                self._handed_out |= left
                yield list(self._slices.of(left, self._prospect.workers))
            if self.decisions.finished or (self.decisions.asked & ~self.settled()).any():
                return
            self.decisions = self.decisions.after(self._decide())
            self._store.note(NOTE, self.decisions.document())
            self.show()

    def attach(self, driver: Driver) -> None:
        """`driver` runs the rounds."""
        self.driver = driver
        self.show()

    def show(self) -> None:
        """Tell whoever watches which look is run."""
        if self.driver is not None:
            self.driver.progress.look = (self.decisions.look, len(self.decisions.precision.looks))

    def there(self) -> Mask:
        """Simulations that have a row, (N,)."""
        return self._survey.among(np.concatenate([np.zeros(0, "S32"), *(part.ids for part in self._all_parts())]))

    def settled(self) -> Mask:
        """Simulations that have a row, or failed and are not tried again, (N,)."""
        failures = [*self._failures, *(self.driver.verdicts.failures if self.driver else ())]
        return np.asarray(self.there() | self._survey.among(ids_of(failures)))

    def _all_parts(self) -> list[Part]:
        return [*self._parts, *(self.driver.parts if self.driver else ())]

    def _decide(self) -> Decision:
        """Of the look that is complete."""
        precision, number = self.decisions.precision, len(self.decisions.made)
        replicates, reference = precision.looks[number], references(self._survey.sweep)
        still_open: dict[str, list[int]] = {target.metric: [] for target in precision.targets}
        following: set[int] = set()
        for points in self._batches(np.array(self.decisions.open_points, np.int64), replicates):
            others = reference[points] if precision.paired else np.full_like(points, -1)
            undecided, hopeless = self._judge(points, others, replicates)
            for metric, mask in undecided.items():
                still_open[metric] += points[mask].tolist()
            goes_on = np.logical_or.reduce([*undecided.values()]) & ~hopeless
            following |= {*points[goes_on].tolist(), *others[goes_on & (others >= 0)].tolist()}
        last = number + 1 == len(precision.looks)
        return Decision(replicates, still_open, [] if last else sorted(following))

    def _judge(self, points: Integers, others: Integers, replicates: int) -> tuple[Mapping[str, Mask], Mask]:
        """Of the comparisons of some points with others (-1: none): metric -> which are open; and which are hopeless.

        Those are the ones of which fewer than two replicates have valid rows: more would fail too.
        """
        from sweep import evidence, stats
        from sweep.stats.looks import at_each

        precision = self.decisions.precision
        confidence = at_each(len(precision.looks), stats.CONFIDENCE)
        cells, known = self._cells(np.union1d(points, others[others >= 0]), replicates)
        of, paired = np.searchsorted(known, points), others >= 0
        beside = np.searchsorted(known, np.where(paired, others, points))
        found = {}
        for metric, half_width, relative in precision.targets:
            found[metric] = np.zeros(len(points), np.bool_)
            asked = metric, half_width, relative
            if paired.any():
                sides = cells.at((of[paired],)), cells.at((beside[paired],))
                found[metric][paired] = evidence.open_difference(*asked, *sides, confidence)
            if not paired.all():
                found[metric][~paired] = evidence.open_mean(*asked, cells.at((of[~paired],)), confidence)
        valid = np.isfinite(cells.read("offered_packets"))
        return found, np.asarray((valid[of] & valid[beside]).sum(axis=-1) < 2)

    def _cells(self, points: Integers, replicates: int) -> tuple[Cells, Integers]:
        """Evidence of these points (rising), with so many replicates; and the points."""
        from sweep import evidence

        survey, most = self._survey, self._survey.sweep.replicates
        wanted = np.zeros((survey.sweep.points, most), np.bool_)
        wanted[points, :replicates] = True
        rows = Collection(survey, self._all_parts(), wanted.ravel(), self._request.origin, self._store.tables)
        table = rows.table()
        point, replicate = np.divmod(rows.simulations, most)
        index = np.full((len(points), replicates), -1, np.int64)
        valid = np.asarray(table.column("valid"), np.bool_)
        index[np.searchsorted(points, point), replicate] = np.where(valid, np.arange(len(table)), -1)
        return evidence.Rows(table).cells(index), points

    def _batches(self, points: Integers, replicates: int) -> Iterable[Integers]:
        """Some thousand rows at a time, both sides of a comparison together."""
        each = max(1, BATCH_ROWS // (2 * replicates))
        return (points[start : start + each] for start in range(0, len(points), each))
