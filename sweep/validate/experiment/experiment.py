# SPDX-License-Identifier: MIT
"""One published experiment as data: measured rows, free parameters, and checks between rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from sweep.config.sweep import Sweep
from sweep.yamltree.source import Node, Place

from .forms import Closing


@dataclass(frozen=True)
class PublishedRow:
    """One published number and how the model predicts it."""

    id: str
    place: Place
    settings: Mapping[str, Node]  # parameters, on top of the setup
    measured: Fraction  # in `unit`
    unit: str
    predict: str
    within: Fraction | None  # the largest relative error; None: a calibration row
    resolution: Fraction  # largest difference that does not matter, in `unit`
    noise: Fraction | None  # published spread between identical runs, a share
    strategy: str  # tag; "": that of the scenario
    mechanism: str
    note: str

    @property
    def is_calibration(self) -> bool:
        return self.within is None


@dataclass(frozen=True)
class RowSeries:
    """Rows over one parameter: its values as written, and the index of the row for each."""

    id: str
    values: tuple[str, ...]
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Free:
    """A parameter that the source does not give.  `rows`, `fitted_on`: indices of rows.

    Fitted between `low` and `high` (canonical, whole numbers); or assumed to be `low`, any canonical value; or as
    solved in the experiment of `origin`, for its row `origin_row` ("": its only value).  `ends`: both as written.
    """

    parameter: str
    place: Place
    why: str
    rows: tuple[int, ...]
    low: Any
    high: Any
    ends: tuple[Node, ...] = ()
    fitted_on: tuple[int, ...] = ()
    origin: Path | None = None
    origin_row: str = ""

    @property
    def is_fitted(self) -> bool:
        return bool(self.fitted_on)


@dataclass(frozen=True)
class Ratio:
    """Row `of` over row `to`, indices.  `series`: the id under which it stands in the file, for all its values."""

    id: str
    series: str
    of: int
    to: int
    within: Fraction


@dataclass(frozen=True)
class ShapeClaim:
    """The shape `that` holds for each group of rows, given by the names of its values and the indices of the rows."""

    id: str
    that: str
    slack: Fraction
    groups: tuple[tuple[str, tuple[str, ...], tuple[int, ...]], ...]  # (where, names, rows)


@dataclass(frozen=True)
class PublishedIdentity:
    """Arithmetic on published counters."""

    id: str
    given: Mapping[str, Fraction]
    that: str
    closing: Closing


@dataclass(frozen=True)
class NotPredicted:
    """Published rows that the model does not predict."""

    id: str
    measured: tuple[Fraction, ...]
    unit: str
    why: str


@dataclass(frozen=True)
class Experiment:
    """The contents of one experiment file.

    sweep: a point for each row, in order, with free parameters at their low ends; None without rows.
    """

    path: Path
    name: str
    place: Place  # of its name, or of the file where that is not given
    title: str
    source: str
    grade: str
    about: str
    setup: str  # as written, in one line
    rows: tuple[PublishedRow, ...]
    series: Mapping[str, RowSeries]
    free: tuple[Free, ...] = ()
    ratios: tuple[Ratio, ...] = ()
    shapes: tuple[ShapeClaim, ...] = ()
    identities: tuple[PublishedIdentity, ...] = ()
    not_predicted: tuple[NotPredicted, ...] = ()
    explained: Mapping[str, str] = field(default_factory=dict)  # by id, that of a series standing for its rows too
    sweep: Sweep | None = None

    def with_sweep(self, sweep: Sweep | None) -> Experiment:
        return replace(self, sweep=sweep)
