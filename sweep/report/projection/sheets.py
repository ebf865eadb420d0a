# SPDX-License-Identifier: MIT
"""The numbers of a projection: one sheet per table and metric, a cell per row and column, with intervals.

What was varied but is named nowhere is averaged inside a cell, replicate by replicate, so that replicates stay the
independent samples.  A difference is taken simulation by simulation, between two that have everything in common but
the baseline's parameter, and averaged after that; a simulation without its counterpart is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep import evidence, stats
from sweep.document.statements import Sentence, fixed
from sweep.errors import SweepError, did_you_mean
from sweep.fields.declared import spread
from sweep.fields.spread import DROPS, MEAN
from sweep.report.sections.composition import SHORT as TAIL_SHORT
from sweep.results import steady
from sweep.results.axes import Axes, Axis, together
from sweep.results.coordinates import Codes, parameters
from sweep.results.dataset import Array, Dataset
from sweep.results.measures import Measure

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Baseline:
    """One value of an atom, with which all others are compared."""

    atom: int  # place in `Axes.atoms`
    code: int  # of its value
    name: str  # in words


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table of one metric; arrays have the shape (rows, columns)."""

    measure: Measure
    where: tuple[tuple[str, str], ...]  # parameter and value that make the table
    rows: tuple[tuple[str, ...], ...]  # labels
    columns: tuple[tuple[str, ...], ...]
    absolute: stats.Estimate
    against: stats.Estimate  # logarithms of ratios where the measure is relative, else differences; no pairs without
    base: Mask  # cells of the baseline itself
    drops: stats.Estimate  # more than the baseline; no pairs where that is not known
    row_mean: stats.Estimate  # (columns,) of `absolute` over the rows; logarithms where the measure is relative
    row_mean_against: stats.Estimate
    row_counts: tuple[Codes, Codes]  # (columns,) each: rows in these two means
    notes: dict[tuple[int, int], tuple[Sentence, ...]]
    members: dict[tuple[int, int], Codes]  # rows of the dataset's table


def baseline(data: Dataset, axes: Axes, text: str) -> Baseline:
    """What `strategy`, `strategy/variant` or `parameter=value` names.  Raises SweepError if it is not there."""
    names = [atom.name for atom in axes.atoms]
    name, sign, value = text.partition("=")
    name = name.strip()
    if sign and (name in names or name in parameters(data.table)):
        if name not in names:
            raise SweepError(
                f'--baseline "{text}": "{name}" cannot be a baseline: it follows from other parameters\n'
                f"  choose among: {', '.join(names)}"
            )
        labels = axes.atoms[names.index(name)].labels
        if value.strip() not in labels:
            hint = did_you_mean(value.strip(), labels)
            raise SweepError(
                f'--baseline "{text}": {name} "{value.strip()}" has no simulation here.{hint}\n'
                f"  known: {', '.join(labels)}\n  next: name one of these, or widen --filter"
            )
        return Baseline(names.index(name), labels.index(value.strip()), f"{name} {value.strip()}")
    strategy, _, variant = text.partition("/")
    present = set(axes.atoms[0].codes.tolist())
    known = {typed(data, column): column for column in range(len(data.columns)) if column in present}
    found = [column for column in known.values() if data.strategies[column] == strategy]
    if variant:
        found = [column for column in found if data.labels[column] == variant]
    if len(found) == 1:
        return Baseline(0, found[0], data.columns[found[0]])
    why = f"has {len(found)} variants" if found else "has no simulation here"
    hint = "" if found else did_you_mean(text, known)
    choices = [typed(data, column) for column in found] or list(known)
    raise SweepError(
        f'--baseline "{text}" {why}.{hint}\n  known: {", ".join(choices)}\n'
        "  next: name one of these, or parameter=value, for example --baseline ring=512"
    )


def typed(data: Dataset, column: int) -> str:
    """A column of the dataset as one types it: "page_pool/pool=2x"."""
    return data.strategies[column] + (f"/{data.labels[column]}" if data.labels[column] else "")


@dataclass(frozen=True, eq=False)
class _Shared:
    """What all sheets need, over the rows in use."""

    rows: evidence.Rows
    axes: Axes
    counterpart: Codes  # the row that each is compared with, -1 without one
    is_base: Mask
    drops: Array  # more dropped than by the counterpart; NaN where that is not known
    marks: list[tuple[Mask, Sentence]]  # rows that need a footnote, and the footnote
    confidence: float  # of every interval


