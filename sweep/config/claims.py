# SPDX-License-Identifier: MIT
"""Claims and objectives, checked before anything runs: known names, and points that they speak of.

A selector names the columns of the dataset, which are the parameters of the sweep file without their section:
`pool_size` for `strategy.pool_size`, `cost_atomic` for `host.atomic`, `tx_ring` for `nic.tx_ring`.

Not checked: that the right side of a comparison is one strategy and variant per cell; the report says so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, WithJsonSchema

from sweep import claims
from sweep.config.models.quantities import ChoiceError
from sweep.expression import Column
from sweep.grid import Layout
from sweep.metric_names import alike, suggestion
from sweep.metrics import METRICS
from sweep.model import batch
from sweep.model.counters import HISTOGRAMS
from sweep.model.hardware import host
from sweep.model.strategies import NAMES, strategy
from sweep.yamltree.source import LISTS, shorten

# Columns of the dataset and the parameter each is: those in the same unit.
NAMED = ("strategy", "traffic", "host", "nic", "kernel", "iommu", "label")
OWN = (*NAMED, "ring", "queues", "load", "packets", "warmup", "memory_pages")
NIC = {name: f"nic.{name}" for name in ("tx_ring", "napi_budget", "refill_batch")} | {
    "coalesce_frames": "nic.coalesce.frames",
    "copybreak_bytes": "nic.copybreak",
    "rx_buffer_bytes": "nic.rx_buffer",
}
TRAFFIC = {"flows": "traffic.flows", "batch_packets": "traffic.reader.batch", "rcvbuf_bytes": "traffic.reader.rcvbuf"}
OBJECTIVE = "drop_ratio < 0.1 %"  # how an objective is written
_HISTOGRAMS = frozenset(histogram.name for histogram in HISTOGRAMS)
NAMES_OF_METRICS = tuple(metric.name for metric in METRICS)
MOST_KNOWN = 12  # values of a column listed in a message


@cache
def parameter_of() -> dict[str, str]:
    """The parameter of each column that a selector may name."""
    knobs = {knob.name: f"strategy.{knob.name}" for name in NAMES for knob in strategy(name).KNOBS}
    costs = {f"cost_{cost.name}": f"host.{cost.name}" for cost in host.COSTS}
    sizes = {f"host_{size.name}": f"host.{size.name}" for size in host.HARDWARE if size.unit != "1e-3"}
    return {**{name: name for name in OWN}, "duration_ps": "duration", **knobs, **NIC, **TRAFFIC, **costs, **sizes}


@cache
def numbers() -> frozenset[str]:
    """What a claim may be about: metrics, counters, and parameters that are numbers."""
    names = {*NAMES_OF_METRICS} | {field.name for field in batch.all_counter_fields()}
    return frozenset(names | set(parameter_of()) - {*NAMED})


def in_full(name: str) -> str:
    """The number that a name in a claim stands for: "latency_p99_ns" for "p99".  Errors: ChoiceError."""
    found = (name,) if name in numbers() else alike(name, NAMES_OF_METRICS)
    if len(found) == 1:
        return found[0]
    if found:
        raise ChoiceError(f'has "{shorten(name)}" in it, which is a part of several names', found)
    raise ChoiceError(
        f'has the metric "{shorten(name)}" in it, which is not known',
        NAMES_OF_METRICS,
        see=LISTS["metric"],
        near=lambda: suggestion(name, NAMES_OF_METRICS, numbers()),
    )


def known(text: str) -> str:
    """A claim whose metrics, columns and strategies exist, metrics in full.  Errors: ChoiceError, ClaimError."""
    text = claims.in_full(text, in_full)
    for side in claims.parse(text).sides:
        for selector in side.selectors:
            if selector.name not in parameter_of():
                raise _unknown("parameter", selector.name, (*parameter_of(),))
            if selector.name == "strategy" and selector.value not in NAMES:
                raise _unknown("strategy", selector.value, NAMES)
    return text


def objective(text: str) -> str:
    """A bound to one metric or counter, in one line; the rest as `known`.  Errors: ChoiceError, ClaimError."""
    text = claims.in_full(text, lambda name: name if name in _HISTOGRAMS else in_full(name))
    metric, metrics = claims.parse(text).left.metric, NAMES_OF_METRICS
    if metric in _HISTOGRAMS:
        of_it = tuple(name for name in metrics if name.startswith(metric.partition("_")[0]))
        raise ChoiceError(f'is about the histogram "{metric}", and an objective is about one number', of_it or metrics)
    if claims.parse(known(text)).right is not None:
        raise claims.ClaimError(f"compares two metrics, and an objective has a number on its right: {OBJECTIVE}")
    if metric in parameter_of():
        raise ChoiceError(f'is about the parameter "{metric}", which the sweep file sets', metrics)
    return " ".join(text.split())


ClaimText = Annotated[str, AfterValidator(known), WithJsonSchema({"type": "string", "examples": [claims.FORM]})]
ObjectiveText = Annotated[str, AfterValidator(objective), WithJsonSchema({"type": "string", "examples": [OBJECTIVE]})]


def named(text: str) -> set[str]:
    """The parameters that decide which points a claim speaks of.  Errors: ClaimError."""
    sides = claims.parse(text).sides
    return {"strategy", *(parameter_of()[selector.name] for side in sides for selector in side.selectors)}


def selects(text: str, columns: Callable[[str], Column | None], layout: Layout) -> list[npt.NDArray[np.bool_]]:
    """The points of the layout that each side of a claim speaks of, one at least.  Errors: ChoiceError, ClaimError."""
    found = []
    for side in claims.parse(text).sides:
        everywhere = np.ones(len(layout), np.bool_)
        for selector in side.selectors:
            column = columns(parameter_of()[selector.name])
            assert column is not None  # `known` has seen to it
            here = _selected(column, selector)
            if not here.any():
                raise ChoiceError(f'selects no point: "{selector.text}" holds at none', _values(column))
            everywhere &= here
        if not everywhere.any():
            raise ChoiceError("selects no point: its conditions hold at none together")
        _counted(side, everywhere, layout)
        found.append(everywhere)
    return found


def _selected(column: Column, selector: claims.Selector) -> npt.NDArray[np.bool_]:
    """Shape (points,)."""
    if not column.is_text:
        return np.asarray(selector.of_numbers(column.values), np.bool_)
    choices = tuple(dict.fromkeys([*column.choices, *column.values[column.known]]))
    if selector.value not in choices:
        raise _unknown(selector.name, selector.value, choices)
    return np.asarray(selector.of_names(column.values), np.bool_)


def _counted(side: claims.Cells, selected: npt.NDArray[np.bool_], layout: Layout) -> None:
    """Some counters are of one strategy only."""
    if all(side.metric != field.name for field in batch.all_counter_fields()):
        return
    names, codes = layout.codes("strategy")
    there = [names[code] for code in np.unique(codes[selected])]
    if not any(field.name == side.metric for name in there for field in batch.counter_fields(name)):
        owners = tuple(name for name in NAMES if any(f.name == side.metric for f in batch.counter_fields(name)))
        raise ChoiceError(f'is about "{side.metric}", which {", ".join(there)} does not count', owners)


def _values(column: Column) -> tuple[str, ...]:
    """What the points have, for a message; () if it is much."""
    found = sorted(set(column.values[column.known].tolist()))
    texts = tuple(value if isinstance(value, str) else f"{value:,.12g}" for value in found)
    return texts if len(texts) <= MOST_KNOWN else ()


def _unknown(what: str, name: str, choices: tuple[str, ...], close: tuple[str, ...] = ()) -> ChoiceError:
    message = f'has the {what} "{shorten(name)}" in it, which is not known'
    return ChoiceError(message, choices, see=LISTS.get(what, ""), near=(name, close or choices))
