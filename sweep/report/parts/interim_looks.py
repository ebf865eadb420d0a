# SPDX-License-Identifier: MIT
"""A sweep with a precision: its interim looks, the level of its intervals, and the comparisons still open."""

from __future__ import annotations

import json

from sweep import format, stats
from sweep.document.statements import Metadata, Sentence
from sweep.results.dataset import Dataset


def method(data: Dataset) -> list[Sentence]:
    """How the number of replicates was decided, for the section on methods; empty if the sweep file fixed it."""
    reached = data.reached
    if reached is None:
        return []
    looks = format.joined([f"{look:,}" for look in reached.looks])
    text = (
        f"Replicates ran until comparisons were as precise as was asked for ({reached.asked}), or decided: looks at"
        f" {looks}. Every interval and test is at {100 * data.confidence:.4g} %, so that it holds at"
        f" {100 * stats.CONFIDENCE:g} % at whichever look a comparison ended (Bonferroni)."
    )
    return [Sentence(text, _claim(data))]


def still_open(data: Dataset) -> list[Sentence]:
    """A sentence on the comparisons that are not decided; empty if all are."""
    reached = data.reached
    if reached is None or (reached.finished and not reached.open):
        return []
    return [Sentence(f"{reached.line[0].upper()}{reached.line[1:]}.", _claim(data))]


def _claim(data: Dataset) -> Metadata:
    return Metadata("precision", json.dumps(data.metadata["precision"], sort_keys=True))
