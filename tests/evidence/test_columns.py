# SPDX-License-Identifier: MIT
"""Whoever asks for the columns of a metric has all that its estimates read."""

from __future__ import annotations

import numpy as np
import pytest

from sweep.evidence import COLUMNS, Cells, columns, difference, estimate, log_ratio
from sweep.fields.counters import LATENCY
from sweep.fields.declared import spread
from sweep.fields.metrics import METRICS
from sweep.schema import results_schema

METRIC_NAMES = [metric.name for metric in METRICS]


def strict(metric: str) -> Cells:
    """A cell of five replicates that has every column and gives those only that were named."""

    def read(name: str) -> np.ndarray:
        assert name in columns(metric), f"{name} is read for {metric}, and not among its columns"
        return np.array([[3.0, 4.0, 5.0, 3.0, 4.0]])

    def buckets(name: str) -> np.ndarray:
        assert name == LATENCY
        return np.ones((1, 5, 256), np.int64)

    return Cells(read, lambda name: True, np.ones((1, 5), np.bool_), buckets)


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_nothing_else_is_read(metric: str) -> None:
    cells = strict(metric)
    for found in (estimate(metric, cells), difference(metric, cells, cells), log_ratio(metric, cells, cells)):
        assert found.center.shape == (1,)


def test_all_are_columns_of_a_table() -> None:
    known = set(results_schema().names)
    assert known >= COLUMNS
    for metric in METRIC_NAMES:
        assert set(columns(metric)) <= known
        assert spread(metric).rare is None or set(columns(metric)) <= COLUMNS
