# SPDX-License-Identifier: MIT
"""What an arrival process's file must offer: its settings, the gap between packets, and bursts if it has any.

The compiled loop knows gaps from a quantile table, and bursts (`traffic.arrivals`).  Every process is made of these
two, so one more costs those that are there nothing, not even a kernel of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from sweep.model.scenario import Distribution

MeanGap = Callable[[int], int]  # a share of the link in ppm -> mean time between packets of one queue, ps
UNITS = {"random packets": "packets", "share": "ppm"}  # kinds of settings, and the unit that each is kept in


class Setting(NamedTuple):
    """A parameter of one arrival process, as the sweep file has it below the process's name."""

    name: str  # of one that says how long bursts are: BURST
    kind: str  # a key of UNITS; "random packets": a `Distribution`, "share": an integer
    property: int  # its number in the keys of random streams, never used again: see `randomness.streams`
    default: str = ""  # as a sweep file would have it; "": it must be given
    meaning: str = ""


BURST = "burst"
Settings = Mapping[str, Any]  # by name


class Bursts(NamedTuple):
    """Packets that come together."""

    packets: Distribution  # how many
    peak_ppm: int  # share of the link that one queue's packets would take at the rate inside a burst


class ArrivalProcess(Protocol):
    """What every arrival process offers.  Its docstring begins with "name: what it is"."""

    @property
    def SETTINGS(self) -> tuple[Setting, ...]:
        """Its own parameters."""

    def bursts(self, settings: Settings) -> Bursts | None:
        """How packets come together; None if they come one by one."""

    def gap(self, settings: Settings, load_ppm: int, mean_gap_ps: MeanGap) -> Distribution:
        """Time from the last packet of a burst to the first of the next, ps, such that the load is `load_ppm`.

        Packets that come one by one are bursts of one.  Errors: ValueError if there is none.
        """
