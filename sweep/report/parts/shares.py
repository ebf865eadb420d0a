# SPDX-License-Identifier: MIT
"""The share of variance of each axis in one response, as the section and the chart of importance use it."""

from __future__ import annotations

from dataclasses import dataclass

from sweep.document.statements import Sentence
from sweep.stats import variance


@dataclass(frozen=True, eq=False)
class Told:
    """The shares of one response."""

    title: str
    metric: str
    logarithms: bool
    axes: tuple[str, ...]
    sizes: tuple[int, ...]
    spans: tuple[float, ...]  # largest minus smallest mean along each axis
    shares: variance.Shares | None  # None: it does not vary
    left_out: Sentence
