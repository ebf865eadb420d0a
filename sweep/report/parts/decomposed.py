# SPDX-License-Identifier: MIT
"""The share of variance of each axis in one response, for the section and the chart of importance."""

from __future__ import annotations

from dataclasses import dataclass

from sweep.document.statements import Sentence
from sweep.stats import variance


@dataclass(frozen=True, eq=False)
class DecomposedResponse:
    """One response and the share of its variance that each axis has."""

    title: str
    metric: str
    logarithms: bool  # whether shares and spans are of logarithms
    axes: tuple[str, ...]  # parameters that vary
    sizes: tuple[int, ...]  # number of values of each axis
    spans: tuple[float, ...]  # largest minus smallest mean along each axis
    shares: variance.Shares | None  # None: it does not vary
    left_out: Sentence  # what is not in the full grid that was decomposed; "" if nothing
