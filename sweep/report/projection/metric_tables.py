# SPDX-License-Identifier: MIT
"""The numbers of a projection: one grid per table and metric, with a cell per row and column, and intervals.

Parameters that vary but are neither row, column nor table are averaged inside a cell, replicate by replicate, so that
replicates stay the independent samples.  Differences are taken between two simulations that differ only in the
baseline's parameter, and averaged after that; a simulation without its counterpart is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep import evidence, stats
from sweep.document.statements import Sentence, fixed
from sweep.errors import SweepError, did_you_mean, renamed
from sweep.fields.declared import spread
from sweep.fields.spread import DROPS, MEAN
from sweep.report.sections.composition import SHORT as TAIL_SHORT
from sweep.results import steady
from sweep.results.axes import Axes, LayoutAxis, together
from sweep.results.coordinates import Codes, parameters
from sweep.results.dataset import Array, Dataset
from sweep.results.measures import Measure

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Baseline:
    """The value of a parameter with which its other values are compared."""

    atom: int  # index in `Axes.atoms`
    code: int  # code of the value
    name: str  # for people


@dataclass(frozen=True, eq=False)
class MetricGrid:
    """One table of one metric; arrays have shape (rows, columns) unless said otherwise."""

    measure: Measure
    where: tuple[tuple[str, str], ...]  # (parameter, value) common to the table
    rows: tuple[tuple[str, ...], ...]  # labels
    columns: tuple[tuple[str, ...], ...]
    absolute: stats.Estimate
    against: stats.Estimate  # logarithms of ratios where the measure is relative, else differences; no pairs without
    base: Mask  # cells of the baseline itself
    drops: stats.Estimate  # drop ratio minus the baseline's; no pairs where that is not known
    row_mean: stats.Estimate  # (columns,) of `absolute` over the rows; logarithms where the measure is relative
    row_mean_against: stats.Estimate
    row_counts: tuple[Codes, Codes]  # (columns,) each: rows in these two means
    notes: dict[tuple[int, int], tuple[Sentence, ...]]
    members: dict[tuple[int, int], Codes]  # rows of the dataset's table


def baseline(data: Dataset, axes: Axes, text: str) -> Baseline:
    """The baseline "strategy", "strategy/variant" or "parameter=value".  Raises SweepError if it is missing."""
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
        value = next((label for label in labels if label.replace(" ", "") == value.replace(" ", "")), value)
        if value.strip() not in labels:
            hint = did_you_mean(value.strip(), labels)
            raise SweepError(
                f'--baseline "{text}": {name} "{value.strip()}" has no simulation here.{hint}\n'
                f"  known: {', '.join(labels)}\n  next: name one of these, or widen --filter"
            )
        return Baseline(names.index(name), labels.index(value.strip()), f"{name} {value.strip()}")
    strategy, _, variant = text.partition("/")
    present = set(axes.atoms[0].codes.tolist())
    known = {typed_name(data, column): column for column in range(len(data.columns)) if column in present}
    matching_columns = [column for column in known.values() if data.strategies[column] == strategy]
    if variant:
        matching_columns = [column for column in matching_columns if data.labels[column] == variant]
    if len(matching_columns) == 1:
        return Baseline(0, matching_columns[0], data.columns[matching_columns[0]])
    problem = f"has {len(matching_columns)} variants" if matching_columns else "has no simulation here"
    hint = "" if matching_columns else renamed(name, parameters(data.table)) or did_you_mean(text, known)
    choices = [typed_name(data, column) for column in matching_columns] or list(known)
    raise SweepError(
        f'--baseline "{text}" {problem}.{hint}\n  known: {", ".join(choices)}\n'
        "  next: name one of these, or parameter=value, for example --baseline ring=512"
    )


def typed_name(data: Dataset, column: int) -> str:
    """A column of the dataset as it is typed on the command line: "page_pool/pool=2x"."""
    return data.strategies[column] + (f"/{data.labels[column]}" if data.labels[column] else "")


@dataclass(frozen=True, eq=False)
class _Shared:
    """Data common to all grids, over the rows in use."""

    rows: evidence.TableRows
    axes: Axes
    counterpart: Codes  # the row that each is compared with, -1 without one
    is_base: Mask
    drops: Array  # drop ratio minus the counterpart's; NaN where that is not known
    marks: list[tuple[Mask, Sentence]]  # rows that need a footnote, and the footnote
    confidence: float  # of every interval


def grids(data: Dataset, axes: Axes, wanted: list[Measure], base: Baseline | None) -> Iterator[MetricGrid]:
    """The grids of the measures, metric by metric, table by table; those without a value are left out."""
    every = np.arange(len(axes.used))
    table_code, table_keys = together(axes.tables, every)
    counterpart = _baseline_rows(axes, base)
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
                yield _grid(shared, measure, inside, where)


def _baseline_rows(axes: Axes, base: Baseline | None) -> Codes:
    """For every row in use, the row with the baseline's value that is equal in all else; -1 if there is none."""
    count = len(axes.used)
    if base is None:
        return np.full(count, -1, dtype=np.int64)
    others = [atom.codes for place, atom in enumerate(axes.atoms) if place != base.atom]
    _, group = np.unique(np.stack([*others, axes.pair], axis=1), axis=0, return_inverse=True)
    group = group.ravel()
    base_row_of_group = np.full(group.max() + 1, -1, dtype=np.int64)
    base_rows = np.flatnonzero(axes.atoms[base.atom].codes == base.code)
    base_row_of_group[group[base_rows]] = base_rows
    counterpart = base_row_of_group[group]
    counterpart[base_rows] = -1
    return counterpart


