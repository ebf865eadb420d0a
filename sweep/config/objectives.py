# SPDX-License-Identifier: MIT
"""Objectives of `sweep size`, checked before anything runs: claims that set a bound to one metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sweep.conditions import parse_bound
from sweep.config.models.quantities import ChoiceError
from sweep.config.points.columns import ColumnSource, representative_points
from sweep.errors import ConfigError
from sweep.yamltree.source import Mistake, Place, shorten

from .claims import OBJECTIVE, named, objective, selects, threshold
from .sweep import Sweep


@dataclass(frozen=True)
class Objective:
    """A bound on a metric, and the points at which it must hold."""

    text: str
    metric: str  # or counter
    sign: str  # < <= > >=
    bound: float
    points: npt.NDArray[np.bool_] = field(repr=False)  # (points,) mask of those it applies to


def objectives(sweep: Sweep, given: Sequence[str] = ()) -> tuple[Objective, ...]:
    """The objectives `given` on the command line, or else those of the sweep file.  Errors: ConfigError."""
    texts = given or sweep.document.get("objectives", [])
    if not texts:
        raise ConfigError(
            f"{sweep.name} has no objective: nothing says what is good enough\n"
            f'  next: sweep size FILE --objective "{OBJECTIVE}", or a section "objectives:" in the sweep file'
        )
    read_objectives = []
    for text in texts:
        try:
            read_objectives.append(read(sweep, objective(text)))
        except ChoiceError as error:
            raise Mistake.of(Place("--objective"), f'"{shorten(text)}"', error).error() from None
    return tuple(read_objectives)


def read(sweep: Sweep, text: str) -> Objective:
    """An objective and its points.  Errors: ChoiceError if it speaks of none."""
    claim = parse_bound(text)
    representatives, codes = representative_points(sweep.layout, named(text))
    (selected,) = selects(text, ColumnSource(representatives, sweep.document), representatives)
    return Objective(text, claim.left.metric, claim.sign, threshold(claim), selected[codes])