def sheets(data: Dataset, axes: Axes, wanted: list[Measure], base: Baseline | None) -> Iterator[Sheet]:
    """Metric by metric, table by table."""
    every = np.arange(len(axes.used))
    table_code, table_keys = together(axes.tables, every)
    counterpart = _counterparts(axes, base)
    drops = np.full(len(every), np.nan)
    if DROPS in data.table.column_names:
        dropped = data.table.column(DROPS).cast(pa.float64()).to_numpy()[axes.used]
        drops = dropped - np.append(dropped, np.nan)[counterpart]
    is_base = np.asarray(every < 0 if base is None else axes.atoms[base.atom].codes == base.code)
    shared = _Shared(data.row_evidence, axes, counterpart, is_base, drops, _marks(data, axes), data.confidence)
    for measure in wanted:
        values = measure.values[axes.used]
        for place, key in enumerate(table_keys):
            inside = np.flatnonzero(table_code == place)
            if np.isfinite(values[inside]).any():
                where = tuple((axis.name, axis.labels[code]) for axis, code in zip(axes.tables, key, strict=True))
                yield _sheet(shared, measure, inside, where)


def _counterparts(axes: Axes, base: Baseline | None) -> Codes:
    """Of every row in use, the one that differs in nothing but the baseline's parameter; -1 without one."""
    count = len(axes.used)
    if base is None:
        return np.full(count, -1, dtype=np.int64)
    others = [atom.codes for place, atom in enumerate(axes.atoms) if place != base.atom]
    _, group = np.unique(np.stack([*others, axes.pair], axis=1), axis=0, return_inverse=True)
    group = group.ravel()
    found = np.full(group.max() + 1, -1, dtype=np.int64)
    own = np.flatnonzero(axes.atoms[base.atom].codes == base.code)
    found[group[own]] = own
    counterpart = found[group]
    counterpart[own] = -1
    return counterpart


def _marks(data: Dataset, axes: Axes) -> list[tuple[Mask, Sentence]]:
    """Which rows in use were no steady state, and why."""
    found = steady.check(data)
    rows = np.full(len(data.table), -1, dtype=np.int64)
    rows[axes.used] = np.arange(len(axes.used))
    marks = []
    for mask, note in ((mask, fixed(note)) for mask, note, _ in found.marks):
        hit = np.zeros(len(axes.used), dtype=bool)
        members = data.index[mask]
        hit[rows[members[members >= 0]]] = True
        marks.append((hit, note))
    return marks


def _sheet(shared: _Shared, measure: Measure, inside: Codes, where: tuple[tuple[str, str], ...]) -> Sheet:
    axes, compared = shared.axes, bool(shared.is_base.any())
    (row, row_keys), (column, column_keys), (over, over_keys) = (
        together(chosen, inside) for chosen in (axes.rows, axes.columns, axes.averaged)
    )
    pairs, pair = np.unique(axes.pair[inside], return_inverse=True)
    index = np.full((len(row_keys), len(column_keys), len(over_keys), len(pairs)), -1, dtype=np.int64)
    index[row, column, over, pair.ravel()] = inside

    def cube(of: Array) -> Array:
        return np.append(of, np.nan)[index]

    own = measure.values[axes.used]
    other = np.append(own, np.nan)[shared.counterpart]
    samples = averaged(cube(own))  # (rows, columns, pairs)
    against = averaged(cube(stats.log_ratio(own, other) if measure.relative else own - other))
    rows = np.append(axes.used, -1)
    cells = shared.rows.cells(rows[index])
    others = shared.rows.cells(rows[np.append(shared.counterpart, -1)[index]])
    sure = shared.confidence
    absolute, apart = stats.mean(samples, sure), stats.mean(against, sure)
    more = stats.mean(averaged(cube(shared.drops)), sure)
    clumped, each = _clumped(measure.name), evidence.estimate(measure.name, cells, sure)
    absolute = _over(absolute, each) if clumped else _wider(absolute, stats.mean(cube(own), sure), each)
    if clumped and compared:
        compare = _ratio if measure.relative else evidence.difference
        apart = _over(apart, compare(measure.name, cells, others, sure))
    if compared and more.pairs.any():
        more = _over(more, evidence.difference(DROPS, cells, others, sure))
    present = absolute.pairs > 0
    whole = np.asarray(present.all(axis=1))  # rows that every column has
    kept = np.ones_like(whole) if compared else whole
    over_rows = np.log(np.where(samples > 0, samples, 1.0)) if measure.relative else samples
    over_rows = np.where(np.isfinite(samples) & kept[:, None, None], over_rows, np.nan)
    row_mean, row_apart = stats.mean(averaged(over_rows, axis=0), sure), stats.mean(averaged(against, axis=0), sure)
    if clumped and compared:
        row_apart = _over(row_apart, stats.Estimate(*(side.T for side in vars(apart).values())))
    marks = [*shared.marks, (measure.short[axes.used], TAIL_SHORT)]
    notes, members = {}, {}
    for cell in np.ndindex(index.shape[:2]):
        mine = index[cell][index[cell] >= 0]
        if mine.size:
            members[cell] = axes.used[mine]
            here = int((index[cell] >= 0).any(axis=-1).sum())
            part = (fixed(f"averages over {here} of {len(over_keys)} combinations"),) if here < len(over_keys) else ()
            notes[cell] = (*(note for mask, note in marks if mask[mine].any()), *part)
    return Sheet(
        measure=measure,
        where=where,
        rows=_labels(axes.rows, row_keys),
        columns=_labels(axes.columns, column_keys),
        absolute=absolute,
        against=apart,
        base=np.asarray(np.append(shared.is_base, False)[index].any(axis=(-2, -1))),
        drops=more,
        row_mean=row_mean,
        row_mean_against=row_apart,
        row_counts=(
            present.sum(axis=0) if compared else np.full(len(column_keys), whole.sum()),
            np.isfinite(against).any(axis=-1).sum(axis=0),
        ),
        notes=notes,
        members=members,
    )


