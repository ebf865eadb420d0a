# SPDX-License-Identifier: MIT
"""What the looks of a sweep with a precision have decided: read from its run directory, and kept there as looks.json.

A decision is made once, of a look that is complete, and written before anything is run that it asks for.  A run that
goes on obeys it; so neither kills nor the order in which simulations end change which of them there are.  Decisions are
of one request: the sweep's document and the code that simulates.  Those of another count for nothing, but the rows do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweep.config import Precision, compared
from sweep.plan import Survey, digest
from sweep.plan.identity import canonical
from sweep.precision import Reached

NOTE = "looks"  # looks.json
FORMAT = 1  # raise it when the rule or its confidence changes: decisions of before are then made anew
MOST_NAMED = 20  # open comparisons that a table names

Mask = NDArray[np.bool_]


class Decision(NamedTuple):
    """After one look."""

    replicates: int  # of the points that were looked at
    open: dict[str, list[int]]  # metric -> the points whose comparison is not decided by it, rising
    following: list[int]  # the points that get more replicates, rising; none at the last look


@dataclass(frozen=True)
class Decisions:
    """All that were made, in order, of one survey with a precision."""

    survey: Survey
    precision: Precision
    made: tuple[Decision, ...] = ()

    @cached_property
    def request(self) -> str:
        """What they are decisions of: a digest."""
        return digest(
            canonical(
                {
                    "format": FORMAT,
                    "document": self.survey.document_digest,
                    "simulations": digest(self.survey.keys.tobytes()),
                    "looks": list(self.precision.looks),
                }
            )
        )

    @classmethod
    def of(cls, survey: Survey, noted: Mapping[str, Any] | None) -> Decisions | None:
        """Those that are noted, if they are of this survey; None if it has no precision."""
        if survey.sweep.precision is None:
            return None
        none = cls(survey, survey.sweep.precision)
        if noted is None or noted.get("request") != none.request:
            return none
        try:
            made = tuple(none._read(number, each) for number, each in enumerate(noted["decisions"]))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):  # not as a run writes it: decided anew
            return none
        return replace(none, made=made)

    def _read(self, number: int, noted: Mapping[str, Any]) -> Decision:
        """Errors: those of a document of another form."""
        found = Decision(int(noted["replicates"]), dict(noted["open"]), list(noted["following"]))
        for points in (found.following, *found.open.values()):
            if any(type(point) is not int or not 0 <= point < self.survey.sweep.points for point in points):
                raise ValueError
        looks = self.precision.looks
        if found.replicates != looks[number] or not {*found.open} <= {*self._metrics}:
            raise ValueError
        if found.following and number + 1 == len(looks):
            raise ValueError
        return found

    def document(self) -> dict[str, Any]:
        """For looks.json."""
        looks = list(self.precision.looks)
        return {
            "format": FORMAT,
            "request": self.request,
            "looks": looks,
            "decisions": [m._asdict() for m in self.made],
        }

    def after(self, decision: Decision) -> Decisions:
        """With one more."""
        return replace(self, made=(*self.made, decision))

    @property
    def _metrics(self) -> tuple[str, ...]:
        return tuple(target.metric for target in self.precision.targets)

    @property
    def finished(self) -> bool:
        """Whether no point gets more replicates."""
        return bool(self.made) and not self.made[-1].following

    @property
    def look(self) -> int:
        """The number of the look that is being run, or was the last, from 1."""
        return len(self.made) + (not self.finished)

    @property
    def asked(self) -> Mask:
        """The simulations that are asked for so far, (N,)."""
        looks = self.precision.looks
        counts = np.full(self.survey.sweep.points, looks[0])
        for number, decision in enumerate(self.made, 1):
            if decision.following:
                counts[decision.following] = looks[number]
        replicate = np.arange(self.survey.sweep.replicates)
        return np.asarray((replicate < counts[:, None]).ravel())

    @property
    def possible(self) -> Mask:
        """The simulations that may be asked for yet, or are, (N,)."""
        points = np.ones(self.survey.sweep.points, np.bool_)
        if self.made:
            points = np.isin(np.arange(len(points)), self.made[-1].following)
        return self.asked | np.repeat(points, self.survey.sweep.replicates)

    @cached_property
    def comparisons(self) -> NDArray[np.int64]:
        """The points whose precision counts, rising."""
        return compared(self.survey.sweep)

    @property
    def open(self) -> dict[str, list[int]]:
        """Metric -> points whose comparison is not decided by it."""
        every = self.comparisons.tolist()
        return self.made[-1].open if self.made else dict.fromkeys(self._metrics, every)

    @property
    def open_points(self) -> list[int]:
        return sorted({point for points in self.open.values() for point in points})

    @property
    def reached(self) -> Reached:
        """What a table says of them."""
        return Reached(
            looks=list(self.precision.looks),
            targets=[target.text for target in self.precision.targets],
            comparisons=len(self.comparisons),
            open=len(self.open_points),
            named=[self._named(point) for point in self.open_points[:MOST_NAMED]],
            finished=self.finished,
        )

    def _named(self, point: int) -> str:
        """ "page_pool, router, load 0.3, ring 256 (drop_ratio)"."""
        words = ("strategy", "traffic", "label", "host", "nic")
        labels = self.survey.sweep.labels(point)
        where = ", ".join(str(value) if name in words else f"{name} {value}" for name, value in labels.items())
        return f"{where} ({', '.join(metric for metric, points in self.open.items() if point in points)})"
