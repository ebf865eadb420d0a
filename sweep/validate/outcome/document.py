# SPDX-License-Identifier: MIT
"""Outcomes as a document: the summary, then each experiment with measured and predicted values."""

from __future__ import annotations

from collections.abc import Sequence

from sweep import format
from sweep.document.blocks import Block, Cell, Document, Paragraph, Section, Table
from sweep.validate.judge import ExperimentOutcome
from sweep.validate.verdict import CALIBRATION, HOLDS, NOT_PREDICTED, PASSES, WITHIN, Check, JudgedRow

from .plot import errors, predicted_against_measured
from .summary import RowTally, ValidationSummary

TONES = dict.fromkeys((*PASSES, HOLDS), "better") | {CALIBRATION: "tie", NOT_PREDICTED: "missing"}


def document(outcomes: Sequence[ExperimentOutcome], summary: ValidationSummary) -> Document:
    """All outcomes and their summary as a document."""
    counted = [
        format.count(len(outcomes), "experiment"),
        format.count(summary.rows.published, "published row"),
        f"{summary.rows.predicted:,} predicted",
    ]
    return Document(
        title="Published experiments against the model",
        subtitle=", ".join(counted),
        sections=(
            Section("Summary", tuple(_summary(summary))),
            *([Section("Predicted against measured", tuple(_charts(outcomes)))] if summary.rows.predicted else []),
            *(_experiment(outcome) for outcome in outcomes),
            Section("How to read this", (Paragraph(READING),), detail=True),
        ),
    )


READING = (
    "error: predicted over measured, less 1. rule: the largest error with which a row passes, set by its experiment "
    "file. calibration: a free parameter was fitted on the row; it is no prediction. not predicted: published, and "
    "nothing that the model says. Of all published rows, only predictions inside their rule count as passed. Nothing "
    "is fitted on a row that is predicted; docs/experiments.md has the rules."
)


def _summary(summary: ValidationSummary) -> list[Block]:
    tally = summary.rows
    lines = [f"{_passed(tally)} of the predicted rows, {_of_all(tally)} of all published ones, pass their rule."]
    if tally.predicted:
        worst = f"{_percent(tally.worst_error)} ({tally.worst})"
        lines.append(f"Error of a predicted row: median {_percent(tally.median_error)}, worst {worst}.")
    if tally.noise_known:
        lines.append(f"Inside the published noise: {tally.within_noise:,} of the {tally.noise_known:,} rows with one.")
    if missed := tally.predicted - tally.passed:
        misses = format.count(missed, "miss", "misses")
        lines.append(f"{misses}, {tally.explained:,} of them explained by their files.")
    checks = []
    if summary.ratios.predicted:
        checks.append(f"{_passed(summary.ratios)} of the ratios between rows")
    checks += [
        f"{held:,} of {total:,} {name}"
        for (held, total), name in ((summary.shapes, "shapes"), (summary.identities, "identities"))
        if total
    ]
    blocks: list[Block] = [Paragraph(" ".join(lines))]
    if checks:
        blocks.append(Paragraph(f"Checks that hold: {', '.join(checks)}."))
    for caption, tallies in (
        ("By experiment", summary.by_experiment),
        ("By strategy", summary.by_strategy),
        ("By mechanism", summary.by_mechanism),
    ):
        if len(tallies) > 1:
            blocks.append(_tallies(caption, tallies))
    return blocks


def _tallies(caption: str, tallies: Sequence[RowTally]) -> Table:
    header = ("", "passed", "predicted", "published", "median error, %", "worst, %", "worst row")
    rows = [
        tuple(
            Cell(text)
            for text in (
                tally.name,
                f"{tally.passed:,}",
                f"{tally.predicted:,}",
                f"{tally.published:,}",
                _bare(tally.median_error),
                _bare(tally.worst_error),
                tally.worst,
            )
        )
        for tally in tallies
    ]
    return Table(caption, header, tuple(rows))


def _charts(outcomes: Sequence[ExperimentOutcome]) -> list[Block]:
    return [predicted_against_measured(outcomes), errors(outcomes)]


