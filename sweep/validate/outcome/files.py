# SPDX-License-Identifier: MIT
"""Outcomes as files: validation.md, .html, .json and .arrow, each written atomically."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pyarrow as pa

from sweep import storage
from sweep.document import markdown
from sweep.errors import RunError, SweepError
from sweep.fields.parameters import PARAMETERS
from sweep.jobs.executors.task import encode
from sweep.report.page import html
from sweep.validate.judge import ExperimentOutcome
from sweep.validate.verdict import NOT_PREDICTED, Check, JudgedRow

from .document import document
from .summary import ValidationSummary

FORMAT = 1
NUMBERS = "validation.json"
NAMES = ("validation.md", "validation.html", NUMBERS, "validation.arrow")
COLUMNS = {
    "experiment": (pa.string(), "name of the experiment"),
    "id": (pa.string(), "of the row or ratio in its file"),
    "kind": (pa.string(), "row or ratio"),
    "unit": (pa.string(), "of measured and predicted"),
    "measured": (pa.float64(), "as published"),
    "predicted": (pa.float64(), "by the model; null: no prediction"),
    "error": (pa.float64(), "predicted / measured - 1"),
    "within": (pa.float64(), "the largest error with which it passes; null: no rule"),
    "noise": (pa.float64(), "published spread between identical runs, a share"),
    "verdict": (pa.string(), "exact, within, miss, invalid, calibration or not predicted"),
    "why": (pa.string(), "of a miss or of what is not predicted"),
    "strategy": (pa.string(), PARAMETERS["strategy"].meaning),
    "mechanism": (pa.string(), "what the row is about"),
}


def make_room(directory: Path) -> None:
    """Make the directory, before anything is simulated, and check that files can be written to it.

    Errors: SweepError, also if files of these names exist that `sweep validate` has not written.
    """
    existing = [name for name in NAMES if os.path.lexists(directory / name)]
    if existing and not _is_ours(directory):
        raise SweepError(
            f'"{directory}" has {", ".join(existing)} already, which no `sweep validate` has written\n'
            "  next: give --out another directory"
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise SweepError(f'"{directory}" cannot be written: {error.strerror}\n  see: sweep validate --help') from error


def write(outcomes: Sequence[ExperimentOutcome], summary: ValidationSummary, directory: Path) -> list[Path]:
    """Write the four files; returns their paths.  Errors: RunError."""
    report = document(outcomes, summary)
    contents = (
        markdown.render(report).encode(),
        html.render(report).encode(),
        (json.dumps(as_json(outcomes, summary), indent=1) + "\n").encode(),
        encode(table(outcomes)),
    )
    files = storage.open(directory)
    for name, data in zip(NAMES, contents, strict=True):
        files.put(name, data)
    return [directory / name for name in NAMES]


def _is_ours(directory: Path) -> bool:
    """Whether the directory has the results of an earlier validation."""
    try:
        recorded = json.loads(storage.open(directory).get(NUMBERS))
    except (FileNotFoundError, ValueError, RecursionError, RunError):
        return False
    return isinstance(recorded, dict) and {"format", "summary", "experiments"} <= recorded.keys()


def table(outcomes: Sequence[ExperimentOutcome]) -> pa.Table:
    """The outcomes as a table with a row per published row and per ratio."""
    rows = [row for outcome in outcomes for row in _rows(outcome)]
    schema = pa.schema([pa.field(name, kind, metadata={"meaning": says}) for name, (kind, says) in COLUMNS.items()])
    return pa.Table.from_pylist(rows, schema)


def as_json(outcomes: Sequence[ExperimentOutcome], summary: ValidationSummary) -> dict[str, Any]:
    """The contents of the report as values for `json.dumps`."""
    return {"format": FORMAT, "summary": asdict(summary), "experiments": [_experiment(each) for each in outcomes]}


def _experiment(outcome: ExperimentOutcome) -> dict[str, Any]:
    experiment = outcome.experiment
    return {
        "name": experiment.name,
        "title": experiment.title,
        "source": experiment.source,
        "grade": experiment.grade,
        "free": [
            {
                "parameter": solution.free.parameter,
                "value": solution.value,
                "shown": solution.shown,
                "fitted_on": [experiment.rows[row].id for row in solution.free.fitted_on],
                "error": solution.error,
                "trouble": solution.trouble,
                "why": solution.free.why,
            }
            for solution in outcome.solutions
        ],
        "rows": _rows(outcome),
        "shapes": [_check(check) for check in outcome.shapes],
        "identities": [_check(check) for check in outcome.identities],
    }


def _rows(outcome: ExperimentOutcome) -> list[dict[str, Any]]:
    """The table's rows of one experiment."""
    name = outcome.experiment.name
    rows = [_row(name, row) for row in (*outcome.rows, *outcome.ratios)]
    for each in outcome.experiment.not_predicted:
        known = {"experiment": name, "id": each.id, "kind": "row", "unit": each.unit, "why": each.why}
        empty = dict.fromkeys(COLUMNS) | known | {"verdict": NOT_PREDICTED}
        rows += [empty | {"measured": float(measured)} for measured in each.measured]
    return rows


def _row(experiment: str, row: JudgedRow) -> dict[str, Any]:
    values = {"experiment": experiment} | asdict(row)
    return {name: values[name] for name in COLUMNS}


def _check(check: Check) -> dict[str, Any]:
    return asdict(check) | {"explained": check.explained}
