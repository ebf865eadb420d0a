# SPDX-License-Identifier: MIT
"""A metric by the name that a user types: its column or quantile, unit, comparison and direction.

A name is a column of the table, a part that occurs in only one metric ("drop", "p99"), or a latency quantile ("p99.9"),
taken from each simulation's own histogram.  Over replicates the mean of the quantiles is shown, with an interval over
the replicates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep import evidence, stats
from sweep.errors import SweepError
from sweep.fields.column import NUMBERS, better, column, names
from sweep.fields.counters import LATENCY
from sweep.fields.declared import flattered_by_drops, is_share
from sweep.fields.field import Better, Role
from sweep.fields.spread import DROPS
from sweep.metric_names import alike, suggestion

from . import histogram
from .dataset import Array

QUANTILE = re.compile(r"p(\d{2}(?:\.\d{1,4})?)")
ROLES: dict[str, str] = {Role.PARAMETER: "a parameter", Role.ID: "an id", Role.HISTOGRAM: "a histogram"}


@dataclass(frozen=True, eq=False)
class Measure:
    """A metric over the rows of a table."""

    name: str
    unit: str
    meaning: str
    values: Array  # (rows,), NaN where the row has none
    better: int  # -1: less is better, 1: more is better, 0: neither
    short: NDArray[np.bool_]  # (rows,) fewer than ten packets lie beyond the quantile

    @property
    def share(self) -> bool:
        """Whether it is a share, shown in percent and compared in percentage points."""
        return is_share(self.name)

    @property
    def relative(self) -> bool:
        """Whether it is compared by ratios: not a share, and all its values are above zero."""
        return not self.share and bool((self.values[np.isfinite(self.values)] > 0).all())

    @property
    def margin(self) -> float:
        """Largest difference, in the metric's unit, that is too small to count; ratios have `stats.MARGIN`."""
        return stats.DROP_MARGIN if self.name == DROPS else 0.0

    @property
    def per_packet(self) -> bool:
        """Whether it is per packet, so that it looks better when packets are dropped."""
        return flattered_by_drops(self.name)


def metrics(table: pa.Table) -> list[str]:
    """Names of the columns with the role "metric": the derived values that people compare."""
    return names(table.schema, Role.METRIC)


def measure(table: pa.Table, name: str) -> Measure:
    """The metric that `name` stands for.  Raises SweepError if there is none, more than one, or it is not a number."""
    fields = {field.name: field for field in table.schema}
    quantile = QUANTILE.fullmatch(name)
    if name not in fields:
        candidates = alike(name, metrics(table))
        if len(candidates) == 1:
            name = candidates[0]
        elif candidates:
            raise SweepError(
                f'--metric "{name}" is a part of several names\n  choose: {", ".join(candidates)}\n'
                "  next: write one of them in full"
            )
        elif quantile and LATENCY in fields:
            return _quantile(table, quantile[1])
        else:
            raise _unknown(table, name)
    field = fields[name]
    field_metadata = column(field)
    if field_metadata.role not in NUMBERS:
        raise _unknown(table, name, f"is {ROLES.get(field_metadata.role, 'neither a metric nor a counter')}")
    if not (pa.types.is_integer(field.type) or pa.types.is_floating(field.type)):
        raise _unknown(table, name, "holds no numbers")
    values = table.column(name).cast(pa.float64()).to_numpy()
    percentile = re.fullmatch(r"latency_(p\d+)_ns", name)
    short = too_short(table, float(percentile[1][1:]) / 100) if percentile else np.zeros(len(table), dtype=bool)
    return Measure(name, field_metadata.unit or "1", field_metadata.meaning, values, better(field_metadata).sign, short)


def _unknown(table: pa.Table, name: str, why: str = "is not in the table") -> SweepError:
    known = [*metrics(table), *(["p99.9"] if LATENCY in table.column_names else [])]
    hint = ""
    if why == "is not in the table":
        hint = suggestion(name, known, table.column_names)
    return SweepError(
        f'--metric "{name}" {why}.{hint}\n  known: {", ".join(known)}\n'
        "  next: choose one of these, or a counter; `sweep show metrics` and `sweep show counters` explain them"
    )


def _counts(table: pa.Table) -> NDArray[np.int64]:
    """The histogram of every row, shape (rows, buckets)."""
    return evidence.TableRows(table).histogram(LATENCY)


def too_short(table: pa.Table, q: float) -> NDArray[np.bool_]:
    """Mask of rows with too few packets beyond the q-quantile to print it; all False without a histogram."""
    if LATENCY not in table.column_names:
        return np.zeros(len(table), dtype=bool)
    return np.asarray(_counts(table).sum(axis=1) * (1 - q) < histogram.TAIL_SAMPLES)


def _quantile(table: pa.Table, percent: str) -> Measure:
    q = float(percent) / 100
    values = evidence.quantile(_counts(table).astype(np.float64), q)
    meaning = f"time from wire to delivery or departure: {percent} % quantile"
    return Measure(f"latency_p{percent}_ns", "ns", meaning, values, Better.LOWER.sign, too_short(table, q))