def _over(plain: stats.Estimate, each: stats.Estimate) -> stats.Estimate:
    """Means over combinations: `plain` has been averaged before, `each` (rows, columns, combinations) has them apart.

    Of what comes in clumps the ends of the intervals are averaged: wide enough whatever they have in common.
    """
    there = each.pairs > 0
    count = np.maximum(there.sum(axis=-1), 1)
    center, low, high = (np.where(there, side, 0.0).sum(axis=-1) / count for side in (each.center, each.low, each.high))
    some = plain.pairs > 0
    return replace(plain, **{"center": np.where(some, center, np.nan), "low": low, "high": high})


def _ratio(name: str, cells: evidence.Cells, others: evidence.Cells, confidence: float) -> stats.Estimate:
    """Logarithms of paired ratios of what comes in clumps: by as much wider as the difference is than Student's."""
    found = evidence.log_ratio(name, cells, others, confidence)
    if spread(name).quantile is not None:
        return found
    value, reference = cells.read(name), others.read(name)
    apart = evidence.difference(name, cells, others, confidence)
    students = stats.difference(value, reference, confidence)
    base = stats.mean(np.where(np.isfinite(value), reference, np.nan)).center
    with np.errstate(divide="ignore", invalid="ignore"):
        below = np.log(np.maximum(1 - (students.low - apart.low) / base, 0.0))
        above = np.log1p((apart.high - students.high) / base)
    return replace(found, low=found.low + below, high=found.high + above)


def _wider(plain: stats.Estimate, students: stats.Estimate, each: stats.Estimate) -> stats.Estimate:
    """Of any other metric: `plain` (rows, columns), by as much wider as few episodes make `each` than `students`."""
    there = each.pairs > 0
    count = np.maximum(there.sum(axis=-1), 1)
    below, above = (
        np.where(there, side, 0.0).sum(axis=-1) / count for side in (students.low - each.low, each.high - students.high)
    )
    return replace(plain, low=plain.low - below, high=plain.high + above)


def _clumped(name: str) -> bool:
    """Whether a metric needs more than Student's interval over the replicates."""
    return spread(name) != MEAN


def averaged(samples: Array, axis: int = -2) -> Array:
    """Mean over `axis` of samples whose last axis is the pairs: of what has any value, in pairs that have all of it."""
    samples = np.moveaxis(samples, axis, -2)
    known = np.isfinite(samples)
    any_pair = np.asarray(known.any(axis=-1))
    whole = (known | ~any_pair[..., None]).all(axis=-2) & any_pair.any(axis=-1, keepdims=True)
    mean = np.where(known, samples, 0.0).sum(axis=-2) / np.maximum(any_pair.sum(axis=-1), 1)[..., None]
    return np.where(whole, mean, np.nan)


def _labels(axes: tuple[Axis, ...], keys: Codes) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(axis.labels[code] for axis, code in zip(axes, key, strict=True)) for key in keys)