def _marks(data: Dataset, axes: Axes) -> list[tuple[Mask, Sentence]]:
    """Masks of the rows in use that were not in a steady state, with the footnote that says why."""
    steadiness = steady.check(data)
    rows = np.full(len(data.table), -1, dtype=np.int64)
    rows[axes.used] = np.arange(len(axes.used))
    marks = []
    for mask, note in ((mask, fixed(note)) for mask, note, _ in steadiness.marks):
        marked = np.zeros(len(axes.used), dtype=bool)
        members = data.index[mask]
        marked[rows[members[members >= 0]]] = True
        marks.append((marked, note))
    return marks


def _grid(shared: _Shared, measure: Measure, inside: Codes, where: tuple[tuple[str, str], ...]) -> MetricGrid:
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
    confidence = shared.confidence
    absolute, difference = stats.mean(samples, confidence), stats.mean(against, confidence)
    more_drops = stats.mean(averaged(cube(shared.drops)), confidence)
    clumped, each_combination = _clumped(measure.name), evidence.estimate(measure.name, cells, confidence)
    absolute = (
        _mean_over_combinations(absolute, each_combination)
        if clumped
        else _wider(absolute, stats.mean(cube(own), confidence), each_combination)
    )
    if clumped and compared:
        compare = _ratio if measure.relative else evidence.difference
        difference = _mean_over_combinations(difference, compare(measure.name, cells, others, confidence))
    if compared and more_drops.pairs.any():
        more_drops = _mean_over_combinations(more_drops, evidence.difference(DROPS, cells, others, confidence))
    present = absolute.pairs > 0
    complete_rows = np.asarray(present.all(axis=1))  # rows that every column has
    used_rows = np.ones_like(complete_rows) if compared else complete_rows
    over_rows = np.log(np.where(samples > 0, samples, 1.0)) if measure.relative else samples
    over_rows = np.where(np.isfinite(samples) & used_rows[:, None, None], over_rows, np.nan)
    row_mean, row_apart = (
        stats.mean(averaged(over_rows, axis=0), confidence),
        stats.mean(averaged(against, axis=0), confidence),
    )
    if clumped and compared:
        row_apart = _mean_over_combinations(row_apart, stats.Estimate(*(side.T for side in vars(difference).values())))
    marks = [*shared.marks, (measure.short[axes.used], TAIL_SHORT)]
    notes, members = {}, {}
    for cell in np.ndindex(index.shape[:2]):
        rows_here = index[cell][index[cell] >= 0]
        if rows_here.size:
            members[cell] = axes.used[rows_here]
            combinations_here = int((index[cell] >= 0).any(axis=-1).sum())
            partial_note = (
                (fixed(f"averages over {combinations_here} of {len(over_keys)} combinations"),)
                if combinations_here < len(over_keys)
                else ()
            )
            notes[cell] = (*(note for mask, note in marks if mask[rows_here].any()), *partial_note)
    return MetricGrid(
        measure=measure,
        where=where,
        rows=_labels(axes.rows, row_keys),
        columns=_labels(axes.columns, column_keys),
        absolute=absolute,
        against=difference,
        base=np.asarray(np.append(shared.is_base, False)[index].any(axis=(-2, -1))),
        drops=more_drops,
        row_mean=row_mean,
        row_mean_against=row_apart,
        row_counts=(
            present.sum(axis=0) if compared else np.full(len(column_keys), complete_rows.sum()),
            np.isfinite(against).any(axis=-1).sum(axis=0),
        ),
        notes=notes,
        members=members,
    )


