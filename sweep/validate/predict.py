# SPDX-License-Identifier: MIT
"""Predictions: each scenario is simulated once, on all cores, and an expression is evaluated over its result row.

Kernels run without Python's lock, so threads keep all cores busy and one process compiles each kernel once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import fmean
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from sweep import schema
from sweep.conditions import Column, ConditionError, names, numbers, parse
from sweep.jobs.executors.choice import processors
from sweep.model import batch
from sweep.model.scenario import Scenario
from sweep.schema import parameters
from sweep.validate.experiment.forms import columns


class Prediction(NamedTuple):
    """Mean of an expression over the replicates; or None, and the reason."""

    value: float | None
    trouble: str = ""


class Predictor:
    """Simulates scenarios and caches their rows.  A context manager, which ends its threads."""

    def __init__(self, workers: int | None = None) -> None:
        self._rows: dict[Scenario, dict[str, Any]] = {}
        self._warm: set[str] = set()
        self._threads = ThreadPoolExecutor(workers or processors())

    def __enter__(self) -> Predictor:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._threads.shutdown(cancel_futures=True)

    @property
    def simulations(self) -> int:
        """Number of simulations done."""
        return len(self._rows)

    def simulate(self, scenarios: Iterable[Scenario]) -> None:
        """Simulate the scenarios that are not cached yet."""
        missing = [scenario for scenario in dict.fromkeys(scenarios) if scenario not in self._rows]
        for strategy in dict.fromkeys(scenario.strategy for scenario in missing):
            if strategy not in self._warm:
                batch.warm(strategy)
                self._warm.add(strategy)
        missing.sort(key=batch.predicted_ns, reverse=True)  # the longest first
        parts = list(self._threads.map(_simulate, missing))
        if parts:
            table = pa.concat_tables(parts, promote_options="permissive")
            parameter_arrays = parameters.arrays(missing, [None] * len(missing))
            wanted = [*sorted(columns()), "violation"]
            self._rows |= zip(missing, schema.results(table, parameter_arrays).select(wanted).to_pylist(), strict=True)

    def predict(self, scenarios: Sequence[Scenario], predict: str) -> Prediction:
        """Mean of the expression `predict` over the rows of scenarios, which are simulated if needed."""
        self.simulate(scenarios)
        rows = [self._rows[scenario] for scenario in scenarios]
        for row in rows:
            if row["violation"]:
                return Prediction(None, f"breaks a law: {row['violation']}")
        try:
            column = numbers(parse(predict), lambda name: _column(name, rows), len(rows))
        except ConditionError as error:
            return Prediction(None, f'"{predict}" {error}')
        if not column.known.all():
            missing_columns = sorted(name for name in names(parse(predict)) if any(row[name] is None for row in rows))
            return Prediction(None, f"{', '.join(missing_columns)} has no value here")
        return Prediction(fmean(column.values.tolist()))


def _simulate(scenario: Scenario) -> pa.Table:
    tables = batch.build_tables(batch.distributions(scenario))
    result = batch.simulate(scenario.strategy, [scenario], tables)
    return schema.part(scenario.strategy, [""], result)


def _column(name: str, rows: Sequence[dict[str, Any]]) -> Column | None:
    if name not in columns():
        return None
    values = [row[name] for row in rows]
    known = np.array([value is not None for value in values])
    return Column(np.array([value if value is not None else 0.0 for value in values], np.float64), known)
