# SPDX-License-Identifier: MIT
"""Claims of a sweep file: `metric[selector, ...] < number`, judged against the table.

    allocator_calls_per_packet[refcount_recycle, traffic=host, ring>=1024] < 0.01
    ns_per_packet[page_pool, load=0.6] < ns_per_packet[page_allocator]
    drop_ratio[strategy=page_pool] <= 0.1 %

A bare word selects a strategy; `name op value` compares a parameter column, with op one of = != < <= > >=.  A claim
holds if it holds in every cell (mix, load, ring, strategy) that it selects, each judged by its 95 % interval.  With a
metric on the right, cells are compared in pairs at equal mix, load and ring.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .. import stats
from ..errors import SweepError, did_you_mean
from . import numbers
from .analysis import Analysis
from .dataset import Dataset
from .document import Finding
from .judging import NOT_TESTED, TONES, UNDECIDED, for_all, sides, span

METRIC = r"([A-Za-z_]\w*)\s*(?:\[([^\]]*)\])?"
CLAIM = re.compile(rf"\s*{METRIC}\s*(<=|>=|<|>)\s*(.+?)\s*")
REFERENCE = re.compile(METRIC)
NUMBER = re.compile(r"([-+]?[\d_]*\.?\d+(?:[eE][-+]?\d+)?)\s*(%?)")
SELECTOR = re.compile(r"\s*([A-Za-z_]\w*)\s*(<=|>=|!=|==|=|<|>)\s*(.+?)\s*")
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Side:
    metric: str
    selected: Mask  # (mixes, loads, rings, columns)


def judge(analysis: Analysis) -> list[Finding]:
    """A finding per claim of the sweep file; one that cannot be read says why."""
    claims = analysis.data.metadata.get("claims") or []
    found = []
    for place, claim in enumerate(claims if isinstance(claims, list) else [claims], 1):
        entry = claim if isinstance(claim, Mapping) else {"that": claim}
        that = entry.get("that")
        name = str(entry.get("name") or that or f"claim {place}")
        try:
            if not isinstance(that, str):
                raise SweepError('"that" is missing: a claim is {name: ..., that: metric[strategy, ...] < number}')
            word, evidence = _judge(analysis, that)
        except SweepError as error:
            word, evidence = "not understood", [str(error)]
        found.append(Finding(name, word, str(that or ""), tuple(evidence), TONES.get(word, "worse")))
    return found


def _judge(analysis: Analysis, that: str) -> tuple[str, list[str]]:
    data = analysis.data
    match = CLAIM.fullmatch(that)
    if not match:
        raise SweepError(f'"{that}" cannot be read; write metric[strategy, ring>=1024] < 0.01')
    metric, selectors, sign, right = match.groups()
    left = _side(data, metric, selectors)
    number, reference = NUMBER.fullmatch(right), REFERENCE.fullmatch(right)
    samples = data.values(left.metric)
    if number:
        threshold = float(number[1].replace("_", "")) / (100 if number[2] else 1)
        bound = right
    elif reference:
        samples = samples - _counterpart(data, _side(data, reference[1], reference[2]))
        threshold, bound = 0.0, "0 (the difference)"
    else:
        raise SweepError(f'"{right}" is neither a number nor a metric')
    estimate = stats.mean(samples)[left.selected]
    sided = sides(estimate, threshold, inclusive=sign in ("<=", ">"))
    good, bad = (sided.below, sided.above) if sign in ("<", "<=") else (sided.above, sided.below)
    if not sided.cells:
        return NOT_TESTED, ["No simulated cell is selected."]
    word = for_all(int(good.sum()), int(bad.sum()), sided.cells)
    line = f"{int(good.sum())} of {numbers.count(sided.cells, 'cell')} decided for it, {int(bad.sum())} against"
    evidence = [f"{line}; means {span(estimate.center)} (threshold {bound})."]
    if bad.any():
        evidence.append(f"Against it: {_places(data, left.selected, bad)}.")
    if word == UNDECIDED:
        evidence.append(_more(data, estimate, sided.open, threshold))
    return word, evidence


def _side(data: Dataset, metric: str, selectors: str | None) -> Side:
    known = [name for name in data.table.column_names if pa.types.is_floating(data.table.schema.field(name).type)]
    known += [name for name in data.table.column_names if pa.types.is_integer(data.table.schema.field(name).type)]
    if metric not in known:
        raise SweepError(f'metric "{metric}" is not in the table.{did_you_mean(metric, known)}')
    mask = np.ones(data.index.shape[:-1], dtype=bool)
    for selector in (selectors or "").split(","):
        if selector.strip():
            mask &= _selected(data, selector.strip())
    return Side(metric, mask)


def _selected(data: Dataset, selector: str) -> Mask:
    shape = data.index.shape[:-1]
    match = SELECTOR.fullmatch(selector)
    name, sign, value = match.groups() if match else ("strategy", "=", selector)
    value = value.strip("\"'")
    if name not in data.table.column_names:
        raise SweepError(f'column "{name}" is not in the table.{did_you_mean(name, data.table.column_names)}')
    kind = data.table.schema.field(name).type
    wanted: Any = value
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        number = NUMBER.fullmatch(value)
        if not number:
            raise SweepError(f'"{value}" in "{selector}" is not a number')
        wanted = float(number[1].replace("_", "")) / (100 if number[2] else 1)
        with np.errstate(invalid="ignore"):
            return np.asarray(OPERATORS[sign](np.fmax.reduce(data.values(name), axis=-1), wanted))
    if sign not in ("=", "==", "!="):
        raise SweepError(f'"{sign}" in "{selector}" needs a number column; "{name}" holds names')
    texts = data.table.column(name).to_pylist()
    if sign != "!=" and value not in texts:
        choices = sorted({str(text) for text in texts if text is not None})
        raise SweepError(f'{name} "{value}" is not in the table.{did_you_mean(value, choices)}')
    equal = np.append(np.array([OPERATORS[sign](text, wanted) for text in texts]), False)[data.index].any(axis=-1)
    return np.asarray(np.broadcast_to(equal, shape))


def _counterpart(data: Dataset, side: Side) -> NDArray[np.float64]:
    """Values of the right side for every cell of (mix, load, ring), shape (..., 1, pairs); one column at most each."""
    many = (side.selected & (data.index >= 0).any(axis=-1)).sum(axis=-1)
    if (many > 1).any():
        raise SweepError(f"the right side selects {int(many.max())} strategies in a cell; name one (and its label)")
    values = np.where(side.selected[..., None], data.values(side.metric), np.nan)
    kept = np.where(np.isfinite(values), values, 0.0).sum(axis=-2, keepdims=True)
    return np.where(np.isfinite(values).any(axis=-2, keepdims=True), kept, np.nan)


def _places(data: Dataset, selected: Mask, bad: Mask, most: int = 3) -> str:
    cells = np.argwhere(selected)[bad]
    shown = [
        f"{data.columns[column]} in {data.mixes[mix]} at load {data.loads[load]:g}, ring {data.rings[ring]}"
        for mix, load, ring, column in cells[:most]
    ]
    return "; ".join(shown) + (f"; and {len(cells) - most} more" if len(cells) > most else "")


def _more(data: Dataset, estimate: stats.Estimate, undecided: Mask, threshold: float) -> str:
    if (estimate.pairs[undecided] < 2).any():
        return "One replicate shows nothing about its spread: at least 2 are needed, 5 are usual."
    needed = [stats.pairs_needed(estimate[int(place)], threshold) for place in np.flatnonzero(undecided)]
    known = [pairs for pairs in needed if pairs is not None]
    open_cells = numbers.count(len(needed), "open cell")
    if len(known) < len(needed):
        return f"{open_cells}: the mean is at the threshold; more replicates would hardly decide it."
    command = data.metadata.get("command") or "sweep run FILE"
    command = command if isinstance(command, str) else " ".join(map(str, command))
    return f"{open_cells}: about {max(known)} replicates would decide ({command} --set replicates={max(known)})."
