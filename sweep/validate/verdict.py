# SPDX-License-Identifier: MIT
"""Verdicts on rows, ratios, shapes and identities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sweep.validate.experiment.experiment import Experiment, PublishedIdentity, PublishedRow, Ratio, ShapeClaim

from .experiment import identity, shape
from .predict import Prediction

EXACT, WITHIN, MISS, INVALID = "exact", "within", "miss", "invalid"
CALIBRATION, NOT_PREDICTED = "calibration", "not predicted"
PASSES = (EXACT, WITHIN)
MISSES = (MISS, INVALID)


@dataclass(frozen=True)
class JudgedRow:
    """A published number with its prediction and verdict."""

    id: str
    kind: str  # "row" | "ratio"
    unit: str
    measured: float
    predicted: float | None
    error: float | None  # predicted / measured - 1; None without a prediction or with a measured 0
    within: float | None
    noise: float | None
    verdict: str
    why: str  # reason of a miss, from the file, or why there is no prediction
    note: str
    strategy: str
    mechanism: str

    @property
    def explained(self) -> bool:
        return self.verdict == MISS and bool(self.why)


@dataclass(frozen=True)
class Check:
    """The verdict on a shape or an identity."""

    id: str
    kind: str  # "shape" | "identity"
    that: str
    verdict: str  # "holds" for a shape, "exact" or "within" (its closing error) for an identity, MISS, INVALID
    evidence: str
    why: str

    @property
    def explained(self) -> bool:
        return self.verdict == MISS and bool(self.why)


HOLDS = "holds"


def judge_row(row: PublishedRow, prediction: Prediction, strategy: str, explained: str) -> JudgedRow:
    """Judge a row by its rule."""
    error = _error(prediction.value, float(row.measured))
    if row.is_calibration:
        verdict = CALIBRATION
    elif prediction.value is None:
        verdict = INVALID
    else:
        verdict = _verdict(prediction.value, row.measured, row.within or Fraction(0), row.resolution)
    return JudgedRow(
        id=row.id,
        kind="row",
        unit=row.unit,
        measured=float(row.measured),
        predicted=prediction.value,
        error=error,
        within=None if row.within is None else float(row.within),
        noise=None if row.noise is None else float(row.noise),
        verdict=verdict,
        why=prediction.trouble or (explained if verdict == MISS else ""),
        note=row.note,
        strategy=row.strategy or strategy,
        mechanism=row.mechanism,
    )


def judge_ratio(ratio: Ratio, rows: Sequence[PublishedRow], judged: Sequence[JudgedRow], explained: str) -> JudgedRow:
    """Judge a ratio of two rows by its rule."""
    top, bottom = judged[ratio.of], judged[ratio.to]
    measured = rows[ratio.of].measured / rows[ratio.to].measured
    predicted = None
    if top.predicted is not None and bottom.predicted:
        predicted = top.predicted / bottom.predicted
    verdict = INVALID if predicted is None else _verdict(predicted, measured, ratio.within, Fraction(0))
    trouble = "a row of it has no prediction" if predicted is None else ""
    return JudgedRow(
        id=ratio.id,
        kind="ratio",
        unit="ratio",
        measured=float(measured),
        predicted=predicted,
        error=_error(predicted, float(measured)),
        within=float(ratio.within),
        noise=None,
        verdict=verdict,
        why=trouble or (explained if verdict == MISS else ""),
        note="",
        strategy=top.strategy,
        mechanism=top.mechanism,
    )


def judge_shape(made: ShapeClaim, judged: Sequence[JudgedRow], explained: str) -> Check:
    """Judge whether the predicted numbers of every group have the shape."""
    failing, number_texts = [], []
    for group_name, names, rows in made.groups:
        values = [judged[row].predicted for row in rows]
        present = [value for value in values if value is not None]
        if len(present) < len(values):
            return Check(made.id, "shape", made.that, INVALID, "a row of it has no prediction", "")
        text = f"{', '.join(_short(value) for value in present)}{group_name}"
        number_texts.append(text)
        if not shape.holds(made.that, names, present, float(made.slack)):
            failing.append(text)
    evidence = "; ".join(failing or number_texts)
    return Check(made.id, "shape", made.that, MISS if failing else HOLDS, evidence, explained if failing else "")


def judge_identity(made: PublishedIdentity, explained: str) -> Check:
    """Judge an identity between published counters."""
    verdict, evidence = EXACT, []
    for side in identity.evaluated(made.that, made.given):
        closing = made.closing
        largest_gap = closing.most * max(abs(side.left), abs(side.right)) if closing.relative else closing.most
        if side.gap > largest_gap:
            verdict = MISS
        elif side.gap and verdict == EXACT:
            verdict = WITHIN
        gap = f" (off by {_number(side.gap)})" if side.gap else ""
        evidence.append(f"{_number(side.left)} {side.sign} {_number(side.right)}{gap}")
    return Check(made.id, "identity", made.that, verdict, ", ".join(evidence), explained if verdict == MISS else "")


def reason(experiment: Experiment, name: str, owners: Mapping[str, str]) -> str:
    """The file's explanation of a miss, by its id or that of its series (`owners`); "" if there is none."""
    return experiment.explained.get(name) or experiment.explained.get(owners.get(name, ""), "")


def _verdict(predicted: float, measured: Fraction, within: Fraction, resolution: Fraction) -> str:
    """The verdict on a prediction, compared in exact arithmetic."""
    difference = abs(Fraction(predicted) - measured)
    if predicted == float(measured):
        return EXACT
    return WITHIN if difference <= max(within * abs(measured), resolution) else MISS


def _error(predicted: float | None, measured: float) -> float | None:
    if predicted is None or not measured:
        return None
    return predicted / measured - 1


def _short(value: float) -> str:
    """Four digits, no exponent: 16,890,000."""
    return f"{float(f'{value:.4g}'):,.12g}"


def _number(value: Fraction) -> str:
    return f"{int(value):,}" if value.denominator == 1 else f"{float(value):,.6g}"