def _experiment(outcome: ExperimentOutcome) -> Section:
    experiment = outcome.experiment
    about = f"Source: {experiment.source}" + (f" (grade {experiment.grade})." if experiment.grade else ".")
    setup = f"Setup: {experiment.setup}." if experiment.setup else ""
    blocks: list[Block] = [Paragraph(text) for text in (" ".join(experiment.about.split()), about, setup) if text]
    if outcome.solutions:
        blocks.append(_free(outcome))
    if outcome.rows or experiment.not_predicted:
        blocks.append(_rows(outcome))
    if outcome.ratios:
        ratios = tuple(_judged(each) for each in outcome.ratios)
        blocks.append(Table("Ratios", ("ratio", *HEADER[1:]), ratios))
    for name, checks in (("Shapes", outcome.shapes), ("Identities", outcome.identities)):
        if checks:
            blocks.append(_checks(name, checks))
    return Section(f"{experiment.name}: {experiment.title}", tuple(blocks))


HEADER = ("row", "unit", "measured", "predicted", "error, %", "rule, %", "noise, %", "verdict")


def _rows(outcome: ExperimentOutcome) -> Table:
    rows = [_judged(row) for row in outcome.rows]
    for each in outcome.experiment.not_predicted:
        for place, measured in enumerate(each.measured):
            name = each.id if len(each.measured) == 1 else f"{each.id} {place + 1}"
            cells = (name, each.unit, _published(float(measured)), *[format.MISSING] * 4)
            rows.append((*map(Cell, cells), Cell(NOT_PREDICTED, "missing", notes=(each.why,))))
    return Table("Rows", HEADER, tuple(rows))


def _judged(row: JudgedRow) -> tuple[Cell, ...]:
    notes = tuple(text for text in (row.why, row.note) if text)
    one_decimal = row.error is not None and row.verdict in (CALIBRATION, WITHIN)  # of no interest below a tenth
    verdict_text = f"{row.verdict}, explained" if row.explained else row.verdict
    return (
        Cell(row.id),
        Cell(row.unit),
        Cell(_published(row.measured) if row.kind == "row" else format.significant(row.measured, 4)),
        Cell(format.MISSING if row.predicted is None else format.significant(row.predicted, 4)),
        Cell(f"{row.error:+.1%}".rstrip("%") if one_decimal else _bare(row.error, signed=True)),
        Cell(_bare(row.within)),
        Cell(_bare(row.noise)),
        Cell(verdict_text, TONES.get(row.verdict, "worse"), notes=notes),
    )


def _free(outcome: ExperimentOutcome) -> Table:
    rows = []
    for solution in outcome.solutions:
        free = solution.free
        names = [outcome.experiment.rows[row].id for row in free.fitted_on]
        origin_text = (
            f"fitted on {', '.join(names)}" if names else f"from {free.origin.name}" if free.origin else "assumed"
        )
        if solution.trouble:
            origin_text += f"; {solution.trouble}"
        error_text = format.MISSING if solution.error is None else f"{solution.error:+.2%}".replace("%", " %")
        rows.append((*map(Cell, (free.parameter, solution.shown, origin_text, error_text, free.why)),))
    return Table("Free parameters", ("parameter", "value", "how", "error left", "why"), tuple(rows), prose=True)


def _checks(caption: str, checks: Sequence[Check]) -> Table:
    rows = [
        (
            Cell(check.id),
            Cell(check.that),
            Cell(check.evidence),
            Cell(
                f"{check.verdict}, explained" if check.explained else check.verdict,
                TONES.get(check.verdict, "worse"),
                notes=(check.why,) if check.why else (),
            ),
        )
        for check in checks
    ]
    head = "predicted" if caption == "Shapes" else "published"
    return Table(caption, ("", "that", head, "verdict"), tuple(rows), prose=True)


def _passed(tally: RowTally) -> str:
    share = "" if tally.share is None else f" ({tally.share:.0%})".replace("%", " %")
    return f"{tally.passed:,} of {tally.predicted:,}{share}"


def _of_all(tally: RowTally) -> str:
    share = "" if tally.share_of_all is None else f" ({tally.share_of_all:.0%})".replace("%", " %")
    return f"{tally.passed:,} of {tally.published:,}{share}"


def _percent(value: float | None) -> str:
    return format.MISSING if value is None else f"{format.percent(value)} %"


def _bare(value: float | None, *, signed: bool = False) -> str:
    return format.MISSING if value is None else format.percent(value, signed=signed)


def _published(value: float) -> str:
    """A measured value as text, with all its published digits."""
    return f"{value:,.12g}" if value < 1e12 else f"{value:,.0f}"
