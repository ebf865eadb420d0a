# SPDX-License-Identifier: MIT
"""What the looks of a sweep with a precision have decided; kept in its run directory as looks.json.

A decision is made once, when a look is complete, and written before anything that it asks for is run.  A resumed run
obeys it; so neither kills nor the order in which simulations end change which of them are run.  Decisions belong to one
request: the sweep's document and the code that simulates.  Those of another request are ignored, but their rows count.
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
from sweep.reached_precision import ReachedPrecision

NOTE = "looks"  # looks.json
FORMAT = 1  # raise it when the rule or its confidence changes: earlier decisions are then made again
MOST_NAMED = 20  # open comparisons that a table lists by name

Mask = NDArray[np.bool_]


class Decision(NamedTuple):
    """What was decided after one look."""

    replicates: int  # of the points that were looked at
    open: dict[str, list[int]]  # metric -> the points whose comparison is not decided by it, rising
    following: list[int]  # the points that get more replicates, rising; none at the last look


@dataclass(frozen=True)
class Decisions:
    """The decisions made so far, in order, for one survey with a precision."""

    survey: Survey
    precision: Precision
    made: tuple[Decision, ...] = ()

    @cached_property
    def request(self) -> str:
        """Digest of the request that the decisions belong to."""
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
        """The decisions in `noted` (looks.json) if they belong to this survey, else none; None without precision."""
        if survey.sweep.precision is None:
            return None
        undecided = cls(survey, survey.sweep.precision)
        if noted is None or noted.get("request") != undecided.request:
            return undecided
        try:
            made = tuple(
                undecided._read(number, noted_decision) for number, noted_decision in enumerate(noted["decisions"])
            )
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):  # not as a run writes it: decided anew
            return undecided
        return replace(undecided, made=made)

    def _read(self, number: int, noted: Mapping[str, Any]) -> Decision:
        """One decision from looks.json.  Raises KeyError, TypeError or ValueError if it is not one of this survey."""
        decision = Decision(int(noted["replicates"]), dict(noted["open"]), list(noted["following"]))
        for points in (decision.following, *decision.open.values()):
            if any(type(point) is not int or not 0 <= point < self.survey.sweep.points for point in points):
                raise ValueError
        looks = self.precision.looks
        if decision.replicates != looks[number] or not {*decision.open} <= {*self._metrics}:
            raise ValueError
        if decision.following and number + 1 == len(looks):
            raise ValueError
        return decision

    def document(self) -> dict[str, Any]:
        """The document that is kept as looks.json."""
        looks = list(self.precision.looks)
        return {
            "format": FORMAT,
            "request": self.request,
            "looks": looks,
            "decisions": [decision._asdict() for decision in self.made],
        }

    def after(self, decision: Decision) -> Decisions:
        """These decisions and one more."""
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
        """Number of the look that is being run, or of the last one, from 1."""
        return len(self.made) + (not self.finished)

    @property
    def asked(self) -> Mask:
        """Mask (N,) of the simulations that are asked for so far."""
        looks = self.precision.looks
        counts = np.full(self.survey.sweep.points, looks[0])
        for number, decision in enumerate(self.made, 1):
            if decision.following:
                counts[decision.following] = looks[number]
        replicate = np.arange(self.survey.sweep.replicates)
        return np.asarray((replicate < counts[:, None]).ravel())

    @property
    def possible(self) -> Mask:
        """Mask (N,) of the simulations that are asked for, or may still be."""
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
        """Metric -> points whose comparison is still undecided in that metric."""
        all_points = self.comparisons.tolist()
        return self.made[-1].open if self.made else dict.fromkeys(self._metrics, all_points)

    @property
    def open_points(self) -> list[int]:
        return sorted({point for points in self.open.values() for point in points})

    @property
    def reached(self) -> ReachedPrecision:
        """What the metadata of a published table says of these decisions."""
        return ReachedPrecision(
            looks=list(self.precision.looks),
            targets=[target.text for target in self.precision.targets],
            comparisons=len(self.comparisons),
            open=len(self.open_points),
            named=[self._named(point) for point in self.open_points[:MOST_NAMED]],
            finished=self.finished,
        )

    def _named(self, point: int) -> str:
        """A point and its open metrics, for people: "page_pool, router, load 0.3, ring 256 (drop_ratio)"."""
        self_explaining = ("strategy", "traffic", "label", "host", "nic")
        labels = self.survey.sweep.labels(point)
        where = ", ".join(
            str(value) if name in self_explaining else f"{name} {value}" for name, value in labels.items()
        )
        return f"{where} ({', '.join(metric for metric, points in self.open.items() if point in points)})"
