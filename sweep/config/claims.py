# SPDX-License-Identifier: MIT
"""Claims and objectives, checked before anything runs: their names are known and they select points.

Not checked: that the right side of a comparison is one strategy and variant per cell; the report says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, WithJsonSchema

from sweep import conditions
from sweep.conditions import Bound, Column, ConditionError, MetricCells, conjuncts, parse_bound
from sweep.config.models.quantities import ChoiceError
from sweep.errors import renamed
from sweep.fields.counters import HISTOGRAMS
from sweep.fields.metrics import METRICS
from sweep.grid import Layout
from sweep.metric_names import alike, suggestion
from sweep.model import batch, strategies
from sweep.yamltree.source import LISTS, shorten

from .names import explained, unit_of, units_of_parameters

OBJECTIVE = "drop_ratio < 0.1 %"  # how an objective is written
_HISTOGRAMS = frozenset(histogram.name for histogram in HISTOGRAMS)
NAMES_OF_METRICS = tuple(metric.name for metric in METRICS)
MOST_KNOWN = 12  # values of a column listed in a message


def in_full(name: str) -> str:
    """The full name of a metric, counter or parameter in a claim: "latency_p99_ns" for "p99".  Errors: ChoiceError."""
    meant = (name,) if name in unit_of() else alike(name, NAMES_OF_METRICS)
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise ChoiceError(f'has "{shorten(name)}" in it, which is a part of several names', meant)
    raise ChoiceError(
        f'has the metric "{shorten(name)}" in it, which is not known',
        NAMES_OF_METRICS,
        see=LISTS["metric"],
        near=lambda: renamed(name, unit_of()) or suggestion(name, NAMES_OF_METRICS, unit_of()),
    )


def known_claim(text: str) -> str:
    """A claim whose metrics exist, each in full, and have the unit of its number.  Errors: ChoiceError."""
    try:
        text = conditions.with_metrics(text, in_full)
        threshold(parse_bound(text))
    except ConditionError as error:
        raise ChoiceError(error.told(), error.known) from None
    return text


def threshold(claim: Bound) -> float:
    """The number of a claim in the unit of its metric's column.  Errors: ConditionError."""
    return claim.threshold(unit_of()[claim.left.metric])


def objective(text: str) -> str:
    """A bound to one metric or counter, in one line; the rest as `known_claim`.  Errors: ChoiceError."""
    try:
        text = conditions.with_metrics(text, lambda name: name if name in _HISTOGRAMS else in_full(name))
        metric, metrics = parse_bound(text).left.metric, NAMES_OF_METRICS
    except ConditionError as error:
        raise ChoiceError(error.told(), error.known) from None
    if metric in _HISTOGRAMS:
        similar_names = tuple(name for name in metrics if name.startswith(metric.partition("_")[0]))
        raise ChoiceError(
            f'is about the histogram "{metric}", and an objective is about one number', similar_names or metrics
        )
    if parse_bound(known_claim(text)).right is not None:
        raise ChoiceError(f"compares two metrics, and an objective has a number on its right: {OBJECTIVE}")
    if metric in units_of_parameters():
        raise ChoiceError(f'is about the parameter "{metric}", which the sweep file sets', metrics)
    return " ".join(text.split())


ClaimText = Annotated[
    str, AfterValidator(known_claim), WithJsonSchema({"type": "string", "examples": [conditions.EXAMPLE]})
]
ObjectiveText = Annotated[str, AfterValidator(objective), WithJsonSchema({"type": "string", "examples": [OBJECTIVE]})]


def named(text: str) -> set[str]:
    """The words that decide which points a claim speaks of.  Errors: ConditionError."""
    return {"strategy"}.union(*(conditions.names(side.where) for side in parse_bound(text).sides))


def selects(text: str, columns: Callable[[str], Column | None], layout: Layout) -> list[npt.NDArray[np.bool_]]:
    """The points of the layout that each side of a claim speaks of, one at least.  Errors: ChoiceError."""
    masks = []
    for side in parse_bound(text).sides:
        selected = np.ones(len(layout), np.bool_)
        for condition in conjuncts(side.where):
            try:
                matching = conditions.holds(condition, columns, len(layout))
            except ConditionError as error:
                raise explained(error) from None
            if not matching.any():
                raise ChoiceError(f'selects no point: "{condition}" holds at none', _values(condition, columns))
            selected &= matching
        if not selected.any():
            raise ChoiceError("selects no point: its conditions hold at none together")
        _counted(side, selected, layout)
        masks.append(selected)
    return masks


def _counted(side: MetricCells, selected: npt.NDArray[np.bool_], layout: Layout) -> None:
    """Errors: ChoiceError if the side is about a counter that none of the selected strategies has."""
    if all(side.metric != field.name for field in batch.all_counter_fields()):
        return
    names, codes = layout.codes("strategy")
    selected_names = [names[code] for code in np.unique(codes[selected])]
    if not any(field.name == side.metric for name in selected_names for field in batch.counter_fields(name)):
        owners = tuple(
            name
            for name in strategies.names()
            if any(counter.name == side.metric for counter in batch.counter_fields(name))
        )
        raise ChoiceError(f'is about "{side.metric}", which {", ".join(selected_names)} does not count', owners)


def _values(condition: conditions.Expression, columns: Callable[[str], Column | None]) -> tuple[str, ...]:
    """What the points have of the one parameter in a condition, for a message; () if it is much."""
    named = [column for word in sorted(conditions.names(condition)) if (column := columns(word))]
    distinct_values = sorted(set(named[0].values[named[0].known].tolist())) if len(named) == 1 else []
    texts = tuple(value if isinstance(value, str) else f"{value:,.12g}" for value in distinct_values)
    return texts if len(texts) <= MOST_KNOWN else ()
