# SPDX-License-Identifier: MIT
"""poisson: packets come independently of each other, with exponential gaps."""

from __future__ import annotations

from sweep.model.scenario import Distribution

from .protocol import Bursts, MeanGap, Setting, Settings

SETTINGS: tuple[Setting, ...] = ()


def bursts(settings: Settings) -> Bursts | None:
    """One by one."""
    return None


def gap(settings: Settings, load_ppm: int, mean_gap_ps: MeanGap) -> Distribution:
    """Exponential."""
    return Distribution("exponential", (mean_gap_ps(load_ppm),))
