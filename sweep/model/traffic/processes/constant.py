# SPDX-License-Identifier: MIT
"""constant: packets come at equal intervals, as a hardware generator sends them."""

from __future__ import annotations

from sweep.model.scenario import Distribution

from .protocol import Bursts, MeanGap, Setting, Settings

SETTINGS: tuple[Setting, ...] = ()


def bursts(settings: Settings) -> Bursts | None:
    """One by one."""
    return None


def gap(settings: Settings, load_ppm: int, mean_gap_ps: MeanGap) -> Distribution:
    """Always the same."""
    return Distribution("constant", (mean_gap_ps(load_ppm),))