def _mean_over_combinations(plain: stats.Estimate, each: stats.Estimate) -> stats.Estimate:
    """Means over combinations: `plain` has been averaged before, `each` (rows, columns, combinations) has them apart.

    For clustered metrics the ends of the intervals are averaged, which is wide enough whatever their correlation.
    """
    simulated = each.pairs > 0
    count = np.maximum(simulated.sum(axis=-1), 1)
    center, low, high = (
        np.where(simulated, bound, 0.0).sum(axis=-1) / count for bound in (each.center, each.low, each.high)
    )
    has_mean = plain.pairs > 0
    return replace(plain, **{"center": np.where(has_mean, center, np.nan), "low": low, "high": high})


def _ratio(name: str, cells: evidence.Cells, others: evidence.Cells, confidence: float) -> stats.Estimate:
    """Log ratios of a clustered metric, widened by as much as its difference is wider than Student's interval."""
    log_ratio = evidence.log_ratio(name, cells, others, confidence)
    if spread(name).quantile is not None:
        return log_ratio
    value, reference = cells.read(name), others.read(name)
    difference = evidence.difference(name, cells, others, confidence)
    students = stats.difference(value, reference, confidence)
    base = stats.mean(np.where(np.isfinite(value), reference, np.nan)).center
    with np.errstate(divide="ignore", invalid="ignore"):
        below = np.log(np.maximum(1 - (students.low - difference.low) / base, 0.0))
        above = np.log1p((difference.high - students.high) / base)
    return replace(log_ratio, low=log_ratio.low + below, high=log_ratio.high + above)


def _wider(plain: stats.Estimate, students: stats.Estimate, each: stats.Estimate) -> stats.Estimate:
    """`plain` (rows, columns) of any other metric, widened by as much as few episodes widen `each` over `students`."""
    simulated = each.pairs > 0
    count = np.maximum(simulated.sum(axis=-1), 1)
    below, above = (
        np.where(simulated, widening, 0.0).sum(axis=-1) / count
        for widening in (students.low - each.low, each.high - students.high)
    )
    return replace(plain, low=plain.low - below, high=plain.high + above)


def _clumped(name: str) -> bool:
    """Whether a metric needs more than Student's interval over the replicates."""
    return spread(name) != MEAN


def averaged(samples: Array, axis: int = -2) -> Array:
    """Mean over `axis`, of entries with any value, in the pairs that have all of them; the last axis is the pairs."""
    samples = np.moveaxis(samples, axis, -2)
    known = np.isfinite(samples)
    any_pair = np.asarray(known.any(axis=-1))
    complete_pairs = (known | ~any_pair[..., None]).all(axis=-2) & any_pair.any(axis=-1, keepdims=True)
    mean = np.where(known, samples, 0.0).sum(axis=-2) / np.maximum(any_pair.sum(axis=-1), 1)[..., None]
    return np.where(complete_pairs, mean, np.nan)


def _labels(axes: tuple[LayoutAxis, ...], keys: Codes) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(axis.labels[code] for axis, code in zip(axes, key, strict=True)) for key in keys)
