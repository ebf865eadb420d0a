# SPDX-License-Identifier: MIT
"""on_off: bursts of packets at a peak rate, exponential gaps between bursts.

The mean gap is what gives the load: a burst of n packets takes n mean gaps of the load, n - 1 of them at the peak rate.
"""

from __future__ import annotations

from sweep.model.scenario import Distribution
from sweep.model.traffic.bursts import mean_burst_packets

from .protocol import BURST, Bursts, MeanGap, Setting, Settings

SETTINGS = (
    Setting(BURST, "random packets", 2),
    Setting("peak", "share", 3, "1.0", "share of the link in a burst"),
)


def bursts(settings: Settings) -> Bursts | None:
    """As they are set."""
    return Bursts(settings[BURST], settings["peak"])


def gap(settings: Settings, load_ppm: int, mean_gap_ps: MeanGap) -> Distribution:
    """Exponential.  Errors: ValueError if bursts at their peak rate are no faster than the load."""
    peak_ppm, length = settings["peak"], mean_burst_packets(settings[BURST])
    gap_ps = round(length * mean_gap_ps(load_ppm) - (length - 1) * mean_gap_ps(peak_ppm))
    if gap_ps <= 0 or peak_ppm <= load_ppm:
        raise ValueError("the peak rate of the bursts is not above the load")
    return Distribution("exponential", (gap_ps,))
