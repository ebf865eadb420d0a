# SPDX-License-Identifier: MIT
"""The points of a sweep as a cube of point numbers, mix x column x load x ring x pool, before anything is run.

Mixes and columns are those of a report: a *column* is a strategy or a variant of it, a *mix* is a traffic mix, split by
whatever else varies.  If a pool's size is an axis of the sweep, it is an axis here too and makes no variant: then a
series is searched for the smallest ring, and at that ring for the smallest pool.

A *series* (mix, column and load) has one answer.  A *rung* is a ring and a pool of a series; rungs are in order of
preference, smallest first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep.results.coordinates import encode, place

from .. import evidence
from ..config import Sweep
from ..episodes import episode_word
from ..errors import ConfigError
from ..fields.traffic import ARRIVALS, STALL_EVERY
from ..schema import results_schema
from ..schema.parameters import ParameterRows

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
POOL, RING, LOAD = "strategy.pool_size", "ring", "load"
EXAMPLES = {RING: "{log2: [64, 4096]}", LOAD: "{log: [0.01, 1, 925]}"}  # values of each axis that can be searched


@dataclass(frozen=True)
class Cube:
    """The points of a sweep; shape (M, C, L, R, P): mixes, columns, loads, rings, pools."""

    mixes: tuple[str, ...]
    columns: tuple[str, ...]
    strategies: tuple[str, ...]  # of each column
    loads: tuple[float, ...]
    rings: tuple[int, ...]
    pools: tuple[int | None, ...]  # (None,) where no pool is an axis of its own
    points: Ints = field(repr=False)  # number of the point of each cell, -1 where there is none
    pool_sizes: Ints = field(repr=False)  # of each point, (points,); -1 where a strategy has no pool
    packets: Ints = field(repr=False)  # counted in each replicate of a point, (points,)
    parameters: Mapping[str, Array] = field(repr=False)  # those that evidence reads, (points,) each; NaN for null
    drawn: NDArray[np.bool_] = field(repr=False)  # whether anything is drawn at random at a point, (points,)
    episodes: tuple[str, ...] = field(repr=False)  # what the episodes of a point are called: "stall", "burst", ...

    @property
    def shape(self) -> tuple[int, ...]:
        return self.points.shape

    @property
    def number(self) -> int:
        """Number of points."""
        return len(self.pool_sizes)

    @property
    def there(self) -> NDArray[np.bool_]:
        """Mask of the cells that are points of the sweep, (M, C, L, R, P)."""
        return self.points >= 0

    def of(self, values: NDArray[Any], absent: Any) -> NDArray[Any]:
        """`values` (points, ...) laid out by cell, (M, C, L, R, P, ...); `absent` where a cell is no point."""
        padded = np.concatenate([values, np.full((1, *values.shape[1:]), absent, values.dtype)])
        values_of_cells: NDArray[Any] = padded[self.points]
        return values_of_cells


def cube(sweep: Sweep, searched: str = RING) -> Cube:
    """Lay out the points of a sweep.  Raises ConfigError if the axis that is searched, RING or LOAD, has one value."""
    if "sample" in sweep.document:
        raise ConfigError(
            f"{sweep.name} is a sample: its points have no series of rings or loads to search\n"
            "  next: sweep size FILE --set sample=null, with lists or counts for its axes"
        )
    table = _parameters(sweep)
    load, loads = encode(table, LOAD)
    ring, rings = encode(table, RING)
    values = rings if searched == RING else loads
    if len(values) < 2:
        raise ConfigError(
            f'{sweep.name} has no axis "{searched}": {searched} is "{values[0]}" at every point, so there is nothing '
            f"to choose\n  next: sweep size FILE --set 'axes.{searched}={EXAMPLES[searched]}'"
        )
    sizes = table.column(POOL).fill_null(-1).to_numpy()
    packets = table.column("packets").to_numpy() - table.column("warmup").to_numpy()
    stalls, arrivals = (table.column(each.name).to_pylist() for each in (STALL_EVERY, ARRIVALS))
    words = map(episode_word, stalls, arrivals)
    read_columns = [name for name in table.column_names if name in evidence.COLUMNS]
    drawn = ~evidence.deterministic(table)
    parameters = {name: table.column(name).cast(pa.float64()).to_numpy() for name in read_columns}
    pool, pools = np.zeros(len(table), np.int64), [None]
    if _is_axis(sweep):
        pool, pools = encode(table, POOL)
        table = table.drop_columns([POOL])
    placed = place(table, {"baseline": sweep.baseline})
    points = np.full((len(placed.mixes), len(placed.columns), len(loads), len(rings), len(pools)), -1, np.int64)
    points[placed.mix, placed.column, load, ring, np.maximum(pool, 0)] = np.arange(len(table))
    return Cube(
        mixes=placed.mixes,
        columns=placed.columns,
        strategies=tuple(strategy for strategy, _ in placed.order),
        loads=tuple(float(value) for value in loads),
        rings=tuple(int(value) for value in rings),
        pools=tuple(pools),
        points=points,
        pool_sizes=sizes,
        packets=packets,
        parameters=parameters,
        drawn=drawn,
        episodes=tuple(words),
    )


def _parameters(sweep: Sweep) -> pa.Table:
    """The parameters of every point as a table, with the columns of the published one."""
    scenarios, points = sweep.scenarios, np.arange(sweep.points, dtype=np.int64)
    columns = ParameterRows(scenarios.columns, scenarios.said).of(points, np.zeros_like(points))
    schema = results_schema()
    fields = [schema.field(name) for name in schema.names if name in columns]
    description = {b"sweep": json.dumps({"baseline": dict(sweep.baseline)}).encode()}
    return pa.Table.from_arrays([columns[each.name] for each in fields], schema=pa.schema(fields, description))


def _is_axis(sweep: Sweep) -> bool:
    """Whether pool sizes are a numeric axis of their own: sizes that follow the ring make variants instead."""
    home = sweep.layout.home.get(POOL)
    values, _ = sweep.layout.codes(POOL)
    return (
        home is not None
        and sweep.layout.dimensions[home].names == (POOL,)
        and all(isinstance(value, int) for value in values)
    )
