# SPDX-License-Identifier: MIT
"""Look at the replicates of a sweep with a precision, and hand out more where comparisons are open.

A look reads complete replicates only: every simulation that it asked for has a row or is recorded as failed.  Each
comparison is judged at the confidence 1 - risk / looks (`stats.looks.at_each`), so that the published intervals hold
whichever look decided a comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sweep.config import baseline_points
from sweep.jobs.driver.policy import Piece
from sweep.jobs.driver.slices import Slices
from sweep.jobs.store.collect import BATCH_ROWS, Collection
from sweep.jobs.store.decisions import NOTE, Decision, Decisions
from sweep.jobs.store.failure import Failure
from sweep.jobs.store.part import Part
from sweep.jobs.store.parts import Store
from sweep.plan import Chunk

from .inventory import Inventory, ids_of
from .request import RunRequest

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
        request: RunRequest,
        inventory: Inventory,
        decisions: Decisions,
        chunks: Sequence[Chunk],
        parts: Sequence[Part],
        failures: Sequence[Failure],
    ) -> None:
        """`failures`: of earlier runs; `chunks`: together they hold every simulation that any look may ask for."""
        self.driver: Driver | None = None  # its parts are read too
        self.decisions = decisions
        self._store, self._request, self._inventory, self._parts = store, request, inventory, parts
        self._survey = inventory.survey
        self._slices = Slices(chunks, inventory.survey.simulations)
        self._failures = [] if request.retry_failed else list(failures)
        self._handed_out = np.zeros(inventory.survey.simulations, np.bool_)

    def __iter__(self) -> Iterator[list[Piece]]:
        while True:
            unsettled = self.decisions.asked & ~self.settled() & ~self._handed_out
            if unsettled.any():
                self._handed_out |= unsettled
                yield list(self._slices.of(unsettled, self._inventory.workers))
            if self.decisions.finished or (self.decisions.asked & ~self.settled()).any():
                return
            self.decisions = self.decisions.after(self._decide())
            self._store.note(NOTE, self.decisions.document())
            self.show()

    def attach(self, driver: Driver) -> None:
        """Set the driver that runs the rounds; its parts are read too."""
        self.driver = driver
        self.show()

    def show(self) -> None:
        """Put the number of the current look into the driver's progress."""
        if self.driver is not None:
            self.driver.progress.look = (self.decisions.look, len(self.decisions.precision.looks))

    def there(self) -> Mask:
        """Mask (N,) of the simulations that have a row."""
        return self._survey.among(np.concatenate([np.zeros(0, "S32"), *(part.ids for part in self._all_parts())]))

    def settled(self) -> Mask:
        """Mask (N,) of the simulations that have a row, or failed and are not tried again."""
        failures = [*self._failures, *(self.driver.verdicts.failures if self.driver else ())]
        return np.asarray(self.there() | self._survey.among(ids_of(failures)))

    def _all_parts(self) -> list[Part]:
        return [*self._parts, *(self.driver.parts if self.driver else ())]

    def _decide(self) -> Decision:
        """The decision after the look whose simulations are all settled."""
        precision, number = self.decisions.precision, len(self.decisions.made)
        replicates, reference = precision.looks[number], baseline_points(self._survey.sweep)
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
        """Judge the comparisons of `points` with `others` (-1: the point by itself), each (M,).

        Returns metric -> mask (M,) of the open ones, and a mask (M,) of the hopeless ones: fewer than two replicates
        have valid rows, so further ones would most likely fail too.
        """
        from sweep import evidence, stats
        from sweep.stats.looks import at_each

        precision = self.decisions.precision
        confidence = at_each(len(precision.looks), stats.CONFIDENCE)
        cells, known = self._cells(np.union1d(points, others[others >= 0]), replicates)
        rows_of_points, paired = np.searchsorted(known, points), others >= 0
        rows_of_others = np.searchsorted(known, np.where(paired, others, points))
        open_by_metric = {}
        for metric, half_width, relative in precision.targets:
            open_by_metric[metric] = np.zeros(len(points), np.bool_)
            target = metric, half_width, relative
            if paired.any():
                sides = cells.at((rows_of_points[paired],)), cells.at((rows_of_others[paired],))
                open_by_metric[metric][paired] = evidence.open_difference(*target, *sides, confidence)
            if not paired.all():
                open_by_metric[metric][~paired] = evidence.open_mean(
                    *target, cells.at((rows_of_points[~paired],)), confidence
                )
        valid = np.isfinite(cells.read("offered_packets"))
        return open_by_metric, np.asarray((valid[rows_of_points] & valid[rows_of_others]).sum(axis=-1) < 2)

    def _cells(self, points: Integers, replicates: int) -> tuple[Cells, Integers]:
        """Evidence of `points` (rising) from their first `replicates`; and the points."""
        from sweep import evidence

        survey, max_replicates = self._survey, self._survey.sweep.replicates
        wanted = np.zeros((survey.sweep.points, max_replicates), np.bool_)
        wanted[points, :replicates] = True
        rows = Collection(survey, self._all_parts(), wanted.ravel(), self._request.origin, self._store.tables)
        table = rows.table()
        point, replicate = np.divmod(rows.simulations, max_replicates)
        index = np.full((len(points), replicates), -1, np.int64)
        valid = np.asarray(table.column("valid"), np.bool_)
        index[np.searchsorted(points, point), replicate] = np.where(valid, np.arange(len(table)), -1)
        return evidence.TableRows(table).cells(index), points

    def _batches(self, points: Integers, replicates: int) -> Iterable[Integers]:
        """`points` in batches of at most BATCH_ROWS rows, counting both sides of each comparison."""
        points_per_batch = max(1, BATCH_ROWS // (2 * replicates))
        return (points[start : start + points_per_batch] for start in range(0, len(points), points_per_batch))
