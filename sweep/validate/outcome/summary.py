# SPDX-License-Identifier: MIT
"""Summary of the predictions, over the predicted rows and over all published rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from sweep.validate.judge import ExperimentOutcome
from sweep.validate.verdict import CALIBRATION, MISSES, PASSES, Check, JudgedRow


@dataclass(frozen=True)
class RowTally:
    """Counts of rows, and relative errors of the predicted ones.  A row with a measured 0 has no relative error."""

    name: str
    published: int  # predicted, calibration and not predicted
    predicted: int  # rows with a rule, those without a value among them
    passed: int
    explained: int  # misses with a reason in the file
    calibration: int
    noise_known: int  # predicted rows with a published spread
    within_noise: int
    median_error: float | None
    worst_error: float | None
    worst: str  # experiment and row

    @property
    def share(self) -> float | None:
        """Share of the predicted rows that pass; None without any."""
        return self.passed / self.predicted if self.predicted else None

    @property
    def share_of_all(self) -> float | None:
        """Share of the published rows that pass: calibration rows and unpredicted ones count as not passed."""
        return self.passed / self.published if self.published else None


@dataclass(frozen=True)
class ValidationSummary:
    """The rows together and by group, then the checks between them."""

    rows: RowTally
    ratios: RowTally
    shapes: tuple[int, int]  # how many hold, and how many there are
    identities: tuple[int, int]  # likewise
    by_strategy: tuple[RowTally, ...]
    by_mechanism: tuple[RowTally, ...]
    by_experiment: tuple[RowTally, ...]


Named = tuple[str, JudgedRow]  # experiment, row


def summarise(outcomes: Sequence[ExperimentOutcome]) -> ValidationSummary:
    """The summary of all outcomes."""
    rows = [(outcome.experiment.name, row) for outcome in outcomes for row in outcome.rows]
    ratios = [(outcome.experiment.name, ratio) for outcome in outcomes for ratio in outcome.ratios]
    silent = {outcome.experiment.name: _silent(outcome) for outcome in outcomes}
    return ValidationSummary(
        rows=_tally("rows", rows, sum(silent.values())),
        ratios=_tally("ratios", ratios, 0),
        shapes=_held(check for outcome in outcomes for check in outcome.shapes),
        identities=_held(check for outcome in outcomes for check in outcome.identities),
        by_strategy=_groups(rows, lambda named: named[1].strategy),
        by_mechanism=_groups(rows, lambda named: named[1].mechanism),
        by_experiment=tuple(
            tally
            for name, count in silent.items()
            if (tally := _tally(name, [named for named in rows if named[0] == name], count)).published
        ),
    )


def _silent(outcome: ExperimentOutcome) -> int:
    """Number of published rows that the model does not predict."""
    return sum(len(each.measured) for each in outcome.experiment.not_predicted)


def _groups(rows: Sequence[Named], key: Callable[[Named], str]) -> tuple[RowTally, ...]:
    names = dict.fromkeys(key(named) for named in rows)
    return tuple(_tally(name, [named for named in rows if key(named) == name], 0) for name in names)


def _tally(name: str, rows: Sequence[Named], silent: int) -> RowTally:
    predicted = [named for named in rows if named[1].verdict != CALIBRATION]
    judged = [row for _, row in predicted]
    errors = [(abs(row.error), f"{where} {row.id}") for where, row in predicted if row.error is not None]
    noisy = [row for row in judged if row.noise is not None]
    worst = max(errors, default=(None, ""), key=lambda each: each[0] or 0.0)
    return RowTally(
        name=name,
        published=len(rows) + silent,
        predicted=len(predicted),
        passed=sum(row.verdict in PASSES for row in judged),
        explained=sum(row.explained for row in judged),
        calibration=len(rows) - len(predicted),
        noise_known=len(noisy),
        within_noise=sum(row.error is not None and abs(row.error) <= (row.noise or 0.0) for row in noisy),
        median_error=median(error for error, _ in errors) if errors else None,
        worst_error=worst[0],
        worst=worst[1],
    )


def _held(checks: Iterable[Check]) -> tuple[int, int]:
    verdicts = [check.verdict for check in checks]
    return sum(verdict not in MISSES for verdict in verdicts), len(verdicts)
