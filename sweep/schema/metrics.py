# SPDX-License-Identifier: MIT
"""Derived metrics as columns of the dataset, computed when it is published."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from sweep.fields.column import Column
from sweep.fields.field import Role
from sweep.fields.metrics import METRICS


def columns() -> list[Column]:
    """The metric columns, in their order."""
    return [
        Column(metric.name, pa.float64(), metric.unit, metric.meaning, Role.METRIC, better=metric.better)
        for metric in METRICS
    ]


def arrays(values: Mapping[str, np.ndarray]) -> dict[str, pa.Array]:
    """All metrics, computed from counters, a few parameters and the latency histogram; null where undefined."""
    metric_arrays = {}
    for metric in METRICS:
        numerator, denominator = metric.value(values)
        missing = denominator == 0
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.asarray(numerator / denominator, np.float64)
        metric_arrays[metric.name] = pa.array(np.where(missing, 0.0, ratio), mask=missing)
    return metric_arrays
