# SPDX-License-Identifier: MIT
"""The table `points`: a row per point of the sweep, with the means of its replicates.

A *point* is a simulation without its replicate.  Its row has

    every parameter but `replicate`
    replicates, valid_replicates      simulations that have a row, and those of them that break no law
    failed_replicates                 simulations that have none
    <metric>                          mean over the valid replicates
    <metric>_half_width               of its 95 % interval by Student's t; null below two replicates

It is a view, made when it is asked for, of the columns that are asked for.

Not modelled: the pairing of replicates.  Two points met the same packets, so their difference is known better than
these intervals suggest: compare rows with equal `replicate` and `seed`, as the report does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from scipy.special import stdtrit

from sweep.fields.column import Column
from sweep.fields.field import Role

from ..stats import CONFIDENCE

FREEDOMS = 500  # beyond, Student's t is the normal distribution to 0.2 %

MEANING = "a row per point: its parameters, how many replicates it has, and their mean of every metric"

COUNTS = (
    Column("replicates", pa.int64(), "1", "simulations of this point that have a row in results"),
    Column("valid_replicates", pa.int64(), "1", "those of them that break no law: the means are over these"),
    Column("failed_replicates", pa.int64(), "1", "simulations of this point that have no result, see failures"),
)


def _parameters(results: Sequence[Column]) -> list[Column]:
    return [column for column in results if column.role == Role.PARAMETER and column.name != "replicate"]


def _metrics(results: Sequence[Column]) -> list[Column]:
    return [column for column in results if column.role == Role.METRIC]


def columns(results: Sequence[Column]) -> list[Column]:
    """The columns of `points`, from those of the results."""
    point_columns = [*_parameters(results), *COUNTS]
    for column in _metrics(results):
        mean = f"{column.meaning}; mean over the valid replicates"
        width = f"half width of the {100 * CONFIDENCE:g} % interval of {column.name}; null below two replicates"
        point_columns.append(column._replace(meaning=mean))
        point_columns.append(Column(f"{column.name}_half_width", pa.float64(), column.unit, width, column.role))
    return point_columns


def view(results: Sequence[Column], failures: Sequence[str], confidence: float = CONFIDENCE) -> str:
    """The SELECT behind `points`, from the columns of the results and the names of those of the failures.

    `confidence` is that of each interval: above 95 % if the run had interim looks.
    Failures are counted only if they have all parameters, so that they can be assigned to points.
    """
    parameters = [quoted(column.name) for column in _parameters(results)]
    metrics = [column.name for column in _metrics(results)]
    keys = ", ".join(parameters)
    valid = "valid" if any(column.name == "valid" for column in results) else "true"
    rows = f"select {', '.join([keys, *map(quoted, metrics)])}, {valid} as _valid, false as _failed from results"
    if parameters and set(parameters) <= set(map(quoted, failures)):
        nothing = ", ".join("null" for _ in metrics)
        rows += f" union all select {keys}, {f'{nothing}, ' if nothing else ''}false, true from failures"
    sums = [
        "count(*) filter (not _failed) as replicates",
        "count(*) filter (_valid) as valid_replicates",
        "count(*) filter (_failed) as failed_replicates",
    ]
    selected = ["replicates", "valid_replicates", "failed_replicates"]
    for index, name in enumerate(metrics):
        value, n, spread = quoted(name), f"_n{index}", f"_s{index}"
        sums += [
            f"avg({value}) filter (_valid) as {value}",
            f"count({value}) filter (_valid) as {n}",
            f"stddev_samp({value}) filter (_valid) as {spread}",
        ]
        width = f"{spread} / sqrt({n}) * coalesce(_t[{n} - 1], _t[{FREEDOMS}])"
        selected += [value, f"{width} as {quoted(f'{name}_half_width')}"]
    student = ", ".join(f"{t!r}" for t in stdtrit(np.arange(1, FREEDOMS + 1), (1 + confidence) / 2).tolist())
    points = f"select {keys}, {', '.join(sums)} from ({rows}) group by {keys}"
    return f"select {keys}, {', '.join(selected)} from ({points}), (select [{student}] as _t) order by {keys}"


def quoted(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
