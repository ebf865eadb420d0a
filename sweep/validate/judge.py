# SPDX-License-Identifier: MIT
"""Judge experiments: solve free parameters, predict every row, compare with what was published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sweep.errors import ConfigError
from sweep.validate.experiment.experiment import Experiment
from sweep.validate.experiment.points import scenarios, solved
from sweep.validate.experiment.reading import read

from .fit import Solution, solve
from .predict import Prediction, Predictor
from .verdict import MISSES, Check, JudgedRow, judge_identity, judge_ratio, judge_row, judge_shape, reason


@dataclass(frozen=True)
class ExperimentOutcome:
    """The results of one experiment.  `rows` are in the order of the file and include calibration rows."""

    experiment: Experiment
    solutions: tuple[Solution, ...]
    rows: tuple[JudgedRow, ...]
    ratios: tuple[JudgedRow, ...]
    shapes: tuple[Check, ...]
    identities: tuple[Check, ...]

    @property
    def unexplained(self) -> list[JudgedRow | Check]:
        """Rows, ratios and checks that miss their rule without a reason in the file."""
        everything: list[JudgedRow | Check] = [*self.rows, *self.ratios, *self.shapes, *self.identities]
        return [each for each in everything if each.verdict in MISSES and not each.explained]


def judge(
    experiments: Sequence[Experiment], workers: int | None = None, announce: Callable[[str], None] = lambda doing: None
) -> list[ExperimentOutcome]:
    """Run and judge experiments.  `announce` is called with the current step.  Errors: ConfigError, RunError."""
    with Predictor(workers) as predictor:
        bench = _Judge(predictor, experiments, announce)
        return [bench.outcome(experiment) for experiment in experiments]


class _Judge:
    """Judges experiments; the free parameters of each are solved once."""

    def __init__(
        self, predictor: Predictor, experiments: Sequence[Experiment], announce: Callable[[str], None]
    ) -> None:
        self._predictor, self._announce = predictor, announce
        self._files = {experiment.path.resolve(): experiment for experiment in experiments}
        self._solutions: dict[Path, list[Solution] | None] = {}  # None while they are being solved

    def outcome(self, experiment: Experiment) -> ExperimentOutcome:
        solutions = self._solve(experiment)
        self._announce(f"{experiment.name}: {len(experiment.rows)} rows")
        predictions, strategies = self._predict(experiment, solutions)
        owners = {experiment.rows[row].id: each.id for each in experiment.series.values() for row in each.rows}
        owners |= {ratio.id: ratio.series for ratio in experiment.ratios}
        rows = [
            judge_row(row, prediction, strategy, reason(experiment, row.id, owners))
            for row, prediction, strategy in zip(experiment.rows, predictions, strategies, strict=True)
        ]
        return ExperimentOutcome(
            experiment,
            tuple(solutions),
            tuple(rows),
            tuple(
                judge_ratio(each, experiment.rows, rows, reason(experiment, each.id, owners))
                for each in experiment.ratios
            ),
            tuple(judge_shape(each, rows, reason(experiment, each.id, owners)) for each in experiment.shapes),
            tuple(judge_identity(each, reason(experiment, each.id, owners)) for each in experiment.identities),
        )

    def _predict(self, experiment: Experiment, solutions: Sequence[Solution]) -> tuple[list[Prediction], list[str]]:
        if experiment.sweep is None:
            return [], []
        sweep = solved(
            experiment.sweep, experiment, {i: row_scenarios.value for i, row_scenarios in enumerate(solutions)}
        )
        wanted = [scenarios(sweep, row) for row in range(len(experiment.rows))]
        self._predictor.simulate(scenario for row_scenarios in wanted for scenario in row_scenarios)
        predictions = [
            self._predictor.predict(row_scenarios, row.predict)
            for row_scenarios, row in zip(wanted, experiment.rows, strict=True)
        ]
        return predictions, [row_scenarios[0].strategy for row_scenarios in wanted]

    def _solve(self, experiment: Experiment) -> list[Solution]:
        path = experiment.path.resolve()
        if path not in self._solutions:
            self._solutions[path] = None
            if any(free.is_fitted for free in experiment.free):
                self._announce(f"{experiment.name}: fitting")
            self._solutions[path] = solve(experiment, self._predictor, self._elsewhere)
        solutions = self._solutions[path]
        if solutions is None:
            text = 'takes free parameters "from" a file that takes some from this one.'
            raise ConfigError(f"{experiment.path}: {text}")
        return solutions

    def _elsewhere(self, path: Path) -> tuple[Experiment, Sequence[Solution]]:
        """Another file and the values of its free parameters, in its order."""
        key = path.resolve()
        if key not in self._files:
            self._files[key] = read(path)
        return self._files[key], self._solve(self._files[key])
